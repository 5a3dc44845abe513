package sources_test

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
	"vigie/data/sources/roads"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// TestMain lets the test binary be the import that is killed.
func TestMain(m *testing.M) {
	if url := os.Getenv("VIGIE_ROADS_CHILD"); url != "" {
		if err := importAsChild(context.Background(), url, os.Getenv("VIGIE_ROADS_FILE")); err != nil {
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
	report, err := importGrid(ctx, store, file)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(report)
}

func importGrid(ctx context.Context, store *geoengine.Store, file string) (data.Report, error) {
	files, cleanup, err := data.OpenInput(ctx, []string{file}, data.Limits{})
	if err != nil {
		return data.Report{}, err
	}
	defer cleanup()
	return data.Import(ctx, store, roads.Source(), data.Input{Files: files}, data.ImportOptions{BatchSize: 300})
}

// grid writes a town of n streets each way; one street in eleven is no line. Edition 1 renames some, numbers some anew, and lacks others.
func grid(t *testing.T, n, edition int) string {
	t.Helper()
	var b strings.Builder
	for street := range 2 * n {
		if edition == 1 && street%7 == 3 {
			continue
		}
		var positions []string
		for i := range n {
			x, y := i, street
			if street >= n {
				x, y = street-n, i
			}
			positions = append(positions, fmt.Sprintf("[%.4f,%.4f]", 1+float64(x)/1000, 43+float64(y)/1000))
		}
		kind := "LineString"
		if street%11 == 5 {
			kind = "Polygon"
		}
		name := fmt.Sprint("Rue ", street, strings.Repeat("bis", edition*(street%5)/4))
		fmt.Fprintf(&b, `{"type":"Feature","properties":{"id":%d,"highway":"residential","name":%q},"geometry":{"type":%q,"coordinates":[%s]}}`+"\n",
			street+edition*1000*(street%7/6), name, kind, strings.Join(positions, ","))
	}
	file := filepath.Join(t.TempDir(), fmt.Sprintf("grid.%d.geojsonl", edition))
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// lines are the rows of a query as text.
func lines(t *testing.T, store *geoengine.Store, sql string) []string {
	t.Helper()
	rows, err := store.Pool.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

const (
	// What readers see.
	activeRoads = `
		select s.ref || ' ' || name || ' ' || from_junction || ' ' || to_junction || ' ' || st_astext(geom) || ' ' || fingerprint
		from road_section s join road_network n using (generation) where n.state = 'active' order by s.ref`
	// Everything that is there, of whatever network.
	allRoads = `
		select (select count(*) from road_network) || ' networks, ' || (select count(*) from road_section) || ' sections, overviews of ' ||
			(select count(distinct generation) from road_overview)`
	roadTotals = `
		select state || ' ' || sections || ' ' || restrictions || ' ' || sites || ' ' || round(metres) || ' ' || known || ' ' || removed || ' ' || hash
		from road_network`
	roadRuns = `select state || ' ' || records || ' ' || (report - 'seconds' - 'resumed' - 'run')::text from import_run order by id`
)

// TestRoadsKilledEqualsUndisturbed kills an import that replaces a network, again and again: until it is done readers see
// the old network, whole, and at the end what an undisturbed import leaves.
func TestRoadsKilledEqualsUndisturbed(t *testing.T) {
	t.Parallel()
	calm, killed := geotest.New(t), geotest.New(t)
	first, second := grid(t, 60, 0), grid(t, 60, 1)
	for _, store := range []*geoengine.Store{calm, killed} {
		if _, err := importGrid(t.Context(), store, first); err != nil {
			t.Fatal(err)
		}
	}
	old := lines(t, killed, activeRoads)
	want, err := importGrid(t.Context(), calm, second)
	if err != nil {
		t.Fatal(err)
	}
	if want.New == 0 || want.Changed == 0 || want.Unchanged == 0 || want.Removed == 0 || want.Rejected["bad_geometry"] == 0 {
		t.Fatalf("the second edition changes too little: %+v", want)
	}
	replaced := lines(t, calm, activeRoads)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	kills := 0
	for delay := 100; ; delay += 10 + delay/20 {
		finished := runAndKill(t, killed, second, time.Duration(random.IntN(delay))*time.Millisecond)
		seen := lines(t, killed, activeRoads)
		if !cmp.Equal(seen, old) && !cmp.Equal(seen, replaced) {
			t.Fatalf("after %d kills readers see neither the old nor the new network: %d, %d, %d sections", kills, len(seen), len(old), len(replaced))
		}
		if finished {
			break
		}
		kills++
		if last := lines(t, killed, `select state from import_run order by id`); len(last) == 2 && last[1] == "done" { // killed after its last commit
			break
		}
	}
	t.Logf("killed %d times", kills)
	for _, sql := range []string{activeRoads, allRoads, roadTotals, roadRuns} {
		if diff := cmp.Diff(lines(t, calm, sql), lines(t, killed, sql)); diff != "" {
			t.Error(diff)
		}
	}
}

// runAndKill starts the import as a process of its own and kills it after the delay, unless it has finished by then.
func runAndKill(t *testing.T, store *geoengine.Store, file string, delay time.Duration) (finished bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "VIGIE_ROADS_CHILD="+store.Pool.Config().ConnString(), "VIGIE_ROADS_FILE="+file)
	var problems strings.Builder
	child.Stderr = &problems
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(delay, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	var exit *exec.ExitError
	if err := child.Wait(); errors.As(err, &exit) && exit.ExitCode() == -1 {
		return false
	} else if err != nil {
		t.Fatalf("%v: %s", err, problems.String())
	}
	return true
}
