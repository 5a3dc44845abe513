package feature

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// enoughCells is about how many cells of one resolution a box is covered with at most.
const enoughCells = 100

// CellsAround returns few ranges of cells, sorted and apart, that hold every position in the boxes (WGS 84): the
// database finds events by them under row security, where PostGIS operators cannot use an index. nil if even the
// coarsest cells are too many.
func CellsAround(boxes ...orb.Bound) []geoengine.CellRange {
	ranges := []geoengine.CellRange{}
	for _, box := range boxes {
		res := resolutionFor(box)
		if res < 0 {
			return nil
		}
		for _, cell := range hex.Holders(box, res) {
			first, last := hex.Range(cell, geoengine.CellResolution)
			ranges = append(ranges, geoengine.CellRange{First: first, Last: last})
		}
	}
	return apart(ranges)
}

// resolutionFor is the finest resolution whose cells cover the box with few enough, -1 for none.
func resolutionFor(box orb.Bound) int {
	const coarsestDegrees, finer = 1.07, 2.6458 // width of a cell at the resolution of zones; √7
	narrow := math.Cos(math.Max(-box.Min[1], box.Max[1]) * math.Pi / 180)
	if box.Min[1] <= 0 && box.Max[1] >= 0 {
		narrow = 1
	} else if box.Max[1] < 0 {
		narrow = math.Cos(box.Max[1] * math.Pi / 180)
	} else {
		narrow = math.Max(narrow, math.Cos(box.Min[1]*math.Pi/180))
	}
	width, best := coarsestDegrees, -1
	for res := geoengine.ZoneResolution; res < geoengine.CellResolution; res++ {
		if ((box.Max[0]-box.Min[0])*narrow/width+1)*((box.Max[1]-box.Min[1])/width+1) > enoughCells {
			break
		}
		best, width = res, width/finer
	}
	return best
}

// apart sorts ranges and joins those of the same zone that overlap or touch.
func apart(ranges []geoengine.CellRange) []geoengine.CellRange {
	slices.SortFunc(ranges, func(a, b geoengine.CellRange) int {
		switch {
		case a.First < b.First:
			return -1
		case a.First > b.First:
			return 1
		}
		return 0
	})
	joined := ranges[:0]
	for _, r := range ranges {
		if n := len(joined); n > 0 && r.First <= joined[n-1].Last && zoneOf(r) == zoneOf(joined[n-1]) {
			joined[n-1].Last = max(joined[n-1].Last, r.Last)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

// zoneOf is the cell of the zone that a range lies in.
func zoneOf(r geoengine.CellRange) uint64 { return hex.Parent(r.First, geoengine.ZoneResolution) }
