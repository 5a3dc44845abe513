package data

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"vigie/geoengine"
	"vigie/geoengine/road"
)

// roadKind writes batches one after the other: each adds to the figures of the network.
func (m *importer) roadKind() kindOf {
	return kindOf{
		batch: 20_000, writers: 1,
		check:  func(b *batch, i int, source string) fault { return checkRoad(b.roads[i], source) },
		placed: func(*batch, int) bool { return true },
		visit: func(b *batch, i int, each func(*orb.Point)) {
			if s := b.roads[i].Section; s != nil {
				for j := range s.Line {
					each(&s.Line[j])
				}
			}
			if s := b.roads[i].Site; s != nil {
				each(&s.Position)
			}
		},
		empty: func(records int) *batch {
			return &batch{items: make([]item, 0, records), roads: make([]road.Record, 0, records)}
		},
		keep: func(b *batch, kept []int) { b.roads = pick(b.roads, kept) },
		prepare: func(ctx context.Context, _ *geoengine.Ingest, b *batch) (written, error) {
			return m.roads.Prepare(ctx, b.roads, b.passed)
		},
	}
}

// beginRoads begins the network of this run. What an earlier import of the run wrote and is there no more is written
// again.
func (m *importer) beginRoads(ctx context.Context) error {
	var found bool
	var err error
	if m.roads, found, err = road.BeginIngest(ctx, m.ingest, m.runRow.id); err != nil || found || m.runRow.records == 0 {
		return err
	}
	m.runRow.records = 0
	fresh := Report{Run: m.report.Run, Source: m.report.Source, Input: m.report.Input, Rejected: map[string]int64{}}
	m.report = fresh
	return m.forget(ctx)
}

const (
	forgetRecords = `update import_run set records = 0 where id = $1`
	forgetRejects = `delete from import_reject where run = $1`
)

// forget makes the run begin from the start when it is repeated.
func (m *importer) forget(ctx context.Context) error {
	for _, sql := range []string{forgetRejects, forgetRecords} {
		if _, err := m.store.Pool.Exec(ctx, sql, m.runRow.id); err != nil {
			return fmt.Errorf("begin run %d anew: %w", m.runRow.id, err)
		}
	}
	return nil
}

// endRoads puts the new network in place; after a failure it removes it, unless the import can be gone on with: when it
// was interrupted, or the database went away.
func (m *importer) endRoads(ctx context.Context, failure error) error {
	if m.roads == nil {
		return failure
	}
	if failure == nil {
		return m.persistently(ctx, func(ctx context.Context) (err error) {
			if _, err = m.keeper.again(ctx); err == nil {
				m.report.Removed, err = m.roads.Activate(ctx)
			}
			return err
		})
	}
	if ctx.Err() != nil || geoengine.Lost(failure) {
		return failure
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := m.forget(late); err != nil {
		return fmt.Errorf("%w (and %w)", failure, err)
	}
	if err := m.roads.Discard(late); err != nil {
		return fmt.Errorf("%w (and %w)", failure, err)
	}
	return failure
}

func checkRoad(r road.Record, source string) fault {
	switch {
	case r.Section != nil:
		r.Section.Source = source
		return checkSection(r.Section)
	case r.Turn != nil:
		r.Turn.Source = source
		return checkTurn(r.Turn)
	default:
		r.Site.Source = source
		return checkSite(r.Site)
	}
}

func checkSection(s *road.Section) fault {
	if f := checkIdentity(s.Ref); f.reason != "" {
		return f
	}
	switch {
	case len(s.Line) < 2:
		return faultf("bad_geometry", "section %s has %d positions: must be at least 2", s.Ref, len(s.Line))
	case int(s.Class) >= len(road.ClassNames):
		return faultf("unknown_value", "section %s has the class %d", s.Ref, s.Class)
	case !s.Forward && !s.Backward:
		return faultf("closed", "section %s may be driven in neither direction", s.Ref)
	case s.Access > road.Destination, s.Lit > road.Yes, s.BuiltUp > road.Yes:
		return faultf("unknown_value", "section %s: access %d, lit %d, built-up %d", s.Ref, s.Access, s.Lit, s.BuiltUp)
	}
	for _, p := range s.Line {
		if f := checkPlace(true, p, 0); f.reason != "" {
			return f
		}
	}
	if metres := geo.LengthHaversine(s.Line); metres > maxSection {
		return faultf("bad_geometry", "section %s is %.0f km long, more than %d", s.Ref, metres/1000, maxSection/1000)
	}
	return checkRoadTexts(s.Name, s.Number)
}

func checkTurn(t *road.Restriction) fault {
	if f := checkIdentity(t.Ref); f.reason != "" {
		return f
	}
	if t.From == "" || t.To == "" {
		return faultf("missing_value", "restriction %s has no section before or after", t.Ref)
	}
	return checkRoadTexts(append([]string{t.From, t.To}, t.Via...)...)
}

func checkSite(s *road.Site) fault {
	if f := checkIdentity(s.Ref); f.reason != "" {
		return f
	}
	switch s.Kind {
	case road.LayBy, road.CarPark, road.RestArea, road.TollPlaza, road.Weighbridge:
	default:
		return faultf("unknown_value", "site %s has the kind %.40q", s.Ref, s.Kind)
	}
	if !(s.AreaM2 >= 0 && s.AreaM2 <= math.MaxFloat32) || s.Access > road.Destination || s.Lit > road.Yes {
		return faultf("unknown_value", "site %s: area %v m², access %d, lit %d", s.Ref, s.AreaM2, s.Access, s.Lit)
	}
	if f := checkPlace(true, s.Position, 0); f.reason != "" {
		return f
	}
	return checkRoadTexts(s.Name)
}

// maxSection bounds a section, in metres: what is longer is a mistake.
const maxSection = 1_000_000

// maxRoadText bounds a name or a number, in bytes.
const maxRoadText = 1000

func checkRoadTexts(texts ...string) fault {
	for _, text := range texts {
		if len(text) > maxRoadText {
			return faultf("too_long", "%.80q… has %d bytes, more than %d", text, len(text), maxRoadText)
		}
		if f := checkText("text", text); f.reason != "" {
			return f
		}
	}
	return fault{}
}
