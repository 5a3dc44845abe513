package geoengine_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"vigie/bench"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
)

// BenchmarkRead compares reads under row-level security with the same statement without: one row by key, and the
// rows of a neighbourhood.
func BenchmarkRead(b *testing.B) {
	store := geotest.New(b)
	if err := bench.Load(b.Context(), store, 100_000, 1, nil); err != nil {
		b.Fatal(err)
	}
	var first, last int64
	var ref string
	const densest = `select cell, ref from event order by cell limit 1 offset 50000`
	var cell int64
	if err := store.Pool.QueryRow(b.Context(), densest).Scan(&cell, &ref); err != nil {
		b.Fatal(err)
	}
	low, high := hex.Range(hex.Parent(uint64(cell), 6), geoengine.CellResolution)
	first, last = int64(low), int64(high)
	type query func(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	statements := []struct {
		name string
		run  func(q query) (int, error)
	}{
		{"row", func(q query) (int, error) {
			return count(q(b.Context(), `select ref, attributes from event where source = 1 and ref = $1`, ref))
		}},
		{"neighbourhood", func(q query) (int, error) {
			return count(q(b.Context(), `select ref, attributes, st_x(geom) from event e where zone = (select zone from event where ref = $3 and source = 1) and cell between $1 and $2`, first, last, ref))
		}},
	}
	for _, statement := range statements {
		b.Run(statement.name+"/pool", func(b *testing.B) {
			rows := 0
			for b.Loop() {
				var err error
				if rows, err = statement.run(store.Pool.Query); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows), "rows")
		})
		b.Run(statement.name+"/transaction", func(b *testing.B) {
			for b.Loop() {
				err := pgx.BeginTxFunc(b.Context(), store.Pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
					_, err := statement.run(tx.Query)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		for name, rights := range map[string]geoengine.Rights{
			"everything": geoengine.AllRights(), "territory": {Scope: []string{"bench.r0", "bench.r1", "bench.r2", "bench.r3", "bench.r4"}},
			"territory and categories": {Scope: []string{"bench.r0", "bench.r1", "bench.r2", "bench.r3", "bench.r4"}, Open: []string{"road", "vehicle", "rescue", "burglary"}},
		} {
			b.Run(statement.name+"/read "+name, func(b *testing.B) {
				rows := 0
				for b.Loop() {
					err := store.Read(b.Context(), rights, func(tx pgx.Tx) (err error) {
						rows, err = statement.run(tx.Query)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(rows), "rows")
			})
		}
	}
}

func count(rows pgx.Rows, err error) (n int, _ error) {
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}
