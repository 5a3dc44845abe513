package backtest

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// The cells of Tennessee's CRASH: 5 × 6 miles × 4 hours.
const (
	cellNorthM  = 5 * 1609.344
	cellEastM   = 6 * 1609.344
	blockHours  = 4
	metresOfLat = 111_195 // of one degree, on the sphere
)

// cell is one of a grid of 5 × 6 miles in one of 42 blocks of four hours of the week.
type cell struct{ east, north, block int }

// cellAt is the place of a position in the grid.
func (s *split) cellAt(p orb.Point) (east, north int) {
	origin := s.network.Graph.Bounds().Min
	metres := metresOfLat * math.Cos(origin.Lat()*math.Pi/180)
	return int((p.Lon() - origin.Lon()) * metres / cellEastM), int((p.Lat() - origin.Lat()) * metresOfLat / cellNorthM)
}

// grid goes through the cells with most severity in the years to learn from; each gives the two slots of its block a
// post, at the lixel with most severity that still is free, or anywhere in the cell by chance.
func (s *split) grid(n int, random *rand.Rand) []post {
	weights := map[cell]float64{}
	places := map[[2]int][]int32{}
	severity := make([]float64, s.network.Lixels.Len())
	for i := range s.train.Accidents {
		a := &s.train.Accidents[i]
		severity[a.Lixel] += a.Weight
		if a.Hour >= 0 {
			east, north := s.cellAt(s.network.Lixels.List[a.Lixel].Centre.Position)
			weights[cell{east, north, a.Hour / blockHours}] += a.Weight
		}
	}
	for i := range s.network.Lixels.List {
		east, north := s.cellAt(s.network.Lixels.List[i].Centre.Position)
		places[[2]int{east, north}] = append(places[[2]int{east, north}], int32(i))
	}
	for _, list := range places {
		slices.SortStableFunc(list, func(a, b int32) int {
			switch {
			case severity[a] > severity[b]:
				return -1
			case severity[a] < severity[b]:
				return 1
			}
			return int(a - b)
		})
	}
	order := make([]cell, 0, len(weights))
	for c := range weights {
		order = append(order, c)
	}
	slices.SortFunc(order, func(a, b cell) int {
		switch {
		case weights[a] != weights[b] && weights[a] > weights[b]:
			return -1
		case weights[a] != weights[b]:
			return 1
		case a.block != b.block:
			return a.block - b.block
		case a.east != b.east:
			return a.east - b.east
		}
		return a.north - b.north
	})
	var posts []post
	for round := 0; len(posts) < n && len(order) > 0; round++ { // with more posts than cells, again from the first
		for _, c := range order {
			list := places[[2]int{c.east, c.north}]
			for k := range blockHours / slotHours {
				place := list[min(round, len(list)-1)]
				if random != nil {
					place = list[random.IntN(len(list))]
				}
				if len(posts) < n {
					posts = append(posts, post{place, int32(c.block*blockHours/slotHours + k)})
				}
			}
		}
	}
	return posts
}

func (s *split) gridAnyPlace(n int) [][]post {
	random := rand.New(rand.NewPCG(s.options.Seed, 0x6219))
	choices := make([][]post, chances)
	for c := range choices {
		choices[c] = s.grid(n, random)
	}
	return choices
}
