package osm

import (
	"fmt"
	"strconv"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/junctions"
	"vigie/geoengine/road"
)

// cut is the third pass: the roads in pieces, and the sites that are ways.
func (r *reading) cut() error {
	var ways junctions.Once
	return r.scan("", wanted{keepWay: concerns, way: func(w *way) error {
		if !ways.First(w.id) {
			return nil
		}
		if described, ok := describe(w.tags); ok {
			return r.cutWay(w, &described)
		}
		return r.lot(w)
	}})
}

// give hands a record on.
func (r *reading) give(record data.Record, err error) error {
	if !r.yield(record, err) {
		return errStopped
	}
	return nil
}

func (w *way) text() []byte {
	b := fmt.Appendf(nil, "way %d", w.id)
	for _, t := range w.tags {
		b = fmt.Appendf(b, " %s=%s", t.key, t.value)
	}
	return b
}

// cutWay gives the sections of a way, and a reject if not all of its nodes are there: where an extract ends, its ways
// may go on.
func (r *reading) cutWay(w *way, described *road.Section) error {
	refs := simple(w.refs)
	line := make(orb.LineString, 0, len(refs))
	missing, number := 0, 0
	for from := 0; from < len(refs); {
		line = line[:0]
		to := from
		for ; to < len(refs); to++ {
			at, ok := r.roads.place(refs[to])
			if !ok {
				missing++
				break
			}
			line = append(line, at)
		}
		if len(line) >= 2 {
			if err := r.cutRun(w, described, refs[from:to], line, &number); err != nil {
				return err
			}
		}
		from = to + 1
	}
	switch {
	case missing > 0:
		return r.give(data.Record{}, data.Rejectf(w.at, w.text(), "missing_nodes",
			"way %d: the input does not hold %d of its %d nodes; %d sections of it are kept", w.id, missing, len(refs), number))
	case number == 0:
		return r.give(data.Record{}, data.Rejectf(w.at, w.text(), "bad_geometry", "way %d has %d nodes: must be at least 2", w.id, len(refs)))
	}
	return nil
}

// cutRun cuts a run of nodes whose positions are known; number counts the sections of the way.
func (r *reading) cutRun(w *way, described *road.Section, refs []int64, line orb.LineString, number *int) error {
	ends := func(i int) bool { return r.roads.Shared(refs[i]) || r.stops[refs[i]] }
	same := func(i, j int) bool { return refs[i] == refs[j] }
	_, named := r.pieces[w.id]
	for _, c := range junctions.Cuts(len(refs), ends, same) {
		*number++
		s := *described
		s.Ref = strconv.FormatInt(w.id, 10) + "/" + strconv.Itoa(*number)
		s.From, s.To = r.junction(refs[c.From], c.From > 0), r.junction(refs[c.To], false)
		s.Line = append(orb.LineString(nil), line[c.From:c.To+1]...)
		if named {
			r.pieces[w.id] = append(r.pieces[w.id], piece{s.Ref, s.From, s.To, s.Forward, s.Backward})
		}
		if err := r.give(data.Record{At: w.at, Raw: w.text(), Section: &s}, nil); err != nil {
			return err
		}
	}
	return nil
}

// apart is the bit that tells the far side of a barrier from its near side; no node has a number so large.
const apart = 1 << 62

// junction is the number of the junction at a node. A barrier that stops cars in the middle of a way has two sides, which
// do not meet; after tells whether the section begins there.
func (r *reading) junction(node int64, after bool) int64 {
	if after && r.stops[node] && !r.roads.Shared(node) {
		return node ^ apart
	}
	return node
}

// lot gives a site that is a way.
func (r *reading) lot(w *way) error {
	site, ok := siteOf(w.tags)
	if !ok {
		return nil
	}
	outline := make(orb.LineString, 0, len(w.refs))
	for _, ref := range w.refs {
		if at, ok := r.lots.place(ref); ok {
			outline = append(outline, at)
		}
	}
	if len(outline) == 0 {
		return r.give(data.Record{}, data.Rejectf(w.at, w.text(), "missing_nodes", "way %d: the input holds none of its nodes", w.id))
	}
	if len(outline) < len(w.refs) { // cut off: neither its middle nor its area are known
		outline = outline[:1]
	}
	place(&site, "w", w.id, outline)
	return r.give(data.Record{At: w.at, Raw: w.text(), Site: &site}, nil)
}

// finish gives what needed all roads: the restrictions, and the sites that are nodes.
func (r *reading) finish() error {
	for i := range r.turns {
		t := &r.turns[i]
		found, err := t.resolve(r.pieces)
		if err != nil {
			raw := fmt.Appendf(nil, "relation %d", t.id)
			err = r.give(data.Record{}, data.Rejectf(t.at, raw, "broken_restriction", "relation %d: %v", t.id, err))
		}
		for j := 0; j < len(found) && err == nil; j++ {
			err = r.give(data.Record{At: t.at, Turn: &found[j]}, nil)
		}
		if err != nil {
			return err
		}
	}
	for i := range r.sites {
		if err := r.give(data.Record{At: r.sites[i].at, Site: &r.sites[i].site}, nil); err != nil {
			return err
		}
	}
	return nil
}
