package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/road"
	"vigie/progress"
)

// The channels on which the database tells of imports and areas.
const (
	importsChannel = "vigie_imports"
	areasChannel   = "vigie_areas"
)

// retryAfter is how long the background work waits before it tries again.
const retryAfter = 2 * time.Second

// Work loads the events, follows their changes and tells the streams, until ctx ends; then it returns nil. It
// outlives restarts of the database.
func (s *Server) Work(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.persist(ctx, "follow events", s.followEvents) })
	group.Go(func() error { return s.persist(ctx, "listen", s.listen) })
	group.Go(func() error { return s.persist(ctx, "publish protected counts", s.publishCounts) })
	group.Go(func() error { return s.persist(ctx, "jobs", s.jobs.Work) })
	group.Go(func() error { return s.persist(ctx, "purge the journal", s.purgeJournal) })
	for _, extension := range s.config.Extensions {
		if extension.Work != nil {
			group.Go(func() error { return s.persist(ctx, "module", extension.Work) })
		}
	}
	return group.Wait()
}

// persist runs a task again and again until ctx ends.
func (s *Server) persist(ctx context.Context, name string, task func(context.Context) error) error {
	for {
		err := task(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the task fails because it is told to stop
		}
		s.config.Log.Warn("background work stopped, trying again", "task", name, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryAfter):
		}
	}
}

func (s *Server) followEvents(ctx context.Context) error {
	if !s.config.Cube.Ready() {
		err := s.config.Cube.Load(ctx, func(u progress.Update) {
			s.config.Progress.Report(u)
			s.hub.publishLoad(u, s.config.Clock())
		})
		if err != nil {
			return err
		}
	}
	s.hub.publishVersion(s.config.Cube.Version(), s.config.Clock())
	return s.config.Cube.Follow(ctx, func(version uint64) { s.hub.publishVersion(version, s.config.Clock()) })
}

// listen hears of imports, areas, roads and ended sessions, on a connection of its own.
func (s *Server) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.config.Store.Pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // it is gone either way
	}()
	for _, channel := range []string{importsChannel, areasChannel, road.Channel, geoengine.SessionsChannel, disclosure.Channel} {
		if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	s.callers.Forget() // what was missed while not listening
	s.areasChanged()
	if err := s.countsChanged(ctx); err != nil {
		return err
	}
	for {
		note, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		switch note.Channel {
		case importsChannel:
			err = s.tellImport(ctx, note.Payload)
		case areasChannel:
			s.areasChanged()
		case road.Channel:
			s.tiles.areasChanged()
		case geoengine.SessionsChannel:
			s.callers.Forget()
		case disclosure.Channel:
			err = s.countsChanged(ctx)
		}
		if err != nil {
			return err
		}
	}
}

func (s *Server) areasChanged() {
	s.places.forget()
	s.releases.Forget()
	s.tiles.areasChanged()
}

// importBody is the body of an import event.
type importBody struct {
	Run     int64           `json:"run"`
	Source  string          `json:"source"`
	State   string          `json:"state"`
	Records int64           `json:"records"`
	Report  json.RawMessage `json:"report,omitempty"`
}

const selectImport = `
	select id, source, records, state, report from import_run
	where $1::bigint is null or id = $1
	order by updated desc limit 1`

// tellImport publishes the state of an import run: the one numbered by the payload, or the one that changed last.
// Those who do not see every territory learn that it runs, not how much it holds.
func (s *Server) tellImport(ctx context.Context, payload string) error {
	var run *int64
	if n, err := strconv.ParseInt(payload, 10, 64); err == nil {
		run = &n
	}
	var full importBody
	err := s.config.Store.Pool.QueryRow(ctx, selectImport, run).
		Scan(&full.Run, &full.Source, &full.Records, &full.State, &full.Report)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read import run: %w", err)
	}
	if full.State == "done" {
		s.tiles.areasChanged() // it may have brought units
	}
	s.hub.publish(eventImport, full, importBody{Run: full.Run, Source: full.Source, State: full.State})
	return nil
}
