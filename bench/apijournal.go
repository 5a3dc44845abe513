package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vigie/geoengine/journal"
)

// The peer of the journal: a table of the same columns without chain, one durable insert for each entry.
const (
	plainJournal = `create table bench_journal (id bigint generated always as identity primary key, at timestamptz, account text, operation text,
		class text, act text, reason text, reference text, recipient text, address text, outcome text, request_id text)`
	plainInsert = `insert into bench_journal (at, account, operation, class, act, reason, reference, recipient, address, outcome, request_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
)

// journal measures durable entries by few and by many writers at once.
func (b *apiBench) journal(ctx context.Context) ([]Result, error) {
	if _, err := b.store.Pool.Exec(ctx, plainJournal); err != nil {
		return nil, err
	}
	j := journal.New(b.store, rand.Reader, time.Now)
	defer j.Close()
	var results []Result
	for _, writers := range []int{1, 16, 64} {
		rows, err := b.journalOf(ctx, j, writers)
		if err != nil {
			return nil, err
		}
		results = append(results, rows...)
	}
	return results, nil
}

func (b *apiBench) journalOf(ctx context.Context, j *journal.Journal, writers int) ([]Result, error) {
	config := b.store.Pool.Config()
	config.MaxConns = int32(writers)
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	n := b.pieces(400) * min(writers, 16)
	chained, single, err := sides{
		func(ctx context.Context, i int) error {
			return j.Append(ctx, journal.Entry{
				Account: "durand", Operation: "events-tile", Class: "read", Act: "consultation", Reference: fmt.Sprint("/tiles/events/13/", i),
				Recipient: "durand", Address: "192.0.2.1", Outcome: "200", RequestID: fmt.Sprint("bench-", i),
			})
		},
		func(ctx context.Context, i int) error {
			_, err := pool.Exec(ctx, plainInsert, time.Now(), "durand", "events-tile", "read", "consultation", "",
				fmt.Sprint("/tiles/events/13/", i), "durand", "192.0.2.1", "200", fmt.Sprint("bench-", i))
			return err
		},
	}.measure(ctx, n, n/8, writers)
	if err != nil {
		return nil, err
	}
	b.done(fmt.Sprintf("journal, %d writers", writers), n)
	const peer = "one durable INSERT each, no chain, a connection each"
	name := fmt.Sprintf("journal entries, durable and chained, %d writers", writers)
	return []Result{
		Higher(name, "entries/s", chained.rate(), single.rate(), peer, 1),
		Faster(name+", 99th percentile", "ms", chained.p99(), single.p99(), peer, 1),
	}, nil
}
