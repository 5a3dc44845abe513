package data_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// thefts reads lines of ref,day,lon,lat,note to events.
func thefts() data.Source {
	return data.Source{
		Name: "thefts", Title: "Thefts", Publisher: "Us", Licence: "None", URL: "https://example.org", Holds: data.HoldsEvents,
		Read: func(_ context.Context, in data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) {
				for _, f := range in.Files {
					if !readThefts(f, yield) {
						return
					}
				}
			}
		},
	}
}

func readThefts(f data.File, yield func(data.Record, error) bool) bool {
	r, err := f.Open()
	if err != nil {
		return yield(data.Record{}, err)
	}
	defer r.Close()
	for row, err := range data.CSV(r, f.Name, data.CSVOptions{Required: []string{"ref", "day", "lon", "lat", "note"}}) {
		if err != nil {
			if !yield(data.Record{}, err) {
				return false
			}
			continue
		}
		if !yield(theft(row)) {
			return false
		}
	}
	return true
}

func theft(row data.Row) (data.Record, error) {
	day, err := time.Parse("2006-01-02", row.Get("day"))
	if err != nil {
		return data.Record{}, row.Reject("bad_date", "day %q: must be YYYY-MM-DD", row.Get("day"))
	}
	e := &geoengine.Event{
		Ref: row.Get("ref"), Category: "vehicle.theft", Start: day, End: day.AddDate(0, 0, 1),
		Attributes: geoengine.Attributes{{Key: "note", Value: row.Get("note")}},
	}
	if row.Get("lon") != "" {
		var lon, lat float64
		if _, err := fmt.Sscan(row.Get("lon")+" "+row.Get("lat"), &lon, &lat); err != nil {
			return data.Record{}, row.Reject("bad_position", "%v", err)
		}
		e.Position, e.HasPosition = orb.Point{lon, lat}, true
	}
	return data.Record{At: row.At, Raw: row.Raw, Event: e}, nil
}

func text(name, content string) data.File {
	return data.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

func mustImport(t *testing.T, store *geoengine.Store, src data.Source, opt data.ImportOptions, files ...data.File) data.Report {
	t.Helper()
	report, err := data.Import(t.Context(), store, src, data.Input{Files: files}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// dump is every row of a query as text.
func dump(t *testing.T, store *geoengine.Store, sql string) []string {
	t.Helper()
	rows, err := store.Pool.Query(t.Context(), "select t::text from ("+sql+") t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return all
}

// content is what the store says about events, apart from when it was written.
const content = `select zone, source, ref, category, severity, starts, ends, reported, utc_offset, st_astext(geom), precision_m, weight,
	cell, area, attributes, fingerprint from event order by ref`

const head = "ref,day,lon,lat,note\n"

const hostile = head +
	"a,2020-01-01,1.44,43.6,plain\n" +
	"b,2020-01-02,,,no place\n" +
	"c,0000-00-00,1,43,year 0\n" +
	"d,2020-01-01,NaN,43,not a number\n" +
	"e,2020-01-01,48.8,122.3,swapped\n" +
	"f,2020-01-01,500,43,off the map\n" +
	",2020-01-01,1,43,no ref\n" +
	"a,2020-01-01,1.44,43.6,plain\n" +
	"a,2020-01-01,1.44,43.6,contradiction\n" +
	"'); drop table event; --,2020-01-01,1,43,\"'; delete from event; --\"\n" +
	"g,2020-01-01,1,43\n" +
	"h,0000-01-01,1,43,the year zero\n" +
	"i,2020-01-01,1,43,$1\\\"{}\n"

func TestImportHostileRows(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	want := data.Report{
		Source: "thefts", Input: "t.csv", Run: 1, Read: 13, New: 4, Unchanged: 1, WithoutPosition: 1,
		Rejected: map[string]int64{"bad_date": 2, "bad_position": 3, "missing_ref": 1, "duplicate_ref": 1, "wrong_fields": 1},
	}
	ignore := cmpopts.IgnoreFields(data.Report{}, "Seconds")
	dry := mustImport(t, store, thefts(), data.ImportOptions{DryRun: true}, text("t.csv", hostile))
	wantDry := want
	wantDry.Run, wantDry.DryRun = 0, true
	if d := cmp.Diff(wantDry, dry, ignore); d != "" {
		t.Errorf("dry run: %s", d)
	}
	if n := dump(t, store, "select from event union all select from source union all select from import_run"); len(n) > 0 {
		t.Errorf("a dry run wrote %d rows", len(n))
	}
	got := mustImport(t, store, thefts(), data.ImportOptions{}, text("t.csv", hostile))
	if d := cmp.Diff(want, got, ignore); d != "" {
		t.Error(d)
	}
	before := dump(t, store, content)
	again := mustImport(t, store, thefts(), data.ImportOptions{BatchSize: 2}, text("t.csv", hostile))
	want.Run, want.New, want.Unchanged = 2, 0, 5
	if d := cmp.Diff(want, again, ignore); d != "" {
		t.Errorf("second import: %s", d)
	}
	if d := cmp.Diff(before, dump(t, store, content)); d != "" {
		t.Errorf("the second import changed the store: %s", d)
	}
	rejects, err := data.Rejects(t.Context(), store, data.RejectQuery{Run: 1, Reason: "bad_position"})
	if err != nil {
		t.Fatal(err)
	}
	wantRejects := []data.StoredReject{
		{1, 2, "t.csv", 5, "bad_position", "longitude NaN, latitude 43: not degrees within ±180, ±90", "d,2020-01-01,NaN,43,not a number"},
		{1, 3, "t.csv", 6, "bad_position", "longitude 48.8, latitude 122.3: not degrees on Earth; swapped?", "e,2020-01-01,48.8,122.3,swapped"},
		{1, 4, "t.csv", 7, "bad_position", "longitude 500, latitude 43: not degrees within ±180, ±90", "f,2020-01-01,500,43,off the map"},
	}
	if d := cmp.Diff(wantRejects, rejects); d != "" {
		t.Error(d)
	}
}

func TestImportCorrection(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	mustImport(t, store, thefts(), data.ImportOptions{}, text("t.csv", head+"a,2020-01-01,1.44,43.6,x\nb,2020-01-01,2,48,x\nc,2020-01-01,2,48,x\n"))
	got := mustImport(t, store, thefts(), data.ImportOptions{BatchSize: 1}, text("t.csv",
		head+"a,2020-01-01,-60,4.6,moved to another zone\nb,2020-01-01,2,48,corrected\nc,2020-01-01,2,48,x\nd,2020-01-01,,,new\n"))
	counts := []int64{got.Read, got.New, got.Changed, got.Unchanged, got.WithoutPosition}
	if d := cmp.Diff([]int64{4, 1, 2, 1, 1}, counts); d != "" {
		t.Error(d)
	}
	if got := dump(t, store, "select ref, count(*) from event group by ref order by ref"); len(got) != 4 {
		t.Errorf("got %v", got)
	}
	want := []string{`(f,"{""note"": ""x""}",t)`, `(t,"{""note"": ""x""}",t)`}
	if d := cmp.Diff(want, dump(t, store, `
		select r.cell = (select cell from event where ref = 'b'), r.attributes,
			exists (select from event e where e.xid = r.xid) from event_retracted r order by 1`)); d != "" {
		t.Error(d)
	}
}

func TestImportRetry(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	first := mustImport(t, store, thefts(), data.ImportOptions{}, text("t.csv", head+"a,2020-01-01,1,43,x\nb,soon,1,43,x\nc,later,1,43,x\n"))
	if first.RejectedTotal() != 2 {
		t.Fatalf("got %+v", first)
	}
	got := mustImport(t, store, thefts(), data.ImportOptions{RetryRun: first.Run}, text("t.csv", head+"a,2020-01-01,1,43,not heeded\nb,2020-01-02,1,43,x\nc,never,1,43,x\n"))
	if d := cmp.Diff([]int64{2, 1, 0, 0, 1}, []int64{got.Read, got.New, got.Changed, got.Unchanged, got.Rejected["bad_date"]}); d != "" {
		t.Error(d)
	}
	rejects, err := data.Rejects(t.Context(), store, data.RejectQuery{Run: first.Run})
	if err != nil {
		t.Fatal(err)
	}
	want := []data.StoredReject{{first.Run, 2, "t.csv", 4, "bad_date", `day "never": must be YYYY-MM-DD`, "c,never,1,43,x"}}
	if d := cmp.Diff(want, rejects); d != "" {
		t.Error(d)
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	_, err := data.Import(t.Context(), store, thefts(), data.Input{Files: []data.File{text("t.csv", "ref;day\n1;2\n")}}, data.ImportOptions{})
	if !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), "t.csv") {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff([]string{"(failed)"}, dump(t, store, "select state from import_run")); d != "" {
		t.Error(d)
	}
	lock, err := store.LockSource(t.Context(), "thefts", false, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	_, err = data.Import(t.Context(), store, thefts(), data.Input{}, data.ImportOptions{Patience: time.Millisecond})
	if !errors.Is(err, geoengine.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
}

// TestImportBatchesDoNotMatter holds that the size of batches changes neither the store nor the report.
func TestImportBatchesDoNotMatter(t *testing.T) {
	t.Parallel()
	var want []string
	for _, size := range []int{1, 3, 1000} {
		store := geotest.New(t)
		report := mustImport(t, store, thefts(), data.ImportOptions{BatchSize: size}, text("t.csv", hostile))
		got := append(dump(t, store, content), dump(t, store, "select * from import_reject order by seq")...)
		got = append(got, fmt.Sprint(report.Read, report.New, report.Changed, report.Unchanged, report.Rejected, math.Signbit(report.Seconds)))
		if want == nil {
			want = got
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("batches of %d: %s", size, d)
		}
	}
}
