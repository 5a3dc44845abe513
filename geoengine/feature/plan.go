package feature

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Under row security PostgreSQL cannot tell how many rows a caller may see, and takes them for few: it would read the
// whole table and sort it for every page. So that a page costs what it shows, the way is chosen here: few rows in the
// boxes or in the period are read and sorted; otherwise rows are read in the order of the keys until the page is full.

// fewRows is how many rows may be sorted for one page.
const fewRows = 20_000

// walking makes PostgreSQL read in the order of an index.
const walking = `set local enable_sort = off; set local enable_incremental_sort = off; set local enable_seqscan = off; set local max_parallel_workers_per_gather = 0`

// choose decides how a statement over a large table is run.
func (s *statement) choose(ctx context.Context, tx pgx.Tx) error {
	if !s.collection.layout.large || s.query.ID != "" {
		return nil
	}
	if s.cells != nil {
		few, err := s.few(ctx, tx, func(probe *statement) string {
			with, from := probe.byCell()
			return with + "select 1 from " + from
		})
		if err != nil || few {
			return err
		}
		s.cells = nil
	}
	if q := s.query; !q.From.IsZero() || !q.To.IsZero() || !q.Before.IsZero() {
		few, err := s.few(ctx, tx, func(probe *statement) string {
			probe.period()
			table, _, _ := strings.Cut(s.collection.layout.from, "\n")
			return "select 1 from " + table + " where " + strings.Join(probe.where, " and ")
		})
		if err != nil || few {
			return err
		}
	}
	_, err := tx.Exec(ctx, walking)
	return err
}

// few tells whether a selection has at most fewRows rows; the work for it is bounded.
func (s *statement) few(ctx context.Context, tx pgx.Tx, selection func(probe *statement) string) (bool, error) {
	probe := &statement{collection: s.collection, query: s.query, cells: s.cells}
	sql := "select count(*) from (" + selection(probe) + " limit " + probe.bind(fewRows+1) + ") found"
	var n int
	err := tx.QueryRow(ctx, sql, slices.Insert(probe.args, 0, any(pgx.QueryExecModeCacheDescribe))...).Scan(&n)
	return n <= fewRows, err
}

// byCell are the parts of a statement that reads the rows of a few ranges of cells, range by range: the offset keeps
// PostgreSQL from joining in another order.
func (s *statement) byCell() (with, from string) {
	parents, firsts, lasts := make([]int64, len(s.cells)), make([]int64, len(s.cells)), make([]int64, len(s.cells))
	for i, r := range s.cells {
		parents[i], firsts[i], lasts[i] = int64(zoneOf(r)), int64(r.First), int64(r.Last)
	}
	table, joins, _ := strings.Cut(s.collection.layout.from, " e\n")
	with = `with r as materialized (
			select z.zone, r.first, r.last
			from unnest(` + s.bind(parents) + `::bigint[], ` + s.bind(firsts) + `::bigint[], ` + s.bind(lasts) + `::bigint[]) r(parent, first, last)
			join zone z on z.cell = r.parent)
		`
	return with, `r cross join lateral (
			select * from ` + table + ` e where e.zone = r.zone and e.cell between r.first and r.last offset 0) e
		` + joins
}
