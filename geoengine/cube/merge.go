package cube

import (
	"math"
	"slices"
)

const (
	fanIn       = 8       // segments of a size that are merged into one of the next
	inlineMerge = 1 << 10 // events that are merged while a commit is applied, rather than beside
	fullMerge   = 1 << 16 // events outside the base, at least, before all becomes the base
	fullShare   = 20      // or one in so many of the base
)

// publish adds segments to the present snapshot. The caller holds mu.
func (c *Cube) publish(added ...part) uint64 {
	last := c.current.Load()
	next := &snapshot{version: last.version + 1, view: c.dicts.view()}
	next.parts = append(slices.Clone(last.parts), added...)
	c.mergeSmall(next)
	c.current.Store(next)
	c.mergeLarge()
	return next.version
}

// tier puts segments of about the same size together.
func tier(n int) int { return int(math.Log2(float64(n)) / 3) }

// candidates returns the parts of one tier and sign that are many enough to be merged.
func (c *Cube) candidates(parts []part) []part {
	type class struct {
		tier int
		sign int64
	}
	classes := map[class][]part{}
	for _, p := range parts {
		if c.busy[p.segment] {
			continue
		}
		k := class{tier(p.n), p.sign}
		if classes[k] = append(classes[k], p); len(classes[k]) >= fanIn {
			return classes[k]
		}
	}
	return nil
}

func events(parts []part) (n int) {
	for _, p := range parts {
		n += p.n
	}
	return n
}

// mergeSmall keeps the number of tiny segments low, at once, in a snapshot that nobody sees yet.
func (c *Cube) mergeSmall(s *snapshot) {
	for {
		list := c.candidates(s.parts)
		if list == nil || events(list) > c.inlineMerge {
			return
		}
		s.replace(list, []part{{joined(list, s.view), list[0].sign}})
	}
}

// joined makes one segment of several.
func joined(list []part, v *view) *segment {
	slices.SortFunc(list, func(a, b part) int { return b.n - a.n })
	r := list[0].rows()
	for _, p := range list[1:] {
		r.add(p.rows())
	}
	return newSegment(r, v.open())
}

// replace takes parts out of a snapshot that nobody sees yet and puts others in.
func (s *snapshot) replace(old, by []part) {
	s.parts = slices.DeleteFunc(s.parts, func(p part) bool {
		return slices.ContainsFunc(old, func(o part) bool { return o.segment == p.segment })
	})
	s.parts = append(s.parts, by...)
}

// mergeLarge starts a merge beside, if one is due and none is running. The caller holds mu.
func (c *Cube) mergeLarge() {
	if c.merging || c.broken {
		return
	}
	s := c.current.Load()
	list, full := c.candidates(s.parts), false
	base := 0
	for _, p := range s.parts {
		if p.sign > 0 {
			base = max(base, p.n)
		}
	}
	if tail := events(s.parts) - base; tail > max(c.fullMerge, base/fullShare) {
		list, full = slices.Clone(s.parts), true
	}
	if list == nil {
		return
	}
	for _, p := range list {
		c.busy[p.segment] = true
	}
	c.merging = true
	dicts := c.dicts
	c.merges.Go(func() { c.mergeBeside(list, full, s.view, dicts) })
}

func (c *Cube) mergeBeside(list []part, full bool, v *view, dicts *dictionaries) {
	var merged []part
	missing := 0
	if full {
		var all *segment
		if all, missing = settle(list, v); all != nil {
			merged = []part{{all, 1}}
		}
	} else {
		merged = []part{{joined(list, v), list[0].sign}}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.merging = false
	if c.dicts != dicts { // loaded anew meanwhile
		return
	}
	for _, p := range list {
		delete(c.busy, p.segment)
	}
	if missing > 0 {
		c.broken = true
		c.log.Error("the cube does not hold what the store retracted: loading it anew", "events", missing)
		return
	}
	last := c.current.Load()
	next := &snapshot{version: last.version, view: last.view, parts: slices.Clone(last.parts)}
	next.replace(list, merged)
	c.current.Store(next)
	c.mergeLarge()
}

// settle makes one segment of the positive parts without their equals among the negative ones, and tells how many
// of those have no equal; nil without events.
func settle(list []part, v *view) (*segment, int) {
	var positive, negative []part
	for _, p := range list {
		if p.sign > 0 {
			positive = append(positive, p)
		} else {
			negative = append(negative, p)
		}
	}
	if len(positive) == 0 {
		return nil, events(negative)
	}
	slices.SortFunc(positive, func(a, b part) int { return b.n - a.n })
	r := positive[0].rows()
	for _, p := range positive[1:] {
		r.add(p.rows())
	}
	missing := r.cancel(negative, v.open())
	if r.len() == 0 {
		return nil, missing
	}
	return newSegment(r, v.open()), missing
}

// cancel drops, for each event of the negative parts, one that is equal, and returns how many had none.
func (r *rows) cancel(negative []part, open []bool) int {
	if len(negative) == 0 {
		return 0
	}
	wanted := map[string]int{}
	starts := map[uint64]struct{}{}
	var key []byte
	for _, p := range negative {
		gone := p.rows()
		for i := range gone.len() {
			key = gone.key(key[:0], i, open)
			wanted[string(key)]++
			starts[gone.starts[i]] = struct{}{}
		}
	}
	left := events(negative)
	keep := make([]bool, r.len())
	for i := range keep {
		keep[i] = true
		if _, ok := starts[r.starts[i]]; !ok {
			continue
		}
		key = r.key(key[:0], i, open)
		if n := wanted[string(key)]; n > 0 {
			wanted[string(key)] = n - 1
			keep[i] = false
			left--
		}
	}
	r.keep(keep)
	return left
}
