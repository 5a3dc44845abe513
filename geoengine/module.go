package geoengine

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"
)

// ModuleSchema is the tables of a module. Tables that hold what a caller may only see in part have row-level security of
// their own, as in migrations/003_row_security.sql.
type ModuleSchema struct {
	Name  string   // of the module; the versions are in the table NAME_version
	Files fs.FS    // 001_….sql and so on
	Reads []string // tables that callers read under the role Reader
}

var moduleName = regexp.MustCompile(`^[a-z][a-z_]{1,30}$`)

// MigrateModule brings the tables of a module up to date; Migrate must have run before. Two at once wait for one another.
func (s *Store) MigrateModule(ctx context.Context, schema ModuleSchema) error {
	wrap := func(err error) error { return fmt.Errorf("migrate module %s: %w", schema.Name, err) }
	err := s.withModuleMigrator(ctx, schema, func(m *migrate.Migrator) error { return m.Migrate(ctx) })
	if err != nil {
		return wrap(err)
	}
	if len(schema.Reads) > 0 { // after every migration: a restored backup holds no grants
		if _, err := s.Pool.Exec(ctx, "grant select on "+strings.Join(schema.Reads, ", ")+" to "+Reader); err != nil {
			return wrap(err)
		}
	}
	return nil
}

// ModuleVersion returns the version that the database has of a module's tables and the one that this program needs.
func (s *Store) ModuleVersion(ctx context.Context, schema ModuleSchema) (has, needs int32, err error) {
	err = s.withModuleMigrator(ctx, schema, func(m *migrate.Migrator) error {
		needs = int32(len(m.Migrations))
		has, err = m.GetCurrentVersion(ctx)
		return err
	})
	return has, needs, err
}

func (s *Store) withModuleMigrator(ctx context.Context, schema ModuleSchema, do func(*migrate.Migrator) error) error {
	if !moduleName.MatchString(schema.Name) {
		return fmt.Errorf("module %q: %w", schema.Name, ErrInvalid)
	}
	return s.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		m, err := migrate.NewMigrator(ctx, conn.Conn(), "public."+schema.Name+"_version")
		if err != nil {
			return err
		}
		if err := m.LoadMigrations(schema.Files); err != nil {
			return err
		}
		return do(m)
	})
}
