package cube

import (
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// boxCells is the number of cells around which Extent draws its box.
const boxCells = 5000

// Extent tells what a query covers.
func (c *Cube) Extent(q geoengine.Query) (Extent, error) {
	ask, err := c.ask(&q)
	if err != nil {
		return Extent{}, err
	}
	var e Extent
	var events, positioned int64
	span := newEnds()
	sources := make([]int64, len(ask.view.sources))
	ask.selections(true, facetNone, func(p *plan, s *selection) {
		events += p.sign * int64(popcount(s.words))
		end := uint32(min((s.w0+len(s.words))<<6, p.n))
		positioned += p.sign * int64(s.countRange(max(p.positioned(), uint32(s.w0)<<6), end))
		p.table.source.count(sources, s.words, s.w0, p.sign)
		span.add(p, s)
	})
	e.Events, e.Positioned = int(events), int(positioned)
	for code, n := range sources {
		e.Synthetic = e.Synthetic || n > 0 && ask.view.sources[code].synthetic
	}
	e.From, e.To = span.bounds()
	e.Box, err = c.box(q)
	return e, err
}

// box returns the box around the cells that match, of the finest resolution at which they are few.
func (c *Cube) box(q geoengine.Query) (orb.Bound, error) {
	box := orb.MultiPoint(nil).Bound()
	var corners []orb.Point
	for _, res := range []int{4, 7, 10} {
		cells, err := c.Cells(q, res)
		if err != nil {
			return box, err
		}
		if res > 4 && len(cells) > boxCells {
			break
		}
		corners = corners[:0]
		for _, cell := range cells {
			corners = hex.Boundary(corners, cell.Cell)
		}
	}
	if len(corners) == 0 {
		return box, nil
	}
	return orb.MultiPoint(corners).Bound(), nil
}
