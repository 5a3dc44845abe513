package api

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
)

// The H3 resolutions at which counts are answered.
const (
	coarsest = geoengine.ZoneResolution
	finest   = geoengine.CellResolution
)

// metaBody is what the caller's map has to show.
type metaBody struct {
	Version     uint64       `json:"version" doc:"Version of the events; grows with every change."`
	Resolutions []int        `json:"resolutions" doc:"H3 resolutions."`
	Categories  []slugCount  `json:"categories" nullable:"false"`
	Severities  []slugCount  `json:"severities" nullable:"false" doc:"In ascending order."`
	Sources     []sourceBody `json:"sources" nullable:"false"`
	Period      *periodBody  `json:"period" doc:"Whole local days that hold every event; null without events."`
	Bounds      *[4]float64  `json:"bounds" doc:"West, south, east, north; null without positions."`
	Synthetic   bool         `json:"synthetic" doc:"Some of these events are generated, not real."`
	BaseMap     baseMapBody  `json:"base_map"`
	Attribution string       `json:"attribution"`
	Freshness   *time.Time   `json:"freshness" doc:"When a source last reported."`

	Protected *disclosure.Note `json:"protected,omitempty" doc:"The protected families, and the years of which they are told."`
}

type slugCount struct {
	Slug   string  `json:"slug"`
	Count  *uint32 `json:"count" doc:"Events that may be told; null where none may be, and some are hidden."`
	Hidden string  `json:"hidden,omitempty" enum:"below,withheld"`
	K      int     `json:"k,omitempty"`
}

type sourceBody struct {
	Name         string     `json:"name"`
	Title        string     `json:"title"`
	Publisher    string     `json:"publisher"`
	Licence      string     `json:"licence"`
	URL          string     `json:"url"`
	Synthetic    bool       `json:"synthetic"`
	Events       uint32     `json:"events"`
	LastReported *time.Time `json:"last_reported"`
}

type periodBody struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to" doc:"Exclusive."`
}

type baseMapBody struct {
	StyleURL *string `json:"style_url" doc:"MapLibre style of an outside base map; null for /api/style.json."`
}

func (s *Server) meta(ctx context.Context, pass door.Pass, _ *struct{}) (*struct{ Body metaBody }, error) {
	all := pass.Query(geoengine.Query{})
	version := s.config.Cube.Version()
	extent, err := s.config.Cube.Extent(all)
	if err != nil {
		return nil, err
	}
	facets, err := s.config.Cube.Facets(all)
	if err != nil {
		return nil, err
	}
	body := metaBody{
		Version: version, Categories: slugCounts(facets["category"]), Severities: severityCounts(facets["severity"]),
		Period: s.period(extent), Bounds: boundsOf(extent), Synthetic: extent.Synthetic, Attribution: s.attribution(),
	}
	for res := coarsest; res <= finest; res++ {
		body.Resolutions = append(body.Resolutions, res)
	}
	if s.config.StyleURL != "" {
		body.BaseMap.StyleURL = &s.config.StyleURL
	}
	if body.Sources, err = s.sourceBodies(ctx, pass.Rights(), version, facets["source"]); err != nil {
		return nil, err
	}
	for _, one := range body.Sources {
		if one.LastReported != nil && (body.Freshness == nil || one.LastReported.After(*body.Freshness)) {
			body.Freshness = one.LastReported
		}
	}
	amounts, err := s.protectedCategories(ctx, pass, all)
	if err != nil {
		return nil, err
	}
	for _, v := range values(amounts) {
		body.Categories = append(body.Categories, slugCount{Slug: v.Value, Count: v.Count, Hidden: v.Hidden, K: v.K})
	}
	_, note, err := s.releases.Total(ctx, pass.Policy(), all)
	if err != nil {
		return nil, err
	}
	body.Protected = note.OrNil()
	return &struct{ Body metaBody }{body}, nil
}

func (s *Server) attribution() string {
	if s.config.Attribution != "" {
		return s.config.Attribution
	}
	return "Vigie"
}

// sourceBodies describes the sources that have events for the caller.
func (s *Server) sourceBodies(ctx context.Context, rights geoengine.Rights, version uint64, counts []cube.FacetValue) ([]sourceBody, error) {
	events := map[string]uint32{}
	for _, one := range counts {
		events[one.Value] = one.Count
	}
	sources, err := s.sources(ctx)
	if err != nil {
		return nil, err
	}
	reported, err := s.fresh.last(ctx, rights, version)
	if err != nil {
		return nil, err
	}
	bodies := []sourceBody{}
	for _, one := range sources {
		if events[one.Name] == 0 {
			continue
		}
		body := sourceBody{
			Name: one.Name, Title: one.Title, Publisher: one.Publisher, Licence: one.Licence, URL: one.URL,
			Synthetic: one.Synthetic, Events: events[one.Name],
		}
		if t, ok := reported[one.Name]; ok {
			body.LastReported = &t
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// period is the whole local days that hold every event of the extent; nil without events.
func (s *Server) period(e cube.Extent) *periodBody {
	if e.Events == 0 {
		return nil
	}
	return s.days(e.From, e.To)
}

// days is the whole local days from that of one instant to that of another.
func (s *Server) days(from, to time.Time) *periodBody {
	midnight := func(t time.Time, days int) time.Time {
		t = t.In(s.zone)
		return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, 0, 0, s.zone).UTC()
	}
	return &periodBody{From: midnight(from, 0), To: midnight(to, 1)}
}

func boundsOf(e cube.Extent) *[4]float64 {
	if e.Positioned == 0 {
		return nil
	}
	edges := edgesOf(e.Box)
	return &edges
}

func edgesOf(b orb.Bound) [4]float64 { return [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} }

func slugCounts(values []cube.FacetValue) []slugCount {
	counts := make([]slugCount, len(values))
	for i, v := range values {
		counts[i] = slugCount{Slug: v.Value, Count: &v.Count}
	}
	return counts
}

// severityCounts is every severity in ascending order, also those without events.
func severityCounts(values []cube.FacetValue) []slugCount {
	counts := make([]slugCount, len(geoengine.SeverityNames))
	for i, name := range geoengine.SeverityNames {
		count := uint32(0)
		for _, v := range values {
			if v.Value == name {
				count = v.Count
			}
		}
		counts[i] = slugCount{Slug: name, Count: &count}
	}
	return counts
}
