package geoengine

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// QueueVersion is the version of the tables of the job queue, which are river's own. A newer river asks for a new one
// and, in queueSince, for a migration of ours (one without a statement will do), so that the number of the schema
// tells them apart.
const QueueVersion = 8

// queueSince is the migration of ours from which QueueVersion is needed.
const queueSince = 6

// queueLock keeps two from migrating the queue at once: river itself does not.
const queueLock = 7186506

const (
	lockQueue          = `select pg_advisory_xact_lock($1)`
	selectQueueTable   = `select to_regclass('public.river_migration') is not null`
	selectQueueVersion = `select coalesce(max(version), 0) from river_migration where line = 'main'`
)

// migrateQueue brings the tables of the job queue to QueueVersion.
func (s *Store) migrateQueue(ctx context.Context) error {
	lock, err := s.Pool.Begin(ctx)
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	defer lock.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it holds nothing but the lock
	if _, err := lock.Exec(ctx, lockQueue, queueLock); err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	has, err := s.queueVersion(ctx)
	if err != nil || has >= QueueVersion {
		return err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(s.Pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: QueueVersion}); err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	return nil
}

// queueVersion is the version of river's tables; 0 without any.
func (s *Store) queueVersion(ctx context.Context) (int, error) {
	var (
		there   bool
		version int
	)
	if err := s.Pool.QueryRow(ctx, selectQueueTable).Scan(&there); err != nil || !there {
		return 0, err
	}
	err := s.Pool.QueryRow(ctx, selectQueueVersion).Scan(&version)
	return version, err
}
