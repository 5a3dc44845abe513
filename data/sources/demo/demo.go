// Package demo invents a département, deterministic by seed, for demonstrations and for tests that compare an estimate
// with a known truth. Nothing in it is real: it lies in the Atlantic, so that it never overlaps a real territory.
//
// territory.go puts it together in this order: lattice.go and outline.go (ground), communes.go, names.go (towns),
// roads.go, motorway.go, streets.go (network), intensity.go and rhythm.go (what happens where and when: the truth),
// occurrences.go (drawn from that truth), then accidents.go, thefts.go, rescues.go (what a source would publish).
package demo

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"vigie/data"
	"vigie/geoengine"
)

// Names of the four sources.
const (
	NameAreas  = "demo_areas"
	NameUnits  = "demo_units"
	NameRoads  = "demo_roads"
	NameEvents = "demo"
)

// generation is the version of the generator: it changes whenever the same seed gives something else.
const generation = 2

// Sources are the areas, the units, the roads and the events of the fictional département, to be imported in this order;
// the events need the areas. They read no files.
//
// Options: Seed chooses the département (0 is 1), Scale multiplies the number of events (0 is 1), Year is the last of
// the three years of events (0 is 2025).
func Sources() []data.Source {
	m := &maker{}
	return []data.Source{
		m.source(NameAreas, data.HoldsAreas, "Valmarne, département de démonstration : communes (données fictives)", areaRecords),
		m.source(NameUnits, data.HoldsUnits, "Valmarne, département de démonstration : unités (données fictives)", unitRecords),
		m.source(NameRoads, data.HoldsRoads, "Valmarne, département de démonstration : routes et lieux d'arrêt (données fictives)", roadRecords),
		m.source(NameEvents, data.HoldsEvents, "Valmarne, département de démonstration : accidents, vols, secours (données fictives)", eventRecords),
	}
}

// maker makes the territory once for the sources that are imported one after another.
type maker struct {
	mutex sync.Mutex
	made  *Territory
}

func (m *maker) territory(c Config) *Territory {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.made == nil || m.made.Config != c {
		m.made = New(c)
	}
	return m.made
}

func (m *maker) source(name, holds, title string, records func(*Territory) iter.Seq[data.Record]) data.Source {
	return data.Source{
		Name: name, Title: title, Publisher: "Vigie", Licence: "CC0 1.0, données fictives",
		Synthetic: true, Holds: holds, Hint: "no files: generated, deterministic by --seed, --scale and --year",
		Digest: func(o data.Options) (string, error) {
			c, err := configOf(o)
			return fmt.Sprintf("demo %d %+v", generation, c), err
		},
		Read: func(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) { m.read(ctx, in, name, records, yield) }
		},
	}
}

func (m *maker) read(ctx context.Context, in data.Input, name string, records func(*Territory) iter.Seq[data.Record], yield func(data.Record, error) bool) {
	config, err := configOf(in.Options)
	if err == nil && len(in.Files) > 0 {
		err = fmt.Errorf("%s is generated and reads no files, not %s: %w", name, in.Files[0].Name, geoengine.ErrInvalid)
	}
	if err != nil {
		yield(data.Record{}, err)
		return
	}
	number := int64(0)
	for record := range records(m.territory(config)) {
		if err := ctx.Err(); err != nil {
			yield(data.Record{}, err)
			return
		}
		number++
		record.At = data.Position{File: name, Line: number}
		if !yield(record, nil) {
			return
		}
	}
}

func configOf(o data.Options) (Config, error) {
	c := Config{Seed: o.Seed, Scale: o.Scale, LastYear: o.Year}.filled()
	if !(c.Scale > 0 && c.Scale <= 100) {
		return c, fmt.Errorf("scale %v: must be more than 0 and at most 100: %w", o.Scale, geoengine.ErrInvalid)
	}
	if c.LastYear < 1970 || c.LastYear > 2090 {
		return c, fmt.Errorf("year %d: must be 1970 to 2090: %w", o.Year, geoengine.ErrInvalid)
	}
	return c, nil
}

func areaRecords(t *Territory) iter.Seq[data.Record] {
	return func(yield func(data.Record) bool) {
		for _, area := range t.Areas() {
			if !yield(data.Record{Area: area}) {
				return
			}
		}
	}
}

func unitRecords(t *Territory) iter.Seq[data.Record] {
	return func(yield func(data.Record) bool) {
		for _, unit := range t.Units() {
			if !yield(data.Record{Unit: unit}) {
				return
			}
		}
	}
}

func roadRecords(t *Territory) iter.Seq[data.Record] {
	return func(yield func(data.Record) bool) {
		for _, section := range t.Sections() {
			if !yield(data.Record{Section: section}) {
				return
			}
		}
		for _, site := range t.Sites() {
			if !yield(data.Record{Site: site}) {
				return
			}
		}
	}
}

func eventRecords(t *Territory) iter.Seq[data.Record] {
	return func(yield func(data.Record) bool) {
		for _, event := range t.Events() {
			if !yield(data.Record{Event: event}) {
				return
			}
		}
	}
}
