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
	all = append(all, dump(t, store, "select * from import_reject order by run, seq")...)
	return append(all, dump(t, store, `select id, source, input, state, records, report - 'seconds' - 'resumed', failure from import_run order by id`)...)
}

func TestImportKilledEqualsUndisturbed(t *testing.T) {
	t.Parallel()
	first, second := manyThefts(t, 12_000, 0), manyThefts(t, 12_000, 1)
	calm, killed := geotest.New(t), geotest.New(t)
	for _, store := range []*geoengine.Store{calm, killed} {
		if _, err := importFile(t.Context(), store, first); err != nil {
			t.Fatal(err)
		}
	}
	want, err := importFile(t.Context(), calm, second)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	var got data.Report
	kills := 0
	for delay := 50; ; delay += 10 {
		var finished bool
		if got, finished = runAndKill(t, killed, second, time.Duration(random.IntN(delay))*time.Millisecond); finished {
			break
		}
		if got, finished = lastReport(t, killed); finished { // killed after its last commit
			break
		}
		kills++
	}
	t.Logf("killed %d times", kills)
	if d := cmp.Diff(everything(t, calm), everything(t, killed)); d != "" {
		t.Error(d)
	}
	got.Seconds, want.Seconds, got.Resumed = 0, 0, false
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// lastReport is the report of the second import, and whether it is done.
func lastReport(t *testing.T, store *geoengine.Store) (report data.Report, done bool) {
	t.Helper()
	const sql = `select report, id = 2 and state = 'done' from import_run order by id desc limit 1`
	if err := store.Pool.QueryRow(t.Context(), sql).Scan(&report, &done); err != nil {
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
