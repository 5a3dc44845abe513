package feature

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// Reader reads features.
type Reader struct {
	store   *geoengine.Store
	timeout time.Duration
}

// NewReader returns a reader whose statements may take at most timeout each.
func NewReader(store *geoengine.Store, timeout time.Duration) *Reader { return &Reader{store, timeout} }

// Row is one feature. It is only valid until the next is read.
type Row struct {
	ID       string
	Geometry []byte      // in the query's Form; nil for none
	Point    *[2]float64 // of a Point in the query's CRS, in the order of its axes; nil for none
	Values   []any       // of Page.Properties, in their order: string, float64, int64, bool, time.Time in UTC, or nil
	// Attributes are the attributes in order of their keys, with several values joined; nil where they were not asked for.
	Attributes []geoengine.Attribute
}

// Page tells of a page after it was read.
type Page struct {
	Returned int
	Next     string // cursor of the following page, "" after the last
}

// Read reads one page and hands each feature to each. Features come in the order of their keys, which new ones do not
// change. ErrInvalid names what is wrong with the query, ErrBusy says that it takes too long.
func (r *Reader) Read(ctx context.Context, rights geoengine.Rights, q Query, each func(*Row) error) (Page, error) {
	c, ok := Find(q.Collection)
	if !ok {
		return Page{}, fmt.Errorf("collection %.60q: %w", q.Collection, geoengine.ErrMissing)
	}
	if q.Limit < 1 || q.Limit > MaxLimit {
		return Page{}, fmt.Errorf("limit %d: must be 1 to %d: %w", q.Limit, MaxLimit, geoengine.ErrInvalid)
	}
	around, err := r.outline(ctx, q.Box)
	if err != nil {
		return Page{}, err
	}
	s, err := q.prepare(&c, rights, around)
	if err != nil {
		return Page{}, err
	}
	var page Page
	err = r.store.Read(ctx, rights, func(tx pgx.Tx) error {
		if err := r.bound(ctx, tx); err != nil {
			return err
		}
		if err := s.choose(ctx, tx); err != nil {
			return err
		}
		sql := s.sql()
		rows, err := tx.Query(ctx, sql, slices.Insert(s.args, 0, any(pgx.QueryExecModeCacheDescribe))...)
		if err != nil {
			return err
		}
		defer rows.Close()
		page, err = s.scan(rows, each)
		return err
	})
	return page, explain(err)
}

// Each reads page after page until the last, or until each returns an error.
func (r *Reader) Each(ctx context.Context, rights geoengine.Rights, q Query, each func(*Row) error) error {
	q.Limit = MaxLimit
	for {
		page, err := r.Read(ctx, rights, q, each)
		if err != nil || page.Next == "" {
			return err
		}
		q.Cursor = page.Next
	}
}

// One returns the single feature with the query's ID; ErrMissing if there is none that the rights show.
func (r *Reader) One(ctx context.Context, rights geoengine.Rights, q Query, each func(*Row) error) error {
	q.Limit = 1
	page, err := r.Read(ctx, rights, q, each)
	if err == nil && page.Returned == 0 {
		return fmt.Errorf("feature %.60q: %w", q.ID, geoengine.ErrMissing)
	}
	return err
}

// bound limits how long the statements of a transaction may take.
func (r *Reader) bound(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, fmt.Sprintf("set local statement_timeout = %d", r.timeout.Milliseconds()))
	return err
}

// explain maps errors of the database that the query causes.
func explain(err error) error {
	var state *pgconn.PgError
	if !errors.As(err, &state) {
		return err
	}
	switch {
	case state.Code == "57014": // query_canceled: the statement timeout
		return fmt.Errorf("the answer took too long, ask for less: %w", context.DeadlineExceeded)
	case strings.HasPrefix(state.Code, "22"), state.Code == "54001", state.Code == "XX000" && strings.Contains(strings.ToLower(state.Message), "transform"):
		return fmt.Errorf("filter: the database cannot evaluate it (%s): %w", state.Message, geoengine.ErrInvalid)
	}
	return err
}

const outlineSQL = `
	select st_asewkb(p), st_xmin(p), st_ymin(p), st_xmax(p), st_ymax(p)
	from st_transform(st_segmentize(st_makeenvelope($1::float8, $2::float8, $3::float8, $4::float8, $5::int),
		greatest($3::float8 - $1::float8, $4::float8 - $2::float8, 1) / 50), 4326) p`

// outline is a box of a projected system in WGS 84; nil for no box, and for one that is in WGS 84.
func (r *Reader) outline(ctx context.Context, box *Box) (*outline, error) {
	if box == nil || box.CRS.Geographic() {
		return nil, nil //nolint:nilnil // no outline is needed
	}
	var o outline
	row := r.store.Pool.QueryRow(ctx, outlineSQL, box.Min[0], box.Min[1], box.Max[0], box.Max[1], box.CRS.SRID)
	err := row.Scan(&o.shape, &o.bound.Min[0], &o.bound.Min[1], &o.bound.Max[0], &o.bound.Max[1])
	if err != nil {
		return nil, fmt.Errorf("bbox: %w", explain(err))
	}
	for _, p := range []orb.Point{o.bound.Min, o.bound.Max} {
		if err := geoengine.CheckPosition(p); err != nil {
			return nil, fmt.Errorf("bbox: is outside of its reference system: %w", geoengine.ErrInvalid)
		}
	}
	return &o, nil
}

// sql is the statement.
func (s *statement) sql() string {
	l := &s.collection.layout
	columns := append(slices.Clone(l.keys), l.identity...)
	geometry := s.query.CRS.sql(l.geometry)
	decimals := "7"
	if !s.query.CRS.Geographic() {
		decimals = "3"
	}
	switch s.query.Form {
	case FormGeoJSON:
		columns = append(columns, "st_asgeojson("+geometry+", "+decimals+", 0)")
	case FormWKT:
		columns = append(columns, "st_astext("+geometry+", "+decimals+")")
	case FormWKB:
		columns = append(columns, "st_asbinary("+geometry+")")
	case FormNone:
		columns = append(columns, "null::text")
	}
	if s.points() {
		columns = append(columns, "st_x("+geometry+")", "st_y("+geometry+")")
	}
	for _, p := range s.columns {
		columns = append(columns, p.sql)
	}
	if s.attributes {
		columns = append(columns, "e.attributes")
	}
	from, with := l.from, ""
	if s.cells != nil {
		with, from = s.byCell()
	}
	sql := with + "select " + strings.Join(columns, ", ") + "\nfrom " + from
	if len(s.where) > 0 {
		sql += "\nwhere " + strings.Join(s.where, "\n  and ")
	}
	return sql + "\norder by " + strings.Join(l.keys, ", ") + "\nlimit " + s.bind(s.query.Limit+1)
}

// points tells whether coordinates are selected as numbers.
func (s *statement) points() bool {
	return s.query.Form == FormNone && s.collection.Geometry == "Point"
}

// scan reads the rows of the statement.
func (s *statement) scan(rows pgx.Rows, each func(*Row) error) (Page, error) {
	t := newTargets(s)
	var page Page
	for rows.Next() {
		if page.Returned == s.query.Limit {
			page.Next = t.key().String()
			break
		}
		if err := rows.Scan(t.list...); err != nil {
			return page, err
		}
		row, err := t.row()
		if err != nil {
			return page, err
		}
		if err := each(row); err != nil {
			return page, err
		}
		page.Returned++
	}
	rows.Close()
	return page, rows.Err()
}

// MaxCount is the highest number that Count tells.
const MaxCount = 100_000

// Count tells how many features the query has on all pages; ErrBusy if there are more than MaxCount.
func (r *Reader) Count(ctx context.Context, rights geoengine.Rights, q Query) (int, error) {
	c, ok := Find(q.Collection)
	if !ok {
		return 0, fmt.Errorf("collection %.60q: %w", q.Collection, geoengine.ErrMissing)
	}
	around, err := r.outline(ctx, q.Box)
	if err != nil {
		return 0, err
	}
	q.Cursor, q.Limit, q.Properties, q.Form = "", MaxCount, []string{}, FormNone
	s, err := q.prepare(&c, rights, around)
	if err != nil {
		return 0, err
	}
	var n int
	err = r.store.Read(ctx, rights, func(tx pgx.Tx) error {
		if err := r.bound(ctx, tx); err != nil {
			return err
		}
		if err := s.choose(ctx, tx); err != nil {
			return err
		}
		sql := "select count(*) from (" + s.sql() + ") found"
		return tx.QueryRow(ctx, sql, slices.Insert(s.args, 0, any(pgx.QueryExecModeCacheDescribe))...).Scan(&n)
	})
	if err == nil && n > MaxCount {
		err = fmt.Errorf("more than %d features: %w", MaxCount, geoengine.ErrBusy)
	}
	return n, explain(err)
}
