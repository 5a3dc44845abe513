package data_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// TestMain lets the test binary be the import that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv("VIGIE_IMPORT_CHILD"); url != "" {
		if err := importAsChild(context.Background(), url, os.Getenv("VIGIE_IMPORT_FILE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func importAsChild(ctx context.Context, url, file string) error {
	store, err := geoengine.Open(ctx, url)
	if err != nil {
		return err
	}
	defer store.Close()
	report, err := importFile(ctx, store, file)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(report)
}

func importFile(ctx context.Context, store *geoengine.Store, file string) (data.Report, error) {
	files, cleanup, err := data.OpenInput(ctx, []string{file}, data.Limits{})
	if err != nil {
		return data.Report{}, err
	}
	defer cleanup()
	return data.Import(ctx, store, thefts(), data.Input{Files: files}, data.ImportOptions{BatchSize: 500})
}

// manyThefts writes a file in which one row in seven is bad or repeated; edition changes one row in five.
func manyThefts(t *testing.T, rows, edition int) string {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	var b strings.Builder
	b.WriteString(head)
	for i := range rows {
		ref, note := fmt.Sprint("r", i), "x"
		lon, lat := 10*random.Float64(), 40+10*random.Float64()
		switch random.IntN(21) {
		case 0:
			ref = fmt.Sprint("r", i/2)
		case 1:
			lat = 400
		case 2:
			note = "too,many,fields"
		}
		if edition > 0 && i%5 == 0 {
			lon, note = lon-float64(edition), fmt.Sprint("edition ", edition)
		}
		fmt.Fprintf(&b, "%s,2020-01-%02d,%.5f,%.5f,%s\n", ref, 1+i%28, lon, lat, note)
	}
	name := filepath.Join(t.TempDir(), "thefts.csv")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// everything that an import leaves behind, apart from when and by which transaction.
func everything(t *testing.T, store *geoengine.Store) []string {
	t.Helper()
	all := dump(t, store, content)
	all = append(all, dump(t, store, `select zone, source, category, severity, starts, ends, utc_offset, weight, cell, area, attributes
		from event_retracted order by cell, starts, attributes`)...)
	// The numbers of runs may have gaps.
	all = append(all, dump(t, store, "select seq, file, line, reason, detail, raw from import_reject order by run, seq")...)
	return append(all, dump(t, store, `select source, input, state, records, report - 'seconds' - 'resumed' - 'run', failure
		from import_run order by id`)...)
}

// TestImportKilledEqualsUndisturbed kills corrections of what is stored, and a first load, which builds its indexes last.
func TestImportKilledEqualsUndisturbed(t *testing.T) {
	t.Parallel()
	first, second := manyThefts(t, 6_000, 0), manyThefts(t, 6_000, 1)
	t.Run("corrections", func(t *testing.T) {
		t.Parallel()
		calm, killed := geotest.New(t), geotest.New(t)
		for _, store := range []*geoengine.Store{calm, killed} {
			if _, err := importFile(t.Context(), store, first); err != nil {
				t.Fatal(err)
			}
		}
		killAndCompare(t, calm, killed, second)
	})
	t.Run("first load", func(t *testing.T) {
		t.Parallel()
		killAndCompare(t, geotest.New(t), geotest.New(t), first)
	})
}

func killAndCompare(t *testing.T, calm, killed *geoengine.Store, file string) {
	t.Helper()
	want, err := importFile(t.Context(), calm, file)
	if err != nil {
		t.Fatal(err)
	}
	runs := len(dump(t, calm, "select id from import_run"))
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	var got data.Report
	kills := 0
	for delay := 50; ; delay += 10 + delay/20 {
		var finished bool
		if got, finished = runAndKill(t, killed, file, time.Duration(random.IntN(delay))*time.Millisecond); finished {
			break
		}
		kills++
		if got, finished = lastReport(t, killed, runs); finished { // killed after its last commit
			break
		}
	}
	t.Logf("killed %d times", kills)
	if d := cmp.Diff(everything(t, calm), everything(t, killed)); d != "" {
		t.Error(d)
	}
	got.Seconds, want.Seconds, got.Resumed, got.Run = 0, 0, false, want.Run
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	const indexes = "select indexdef from pg_indexes where tablename = 'event' order by indexname"
	if d := cmp.Diff(dump(t, calm, indexes), dump(t, killed, indexes)); d != "" {
		t.Error(d)
	}
}

// lastReport is the report of the last of so many runs, and whether it is done.
func lastReport(t *testing.T, store *geoengine.Store, runs int) (report data.Report, done bool) {
	t.Helper()
	const sql = `
		select report, state = 'done' and (select count(*) from import_run) = $1 from import_run order by id desc limit 1`
	err := store.Pool.QueryRow(t.Context(), sql, runs).Scan(&report, &done)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // killed before it began
		t.Fatal(err)
	}
	return report, done
}

// runAndKill starts the import as a process of its own and kills it after the delay, unless it has finished by then.
func runAndKill(t *testing.T, store *geoengine.Store, file string, delay time.Duration) (report data.Report, finished bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "VIGIE_IMPORT_CHILD="+store.Pool.Config().ConnString(), "VIGIE_IMPORT_FILE="+file)
	var out, problems strings.Builder
	child.Stdout, child.Stderr = &out, &problems
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(delay, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	var exit *exec.ExitError
	if err := child.Wait(); errors.As(err, &exit) && exit.ExitCode() == -1 {
		return report, false
	} else if err != nil {
		t.Fatalf("%v: %s", err, problems.String())
	}
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatal(err)
	}
	return report, true
}
