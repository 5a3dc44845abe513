package disclosure

import (
	"context"
	"time"

	"vigie/geoengine"
)

// Period is a published year.
type Period struct{ From, To time.Time }

// YearCell is what is told of a cell in one of the periods.
type YearCell struct {
	Cell uint64
	Year int // index of the period
	Amount
}

// Years tells the protected counts of some cells, given ascending, year by year: sorted by cell, then year.
func (r *Releases) Years(ctx context.Context, policy Policy, q geoengine.Query, cells []uint64, res int) ([]Period, []YearCell, Note, error) {
	_, s, note, err := r.at(ctx, policy, &q, res)
	if err != nil || s == nil {
		return nil, nil, note, err
	}
	byCell := map[uint64][]YearCell{}
	periods := make([]Period, len(s.years))
	for i, year := range s.years {
		periods[i] = Period{year.header.starts, year.header.ends}
		pick(year.cells, cells, q.Box, func(c cellSum) { byCell[c.cell] = append(byCell[c.cell], YearCell{c.cell, i, c.Amount}) })
	}
	var found []YearCell
	for _, cell := range cells {
		found = append(found, byCell[cell]...)
	}
	return periods, found, note, nil
}
