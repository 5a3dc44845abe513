package osm

import (
	"math"

	"github.com/paulmach/orb"

	"vigie/data/sources/junctions"
)

// places are the nodes of ways, with their positions: 16 bytes for each.
type places struct {
	junctions.Uses
	at     [][2]int32 // in degrees × 1e7, as OpenStreetMap keeps them
	cursor int        // where the last one was found: files are sorted
}

// unplaced marks a node that the file has not told of.
const unplaced = math.MinInt32

// seal ends the noting of nodes; then they are placed.
func (p *places) seal() {
	p.Seal()
	p.at = make([][2]int32, p.Len())
	for i := range p.at {
		p.at[i][0] = unplaced
	}
}

// index finds the node, fast if it stands shortly after the one before.
func (p *places) index(id int64) (int, bool) {
	low := p.cursor
	if low >= p.Len() || p.Point(low) > id {
		i, found := p.Index(id)
		if found {
			p.cursor = i
		}
		return i, found
	}
	step := 1
	for low+step < p.Len() && p.Point(low+step) <= id {
		low += step
		step *= 2
	}
	for ; step > 0; step /= 2 {
		if low+step < p.Len() && p.Point(low+step) <= id {
			low += step
		}
	}
	p.cursor = low
	return low, p.Point(low) == id
}

// put notes where a node is, if a way has it; the first time counts.
func (p *places) put(id int64, position orb.Point) (held bool) {
	i, found := p.index(id)
	if found && p.at[i][0] == unplaced {
		p.at[i] = [2]int32{int32(math.Round(position.Lon() * 1e7)), int32(math.Round(position.Lat() * 1e7))}
	}
	return found
}

// place returns where a node is; ok is false if the file has not told.
func (p *places) place(id int64) (at orb.Point, ok bool) {
	i, found := p.Index(id)
	if !found || p.at[i][0] == unplaced {
		return orb.Point{}, false
	}
	return orb.Point{float64(p.at[i][0]) / 1e7, float64(p.at[i][1]) / 1e7}, true
}
