package cube

import (
	"cmp"
	"slices"

	"vigie/geoengine"
)

// Facets counts by value: under "category", "severity", "source", and under every attribute key that can be filtered
// by ("attr." is not prefixed; a key of one of the three names is hidden by it). Each facet ignores its own filter, so
// that it shows what another choice would give. Values are sorted by count, descending, then by name; zero counts are
// absent. An event with several values of a key counts for each.
func (c *Cube) Facets(q geoengine.Query) (map[string][]FacetValue, error) {
	ask, err := c.ask(&q)
	if err != nil {
		return nil, err
	}
	s := newFacetSums(ask.view)
	for _, part := range ask.parts {
		if p, ok := ask.plan(part, false, facetEach); ok {
			for _, span := range p.spans(ask.filter) {
				s.add(&p, span)
			}
		}
	}
	return s.values(ask.view), nil
}

type facetSums struct {
	category, severity, source []int64
	attrs                      [][]int64 // by key, by code; nil if it cannot be filtered by
}

func newFacetSums(v *view) *facetSums {
	s := &facetSums{
		category: make([]int64, len(v.categories)), severity: make([]int64, 256), source: make([]int64, len(v.sources)),
		attrs: make([][]int64, len(v.keys)),
	}
	for i, key := range v.keys {
		if !key.open {
			s.attrs[i] = make([]int64, len(key.sets))
		}
	}
	return s
}

// add counts a span of a part. Facets without a filter of their own share one selection.
func (s *facetSums) add(p *plan, at span) {
	shared := selectSpan(p.table, at, p.list, facetNone)
	one := func(facet facetID, c *column, sums []int64) {
		sel := shared
		if slices.ContainsFunc(p.list, func(condition predicate) bool { return condition.facet == facet }) {
			sel = selectSpan(p.table, at, p.list, facet)
		}
		if someSet(sel.words) {
			sel.share(sums, func(own []int64, words []uint64, w0 int) { c.count(own, words, w0, p.sign) })
		}
	}
	one(facetCategory, &p.table.category, s.category)
	one(facetSeverity, &p.table.severity, s.severity)
	one(facetSource, &p.table.source, s.source)
	for key := range p.table.attrs {
		if s.attrs[key] != nil {
			one(facetID(key), &p.table.attrs[key], s.attrs[key])
		}
	}
}

func (s *facetSums) values(v *view) map[string][]FacetValue {
	facets := map[string][]FacetValue{}
	for i, sums := range s.attrs {
		if sums == nil {
			continue
		}
		byValue := map[string]int64{}
		for code, n := range sums {
			for _, value := range v.keys[i].sets[code] {
				byValue[value] += n
			}
		}
		if list := sortedValues(byValue); len(list) > 0 {
			facets[v.keys[i].name] = list
		}
	}
	facets["category"] = namedValues(s.category, func(code int) string { return v.categories[code] })
	facets["severity"] = namedValues(s.severity, func(code int) string { return geoengine.Severity(code).String() })
	facets["source"] = namedValues(s.source, func(code int) string { return v.sources[code].name })
	return facets
}

func namedValues(sums []int64, name func(code int) string) []FacetValue {
	byValue := map[string]int64{}
	for code, n := range sums {
		if n != 0 {
			byValue[name(code)] += n
		}
	}
	return sortedValues(byValue)
}

func sortedValues(byValue map[string]int64) []FacetValue {
	list := make([]FacetValue, 0, len(byValue))
	for value, n := range byValue {
		if n > 0 {
			list = append(list, FacetValue{value, uint32(n)})
		}
	}
	slices.SortFunc(list, func(a, b FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return list
}
