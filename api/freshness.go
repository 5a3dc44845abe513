package api

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vigie/geoengine"
)

// source is a source of events as people are told of it.
type source struct {
	Name, Title, Publisher, Licence, URL string
	Synthetic                            bool
}

const (
	selectSources  = `select name, title, publisher, licence, url, synthetic from source order by name`
	selectReported = `
		select s.name, c.slug, e.area, max(e.reported), pg_snapshot_xmin(pg_current_snapshot())::text::bigint
		from event e join source s on s.id = e.source join category c on c.id = e.category
		where e.xid >= $1
		group by s.name, c.slug, e.area`
)

// freshness knows when each source last reported. The first answer reads all events, later ones only what was
// written since: the event table has an index of its transactions.
type freshness struct {
	store *geoengine.Store
	clock func() time.Time

	mu       sync.Mutex
	version  uint64 // of the cube at the last reading
	read     time.Time
	since    int64 // transaction from which rows are new
	reported map[report]time.Time
}

// report is what events are told apart by: who may see one kind in one place learns nothing of others.
type report struct{ source, category, area string }

// freshFor is how long an answer may be old while imports go on.
const freshFor = 5 * time.Second

func newFreshness(store *geoengine.Store, clock func() time.Time) *freshness {
	return &freshness{store: store, clock: clock, reported: map[report]time.Time{}}
}

// last returns the time of the last report that the rights show by source name, as of the given version of the cube or
// moments before.
func (f *freshness) last(ctx context.Context, rights geoengine.Rights, version uint64) (map[string]time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock()
	if f.read.IsZero() || (version != f.version && now.Sub(f.read) > freshFor) {
		if err := f.refresh(ctx); err != nil {
			return nil, err
		}
		f.version, f.read = version, now
	}
	found := map[string]time.Time{}
	for r, t := range f.reported {
		if (rights.Scope != nil && !geoengine.Within(r.area, rights.Scope)) || (rights.Open != nil && !geoengine.Within(r.category, rights.Open)) {
			continue
		}
		if t.After(found[r.source]) {
			found[r.source] = t
		}
	}
	return found, nil
}

func (f *freshness) refresh(ctx context.Context) error {
	rows, err := f.store.Pool.Query(ctx, selectReported, f.since)
	if err != nil {
		return fmt.Errorf("read last reports: %w", err)
	}
	defer rows.Close()
	since := f.since
	for rows.Next() {
		var (
			of       report
			reported time.Time
		)
		if err := rows.Scan(&of.source, &of.category, &of.area, &reported, &since); err != nil {
			return fmt.Errorf("read last reports: %w", err)
		}
		if reported.After(f.reported[of]) {
			f.reported[of] = reported
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read last reports: %w", err)
	}
	f.since = since
	return nil
}

// sources lists the sources in the store by name.
func (s *Server) sources(ctx context.Context) ([]source, error) {
	rows, err := s.config.Store.Pool.Query(ctx, selectSources)
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	defer rows.Close()
	var found []source
	for rows.Next() {
		var one source
		if err := rows.Scan(&one.Name, &one.Title, &one.Publisher, &one.Licence, &one.URL, &one.Synthetic); err != nil {
			return nil, fmt.Errorf("read sources: %w", err)
		}
		found = append(found, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	return found, nil
}
