package disclosure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/hex"
)

// Channel is notified when a year is published, or published again, and when a rule changes.
const Channel = "vigie_small_counts"

// settled is how long after its end a year is published at the earliest: events are reported late.
const settled = 31 * 24 * time.Hour

const (
	lockPublishing = `select pg_advisory_xact_lock(hashtextextended('vigie small counts', 0))`
	selectHeader   = `select true from small_count_release where category = $1 and k = $2 and year = $3`
	selectEarlier  = `
		select t.territory, t.body from small_count_table t
		where t.category = $1 and t.k = $2 and t.year = (
			select max(r.year) from small_count_release r where r.category = $1 and r.k = $2 and r.year < $3)`
	selectTallied = `
		select e.area, e.cell, extract(epoch from e.starts)::bigint, extract(epoch from e.ends - e.starts)::bigint, e.utc_offset, c.slug
		from event e join category c on c.id = e.category
		where (c.slug = $1 or starts_with(c.slug, $1 || '.')) and e.starts >= $2 and e.starts < $3`
	upsertHeader = `
		insert into small_count_release (category, k, year, starts, ends, published, seq)
		values ($1, $2, $3, $4, $5, $6, nextval('small_count_seq'))
		on conflict (category, k, year) do update
		set starts = excluded.starts, ends = excluded.ends, published = excluded.published, seq = excluded.seq`
	deleteTables = `delete from small_count_table where category = $1 and k = $2 and year = $3`
	insertTable  = `insert into small_count_table (category, k, year, territory, body) values ($1, $2, $3, $4, $5)`
	notify       = `select pg_notify($1, '')`
	selectYears  = `
		select distinct extract(year from e.starts at time zone $2)::int from event e join category c on c.id = e.category
		where (c.slug = $1 or starts_with(c.slug, $1 || '.')) and e.starts < $3 order by 1`
	selectImporting = `select exists (select from import_run where updated > $1)`
	selectChanged   = `
		select distinct r.category, r.k, r.year from small_count_release r
		join category c on c.slug = r.category or starts_with(c.slug, r.category || '.')
		where exists (select from event e where e.xid >= $1 and e.category = c.id and e.starts >= r.starts and e.starts < r.ends)
		or exists (select from event_retracted e where e.xid >= $1 and e.category = c.id and e.starts >= r.starts and e.starts < r.ends)
		order by 1, 3`
	selectTransaction = `select pg_snapshot_xmin(pg_current_snapshot())::text::bigint`
)

// Publisher makes releases from the events of the store, and keeps them.
type Publisher struct {
	store *geoengine.Store
	zone  *time.Location
	clock func() time.Time
}

// NewPublisher returns a publisher; zone says when a calendar year begins.
func NewPublisher(store *geoengine.Store, zone *time.Location, clock func() time.Time) *Publisher {
	return &Publisher{store, zone, clock}
}

// Published is a year that was published.
type Published struct {
	Category    string `json:"category"`
	K           int    `json:"k"`
	Year        int    `json:"year"`
	Territories int    `json:"territories"`
}

// year is the local calendar year as instants.
func (p *Publisher) year(n int) (from, to time.Time) {
	return time.Date(n, 1, 1, 0, 0, 0, 0, p.zone), time.Date(n+1, 1, 1, 0, 0, 0, 0, p.zone)
}

// over tells whether a year may be published by now.
func (p *Publisher) over(year int) bool {
	_, end := p.year(year)
	return !p.clock().Before(end.Add(settled))
}

// Publish fixes what is told of a family's year, in all territories. A year that was published stays as it is, unless
// again is set, whose caller knows that both versions can be compared. Nothing is published, and no error returned,
// for a year without events. ErrInvalid is a threshold that is none, or a year that is not over for 31 days.
func (p *Publisher) Publish(ctx context.Context, family Protection, year int, again bool) (Published, bool, error) {
	done := Published{Category: family.Category, K: family.K, Year: year}
	if family.K < MinK {
		return done, false, fmt.Errorf("publish %s: k %d: %w", family.Category, family.K, geoengine.ErrInvalid)
	}
	if !p.over(year) {
		return done, false, fmt.Errorf("publish %s %d: a year is published 31 days after its end: %w", family.Category, year, geoengine.ErrInvalid)
	}
	territories, err := LoadTerritories(ctx, p.store)
	if err != nil {
		return done, false, err
	}
	published := false
	err = pgx.BeginFunc(ctx, p.store.Pool, func(tx pgx.Tx) error {
		// Others wait, so that one of several servers publishes, and the others read what it published.
		if _, err := tx.Exec(ctx, lockPublishing); err != nil {
			return err
		}
		var known bool
		err := tx.QueryRow(ctx, selectHeader, family.Category, family.K, year).Scan(&known)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if known && !again {
			return nil
		}
		tables, err := p.tables(ctx, tx, territories, family, year)
		if err != nil || (len(tables) == 0 && !known) {
			return err
		}
		done.Territories, published = len(tables), true
		return p.keep(ctx, tx, family, year, tables)
	})
	if err != nil {
		return done, false, fmt.Errorf("publish %s %d: %w", family.Category, year, err)
	}
	return done, published, nil
}

// tables are the releases of every territory with events.
func (p *Publisher) tables(ctx context.Context, tx pgx.Tx, territories *Territories, family Protection, year int) ([]*Release, error) {
	earlier := map[string]*Release{}
	rows, err := tx.Query(ctx, selectEarlier, family.Category, family.K, year)
	if err != nil {
		return nil, err
	}
	var (
		territory string
		body      []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&territory, &body}, func() error {
		earlier[territory], err = decode(body)
		return err
	})
	if err != nil {
		return nil, err
	}
	tallies, err := p.tallies(ctx, tx, territories, family.Category, year)
	if err != nil {
		return nil, err
	}
	releases := make([]*Release, 0, len(tallies))
	for territory, t := range tallies {
		r := protect(t, family.K, earlier[territory])
		r.Category, r.Territory, r.Year = family.Category, territory, year
		releases = append(releases, r)
	}
	return releases, nil
}

// tallies counts the events of a family's year by territory.
func (p *Publisher) tallies(ctx context.Context, tx pgx.Tx, territories *Territories, category string, year int) (map[string]*tally, error) {
	from, to := p.year(year)
	rows, err := tx.Query(ctx, selectTallied, category, from, to)
	if err != nil {
		return nil, err
	}
	var (
		tallies               = map[string]*tally{}
		ofArea                = map[string]*tally{}
		area, slug            string
		cell                  int64
		starts, length, shift int64
	)
	_, err = pgx.ForEachRow(rows, []any{&area, &cell, &starts, &length, &shift, &slug}, func() error {
		t := ofArea[area]
		if t == nil {
			territory := territories.Of(area)
			if t = tallies[territory]; t == nil {
				t = newTally()
				tallies[territory] = t
			}
			ofArea[area] = t
		}
		t.add(uint64(cell), starts, length, int(shift), slug)
		return nil
	})
	return tallies, err
}

// add counts an event: cell of resolution 11 or 0, start in Unix seconds, length and offset from UTC in seconds.
func (t *tally) add(cell uint64, start, length int64, offset int, slug string) {
	if cell != 0 {
		cell = hex.Parent(cell, Finest)
	}
	t.total++
	t.cells[cell]++
	t.margins[MarginMonth][strconv.Itoa(int(time.Unix(start+int64(offset), 0).UTC().Month()))]++
	t.margins[MarginHour][strconv.Itoa(geoengine.LocalHour(start, length, offset))]++
	t.margins[MarginCategory][slug]++
}

// keep writes a year, in place of what was published of it.
func (p *Publisher) keep(ctx context.Context, tx pgx.Tx, family Protection, year int, releases []*Release) error {
	from, to := p.year(year)
	var b pgx.Batch
	b.Queue(upsertHeader, family.Category, family.K, year, from, to, p.clock())
	b.Queue(deleteTables, family.Category, family.K, year)
	for _, r := range releases {
		body, err := r.encode()
		if err != nil {
			return err
		}
		b.Queue(insertTable, family.Category, family.K, year, r.Territory, body)
	}
	b.Queue(notify, Channel)
	return tx.SendBatch(ctx, &b).Close()
}

// Due lists the years of the families that are over and have events, in ascending order; also those published.
func (p *Publisher) Due(ctx context.Context, category string) ([]int, error) {
	rows, err := p.store.Pool.Query(ctx, selectYears, category, p.zone.String(), p.clock())
	if err != nil {
		return nil, fmt.Errorf("find years of %s: %w", category, err)
	}
	years, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return nil, fmt.Errorf("find years of %s: %w", category, err)
	}
	return slices.DeleteFunc(years, func(year int) bool { return !p.over(year) }), nil
}

// Unpublished lists the years of a family that are due and not published.
func (p *Publisher) Unpublished(ctx context.Context, family Protection) ([]int, error) {
	years, err := p.Due(ctx, family.Category)
	if err != nil {
		return nil, err
	}
	var unpublished []int
	for _, year := range years {
		var known bool
		err := p.store.Pool.QueryRow(ctx, selectHeader, family.Category, family.K, year).Scan(&known)
		if errors.Is(err, pgx.ErrNoRows) {
			unpublished = append(unpublished, year)
		} else if err != nil {
			return nil, fmt.Errorf("find unpublished years of %s: %w", family.Category, err)
		}
	}
	return unpublished, nil
}

// importing is how long after an import more of the same may come.
const importing = 10 * time.Minute

// PublishDue publishes every year of the families that is over and is not published. Until some minutes after an import
// it does nothing, since what it publishes stays, and is not finished.
func (p *Publisher) PublishDue(ctx context.Context, families []Protection, due func(category string) ([]int, error)) (all []Published, finished bool, err error) {
	var recent bool
	if err := p.store.Pool.QueryRow(ctx, selectImporting, p.clock().Add(-importing)).Scan(&recent); err != nil {
		return nil, false, fmt.Errorf("publish: %w", err)
	}
	if recent {
		return nil, false, nil
	}
	for _, family := range families {
		years, err := due(family.Category)
		if err != nil {
			return all, false, err
		}
		for _, year := range years {
			if !p.over(year) {
				continue
			}
			done, published, err := p.Publish(ctx, family, year, false)
			if err != nil {
				return all, false, err
			}
			if published {
				all = append(all, done)
			}
		}
	}
	return all, true, nil
}

// body is a release as it is kept.
type body struct {
	Total   Number             `json:"total"`
	Levels  []Level            `json:"levels"`
	Margins map[string][]Value `json:"margins"`
}

func (r *Release) encode() ([]byte, error) { return json.Marshal(body{r.Total, r.Levels, r.Margins}) }

// decode reads what encode wrote.
func decode(text []byte) (*Release, error) {
	var b body
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("read protected counts: %w", err)
	}
	for _, l := range b.Levels {
		if len(l.Cells) != len(l.Numbers) || !slices.IsSorted(l.Cells) {
			return nil, fmt.Errorf("read protected counts: %d cells with %d numbers at resolution %d", len(l.Cells), len(l.Numbers), l.Res)
		}
	}
	return &Release{Total: b.Total, Levels: b.Levels, Margins: b.Margins}, nil
}

// Mark is the transaction from which changes are new, for Changed.
func Mark(ctx context.Context, store *geoengine.Store) (mark int64, err error) {
	if err := store.Pool.QueryRow(ctx, selectTransaction).Scan(&mark); err != nil {
		return 0, fmt.Errorf("read the present transaction: %w", err)
	}
	return mark, nil
}

// Changed lists the published years whose events were changed since the mark: what is published of them stays.
func Changed(ctx context.Context, store *geoengine.Store, mark int64) ([]Published, error) {
	rows, err := store.Pool.Query(ctx, selectChanged, mark)
	if err != nil {
		return nil, fmt.Errorf("find published years that changed: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (y Published, err error) {
		err = row.Scan(&y.Category, &y.K, &y.Year)
		return y, err
	})
	if err != nil {
		return nil, fmt.Errorf("find published years that changed: %w", err)
	}
	return found, nil
}
