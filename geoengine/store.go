package geoengine

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is the PostGIS database: the truth from which everything in memory is rebuilt.
type Store struct {
	Pool *pgxpool.Pool
}

// Open connects to the database at url (a PostgreSQL URL or keyword string) and checks that it answers.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	config.ConnConfig.RuntimeParams["application_name"] = "vigie"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return &Store{Pool: pool}, nil
}

// Close ends every connection.
func (s *Store) Close() { s.Pool.Close() }

// Migrate brings the schema up to date; two at once wait for one another.
func (s *Store) Migrate(ctx context.Context) error {
	return s.withMigrator(ctx, func(m *migrate.Migrator) error { return m.Migrate(ctx) })
}

// SchemaVersion returns the version that the database has and the one that this program needs.
func (s *Store) SchemaVersion(ctx context.Context) (has, needs int32, err error) {
	err = s.withMigrator(ctx, func(m *migrate.Migrator) error {
		needs = int32(len(m.Migrations))
		has, err = m.GetCurrentVersion(ctx)
		return err
	})
	return has, needs, err
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
