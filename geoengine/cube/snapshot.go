package cube

import (
	"vigie/geoengine"
)

// snapshot is an immutable state of the cube: the events of the positive parts without those of the negative ones.
// Each event of a negative part (a retraction) has its equal in a positive one.
type snapshot struct {
	version uint64
	view    *view
	parts   []part
}

// part is a segment and what to do with it.
type part struct {
	*segment
	sign int64 // 1, or -1 for retractions
}

// question is a query put to a snapshot.
type question struct {
	*filter
	*snapshot
}

func (c *Cube) ask(q *geoengine.Query) (question, error) {
	s, err := c.snapshot()
	if err != nil {
		return question{}, err
	}
	f, err := s.view.compile(q)
	return question{f, s}, err
}

// plan is how a filter is put to one part: which order, the conditions, and the positions by time of the period.
type plan struct {
	part
	table  *table
	list   []predicate
	period span
}

// plan prepares a part; ok is false if it has nothing to say. byPlace asks for the order by cell.
func (f *filter) plan(p part, byPlace bool, without facetID) (plan, bool) {
	if f.none {
		return plan{}, false
	}
	pl := plan{part: p, table: &p.byTime}
	pl.period.first, pl.period.last = p.span(f.from, f.to)
	if pl.period.first == pl.period.last {
		return plan{}, false
	}
	if byPlace || f.needsPlace() {
		pl.table = &p.byCell
		if f.areas != nil {
			pl.list = append(pl.list, predicate{facet: facetArea, runs: p.runs, areas: f.areas})
		}
	}
	pl.list = append(pl.list, f.bind(pl.table)...)
	for i := range pl.list {
		if pl.list[i].never && pl.list[i].facet != without && without != facetEach {
			return plan{}, false
		}
	}
	if length := pl.period.last - pl.period.first; pl.table == &p.byCell && int(length) < p.n {
		pl.list = append(pl.list, predicate{facet: facetPeriod, rank: p.rank, first: pl.period.first, length: length})
	}
	return pl, true
}

// needsPlace tells whether the filter can only be answered in the order by cell.
func (f *filter) needsPlace() bool { return f.areas != nil || f.box != nil }

// spans are the positions, in the order of the plan, of the period and the box.
func (p *plan) spans(f *filter) []span {
	switch {
	case p.table == &p.byTime:
		return []span{p.period}
	case f.box == nil:
		return []span{{0, uint32(p.n)}}
	}
	var list []span
	for _, cells := range p.inBox(*f.box, geoengine.CellResolution) {
		list = append(list, span{p.finest.first[cells.first], p.finest.first[cells.last]})
	}
	return list
}

// selections calls do with everything selected.
func (q *question) selections(byPlace bool, without facetID, do func(p *plan, s *selection)) {
	for _, part := range q.parts {
		p, ok := q.plan(part, byPlace, without)
		if !ok {
			continue
		}
		for _, span := range p.spans(q.filter) {
			sel := selectSpan(p.table, span, p.list, without)
			do(&p, &sel)
		}
	}
}
