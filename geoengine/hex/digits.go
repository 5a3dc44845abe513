package hex

// The digits name the seven cells of a coarser one by their (i, j) offset from its centre: bit 4 is a step along i,
// 2 along j, 1 against both.
var digitOffsets = [7][2]int32{{0, 0}, {-1, -1}, {0, 1}, {-1, 0}, {1, 0}, {0, -1}, {1, 1}}

// double is one or two steps towards coarser resolutions, by the remainders of the coordinates modulo 7: what to add
// to the quotients, and the digits, the finer one lower.
type double struct {
	i, j   int8
	digits uint8
}

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
	for class := range g.descent {
		for rest := range g.descent[class] {
			i, j, fine := up(int32(rest/7), int32(rest%7), class == 1)
			i, j, coarse := up(i, j, class == 0)
			g.descent[class][rest] = double{int8(i), int8(j), fine | coarse<<digitBits}
		}
	}
}

// ascend goes from a lattice position of resolution res to resolution 0 and collects the res digits.
func (g *grid) ascend(i, j int32, res int) (int32, int32, uint64) {
	table := &g.descent[res&1]
	a, b, bias := uint32(i+seven8), uint32(j+seven8), int32(seven8)
	digits, shift := uint64(0), 0
	for range res / 2 {
		quotientA, quotientB := a/7, b/7
		step := &table[(a-7*quotientA)*7+b-7*quotientB]
		a, b = quotientA+uint32(int32(step.i)), quotientB+uint32(int32(step.j))
		digits |= uint64(step.digits) << shift
		shift += 2 * digitBits
		bias /= 7
	}
	i, j = int32(a)-bias, int32(b)-bias
	if res&1 == 1 {
		var digit uint8
		i, j, digit = up(i, j, true)
		digits |= uint64(digit) << shift
	}
	return i, j, digits
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
