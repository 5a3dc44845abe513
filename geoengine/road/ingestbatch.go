package road

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"vigie/geoengine"
)

// Batch is a batch of records with what the store adds to them.
type Batch struct {
	ingest   *Ingest
	records  []Record
	prints   []uint64
	zones    []int32 // of the sections among those to write, in their order
	outcomes []geoengine.Outcome
	write    []int32
}

// Settled returns one outcome for each record, in their order; final after Write or Compare.
func (b *Batch) Settled() []geoengine.Outcome { return b.outcomes }

// Prepare computes fingerprints and settles repeated refs. Call it in reading order; passed tells of each record whether
// it is written already and only to be remembered, nil is none.
func (g *Ingest) Prepare(ctx context.Context, records []Record, passed []bool) (*Batch, error) {
	b := &Batch{ingest: g, records: records, prints: make([]uint64, len(records)), outcomes: make([]geoengine.Outcome, len(records))}
	var firsts []orb.Point
	for i, r := range records {
		identity, print := r.identity(), r.fingerprint()
		b.prints[i] = print
		if repeated, contradicts := g.base.Seen(identity, print); repeated {
			if contradicts {
				b.outcomes[i] = geoengine.Contradicted
			}
			continue
		}
		if passed != nil && passed[i] {
			continue
		}
		b.write = append(b.write, int32(i))
		if r.Section != nil {
			firsts = append(firsts, r.Section.Line[0])
		}
	}
	var err error
	b.zones, err = g.base.ZonesOf(ctx, firsts)
	return b, err
}

const (
	findSections     = `select ref, fingerprint from road_section where generation = $1 and ref = any($2)`
	findRestrictions = `select ref, fingerprint from road_restriction where generation = $1 and ref = any($2)`
	findSites        = `select ref, fingerprint from road_site where generation = $1 and ref = any($2)`
)

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Compare settles the outcomes without writing.
func (b *Batch) Compare(ctx context.Context) error {
	_, err := b.classify(ctx, b.ingest.store.Pool)
	return err
}

// classify compares with the network before; known is how many of the records it has too.
func (b *Batch) classify(ctx context.Context, db querier) (known int64, err error) {
	kinds := [...]struct {
		find string
		is   func(Record) bool
	}{
		{findSections, func(r Record) bool { return r.Section != nil }},
		{findRestrictions, func(r Record) bool { return r.Turn != nil }},
		{findSites, func(r Record) bool { return r.Site != nil }},
	}
	for _, kind := range kinds {
		var these []int32
		var refs []string
		for _, i := range b.write {
			if kind.is(b.records[i]) {
				these, refs = append(these, i), append(refs, b.records[i].ref())
			}
		}
		stored, err := fingerprints(ctx, db, kind.find, b.ingest.before, refs)
		if err != nil {
			return 0, fmt.Errorf("find the stored roads: %w", err)
		}
		for _, i := range these {
			switch old, there := stored[b.records[i].ref()]; {
			case !there:
				b.outcomes[i] = geoengine.New
				continue
			case old == int64(b.prints[i]):
				b.outcomes[i] = geoengine.Unchanged
			default:
				b.outcomes[i] = geoengine.Changed
			}
			known++
		}
	}
	return known, nil
}

func fingerprints(ctx context.Context, db querier, sql string, generation int64, refs []string) (map[string]int64, error) {
	stored := map[string]int64{}
	if generation == 0 || len(refs) == 0 {
		return stored, nil
	}
	rows, err := db.Query(ctx, sql, generation, refs)
	if err != nil {
		return nil, err
	}
	var ref string
	var print int64
	_, err = pgx.ForEachRow(rows, []any{&ref, &print}, func() error {
		stored[ref] = print
		return nil
	})
	return stored, err
}

const (
	copySections = `
		copy road_section (zone, generation, ref, from_junction, to_junction, class, name, number, forward, backward,
			speed_forward, speed_backward, access, link, roundabout, bridge, tunnel, lit, built_up, lanes, geom, fingerprint)
		from stdin (format binary)`
	copyRestrictions = `
		copy road_restriction (generation, ref, from_ref, via, to_ref, junction, only_to, fingerprint)
		from stdin (format binary)`
	copySites = `
		copy road_site (generation, ref, kind, name, geom, area_m2, lit, access, fingerprint)
		from stdin (format binary)`
)

// Write stores the records in the new network, those that have not changed too, and settles the outcomes. It may be
// repeated after a transaction that failed.
func (b *Batch) Write(ctx context.Context, tx pgx.Tx) error {
	known, err := b.classify(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := b.encode()
	if err != nil {
		return err
	}
	for _, table := range []struct {
		rows *geoengine.CopyRows
		sql  string
	}{{&rows.sections, copySections}, {&rows.turns, copyRestrictions}, {&rows.sites, copySites}} {
		if err := table.rows.Send(ctx, tx, table.sql); err != nil {
			return fmt.Errorf("write roads: %w", err)
		}
	}
	var hash int64
	if err := tx.QueryRow(ctx, networkHash, b.ingest.generation).Scan(&hash); err != nil {
		return fmt.Errorf("find the road network that is written: %w", err)
	}
	hash = int64(uint64(hash) + rows.hash)
	_, err = tx.Exec(ctx, setNetwork, b.ingest.generation, rows.counts[0], rows.counts[1], rows.counts[2], rows.metres, known, hash)
	if err != nil {
		return fmt.Errorf("note the size of the road network: %w", err)
	}
	return nil
}

// encoded are the rows of a batch.
type encoded struct {
	sections, turns, sites geoengine.CopyRows
	counts                 [3]int64
	metres                 float64
	hash                   uint64
}

func (b *Batch) encode() (*encoded, error) {
	e := &encoded{}
	sections := 0
	for _, i := range b.write {
		e.hash += b.prints[i]
		print := int64(b.prints[i])
		var err error
		switch r := b.records[i]; {
		case r.Section != nil:
			err = e.section(r.Section, b.zones[sections], b.ingest.generation, print)
			sections++
		case r.Turn != nil:
			e.turn(r.Turn, b.ingest.generation, print)
		default:
			err = e.site(r.Site, b.ingest.generation, print)
		}
		if err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *encoded) section(s *Section, zone int32, generation, print int64) error {
	c := &e.sections
	c.Row(22)
	c.Int32(zone)
	c.Int64(generation)
	c.Text(s.Ref)
	c.Int64(s.From)
	c.Int64(s.To)
	c.Int16(int16(s.Class))
	c.Text(s.Name)
	c.Text(s.Number)
	c.Bool(s.Forward)
	c.Bool(s.Backward)
	c.Int16(int16(s.SpeedForward))
	c.Int16(int16(s.SpeedBackward))
	c.Int16(int16(s.Access))
	for _, v := range [...]bool{s.Link, s.Roundabout, s.Bridge, s.Tunnel} {
		c.Bool(v)
	}
	c.Int16(int16(s.Lit))
	c.Int16(int16(s.BuiltUp))
	c.Int16(int16(s.Lanes))
	if err := c.Geometry(s.Line); err != nil {
		return err
	}
	c.Int64(print)
	e.counts[0]++
	e.metres += geo.LengthHaversine(s.Line)
	return nil
}

func (e *encoded) turn(t *Restriction, generation, print int64) {
	c := &e.turns
	c.Row(8)
	c.Int64(generation)
	c.Text(t.Ref)
	c.Text(t.From)
	c.Texts(t.Via)
	c.Text(t.To)
	c.Int64(t.Junction)
	c.Bool(t.Only)
	c.Int64(print)
	e.counts[1]++
}

func (e *encoded) site(s *Site, generation, print int64) error {
	c := &e.sites
	c.Row(9)
	c.Int64(generation)
	c.Text(s.Ref)
	c.Text(string(s.Kind))
	c.Text(s.Name)
	if err := c.Geometry(s.Position); err != nil {
		return err
	}
	c.Float32(float32(s.AreaM2))
	c.Int16(int16(s.Lit))
	c.Int16(int16(s.Access))
	c.Int64(print)
	e.counts[2]++
	return nil
}
