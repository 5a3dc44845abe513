package api

import (
	"context"
	"time"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/feature"
	"vigie/geoengine/hex"
)

type eventsInput struct {
	Cell   string `query:"cell" maxLength:"16" doc:"H3 index, resolution 3 to 11: only events in this cell."`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor string `query:"cursor" maxLength:"300" doc:"next of the page before."`
}

type eventsBody struct {
	Events []eventBody `json:"events" nullable:"false" doc:"Newest first."`
	Next   *string     `json:"next" doc:"Cursor of the following page; null after the last."`
}

type eventBody struct {
	Source     string              `json:"source"`
	Ref        string              `json:"ref"`
	Category   string              `json:"category"`
	Severity   string              `json:"severity"`
	Weight     float64             `json:"weight"`
	Start      time.Time           `json:"start" doc:"In the local time of the place."`
	End        time.Time           `json:"end"`
	Reported   time.Time           `json:"reported"`
	Lon        *float64            `json:"lon" doc:"Null without a position."`
	Lat        *float64            `json:"lat"`
	PrecisionM float64             `json:"precision_m" doc:"Radius in metres that holds the true place; 0 is unknown."`
	Area       *placeName          `json:"area"`
	Attributes map[string][]string `json:"attributes" nullable:"false"`
}

func (s *Server) events(ctx context.Context, pass door.Pass, in *eventsInput) (*struct{ Body eventsBody }, error) {
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return nil, err
	}
	list := geoengine.EventList{Query: pass.Query(q), Limit: in.Limit, Cursor: in.Cursor}
	switch {
	case in.Cell != "":
		cell, err := parseCell(in.Cell)
		if err != nil {
			return nil, err
		}
		list.Cells = []geoengine.CellRange{rangeOf(cell)}
	case q.Box != nil:
		list.Cells = feature.CellsAround(*q.Box)
	}
	page, err := s.list(ctx, list)
	if err != nil {
		return nil, err
	}
	concerns(pass, list, in.Cell, page.Events)
	body := eventsBody{Events: make([]eventBody, len(page.Events))}
	for i := range page.Events {
		body.Events[i] = bodyOf(&page.Events[i])
	}
	if page.Next != "" {
		body.Next = &page.Next
	}
	return &struct{ Body eventsBody }{body}, nil
}

// fewEvents are so many that the journal names each.
const fewEvents = 20

// concerns names in the journal what a page shows: its areas or its cell, and each of few events.
func concerns(pass door.Pass, list geoengine.EventList, cell string, shown []geoengine.LocatedEvent) {
	for _, path := range list.Areas {
		pass.Concerns("area:" + path)
	}
	if cell != "" {
		pass.Concerns("cell:" + cell)
	}
	if len(shown) <= fewEvents {
		for i := range shown {
			pass.Concerns(shown[i].Source + "/" + shown[i].Ref)
		}
	}
}

// list reads a page. Where no cell narrows the question, the cube says in which recent period the newest events lie,
// so that the database need not sort them all; whatever the cube says, the answer is the same.
func (s *Server) list(ctx context.Context, list geoengine.EventList) (geoengine.EventPage, error) {
	before, err := list.Before()
	if err != nil {
		return geoengine.EventPage{}, err
	}
	if list.Cells == nil {
		narrowed := list
		recent := list.Query
		if !before.IsZero() && (recent.To.IsZero() || before.Before(recent.To)) {
			recent.To = before // events at that very instant are counted by the second reading
		}
		if since, ok := s.since(recent, list.Limit+1); ok {
			narrowed.From = since
			page, err := s.config.Store.Events(ctx, narrowed)
			if err != nil || page.Next != "" {
				return page, err
			}
		}
	}
	return s.config.Store.Events(ctx, list)
}

// since finds an instant after which at least n events of the query start.
func (s *Server) since(q geoengine.Query, n int) (time.Time, bool) {
	extent, err := s.config.Cube.Extent(q)
	if err != nil || extent.Events <= 4*n {
		return time.Time{}, false
	}
	frame := cube.Bins{From: extent.From, To: extent.To.Add(time.Second), N: maxBins}
	counts, err := s.config.Cube.Histogram(q, frame)
	if err != nil {
		return time.Time{}, false
	}
	width := frame.To.Sub(frame.From) / time.Duration(frame.N)
	for bin, sum := len(counts)-1, 0; bin > 0; bin-- {
		if sum += int(counts[bin]); sum >= n {
			return frame.From.Add(width * time.Duration(bin)), true
		}
	}
	return time.Time{}, false
}

// rangeOf is the range of a cell's descendants as they are stored.
func rangeOf(cell uint64) geoengine.CellRange {
	first, last := hex.Range(cell, geoengine.CellResolution)
	return geoengine.CellRange{First: first, Last: last}
}

func bodyOf(e *geoengine.LocatedEvent) eventBody {
	body := eventBody{
		Source: e.Source, Ref: e.Ref, Category: e.Category, Severity: e.Severity.String(), Weight: e.Weight,
		Start: e.Start, End: e.End, Reported: e.Reported, PrecisionM: e.PrecisionM, Attributes: map[string][]string{},
	}
	if e.HasPosition {
		lon, lat := e.Position.Lon(), e.Position.Lat()
		body.Lon, body.Lat = &lon, &lat
	}
	if e.AreaPath != "" {
		body.Area = &placeName{Path: e.AreaPath, Name: e.AreaName}
	}
	for _, a := range e.Attributes {
		body.Attributes[a.Key] = append(body.Attributes[a.Key], a.Value)
	}
	return body
}
