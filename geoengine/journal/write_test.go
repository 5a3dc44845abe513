package journal_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/embedded"
	"vigie/geoengine/geotest"
	"vigie/geoengine/journal"
)

// TestMain lets the test binary be the writer that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv("VIGIE_JOURNAL_CHILD"); url != "" {
		if err := writeAsChild(context.Background(), url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeAsChild writes on eight goroutines and prints the id of each entry once it is acknowledged.
func writeAsChild(ctx context.Context, url string) error {
	store, err := geoengine.Open(ctx, url)
	if err != nil {
		return err
	}
	defer store.Close()
	j := journal.New(store, rand.Reader, time.Now)
	var mu sync.Mutex
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for n := 0; ; n++ {
				e := entry(n)
				e.RequestID = fmt.Sprintf("%d-%d-%d", os.Getpid(), w, n)
				if j.Append(ctx, e) != nil {
					return
				}
				mu.Lock()
				fmt.Println(e.RequestID)
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	return errors.New("the journal failed")
}

// keptOnce checks that the journal is whole, holds every acknowledged id, and none twice.
func keptOnce(t *testing.T, j *journal.Journal, acknowledged map[string]bool) {
	t.Helper()
	if report := verified(t, j, nil); !report.OK {
		t.Errorf("%+v", report.Broken)
	}
	there := map[string]int{}
	for _, row := range all(t, j) {
		there[row.RequestID]++
	}
	for id := range acknowledged {
		if there[id] != 1 {
			t.Errorf("%s was acknowledged and is there %d times", id, there[id])
		}
	}
	for id, n := range there {
		if n != 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
	t.Logf("%d entries acknowledged, %d there", len(acknowledged), len(there))
}

func TestKilledWriterLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	url := geotest.URL(t)
	acknowledged := map[string]bool{}
	for range 4 {
		child := exec.CommandContext(t.Context(), os.Args[0]) // #nosec G204 -- this test binary
		child.Env = append(os.Environ(), "VIGIE_JOURNAL_CHILD="+url)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
			if n == 200 {
				_ = child.Process.Kill()
			}
		}
		if err := child.Wait(); err == nil {
			t.Fatal("the child was not killed")
		}
	}
	store, err := geoengine.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	keptOnce(t, newJournal(t, store), acknowledged)
}

// hammer writes on many goroutines until told to stop, and returns which entries were acknowledged.
func hammer(ctx context.Context, t *testing.T, writers int, journals ...*journal.Journal) (acknowledged map[string]bool, failed int) {
	t.Helper()
	acknowledged = map[string]bool{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				e := entry(n)
				e.RequestID = fmt.Sprintf("%d-%d", w, n)
				err := journals[w%len(journals)].Append(context.WithoutCancel(ctx), e)
				mu.Lock()
				if err == nil {
					acknowledged[e.RequestID] = true
				} else {
					failed++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return acknowledged, failed
}

// TestServersShareOneChain writes by two journals, as two servers do, while connections are cut in the middle of commits.
func TestServersShareOneChain(t *testing.T) {
	t.Parallel()
	store, shaker := geotest.New(t), geotest.New(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var cuts int
	shaken := make(chan struct{})
	go func() {
		defer close(shaken)
		defer stop()
		const cut = `select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
			where datname = $1 and application_name = 'vigie journal') cuts`
		for range 60 {
			time.Sleep(25 * time.Millisecond)
			n := 0
			if err := shaker.Pool.QueryRow(t.Context(), cut, store.Pool.Config().ConnConfig.Database).Scan(&n); err != nil {
				t.Error(err)
				return
			}
			cuts += n
		}
	}()
	one, two := newJournal(t, store), newJournal(t, store)
	acknowledged, failed := hammer(ctx, t, 12, one, two)
	<-shaken
	if cuts < 20 || len(acknowledged) == 0 {
		t.Errorf("%d connections were cut, %d entries acknowledged", cuts, len(acknowledged))
	}
	if failed > 0 {
		t.Errorf("%d entries failed, though the database was there", failed)
	}
	keptOnce(t, one, acknowledged)
}

// TestJournalOutlivesTheDatabase kills the database of a cluster of its own, again and again.
func TestJournalOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "vj") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	log := slog.New(slog.DiscardHandler)
	cluster, err := embedded.StartThrowaway(t.Context(), dir, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = embedded.Halt(context.WithoutCancel(t.Context()), dir, true, log) })
	store, err := geoengine.Open(t.Context(), cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	watched := make(chan struct{})
	go func() { defer close(watched); cluster.Watch(ctx) }()
	go func() {
		defer stop()
		for range 2 {
			time.Sleep(700 * time.Millisecond)
			killDatabase(t, store)
			time.Sleep(time.Second)
		}
	}()
	j := newJournal(t, store)
	acknowledged, failed := hammer(ctx, t, 8, j)
	<-watched
	t.Logf("%d entries were refused while the database was away", failed)
	again, err := embedded.StartThrowaway(t.Context(), dir, log)
	if err != nil {
		t.Fatal(err)
	}
	store.Pool.Reset()
	if !again.Started() {
		t.Log("it was up again")
	}
	there := map[string]int{}
	for _, row := range all(t, j) {
		there[row.RequestID]++
	}
	for id := range acknowledged {
		if there[id] != 1 {
			t.Errorf("%s was acknowledged and is there %d times", id, there[id])
		}
	}
	if report := verified(t, j, nil); !report.OK || len(acknowledged) == 0 {
		t.Errorf("%+v, %d acknowledged", report.Broken, len(acknowledged))
	}
}

// killDatabase kills one backend as kill -9 does, upon which PostgreSQL restarts all.
func killDatabase(t *testing.T, store *geoengine.Store) {
	t.Helper()
	var pid int
	const find = `select pid from pg_stat_activity where application_name = 'vigie journal' limit 1`
	if err := store.Pool.QueryRow(t.Context(), find).Scan(&pid); err != nil {
		t.Logf("no backend to kill: %v", err)
		return
	}
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Logf("kill %d: %v", pid, err)
	}
}

// TestFullDiskRefuses makes the database refuse to write, as it does when its disk is full, then not.
func TestFullDiskRefuses(t *testing.T) {
	t.Parallel()
	store, j := filled(t, 2)
	exec := func(sql string) {
		if _, err := store.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`create function full_disk() returns trigger language plpgsql as $$ begin
		raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`)
	exec(`create trigger full_disk before insert on journal for each statement execute function full_disk()`)
	began := time.Now()
	if err := j.Append(t.Context(), entry(3)); err == nil || !strings.Contains(err.Error(), "53100") {
		t.Errorf("error %v, want a full disk", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("a full disk was waited for: %v", took)
	}
	exec(`drop trigger full_disk on journal`)
	if err := j.Append(t.Context(), entry(3)); err != nil {
		t.Error(err)
	}
	if report := verified(t, j, nil); !report.OK || report.Entries != 3 {
		t.Errorf("%+v", report)
	}
}

// TestImpatientCallers leaves entries behind that nobody waits for: they are not written later.
func TestImpatientCallers(t *testing.T) {
	t.Parallel()
	store, j := filled(t, 1)
	blocker, err := store.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blocker.Exec(t.Context(), "select pg_advisory_xact_lock(7186510)"); err != nil {
		t.Fatal(err)
	}
	var taken atomic.Bool
	var first sync.WaitGroup
	first.Go(func() { taken.Store(j.Append(t.Context(), entry(1)) == nil) }) // holds the writer
	time.Sleep(50 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := j.Append(ctx, entry(2)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := blocker.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	if err := j.Append(t.Context(), entry(3)); err != nil {
		t.Error(err)
	}
	var ids []string
	for _, row := range all(t, j) {
		ids = append(ids, row.RequestID)
	}
	if got := strings.Join(ids, " "); got != "r0 r1 r3" || !taken.Load() {
		t.Errorf("%s are there", got)
	}
	j.Close()
	if err := j.Append(t.Context(), entry(4)); err == nil {
		t.Error("a closed journal writes")
	}
	if written, failed := j.Counts(); written != 3 || failed != 0 {
		t.Errorf("%d written, %d failed", written, failed)
	}
}
