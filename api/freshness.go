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
		select s.name, max(e.reported), pg_snapshot_xmin(pg_current_snapshot())::text::bigint
		from event e join source s on s.id = e.source
		where e.xid >= $1
		group by s.name`
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
	reported map[string]time.Time
}

// freshFor is how long an answer may be old while imports go on.
const freshFor = 5 * time.Second

func newFreshness(store *geoengine.Store, clock func() time.Time) *freshness {
	return &freshness{store: store, clock: clock, reported: map[string]time.Time{}}
}

// last returns the time of the last report by source name, as of the given version of the cube or moments before.
func (f *freshness) last(ctx context.Context, version uint64) (map[string]time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock()
	if f.read.IsZero() || (version != f.version && now.Sub(f.read) > freshFor) {
		if err := f.refresh(ctx); err != nil {
			return nil, err
		}
		f.version, f.read = version, now
	}
	found := make(map[string]time.Time, len(f.reported))
	for name, t := range f.reported {
		found[name] = t
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
			name     string
			reported time.Time
		)
		if err := rows.Scan(&name, &reported, &since); err != nil {
			return fmt.Errorf("read last reports: %w", err)
		}
		if reported.After(f.reported[name]) {
			f.reported[name] = reported
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
