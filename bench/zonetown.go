package bench

import (
	"math/rand/v2"

	"vigie/predict"
)

// zoneTown is a made-up network of lixels: streets between junctions, neighbours where they meet.
type zoneTown struct {
	lixels int
	near   predict.Neighbours
}

// zoneMean is how many accidents a lixel has on average: few, as in five years of a real town.
const zoneMean = 0.7

func newZoneTown(random *rand.Rand, side int) *zoneTown {
	at := make([][]int32, side*side) // lixels at each junction
	var ends [][2]int
	for junction := range at {
		for _, next := range []int{junction + 1, junction + side} {
			right := next == junction+1
			if right && next%side == 0 || next >= side*side || random.IntN(10) == 0 {
				continue
			}
			lixel := int32(len(ends))
			ends = append(ends, [2]int{junction, next})
			at[junction], at[next] = append(at[junction], lixel), append(at[next], lixel)
		}
	}
	town := &zoneTown{lixels: len(ends), near: predict.Neighbours{Start: []int32{0}}}
	for lixel, pair := range ends {
		for _, junction := range pair {
			for _, other := range at[junction] {
				if int(other) != lixel {
					town.near.List = append(town.near.List, other)
				}
			}
		}
		town.near.Start = append(town.near.Start, int32(len(town.near.List)))
	}
	return town
}

// accidents draws counts that are more dispersed than chance: each lixel has a rate of its own, exponential around the
// mean, times so much where it is raised.
func (town *zoneTown) accidents(random *rand.Rand, raised []bool, times float64) []float64 {
	values := make([]float64, town.lixels)
	for i := range values {
		rate := zoneMean * random.ExpFloat64()
		if raised != nil && raised[i] {
			rate *= times
		}
		for at := random.ExpFloat64(); at < rate; at += random.ExpFloat64() {
			values[i]++
		}
	}
	return values
}
