package geoengine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Rights are the rights that the query is limited to.
func (q *Query) Rights() Rights { return Rights{Scope: q.Scope, Open: q.Open} }

// Read runs do in a read-only transaction under the role Reader, in which PostgreSQL itself shows only the events and
// units that the rights allow (migrations/003_row_security.sql). All its statements see the same state of the data.
// Every read on behalf of a caller goes through it. It costs two round trips more than the statements of do: one
// before them, one after.
//
// do must not end the transaction and must read its rows to their end; its error comes back as it is.
func (s *Store) Read(ctx context.Context, rights Rights, do func(tx pgx.Tx) error) error {
	pool := s.Pool
	if s.reader != nil {
		pool = s.reader
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("begin a read: %w", err)
	}
	defer conn.Release() // which closes a connection that is still in a transaction
	if err := s.beginRead(ctx, conn, rights); err != nil {
		return fmt.Errorf("begin a read: %w", err)
	}
	if err := do(readTx{conn}); err != nil {
		endRead(ctx, conn) //nolint:errcheck // the error of do is the one to tell
		return err
	}
	return endRead(ctx, conn)
}

// The beginning of a read. It is one round trip: the names of the categories come back with it, and where they are
// not those that the settings were made from, the settings are made anew. The values are literals because SET takes
// no parameters, and set_config, which does, does not reach the workers of Citus (reference/scale.md); they are made
// of checked characters, without quotes.
const (
	beginRead = `begin isolation level repeatable read read only; set local role ` + Reader + `; set local vigie.scope = '%s'; set local vigie.open = '%s'`
	setOpen   = `set local vigie.open = '%s'`

	selectOpenable = `; select coalesce(string_agg(id || ' ' || slug, ',' order by id), '') from category`
)

func (s *Store) beginRead(ctx context.Context, conn *pgxpool.Conn, rights Rights) error {
	known := s.categories.Load()
	sql := fmt.Sprintf(beginRead, scopeSetting(rights.Scope), openSetting(rights.Open, known))
	if len(rights.Open) > 0 {
		sql += selectOpenable
	}
	results, err := conn.Conn().PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return s.explain(ctx, err)
	}
	if len(rights.Open) == 0 {
		return nil // everything or nothing, whatever the categories are
	}
	there := string(results[len(results)-1].Rows[0][0])
	if known != nil && known.text == there {
		return nil
	}
	known = parseCategories(there)
	s.categories.Store(known)
	_, err = conn.Conn().PgConn().Exec(ctx, fmt.Sprintf(setOpen, openSetting(rights.Open, known))).ReadAll()
	return err
}

// explain says what to do about a role that is missing or out of reach.
func (s *Store) explain(ctx context.Context, err error) error {
	if !hasCode(err, "22023") && !hasCode(err, "42501") { // no such role, may not take it
		return err
	}
	state, stateErr := s.ReaderState(ctx)
	return errors.Join(err, stateErr, state.Check())
}

// endRead gives the connection back as it was, also when the caller has gone.
func endRead(ctx context.Context, conn *pgxpool.Conn) error {
	const patience = 5 * time.Second
	if conn.Conn().IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if _, err := conn.Conn().PgConn().Exec(ctx, "rollback").ReadAll(); err != nil {
		return fmt.Errorf("end a read: %w", err)
	}
	return nil
}

// everythingSetting is the setting that shows every row.
const everythingSetting = "*"

// scopeSetting is the setting vigie.scope: a LIKE pattern for each path. What is no area path covers nothing.
func scopeSetting(scope []string) string {
	if scope == nil {
		return everythingSetting
	}
	var b strings.Builder
	for _, path := range scope {
		if !ValidAreaPath(path) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.ReplaceAll(path, "_", `\_`) + ".%")
	}
	return b.String()
}

// openSetting is the setting vigie.open: 1 at the place of each open category, 0 at that of the others.
func openSetting(open []string, known *categoryNames) string {
	if open == nil {
		return everythingSetting
	}
	if known == nil {
		return ""
	}
	setting := make([]byte, known.highest)
	for i := range setting {
		setting[i] = '0'
	}
	for id, slug := range known.slugs {
		if Within(slug, open) {
			setting[id-1] = '1'
		}
	}
	return string(setting)
}

// categoryNames are the categories of the database at some time.
type categoryNames struct {
	text    string // as the database writes them: "1 road.accident,2 vehicle.theft"
	slugs   map[int]string
	highest int
}

func parseCategories(text string) *categoryNames {
	names := &categoryNames{text: text, slugs: map[int]string{}}
	for line := range strings.SplitSeq(text, ",") {
		if line == "" {
			continue
		}
		number, slug, _ := strings.Cut(line, " ")
		id, err := strconv.Atoi(number)
		if err != nil || id < 1 || !ValidSlug(slug) {
			continue // not of our making: it stays closed
		}
		names.slugs[id] = slug
		names.highest = max(names.highest, id)
	}
	return names
}
