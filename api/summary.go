package api

import (
	"context"
	"slices"
	"time"

	"vigie/api/door"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
)

// maxBins is the most time bins that one answer holds.
const maxBins = 400

type summaryInput struct {
	Bins    int    `query:"bins" minimum:"1" maximum:"400" default:"120" doc:"Bins of the histogram."`
	BinFrom string `query:"bin_from" doc:"Where the histogram begins: RFC 3339 or a day. With bin_to it covers exactly that frame and ignores from and to."`
	BinTo   string `query:"bin_to" doc:"Where the histogram ends."`
}

type summaryBody struct {
	Total      uint32                  `json:"total" doc:"Events that may be told, with or without a position (with one, under bbox)."`
	Weight     *float64                `json:"weight" doc:"Sum of the severity weights; null where protected events are counted or hidden."`
	Hidden     string                  `json:"hidden,omitempty" enum:"below,withheld" doc:"What is missing beside total."`
	K          int                     `json:"k,omitempty" doc:"The threshold of what is hidden."`
	Positioned int                     `json:"positioned" doc:"The open ones with a position."`
	Histogram  histogramBody           `json:"histogram"`
	HourGrid   [176]uint32             `json:"hour_grid" doc:"By local hour of the week (0 is Monday 00 h), 168+d weekday d with unknown hour, 175 unknown. Ignores hours."`
	Facets     map[string][]facetValue `json:"facets" doc:"By category, severity, source and each attribute; each ignores its own filter."`
	Shortened  []string                `json:"facets_shortened,omitempty" doc:"Facets that have more values than are listed."`
	Version    uint64                  `json:"version"`

	Protected  *disclosure.Note `json:"protected,omitempty" doc:"What the answer holds of protected families. They are in total, in the facet category and in hour_grid, where it is told."`
	Months     []facetValue     `json:"protected_months,omitempty" doc:"Protected events by month (2023-7), over the whole published years of the histogram's frame."`
	HourHidden []int            `json:"hour_grid_hidden,omitempty" doc:"What is hidden of protected events in each hour of hour_grid: 0 nothing, 1 fewer than k, 2 withheld."`
}

type histogramBody struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to" doc:"Exclusive."`
	Bins []uint32  `json:"bins" nullable:"false" doc:"Events by start, in bins of equal width."`
}

type facetValue struct {
	Value  string  `json:"value"`
	Count  *uint32 `json:"count" doc:"Events that may be told; null where none may be, and some are hidden."`
	Hidden string  `json:"hidden,omitempty" enum:"below,withheld"`
	K      int     `json:"k,omitempty"`
}

func (s *Server) summary(ctx context.Context, pass door.Pass, in *summaryInput) (*struct{ Body summaryBody }, error) {
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return nil, err
	}
	frame, framed, err := s.frame(pass, in.Bins)
	if err != nil {
		return nil, err
	}
	q = pass.Query(q)
	body := summaryBody{Version: s.config.Cube.Version(), Facets: map[string][]facetValue{}}
	if body.HourGrid, err = s.config.Cube.HourGrid(q); err != nil {
		return nil, err
	}
	facets, err := s.config.Cube.Facets(q)
	if err != nil {
		return nil, err
	}
	for key, values := range facets {
		body.Facets[key] = facetValues(values, q.Attributes[key])
		if len(body.Facets[key]) < len(values) {
			body.Shortened = append(body.Shortened, key)
		}
	}
	slices.Sort(body.Shortened)
	total, err := s.config.Cube.Total(q)
	if err != nil {
		return nil, err
	}
	extent, err := s.config.Cube.Extent(q)
	if err != nil {
		return nil, err
	}
	weight := rounded(total.Weight)
	body.Total, body.Weight, body.Positioned = total.Count, &weight, extent.Positioned
	if body.Histogram, err = s.histogram(pass, q, frame, framed); err != nil {
		return nil, err
	}
	if err := s.addProtected(ctx, pass, q, framedBy(q, frame, framed), &body); err != nil {
		return nil, err
	}
	return &struct{ Body summaryBody }{body}, nil
}

// maxFacetValues is the most values listed of a facet, the chosen ones apart.
const maxFacetValues = 100

// facetValues lists the values with most events, and the chosen ones whatever they have.
func facetValues(values []cube.FacetValue, chosen []string) []facetValue {
	listed := make([]facetValue, 0, min(len(values), maxFacetValues))
	for i, v := range values {
		if i < maxFacetValues || slices.Contains(chosen, v.Value) {
			listed = append(listed, facetValue{Value: v.Value, Count: &v.Count})
		}
	}
	return listed
}

// frame reads bin_from and bin_to; framed is false when neither is given.
func (s *Server) frame(pass door.Pass, bins int) (frame cube.Bins, framed bool, err error) {
	from, err := s.filters.Instant(pass.Values(), "bin_from")
	if err != nil {
		return cube.Bins{}, false, err
	}
	to, err := s.filters.Instant(pass.Values(), "bin_to")
	if err != nil {
		return cube.Bins{}, false, err
	}
	switch {
	case from.IsZero() != to.IsZero():
		return cube.Bins{}, false, problem.Fields{{Location: "query.bin_to", Message: "bin_from and bin_to go together"}}
	case !from.IsZero() && !from.Before(to):
		return cube.Bins{}, false, problem.Fields{{Location: "query.bin_to", Message: "must be after bin_from"}}
	}
	return cube.Bins{From: from, To: to, N: bins}, !from.IsZero(), nil
}

// histogram counts in the frame asked for, ignoring from and to; without a frame in the period of the query, or of
// all that the caller may see.
func (s *Server) histogram(pass door.Pass, q geoengine.Query, frame cube.Bins, framed bool) (histogramBody, error) {
	if framed {
		q.From, q.To = time.Time{}, time.Time{}
	} else {
		frame.From, frame.To = q.From, q.To
		if q.From.IsZero() || q.To.IsZero() {
			extent, err := s.config.Cube.Extent(pass.Query(geoengine.Query{}))
			if err != nil {
				return histogramBody{}, err
			}
			whole := s.period(extent)
			if whole == nil {
				now := s.config.Clock()
				whole = s.days(now, now) // an empty frame, but a frame
			}
			frame.From, frame.To = latest(q.From, whole.From), earliest(q.To, whole.To)
		}
	}
	body := histogramBody{From: frame.From, To: frame.To, Bins: make([]uint32, frame.N)}
	if !frame.From.Before(frame.To) {
		return body, nil
	}
	counts, err := s.config.Cube.Histogram(q, frame)
	if counts != nil {
		body.Bins = counts
	}
	return body, err
}

// latest is the later of the two; a zero asked does not count.
func latest(asked, whole time.Time) time.Time {
	if asked.After(whole) {
		return asked
	}
	return whole
}

// earliest is the earlier of the two; a zero asked does not count.
func earliest(asked, whole time.Time) time.Time {
	if !asked.IsZero() && asked.Before(whole) {
		return asked
	}
	return whole
}
