package data_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// TestImportOutlivesLostConnections cuts every connection of the import again and again, ever more rarely.
func TestImportOutlivesLostConnections(t *testing.T) {
	t.Parallel()
	file := manyThefts(t, 12_000, 0)
	calm, shaken := geotest.New(t), geotest.New(t)
	want, err := importFile(t.Context(), calm, file)
	if err != nil {
		t.Fatal(err)
	}
	shaker := geotest.New(t)
	const cut = `select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity where datname = $1) cuts`
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int)
	go func() {
		cuts, n := 0, 0
		for pause := 50 * time.Millisecond; ctx.Err() == nil && pause < 2*time.Second; pause += pause / 4 { // let it through at last
			time.Sleep(pause)
			if err := shaker.Pool.QueryRow(ctx, cut, shaken.Pool.Config().ConnConfig.Database).Scan(&n); err == nil {
				cuts += n
			}
		}
		done <- cuts
	}()
	var got data.Report
	for attempt := 0; attempt < 50; attempt++ { // what is not retried inside (the first queries) is for the user to repeat
		if got, err = importFile(t.Context(), shaken, file); err == nil {
			break
		}
		if !geoengine.Lost(err) {
			break
		}
	}
	stop()
	cuts := <-done
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("cut %d connections", cuts)
	got.Seconds, want.Seconds, got.Resumed, got.Run = 0, 0, false, want.Run
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(dump(t, calm, content), dump(t, shaken, content)); d != "" {
		t.Error(d)
	}
}

// TestImportOnFullDisk makes the database refuse to write in the middle, as it does when its disk is full, then not.
func TestImportOnFullDisk(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	file := manyThefts(t, 3000, 0)
	exec := func(sql string) {
		if _, err := store.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`create function full_disk() returns trigger language plpgsql as $$ begin
		if (select count(*) from event) >= 1000 then raise exception 'could not extend file: No space left on device' using errcode = '53100'; end if;
		return null; end $$`)
	exec(`create trigger full_disk before insert on event for each statement execute function full_disk()`)
	report, err := importFile(t.Context(), store, file)
	var full *pgconn.PgError
	if !errors.As(err, &full) || full.Code != "53100" {
		t.Fatalf("got %v, want a full disk", err)
	}
	if report.Read == 0 || report.Read >= 3000 {
		t.Errorf("got %+v", report)
	}
	state := dump(t, store, "select state, failure like '%No space left%' from import_run")
	if d := cmp.Diff([]string{"(failed,t)"}, state); d != "" {
		t.Error(d)
	}
	exec(`drop trigger full_disk on event`)
	calm := geotest.New(t)
	if _, err := importFile(t.Context(), calm, file); err != nil {
		t.Fatal(err)
	}
	if _, err := importFile(t.Context(), store, file); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(everything(t, calm), everything(t, store)); d != "" {
		t.Error(d)
	}
}

func areaSource(areas ...geoengine.Area) data.Source {
	return data.Source{
		Name: "areas", Holds: data.HoldsAreas,
		Read: func(context.Context, data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) {
				for i, a := range areas {
					if !yield(data.Record{At: data.Position{File: "areas", Line: int64(i + 1)}, Area: &a, Implied: a.Name == "implied"}, nil) {
						return
					}
				}
			}
		},
	}
}

func box(path, name string, x, side float64) geoengine.Area {
	ring := orb.Ring{{x, 40}, {x + side, 40}, {x + side, 40 + side}, {x, 40 + side}, {x, 40}}
	return geoengine.Area{Path: path, Level: "commune", Code: path, Name: name, Geometry: orb.MultiPolygon{{ring}}}
}

// TestAreasRelocateEvents holds that events and units follow their areas, whichever is imported first.
func TestAreasRelocateEvents(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	units := data.Source{
		Name: "units", Holds: data.HoldsUnits,
		Read: func(context.Context, data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) {
				yield(data.Record{Unit: &geoengine.Unit{Ref: "u", Kind: "fire.station", Name: "U", Position: orb.Point{1.5, 40.5}, HasPosition: true}}, nil)
			}
		},
	}
	mustImport(t, store, units, data.ImportOptions{})
	mustImport(t, store, thefts(), data.ImportOptions{}, text("t.csv", head+"a,2020-01-01,1.5,40.5,x\nb,2020-01-01,3.5,40.5,x\nc,2020-01-01,,,x\n"))
	where := func() string {
		return strings.Join(append(dump(t, store, "select ref, area from event order by ref"), dump(t, store, "select ref, area from unit")...), " ")
	}
	mustImport(t, store, areaSource(box("fr.a", "A", 1, 1)), data.ImportOptions{})
	if d := cmp.Diff(`(a,fr.a) (b,"") (c,"") (u,fr.a)`, where()); d != "" {
		t.Error(d)
	}
	got := mustImport(t, store, areaSource(box("fr.a", "A", 3, 1), box("fr.a.b", "B", 3, 0.7), geoengine.Area{Path: "fr", Level: "country", Name: "implied"}), data.ImportOptions{})
	if d := cmp.Diff([]int64{2, 1, 1, 0}, []int64{got.Read, got.New, got.Changed, got.Unchanged}); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(`(a,"") (b,fr.a.b) (c,"") (u,"")`, where()); d != "" {
		t.Error(d)
	}
	retracted := dump(t, store, "select area, cell = (select cell from event where ref = 'a') from event_retracted order by xid, area, 2")
	if d := cmp.Diff([]string{`("",t)`, `("",f)`, "(fr.a,t)"}, retracted); d != "" {
		t.Error(d)
	}
	again := mustImport(t, store, units, data.ImportOptions{})
	if again.Unchanged != 1 || again.Read != 1 {
		t.Errorf("units again: %+v", again)
	}
	mustImport(t, store, thefts(), data.ImportOptions{}, text("t.csv", head+"d,2020-01-01,3.5,40.5,x\n"))
	if d := cmp.Diff([]string{"(fr.a.b)"}, dump(t, store, "select area from event where ref = 'd'")); d != "" {
		t.Error(d)
	}
}

// TestImportProjects holds that coordinates of another reference system become longitude, latitude, and that an unknown
// system ends the import.
func TestImportProjects(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	source := func(epsg int) data.Source {
		s := thefts()
		read := s.Read
		s.Read = func(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) {
				for r, err := range read(ctx, in) {
					r.EPSG = epsg
					if !yield(r, err) {
						return
					}
				}
			}
		}
		return s
	}
	file := text("t.csv", head+"a,2020-01-01,574357.83,6279642.97,Toulouse\nb,2020-01-01,,,none\n")
	if got := mustImport(t, store, source(2154), data.ImportOptions{}, file); got.New != 2 || got.WithoutPosition != 1 {
		t.Errorf("got %+v", got)
	}
	where := dump(t, store, "select round(st_x(geom)::numeric, 3), round(st_y(geom)::numeric, 3) from event where ref = 'a'")
	if d := cmp.Diff([]string{"(1.444,43.605)"}, where); d != "" {
		t.Error(d)
	}
	_, err := data.Import(t.Context(), store, source(1), data.Input{Files: []data.File{file}}, data.ImportOptions{})
	if !errors.Is(err, geoengine.ErrInvalid) || !strings.Contains(err.Error(), "EPSG:1") {
		t.Errorf("got %v", err)
	}
}
