package geoengine

import (
	"context"
	"embed"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io/fs"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is the PostGIS database: the truth from which everything in memory is rebuilt.
type Store struct {
	Pool *pgxpool.Pool // of the owner of the tables, whom row-level security does not hold: see Read

	reader     *pgxpool.Pool                 // of reads for callers; nil uses Pool
	categories atomic.Pointer[categoryNames] // as the last read saw them
}

// Open connects to the database at url (a PostgreSQL URL or keyword string) and checks that it answers.
func Open(ctx context.Context, url string) (*Store, error) {
	pool, err := openPool(ctx, url)
	if err != nil {
		return nil, err
	}
	return &Store{Pool: pool}, nil
}

// Close ends every connection.
func (s *Store) Close() {
	if s.reader != nil {
		s.reader.Close()
	}
	s.Pool.Close()
}

// Migrate brings the schema up to date, with the role under which callers read; two at once wait for one another.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.EnsureReader(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := s.withMigrator(ctx, func(m *migrate.Migrator) error { return m.Migrate(ctx) }); err != nil {
		return err
	}
	if err := s.migrateQueue(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := s.Pool.Exec(ctx, grantReads); err != nil {
		return fmt.Errorf("migrate: let %s read: %w", Reader, err)
	}
	return nil
}

// SchemaVersion returns the version that the database has and the one that this program needs: the numbers of our
// migrations. While the tables of the job queue are missing or old, has is below the migration that needs them.
func (s *Store) SchemaVersion(ctx context.Context) (has, needs int32, err error) {
	err = s.withMigrator(ctx, func(m *migrate.Migrator) error {
		needs = int32(len(m.Migrations))
		if has, err = m.GetCurrentVersion(ctx); err != nil {
			return err
		}
		queue, err := s.queueVersion(ctx)
		if queue < QueueVersion {
			has = min(has, queueSince-1)
		}
		return err
	})
	return has, needs, err
}

// SchemaHash names the schema that Migrate makes: another one for every change of it. It is of this program's own
// migrations, not of the files that lie beside it.
func SchemaHash() (string, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return "", fmt.Errorf("migrations: %w", err)
	}
	sum := fnv.New64a()
	fmt.Fprintln(sum, QueueVersion, grantReads)
	for _, name := range files {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return "", fmt.Errorf("migrations: %w", err)
		}
		fmt.Fprintln(sum, name, len(text))
		_, _ = sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (s *Store) withMigrator(ctx context.Context, do func(*migrate.Migrator) error) error {
	conn, err := s.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "create extension if not exists postgis"); err != nil {
		return fmt.Errorf("migrate: create extension postgis: %w", err)
	}
	migrator, err := newMigrator(ctx, conn.Conn())
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := do(migrator); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func newMigrator(ctx context.Context, conn *pgx.Conn) (*migrate.Migrator, error) {
	migrator, err := migrate.NewMigrator(ctx, conn, "public.schema_version")
	if err != nil {
		return nil, err
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return migrator, migrator.LoadMigrations(dir)
}
