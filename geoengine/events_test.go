package geoengine_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"
	h3 "github.com/uber/h3-go/v4"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// placedEvent is an event of the tests with what the ingest would have computed.
type placedEvent struct {
	geoengine.Event
	offset int
	cell   uint64
	area   string
}

// someEvents are random events around two towns, in three time zones, with every kind of interval, some without a
// position, and many at the same instant.
func someEvents(r *rand.Rand, n int) []placedEvent {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	events := make([]placedEvent, n)
	for i := range events {
		e := &events[i]
		e.Source, e.Ref = pick("one", "two"), fmt.Sprintf("ref %d", r.IntN(1<<40))
		e.Category = pick("road.accident", "road.accident.bicycle", "road_accident", "vehicle.theft")
		e.Severity = geoengine.Severity(r.IntN(6))
		e.Weight = float64(r.IntN(8)) / 8
		e.offset = []int{0, 3600, 7200, -36000}[r.IntN(4)]
		e.Start = time.Unix(1_700_000_000+int64(r.IntN(40))*6*3600+int64(r.IntN(3)*1800)-int64(r.IntN(2))*1_750_000_000, 0).UTC()
		e.End = e.Start.Add([]time.Duration{0, time.Hour, time.Hour + time.Second, 24 * time.Hour}[r.IntN(4)])
		e.Reported = e.End
		e.area = pick("", "fr.76", "fr.76.31", "fr.76.31.31555", "fr.7", "fr.76_31", "demo.1")
		if r.IntN(5) > 0 {
			e.HasPosition = true
			e.Position = orb.Point{float64(r.IntN(2000))/1000 + 0.5, float64(r.IntN(1000))/1000 + 43}
			cell, err := h3.LatLngToCell(h3.LatLng{Lat: e.Position.Lat(), Lng: e.Position.Lon()}, geoengine.CellResolution)
			if err != nil {
				panic(err)
			}
			e.cell = uint64(cell)
		}
		e.Attributes = geoengine.Attributes{{Key: "light", Value: pick("day", "night, lit", `it's "odd" \ 100%`)}}
		if r.IntN(2) == 0 {
			e.Attributes = append(e.Attributes, geoengine.Attribute{Key: "vehicle", Value: "car"},
				geoengine.Attribute{Key: "vehicle", Value: pick("bicycle", "lorry")})
		}
		e.Attributes = e.Attributes.Normalise()
	}
	return events
}

// store writes the events as an ingest would.
func storeEvents(t *testing.T, store *geoengine.Store, events []placedEvent) {
	t.Helper()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := store.Pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	sources, categories, zones := map[string]int{}, map[string]int{}, map[uint64]int{0: 0}
	for _, e := range events {
		if _, ok := sources[e.Source]; !ok {
			sources[e.Source] = len(sources) + 1
			exec(`insert into source values ($1, $2, $2, '', '', '', false)`, sources[e.Source], e.Source)
		}
		if _, ok := categories[e.Category]; !ok {
			categories[e.Category] = len(categories) + 1
			exec(`insert into category values ($1, $2)`, categories[e.Category], e.Category)
		}
		zone := uint64(0)
		if e.cell != 0 {
			parent, err := h3.Cell(e.cell).Parent(geoengine.ZoneResolution)
			if err != nil {
				t.Fatal(err)
			}
			zone = uint64(parent)
		}
		if _, ok := zones[zone]; !ok {
			zones[zone] = len(zones)
			exec(`insert into zone values ($1, $2)`, zones[zone], int64(zone))
		}
		var lon, lat *float64
		if e.HasPosition {
			lon, lat = &e.Position[0], &e.Position[1]
		}
		attributes := map[string]any{}
		for _, a := range e.Attributes {
			switch before := attributes[a.Key].(type) {
			case nil:
				attributes[a.Key] = a.Value
			case string:
				attributes[a.Key] = []string{before, a.Value}
			}
		}
		stored, err := json.Marshal(attributes)
		if err != nil {
			t.Fatal(err)
		}
		exec(`insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m,
			weight, cell, area, attributes, fingerprint, xid)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, st_setsrid(st_makepoint($10, $11), 4326), $12, $13, $14, $15, $16, 0, 1)`,
			zones[zone], sources[e.Source], e.Ref, categories[e.Category], int16(e.Severity), e.Start, e.End, e.Reported, e.offset,
			lon, lat, e.PrecisionM, e.Weight, int64(e.cell), e.area, stored)
	}
}

// matches evaluates a query in Go, as the text of Query and EventList says.
func matches(l *geoengine.EventList, e *placedEvent) bool {
	within := func(v string, paths []string) bool { return len(paths) == 0 || geoengine.Within(v, paths) }
	oneOf := func(v string, values []string) bool { return len(values) == 0 || slices.Contains(values, v) }
	switch {
	case l.Box != nil && (!e.HasPosition || !l.Box.Contains(e.Position)),
		!within(e.area, l.Areas),
		l.Scope != nil && !geoengine.Within(e.area, l.Scope),
		!l.From.IsZero() && e.Start.Before(l.From),
		!l.To.IsZero() && !e.Start.Before(l.To),
		!within(e.Category, l.Categories),
		len(l.Severities) > 0 && !slices.Contains(l.Severities, e.Severity),
		!oneOf(e.Source, l.Sources):
		return false
	}
	if !l.Hours.All() && !l.Hours.Has(geoengine.LocalHour(e.Start.Unix(), e.End.Unix()-e.Start.Unix(), e.offset)) {
		return false
	}
	for key, accepted := range l.Attributes {
		if !slices.ContainsFunc(e.Attributes, func(a geoengine.Attribute) bool {
			return a.Key == key && slices.Contains(accepted, a.Value)
		}) {
			return false
		}
	}
	return l.Cells == nil || slices.ContainsFunc(l.Cells, func(r geoengine.CellRange) bool { return r.First <= e.cell && e.cell <= r.Last })
}

// someList is a random question, most often with few filters.
func someList(r *rand.Rand, events []placedEvent) geoengine.EventList {
	var l geoengine.EventList
	maybe := func() bool { return r.IntN(5) == 0 }
	any := func() *placedEvent { return &events[r.IntN(len(events))] }
	if maybe() {
		a, b := any().Position, any().Position
		l.Box = &orb.Bound{Min: orb.Point{min(a[0], b[0]), min(a[1], b[1])}, Max: orb.Point{max(a[0], b[0]), max(a[1], b[1])}}
	}
	if maybe() {
		l.From = any().Start
	}
	if to := any().Start; maybe() && !to.Before(l.From) {
		l.To = to
	}
	if maybe() {
		l.Areas = []string{"fr.76", "nowhere"}
	}
	if maybe() {
		l.Scope = [][]string{{}, {"fr.76.31"}, {"fr.76", "demo"}, {"fr.7"}}[r.IntN(4)]
	}
	if maybe() {
		l.Categories = []string{"road.accident"}
	}
	if maybe() {
		l.Severities = []geoengine.Severity{any().Severity, geoengine.SeverityFatal}
	}
	if maybe() {
		l.Sources = []string{"two", "unheard of"}
	}
	if maybe() {
		for range 60 {
			l.Hours.Set(r.IntN(168))
		}
	}
	if maybe() {
		l.Attributes = map[string][]string{"light": {"day", `it's "odd" \ 100%`}}
		if maybe() {
			l.Attributes["vehicle"] = []string{"bicycle"}
		}
	}
	if e := any(); maybe() && e.cell != 0 {
		l.Cells = []geoengine.CellRange{rangeAt(e.cell, 3+r.IntN(9))}
	}
	return l
}

// rangeAt is the range of stored cells below the parent of a cell at res.
func rangeAt(cell uint64, res int) geoengine.CellRange {
	unused := uint64(1)<<(3*(geoengine.CellResolution-res)) - 1
	digits := uint64(3 * (15 - geoengine.CellResolution))
	return geoengine.CellRange{First: cell &^ (unused << digits), Last: cell | unused<<digits}
}

// pages reads every page of a list.
func pages(t *testing.T, store *geoengine.Store, l geoengine.EventList) (refs []string) {
	t.Helper()
	for {
		page, err := store.Events(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) > l.Limit {
			t.Fatalf("%d events on a page of %d", len(page.Events), l.Limit)
		}
		for _, e := range page.Events {
			refs = append(refs, e.Source+" "+e.Ref)
		}
		if page.Next == "" {
			return refs
		}
		l.Cursor = page.Next
	}
}

func TestEventsEqualGo(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	r := rand.New(rand.NewPCG(1, 2))
	events := someEvents(r, 600)
	storeEvents(t, store, events)
	found := 0
	for range 300 {
		l := someList(r, events)
		var want []*placedEvent
		for i := range events {
			if matches(&l, &events[i]) {
				want = append(want, &events[i])
			}
		}
		slices.SortFunc(want, func(a, b *placedEvent) int {
			return cmp.Or(b.Start.Compare(a.Start), strings.Compare(b.Source, a.Source), strings.Compare(b.Ref, a.Ref))
		})
		l.Limit = 1 + r.IntN(geoengine.MaxEvents)
		got := pages(t, store, l)
		if len(got) != len(want) {
			t.Fatalf("%+v: %d events, want %d", l, len(got), len(want))
		}
		found += len(got)
		wanted := map[string]bool{}
		for i, e := range want {
			wanted[e.Source+" "+e.Ref] = true
			if i > 0 && want[i-1].Start.Before(e.Start) {
				t.Fatal("not newest first")
			}
		}
		for _, ref := range got {
			if !wanted[ref] {
				t.Fatalf("%+v: %s is not wanted, or twice", l, ref)
			}
			delete(wanted, ref)
		}
	}
	if found < 10_000 {
		t.Errorf("the questions found only %d events: they test little", found)
	}
}

func TestEventsReadsWhatWasStored(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	events := someEvents(rand.New(rand.NewPCG(3, 4)), 50)
	storeEvents(t, store, events)
	page, err := store.Events(t.Context(), geoengine.EventList{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	byRef := map[string]geoengine.Event{}
	for _, e := range page.Events {
		byRef[e.Ref] = e.Event
		if _, offset := e.Start.Zone(); offset%1800 != 0 {
			t.Errorf("offset %d", offset)
		}
	}
	for _, e := range events {
		if diff := gocmp.Diff(e.Event, byRef[e.Ref], cmpopts.EquateApproxTime(0)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEventsRefuses(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	for name, l := range map[string]geoengine.EventList{
		"no limit":         {},
		"limit too large":  {Limit: geoengine.MaxEvents + 1},
		"cursor not ours":  {Limit: 1, Cursor: "'; drop table event; --"},
		"cursor too short": {Limit: 1, Cursor: "AAAA"},
		"cursor of 292277": {Limit: 1, Cursor: "f_________8AAAABYQ"},
		"cursor with NUL":  {Limit: 1, Cursor: "AAAAAAAAAAAAAAABAA"},
		"bad category":     {Limit: 1, Query: geoengine.Query{Categories: []string{"'"}}},
	} {
		if _, err := store.Events(t.Context(), l); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}
