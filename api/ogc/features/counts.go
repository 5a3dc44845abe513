package features

import (
	"slices"
	"strings"
	"time"

	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/feature"
)

// matched is how many features the query has on all its pages, where that is cheap: the whole answer is on this page,
// the cube knows, or the collection is small and the question simple.
func (p *part) matched(r *ogc.Request, c feature.Collection, q feature.Query, page feature.Page) (int, bool) {
	if q.Cursor == "" && page.Next == "" {
		return page.Returned, true
	}
	if q.Box != nil || q.Filter != nil {
		return 0, false
	}
	if c.ID != feature.Events {
		n, err := p.reader.Count(r.Context(), r.Pass.Rights(), q)
		return n, err == nil
	}
	asked, ok := p.inCube(r, q)
	if !ok {
		return 0, false
	}
	total, err := p.config.Cube.Total(r.Pass.Query(asked))
	return int(total.Count), err == nil
}

// inCube says the query in the cube's words, which mean the same: events of exactly these values. false if it cannot.
func (p *part) inCube(r *ogc.Request, q feature.Query) (geoengine.Query, bool) {
	asked := geoengine.Query{From: q.From, To: q.Before}
	if !q.To.IsZero() { // the cube's end is exclusive, in microseconds as the database
		end := q.To.Truncate(time.Microsecond).Add(time.Microsecond)
		if asked.To.IsZero() || end.Before(asked.To) {
			asked.To = end
		}
	}
	for _, e := range q.Equal {
		key, attribute := strings.CutPrefix(e.Name, feature.AttributePrefix)
		switch {
		case attribute:
			if asked.Attributes == nil {
				asked.Attributes = map[string][]string{}
			}
			asked.Attributes[key] = []string{e.Value}
		case e.Name == "category": // in the cube a category holds its descendants
			descends := func(slug string) bool { return strings.HasPrefix(slug, e.Value+".") }
			if slices.ContainsFunc(p.known(r.Context(), r.Pass, feature.Events).categories, descends) {
				return asked, false
			}
			asked.Categories = []string{e.Value}
		case e.Name == "severity":
			severity, err := geoengine.ParseSeverity(e.Value)
			if err != nil {
				return asked, false
			}
			asked.Severities = []geoengine.Severity{severity}
		case e.Name == "source":
			asked.Sources = []string{e.Value}
		default:
			return asked, false
		}
	}
	return asked, asked.Check() == nil
}
