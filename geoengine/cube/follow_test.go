package cube_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/cube"
)

// patience bounds what a loaded machine may take.
const patience = time.Minute

// follow loads and follows until the test ends.
func follow(t *testing.T, store *geoengine.Store, tune func(*cube.Cube)) *cube.Cube {
	t.Helper()
	c := cube.New(store, slog.New(slog.DiscardHandler))
	if tune != nil {
		tune(c)
	}
	if err := c.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var last atomic.Uint64
	ended := make(chan error, 1)
	go func() {
		ended <- c.Follow(ctx, func(version uint64) {
			if version == 0 {
				t.Error("changed to version 0")
			}
			last.Store(version)
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow ended with %v", err)
		}
	})
	return c
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// settled waits until the cube equals the store in number and weight, a moment before the full comparison. Commits may
// become visible in another order than they were made in, so a marker alone does not tell.
func settled(t *testing.T, store *geoengine.Store, c *cube.Cube) {
	t.Helper()
	marker := fmt.Sprintf("marker-%d", time.Now().UnixNano())
	r := randomRow(random(9), marker)
	r.attributes = map[string]any{"marker": marker}
	if err := commit(t.Context(), store, nil, []row{r}); err != nil {
		t.Fatal(err)
	}
	q := geoengine.Query{Attributes: map[string][]string{"marker": {marker}}}
	eventually(t, "the last commit is visible", func() bool {
		n, err := c.Total(q)
		return err == nil && n.Count == 1
	})
	want, weight := uint32(0), 0.0
	if err := store.Pool.QueryRow(t.Context(), "select count(*), coalesce(sum(weight::float8), 0) from event").Scan(&want, &weight); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the number of events and their weight are right", func() bool {
		n, err := c.Total(geoengine.Query{})
		return err == nil && n.Count == want && math.Abs(n.Weight-weight) < 1e-6*max(1, weight)
	})
}

// writer puts, changes and removes events of its own, in transactions of random size and length.
func writer(ctx context.Context, store *geoengine.Store, name string, seed uint64, rounds int, retry bool) error {
	r := random(seed)
	var refs []string
	for round := range rounds {
		var gone []string
		var put []row
		switch {
		case len(refs) > 0 && r.IntN(3) == 0: // change some, perhaps where and when
			for range 1 + r.IntN(5) {
				ref := refs[r.IntN(len(refs))]
				if !contains(gone, ref) {
					gone, put = append(gone, ref), append(put, randomRow(r, ref))
				}
			}
		case len(refs) > 0 && r.IntN(4) == 0:
			i := r.IntN(len(refs))
			gone = []string{refs[i]}
			refs = append(refs[:i], refs[i+1:]...)
		default:
			for i := range 1 + r.IntN(8)*r.IntN(8) {
				ref := fmt.Sprint(name, "-", round, "-", i)
				refs, put = append(refs, ref), append(put, randomRow(r, ref))
			}
		}
		err := commit(ctx, store, gone, put)
		for retry && err != nil && ctx.Err() == nil { // nothing was written if the connection was cut
			time.Sleep(5 * time.Millisecond)
			err = commit(ctx, store, gone, put)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func TestFollowEqualsSQL(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	if err := commit(t.Context(), store, nil, randomRows(random(1), "e", 500)); err != nil {
		t.Fatal(err)
	}
	c := follow(t, store, func(c *cube.Cube) { c.Hurry(30, 200, 5) })
	done := make(chan struct{})
	go holdTransactions(t, store, done)
	var readers sync.WaitGroup
	for seed := range uint64(2) {
		readers.Go(func() { readAll(t, c, random(seed), done) })
	}
	var writers sync.WaitGroup
	for i := range 3 {
		writers.Go(func() {
			if err := writer(t.Context(), store, fmt.Sprint("w", i), uint64(i), 150, false); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	settled(t, store, c)
	close(done)
	readers.Wait()
	for seed := range uint64(15) {
		r := random(seed)
		checkAll(t, store, c, randomQuery(r), r)
	}
	checkAll(t, store, c, geoengine.Query{}, random(1))
}

// holdTransactions keeps one transaction with an id open at most times, which commits an event long after it began.
func holdTransactions(t *testing.T, store *geoengine.Store, done chan struct{}) {
	r := random(99)
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		err := pgx.BeginFunc(t.Context(), store.Pool, func(tx pgx.Tx) error {
			var b pgx.Batch
			queue(&b, randomRow(r, fmt.Sprint("held", i)))
			b.Queue("select pg_sleep(0.03)")
			b.Queue("notify vigie_events")
			return tx.SendBatch(t.Context(), &b).Close()
		})
		if err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	}
}

// readAll asks for everything, over and over, while the cube changes.
func readAll(t *testing.T, c *cube.Cube, r *rand.Rand, done chan struct{}) {
	for last := c.Version(); ; {
		select {
		case <-done:
			return
		default:
		}
		q := randomQuery(r)
		q.Attributes = nil
		if _, err := c.Cells(q, r.IntN(12)); err != nil {
			t.Error(err)
		}
		if _, err := c.Facets(q); err != nil {
			t.Error(err)
		}
		if _, err := c.Extent(q); err != nil {
			t.Error(err)
		}
		if v := c.Version(); v < last {
			t.Errorf("version went back from %d to %d", last, v)
		} else {
			last = v
		}
	}
}

// TestEveryMoment moves events, never adding or removing one: at no moment may the number differ.
func TestEveryMoment(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	const number = 300
	rows := randomRows(random(1), "e", number)
	if err := commit(t.Context(), store, nil, rows); err != nil {
		t.Fatal(err)
	}
	c := follow(t, store, func(c *cube.Cube) { c.Hurry(16, 100, 3) })
	var writers sync.WaitGroup
	done := make(chan struct{})
	for w := range 3 {
		writers.Go(func() {
			r := random(uint64(w))
			for range 120 {
				var gone []string
				var put []row
				for i := w; i < number; i += 3 * (1 + r.IntN(60)) {
					gone, put = append(gone, rows[i].ref), append(put, randomRow(r, rows[i].ref))
				}
				if err := commit(t.Context(), store, gone, put); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { writers.Wait(); close(done) }()
	for looks := 0; ; looks++ {
		n, err := c.Total(geoengine.Query{})
		if err != nil || n.Count != number {
			t.Fatalf("after %d looks: %d events, %v; want %d", looks, n.Count, err, number)
		}
		cells, err := c.Cells(geoengine.Query{}, 3)
		sum := uint32(0)
		for _, cell := range cells {
			sum += cell.Count
		}
		if err != nil || sum > number {
			t.Fatalf("%d events in cells, %v; want at most %d", sum, err, number)
		}
		select {
		case <-done:
		default:
			continue
		}
		break
	}
	settled(t, store, c)
	checkAll(t, store, c, geoengine.Query{}, random(3))
}

// TestChangedBetweenPolls writes an event twice before a follower looks: it must never retract what it never counted.
func TestChangedBetweenPolls(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	c := loaded(t, store)
	r := random(1)
	for range 5 { // the same event, committed five times while nobody follows
		if err := commit(t.Context(), store, []string{"once"}, []row{randomRow(r, "once")}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = c.Follow(ctx, nil) }()
	eventually(t, "the event is visible", func() bool {
		n, err := c.Total(geoengine.Query{})
		return err == nil && n.Count == 1
	})
	checkAll(t, store, c, geoengine.Query{}, r)
	positive, negative := c.Parts()
	if len(positive) != 1 || len(negative) != 0 {
		t.Errorf("parts %v − %v, want one event", positive, negative)
	}
}

func TestFollowSurvivesLostConnections(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	c := follow(t, store, func(c *cube.Cube) { c.Hurry(30, 200, 5) })
	var writers sync.WaitGroup
	for i := range 2 {
		writers.Go(func() {
			if err := writer(t.Context(), store, fmt.Sprint("w", i), uint64(i), 250, true); err != nil {
				t.Error(err)
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for killing := true; killing; {
		exec(t, store, `select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and application_name = 'vigie cube'`)
		select {
		case <-done:
			killing = false
		case <-time.After(40 * time.Millisecond):
		}
	}
	settled(t, store, c)
	for seed := range uint64(5) {
		r := random(seed)
		checkAll(t, store, c, randomQuery(r), r)
	}
	checkAll(t, store, c, geoengine.Query{}, random(1))
}

func TestReload(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, change string }{
		{"asked to", "update event set severity = 5; notify vigie_events, 'reload'"},
		{"truncated", "truncate event; notify vigie_events"},
		{"replaced", `alter table event rename to old; create table event (like old including all);
			insert into event select * from old where severity = 5; notify vigie_events`},
		{"restored", "update event set xid = 9000000000, severity = 5; notify vigie_events, 'reload'"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			if err := commit(t.Context(), store, nil, randomRows(random(1), "e", 200)); err != nil {
				t.Fatal(err)
			}
			c := follow(t, store, nil)
			eventually(t, "the cube listens", func() bool {
				var n int
				err := store.Pool.QueryRow(t.Context(), `select count(*) from pg_stat_activity
					where datname = current_database() and query = 'listen vigie_events'`).Scan(&n)
				return err == nil && n > 0
			})
			version := c.Version()
			exec(t, store, test.change)
			fatal := geoengine.Query{Severities: []geoengine.Severity{geoengine.SeverityFatal}}
			eventually(t, "the change is visible", func() bool {
				all, err1 := c.Total(geoengine.Query{})
				some, err2 := c.Total(fatal)
				return err1 == nil && err2 == nil && all == some
			})
			if c.Version() <= version {
				t.Errorf("version %d, was %d", c.Version(), version)
			}
			settled(t, store, c)
			checkAll(t, store, c, geoengine.Query{}, random(1))
		})
	}
}

func TestNotLoaded(t *testing.T) {
	t.Parallel()
	c := cube.New(newStore(t), slog.New(slog.DiscardHandler))
	if _, err := c.Total(geoengine.Query{}); !errors.Is(err, geoengine.ErrBusy) || c.Ready() || c.Version() != 0 {
		t.Errorf("an empty cube is ready %v, version %d, answers %v", c.Ready(), c.Version(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _ = c.Follow(ctx, nil) }()
	eventually(t, "Follow loads the cube", c.Ready)
	cancel()
}
