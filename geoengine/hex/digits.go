package hex

// The digits name the seven cells of a coarser one by their (i, j) offset from its centre: bit 4 is a step along i,
// 2 along j, 1 against both.
var digitOffsets = [7][2]int32{{0, 0}, {-1, -1}, {0, 1}, {-1, 0}, {1, 0}, {0, -1}, {1, 1}}

// seven8 = 7⁸ is added to lattice coordinates, less than 4.4e6 at resolution 15, so that they are positive all the way
// up: every double step divides it by 7.
const seven8 = 7 * 7 * 7 * 7 * 7 * 7 * 7 * 7

// double is two steps towards coarser resolutions, by the remainders of the coordinates modulo 7: what to add to the
// quotients, and the digits, the finer one lower.
type double struct {
	i, j   int8
	digits uint8
}

// top is where the coordinates of resolution 0 or 1 end: the position at resolution 0 plus 2, and the digit.
type top struct {
	i, j, digit uint8
	known       bool
}

// topReach is the greatest coordinate of resolution 1 in the table of tops; more is left to the C library.
const topReach = 7

// up returns the coarser cell that holds (i, j) and its digit in it; odd is the class of the finer resolution.
func up(i, j int32, odd bool) (coarseI, coarseJ int32, digit uint8) {
	for digit, offset := range digitOffsets {
		centerI, centerJ := i-offset[0], j-offset[1]
		a, b := 3*centerI-centerJ, centerI+2*centerJ
		if !odd {
			a, b = 2*centerI+centerJ, 3*centerJ-centerI
		}
		if a%7 == 0 && b%7 == 0 {
			return a / 7, b / 7, uint8(digit)
		}
	}
	panic("hex: the seven digits do not fill the lattice")
}

// buildSteps tabulates up: two steps together only divide by 7, without a turn.
func (g *grid) buildSteps() {
	for class := range g.doubles {
		for rest := range g.doubles[class] {
			i, j, fine := up(int32(rest/7), int32(rest%7), class == 1)
			i, j, coarse := up(i, j, class == 0)
			g.doubles[class][rest] = double{int8(i), int8(j), fine | coarse<<digitBits}
		}
	}
	for i := int32(-topReach); i <= topReach; i++ {
		for j := int32(-topReach); j <= topReach; j++ {
			at := (i+topReach)<<4 | (j + topReach)
			g.tops[0][at] = newTop(i, j, 0)
			g.tops[1][at] = newTop(up(i, j, true))
		}
	}
}

func newTop(i, j int32, digit uint8) top {
	if i < -2 || i > 2 || j < -2 || j > 2 {
		return top{}
	}
	return top{uint8(i + 2), uint8(j + 2), digit, true}
}

// biases are what is left of seven8 after double steps, less topReach.
var biases = func() (list [MaxResolution/2 + 1]uint32) {
	bias := uint32(seven8)
	for i := range list {
		list[i] = bias - topReach
		bias /= 7
	}
	return list
}()

// ascend goes from a lattice position of resolution res up to resolution 0, and returns the res digits on the way, the
// finest lowest.
func (g *grid) ascend(i, j int32, res int) (t top, digits uint64) {
	doubles := &g.doubles[res&1]
	a, b, shift := uint32(i+seven8), uint32(j+seven8), 0
	for ; shift+digitBits < digitBits*res; shift += 2 * digitBits {
		quotientA, quotientB := a/7, b/7
		step := &doubles[min((a-7*quotientA)*7+b-7*quotientB, 48)]
		a, b = quotientA+uint32(int32(step.i)), quotientB+uint32(int32(step.j))
		digits |= uint64(step.digits) << shift
	}
	bias := biases[res>>1&7]
	a, b = a-bias, b-bias
	if a|b >= 16 {
		return top{}, 0
	}
	t = g.tops[res&1][a<<4|b]
	return t, digits | uint64(t.digit)<<shift
}

// turned rotates all digits by turns × 60° counter-clockwise: 1 → 5 → 4 → 6 → 2 → 3 → 1, and 0 stays.
func turned(digits uint64, turns uint8) uint64 {
	i, j, k := digits>>2&lowBits, digits>>1&lowBits, digits&lowBits
	if turns >= 3 {
		some := i | j | k
		i, j, k = i^some, j^some, k^some
		turns -= 3
	}
	for range turns {
		i, j, k = (i|k)&^j, (i|j)&^k, (j|k)&^i
	}
	return i<<2 | j<<1 | k
}
