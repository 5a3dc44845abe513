package tiles

import (
	"cmp"
	"image/color"
	"math"
	"slices"
)

// Classes is the number of colours of the hexagons.
const Classes = 6

// Scale are the lower limits of the colour classes, rising; the first is 1.
type Scale [Classes]uint32

// legendCells is how many of the fullest hexagons the front end asks for to choose its limits.
const legendCells = 500

// NewScale chooses the limits from the counts of all hexagons of one resolution, without filters, exactly as the front
// end does (frontend/src/map/ramp.ts): 1, then round numbers in equal proportion up to the fifth fullest. The second
// lies halfway, in proportion, between an even division and the tenth of the hexagons that hold least, which is guessed
// where there are more than legendCells.
func NewScale(counts []uint32) Scale {
	low, top := 1.0, 1.0
	if total := len(counts); total > 0 {
		sorted := slices.SortedFunc(slices.Values(counts), func(a, b uint32) int { return cmp.Compare(b, a) })
		sorted = sorted[:min(total, legendCells)]
		if at := total * 9 / 10; at < len(sorted) {
			low = float64(sorted[at])
		} else {
			low = float64(sorted[len(sorted)-1]) * float64(len(sorted)) / float64(total)
		}
		low, top = math.Max(1, low), float64(sorted[min(4, len(sorted)-1)])
	}
	fullest := math.Max(1, top)
	even := math.Pow(fullest, 1.0/Classes)
	start := math.Sqrt(even * math.Min(fullest, math.Max(low, even)))
	scale := Scale{1}
	for i := 1; i < Classes; i++ {
		wanted := roundNumber(start * math.Pow(fullest/start, float64(i-1)/(Classes-1)))
		scale[i] = max(wanted, scale[i-1]+1)
	}
	return scale
}

// roundNumber returns the round whole number nearest to a positive value, in proportion.
func roundNumber(value float64) uint32 {
	steps := [...]float64{1, 1.5, 2, 3, 4, 5, 6, 8, 10}
	power := math.Pow(10, math.Floor(math.Log10(value)))
	best := steps[0]
	for _, step := range steps[1:] {
		if math.Abs(math.Log(step*power/value)) < math.Abs(math.Log(best*power/value)) {
			best = step
		}
	}
	return uint32(math.Ceil(best * power))
}

// Class returns the class of a count, 0 to Classes-1.
func (s Scale) Class(count uint32) int {
	class := 0
	for class+1 < len(s) && count >= s[class+1] {
		class++
	}
	return class
}

// Ramp are the colours of a map by day or by night: those of the front end.
type Ramp struct {
	Classes        [Classes]color.NRGBA
	Outline        color.NRGBA // of hexagons
	Hatch, Ground  color.NRGBA // marks of hexagons that hide something, and the ground where nothing is told
	Border         color.NRGBA // of areas
	Point, Surface color.NRGBA // of single events, and the ring around them
}

// NewRamp returns the colours by day or by night.
func NewRamp(night bool) Ramp {
	if night {
		return Ramp{
			Classes: [...]color.NRGBA{rgb(0x41307a), rgb(0x7d3288), rgb(0xbf4577), rgb(0xea6f4f), rgb(0xf9ab42), rgb(0xfdee85)},
			Outline: rgb(0xaab4c4), Hatch: rgb(0x7f8c9c), Ground: rgb(0x1f2833), Border: rgb(0x6d7884), Point: rgb(0xf4f6f8), Surface: rgb(0x10151b),
		}
	}
	return Ramp{
		Classes: [...]color.NRGBA{rgb(0xfff0c4), rgb(0xf8cf6d), rgb(0xe79b3c), rgb(0xc85f3b), rgb(0x8f2f5c), rgb(0x451760)},
		Outline: rgb(0x4d5563), Hatch: rgb(0x75808c), Ground: rgb(0xeceff2), Border: rgb(0x8f8b82), Point: rgb(0x10151b), Surface: rgb(0xffffff),
	}
}

// rgb returns an opaque colour from 0xRRGGBB.
func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

// CSS returns the colour as #rrggbb.
func CSS(c color.NRGBA) string {
	const digits = "0123456789abcdef"
	text := []byte{'#'}
	for _, part := range [...]uint8{c.R, c.G, c.B} {
		text = append(text, digits[part>>4], digits[part&15])
	}
	return string(text)
}
