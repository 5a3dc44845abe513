package geoengine

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Reader is the database role under which Store.Read runs: it cannot log in, may select from what reads need and
// nothing else, and sees of events and units what row-level security shows.
const Reader = "vigie_reader"

// createReader makes the role; an administrator must run it where the user of the database may not.
const createReader = `create role vigie_reader nologin noinherit`

// grantReads is the one list of what reads may select from. It runs after every migration: a restored backup holds no
// grants.
const grantReads = `grant select on event, unit, area, area_part, source, category, zone,
	road_network, road_section, road_restriction, road_site, road_overview,
	forecast_run, forecast_value, forecast_score, forecast_decision to vigie_reader`

// ReaderState is what the database says about the role Reader.
type ReaderState struct {
	Exists    bool
	Powerful  bool   // a superuser, or one whom row-level security does not hold
	Usable    bool   // the user of the database may take the role
	Protected bool   // row-level security is on for every table that it covers, and the role owns none of them
	User      string // of the database
}

const selectReaderState = `
	select r.oid is not null,
	       coalesce(r.rolsuper or r.rolbypassrls, false),
	       coalesce(pg_has_role(current_user, r.oid,
	           case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end), false),
	       (select count(*) = 7 from pg_class c
	        where c.oid in (to_regclass('event'), to_regclass('event_retracted'), to_regclass('unit'), to_regclass('forecast_run'),
	            to_regclass('forecast_value'), to_regclass('forecast_score'), to_regclass('forecast_decision'))
	          and c.relrowsecurity and c.relowner is distinct from r.oid),
	       current_user::text
	from (values (1)) one left join pg_roles r on r.rolname = $1`

// ReaderState looks at the role and at the tables that row-level security covers.
func (s *Store) ReaderState(ctx context.Context) (ReaderState, error) {
	var state ReaderState
	err := s.Pool.QueryRow(ctx, selectReaderState, Reader).
		Scan(&state.Exists, &state.Powerful, &state.Usable, &state.Protected, &state.User)
	if err != nil {
		return ReaderState{}, fmt.Errorf("look at the role %s: %w", Reader, err)
	}
	return state, nil
}

// Check says what is wrong, and what an administrator must run: nil if reads are safe.
func (r ReaderState) Check() error {
	switch {
	case !r.Exists:
		return fmt.Errorf("the role %s does not exist: an administrator of the database must run: %s; %s", Reader, createReader, r.grant())
	case r.Powerful:
		return fmt.Errorf("the role %s sees past row-level security: an administrator must run: alter role %[1]s nosuperuser nobypassrls", Reader)
	case !r.Usable:
		return fmt.Errorf("the user %s may not take the role %s: an administrator must run: %s", r.User, Reader, r.grant())
	case !r.Protected:
		return errors.New("row-level security is off for event, event_retracted, unit or a table forecast_…: vigie db migrate, and " +
			"alter table … enable row level security where somebody switched it off")
	}
	return nil
}

func (r ReaderState) grant() string {
	return "grant " + Reader + " to " + pgx.Identifier{r.User}.Sanitize()
}

// EnsureReader makes the role and lets the user of the database take it, unless both are so. Several databases of one
// server may do so at once. Where the user may not make roles, the error names the statements that an administrator
// must run.
func (s *Store) EnsureReader(ctx context.Context) error {
	const attempts = 20 // two at once may fail with "tuple concurrently updated"
	var last error
	for range attempts {
		state, err := s.ReaderState(ctx)
		if err != nil {
			return err
		}
		switch {
		case !state.Exists:
			_, last = s.Pool.Exec(ctx, createReader)
		case state.Powerful:
			return state.Check()
		case !state.Usable:
			_, last = s.Pool.Exec(ctx, state.grant())
		default:
			return nil
		}
		if hasCode(last, "42501") { // insufficient_privilege
			return errors.Join(state.Check(), last)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("make the role %s: %w", Reader, last)
}

// hasCode tells whether the database answered with that SQLSTATE.
func hasCode(err error, code string) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && failure.Code == code
}

// OpenReader makes Read use connections of their own, whose user holds nothing but membership in Reader: whatever SQL
// reaches them, reset role and set role included, stays under row-level security. The url is as in Open; ErrDenied
// names a user that could see more.
func (s *Store) OpenReader(ctx context.Context, url string) error {
	pool, err := openPool(ctx, url)
	if err != nil {
		return err
	}
	limited := Store{Pool: pool}
	if err := limited.checkLimited(ctx); err != nil {
		pool.Close()
		return fmt.Errorf("the database user for reads: %w", err)
	}
	s.reader = pool
	return nil
}

const selectLimited = `
	select rolsuper or rolbypassrls or rolcreaterole
	       or exists (select from pg_class c
	                  where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and pg_has_role(current_user, c.relowner, 'MEMBER'))
	from pg_roles where rolname = current_user`

func (s *Store) checkLimited(ctx context.Context) error {
	state, err := s.ReaderState(ctx)
	if err != nil {
		return err
	}
	if err := state.Check(); err != nil {
		return err
	}
	var powerful bool
	if err := s.Pool.QueryRow(ctx, selectLimited).Scan(&powerful); err != nil {
		return fmt.Errorf("look at the user %s: %w", state.User, err)
	}
	if powerful {
		return fmt.Errorf("%s is a superuser, owns tables, bypasses row-level security or makes roles: an administrator must make another one: "+
			"create role vigie_web login noinherit password '…'; grant %s to vigie_web: %w", state.User, Reader, ErrDenied)
	}
	return nil
}

func openPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
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
	return pool, nil
}
