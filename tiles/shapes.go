package tiles

import (
	"encoding/binary"
	"math"

	"github.com/paulmach/orb"

	"vigie/geoengine/hex"
)

// compactScale is how many of the compact form's units make one of the vector tile's.
const compactScale = 4

// shapes are the hexagons of one tile, encoded ready to be copied into an answer. Immutable.
type shapes struct {
	resolution int

	// Every cell that touches the tile, by id, with its piece of a vector tile.
	cells    []uint64
	features []byte   // of each cell: id, type and geometry fields of a feature
	ends     []uint32 // of each cell: where its part of features ends
	names    []byte   // of each cell: its name as a value of the layer, nameBytes long

	// Every cell whose centre is in the tile, by id, with its piece of the compact form.
	own     []uint64
	firsts  [][2]int32 // the first corner
	corners []byte     // of each cell: the other corners, each relative to the one before
	counts  []uint8    // of each cell: the number of corners
	after   []uint32   // of each cell: where its part of corners ends
}

func (s *shapes) size() int {
	return 12*len(s.cells) + len(s.features) + len(s.names) + 21*len(s.own) + len(s.corners) + 200
}

// drawShapes encodes the hexagons of a tile.
func drawShapes(t Tile) *shapes {
	s := &shapes{resolution: ResolutionForZoom(t.Z)}
	poles := [2]uint64{hex.Cell(0, 90, s.resolution), hex.Cell(0, -90, s.resolution)}
	p := pen{tile: t, width: float64(int(1) << t.Z)}
	for _, cell := range hex.Cover(mapBound(t), s.resolution) {
		center := hex.Center(cell)
		atPole := cell == poles[0] || cell == poles[1] // its hexagon does not close on the map
		p.outline(cell, center)
		if geometry := p.vector(); !atPole && len(geometry) > 0 {
			s.cells = append(s.cells, cell)
			s.features = appendFeature(s.features, hex.FeatureID(cell), geometry)
			s.ends = append(s.ends, uint32(len(s.features)))
			s.names = appendStringValue(s.names, hex.String(cell))
		}
		if TileAt(center, t.Z) == t {
			s.own = append(s.own, cell)
			first, count := p.compact(&s.corners)
			s.firsts = append(s.firsts, first)
			s.counts = append(s.counts, count)
			s.after = append(s.after, uint32(len(s.corners)))
		}
	}
	return s
}

// mapBound is the tile's bound, to the pole for the first and the last row: their cells belong to them.
func mapBound(t Tile) orb.Bound {
	bound := t.Bound(0)
	if t.Y == 0 {
		bound.Max[1] = 90
	}
	if t.Y == 1<<t.Z-1 {
		bound.Min[1] = -90
	}
	return bound
}

// pen draws hexagons on one tile. Its buffers are reused.
type pen struct {
	tile     Tile
	width    float64 // tiles around the globe
	boundary []orb.Point
	points   [][2]float64 // clockwise as seen on the map, in tiles from the tile's corner
	ring     [][2]int32
	commands []uint32
}

// outline projects the corners of a cell, all on the same side of the antimeridian as its centre.
func (p *pen) outline(cell uint64, center orb.Point) {
	p.boundary = hex.Boundary(p.boundary[:0], cell)
	p.points = p.points[:0]
	for i := range p.boundary { // from counter-clockwise to clockwise
		corner := p.boundary[len(p.boundary)-1-i]
		corner[0] += 360 * math.Round((center.Lon()-corner.Lon())/360)
		x, y := world(corner, p.tile.Z)
		p.points = append(p.points, [2]float64{x - float64(p.tile.X), y - float64(p.tile.Y)})
	}
}

// vector returns the geometry commands of the outline wherever it touches the tile: once as a rule, and shifted around
// the globe at the antimeridian. Nothing if it does not touch.
func (p *pen) vector() []uint32 {
	p.commands = p.commands[:0]
	x, y := int32(0), int32(0)
	for _, shift := range [3]float64{0, -p.width, p.width} {
		if p.place(shift) {
			p.commands, x, y = appendRing(p.commands, p.ring, x, y)
		}
	}
	return p.commands
}

// place rounds the outline to the units of the vector tile, and tells whether it touches the tile.
func (p *pen) place(shift float64) bool {
	p.ring = p.ring[:0]
	west, north, east, south := int32(math.MaxInt32), int32(math.MaxInt32), int32(math.MinInt32), int32(math.MinInt32)
	for _, point := range p.points {
		at := [2]int32{int32(math.Round((point[0] + shift) * Extent)), int32(math.Round(point[1] * Extent))}
		if n := len(p.ring); n > 0 && (p.ring[n-1] == at || (n == len(p.points)-1 && p.ring[0] == at)) {
			continue
		}
		p.ring = append(p.ring, at)
		west, east = min(west, at[0]), max(east, at[0])
		north, south = min(north, at[1]), max(south, at[1])
	}
	return len(p.ring) >= 3 && west <= Extent && east >= 0 && north <= Extent && south >= 0
}

// compact appends the corners of the outline but the first to dst, in the units of the compact form.
func (p *pen) compact(dst *[]byte) (first [2]int32, count uint8) {
	shift := p.width * math.Round((.5-p.points[0][0])/p.width) // the turn of the globe nearest to the tile
	var last [2]int32
	for i, point := range p.points {
		at := [2]int32{
			int32(math.Round((point[0] + shift) * Extent * compactScale)),
			int32(math.Round(point[1] * Extent * compactScale)),
		}
		if i == 0 {
			first = at
		} else {
			*dst = binary.AppendVarint(*dst, int64(at[0]-last[0]))
			*dst = binary.AppendVarint(*dst, int64(at[1]-last[1]))
		}
		last = at
	}
	return first, uint8(len(p.points))
}
