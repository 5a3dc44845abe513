package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"

	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/progress"
)

// cellsPeer is the binding of the C library that everybody uses from Go.
const cellsPeer = "h3-go LatLngToCell"

// cellsPiece is how many positions are measured in one go.
const cellsPiece = 1000

// Cells measures position → H3 cell, in nanoseconds a position, beside the C library, and counts where the two differ:
// on random positions of the whole globe at every resolution, and on positions a hair from the borders of cells, the
// corners and edges of the icosahedron, the pentagons, the poles and the antimeridian. It needs no store.
func Cells(ctx context.Context, _ *geoengine.Store, options Options) ([]Result, error) {
	random := rand.New(rand.NewPCG(options.Seed, 11))
	positions := make([]orb.Point, min(max(options.Events, 1000), 1_000_000))
	for i := range positions {
		positions[i] = globe(random)
	}
	var results []Result
	for _, res := range []int{8, geoengine.CellResolution} {
		ours, peer := cellTimes(positions, res)
		results = append(results, Faster(fmt.Sprintf("position to cell, resolution %d", res), "ns", ours, peer, cellsPeer, 6))
	}
	checked, differ, err := cellsDiffer(ctx, random, options)
	if err != nil {
		return nil, fmt.Errorf("bench cells: %w", err)
	}
	name := fmt.Sprintf("cells that differ from the C library, of %d", checked)
	return append(results, Result{Name: name, Unit: "cells", Ours: float64(differ), Goal: 0, Met: differ == 0}), nil
}

// globe returns a position spread evenly over the globe.
func globe(random *rand.Rand) orb.Point {
	return orb.Point{random.Float64()*360 - 180, math.Asin(random.Float64()*2-1) * 180 / math.Pi}
}

// cellTimes returns nanoseconds a position, ours and the peer's: the medians over short pieces measured in turns, which
// other work on the machine interrupts seldom and alike.
func cellTimes(positions []orb.Point, res int) (ours, peer float64) {
	cells := make([]uint64, 0, cellsPiece)
	cells = hex.Cells(cells, positions[:1], res) // builds the tables
	var own, theirs []float64
	for from := 0; from < len(positions); from += cellsPiece {
		piece := positions[from:min(from+cellsPiece, len(positions))]
		began := time.Now()
		cells = hex.Cells(cells[:0], piece, res)
		own = append(own, float64(time.Since(began))/float64(len(piece)))
		began = time.Now()
		cells = cells[:0]
		for _, p := range piece {
			cells = append(cells, reference(p, res))
		}
		theirs = append(theirs, float64(time.Since(began))/float64(len(piece)))
	}
	return median(own), median(theirs)
}

func reference(p orb.Point, res int) uint64 {
	cell, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat(), Lng: p.Lon()}, res)
	if err != nil {
		return 0
	}
	return uint64(cell)
}

// cellsDiffer compares with the C library.
func cellsDiffer(ctx context.Context, random *rand.Rand, options Options) (checked, differ int, err error) {
	total := min(max(options.Events, 1000), 2_000_000)
	traps := traps()
	for ; checked < total; checked++ {
		if checked%100_000 == 0 {
			if ctx.Err() != nil {
				return 0, 0, ctx.Err()
			}
			options.Progress.Report(progress.Update{Task: "compare cells", Unit: "cells", Done: int64(checked), Total: int64(total)})
		}
		p, res := globe(random), checked%(hex.MaxResolution+1)
		switch checked / 16 % 3 {
		case 1:
			p = nearBorder(random, p, res)
		case 2:
			p = near(random, traps[random.IntN(len(traps))])
		}
		if hex.Cell(p.Lon(), p.Lat(), res) != reference(p, res) {
			differ++
		}
	}
	options.Progress.Report(progress.Update{Task: "compare cells", Unit: "cells", Done: int64(checked), Total: int64(total), Finished: true})
	return checked, differ, nil
}

// traps are the corners, edges and centres of the icosahedron's faces, the poles and points of the antimeridian.
func traps() []orb.Point {
	list := []orb.Point{{0, 90}, {0, -90}, {180, 0}, {-180, 0}, {180, 45}, {-180, -60}}
	pentagons, err := h3.Pentagons(0)
	if err != nil {
		return list
	}
	corners := make([]orb.Point, len(pentagons))
	for i, pentagon := range pentagons {
		corners[i] = hex.Center(uint64(pentagon))
	}
	list = append(list, corners...)
	for i, a := range corners {
		for j, b := range corners[:i] {
			list = append(list, between(a, b))
			for _, c := range corners[:j] {
				list = append(list, between(a, b, c))
			}
		}
	}
	return list
}

// between returns the middle of positions on the globe.
func between(positions ...orb.Point) orb.Point {
	var x, y, z float64
	for _, p := range positions {
		sinLat, cosLat := math.Sincos(p.Lat() * math.Pi / 180)
		sinLon, cosLon := math.Sincos(p.Lon() * math.Pi / 180)
		x, y, z = x+cosLat*cosLon, y+cosLat*sinLon, z+sinLat
	}
	return orb.Point{math.Atan2(y, x) * 180 / math.Pi, math.Atan2(z, math.Hypot(x, y)) * 180 / math.Pi}
}

// nearBorder moves a position to a hair from the border of its cell.
func nearBorder(random *rand.Rand, p orb.Point, res int) orb.Point {
	corners := hex.Boundary(nil, reference(p, res))
	if len(corners) == 0 {
		return p
	}
	i := random.IntN(len(corners))
	a, b := corners[i], corners[(i+1)%len(corners)]
	along := random.Float64()
	if random.IntN(4) == 0 {
		along = 0
	}
	return near(random, orb.Point{a[0] + along*(b[0]-a[0]), a[1] + along*(b[1]-a[1])})
}

// near moves a position by nothing, or by a distance of 1e-15 to 1 degrees.
func near(random *rand.Rand, p orb.Point) orb.Point {
	if random.IntN(4) == 0 {
		return p
	}
	scale := math.Pow(10, -15*random.Float64())
	return orb.Point{p[0] + scale*random.NormFloat64(), min(max(p[1]+scale*random.NormFloat64(), -90), 90)}
}
