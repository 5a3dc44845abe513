package main

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module/forecasting"
)

const (
	forecastAreas = `
		insert into source values (1, 'test', 'Test', 'us', 'none', '', true);
		insert into category values (1, 'vehicle.theft');
		insert into zone values (1, 590992770946269183);
		insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
			(2, 'fr.76', 'fr', 'region', '76', 'Occitanie', 1, 0, st_multi(st_makeenvelope(1.3, 43.5, 1.6, 43.7, 4326)));
		insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`
	forecastThefts = `
		insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell, area, attributes, fingerprint, xid)
		select 1, 1, $1 || n, 1, 0, t, t + interval '1 hour', t + interval '2 hours', 3600, st_setsrid(st_makepoint(1.4 + 0.01 * (n % 7), 43.6 + 0.01 * (n % 3)), 4326), 10, 0,
			617420388351344639, 'fr.76', '{}', 0, 0
		from generate_series(1, $2::int) n cross join lateral (select $3::timestamptz + n * interval '20 hours' t) t`
)

// TestForecast makes, keeps, replays and schedules forecasts from the command line.
func TestForecast(t *testing.T) {
	t.Parallel()
	url := databaseURL(t)
	w := newWorld(t, "DATABASE_URL="+url)
	store, err := geoengine.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := migrateAll(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Pool.Exec(t.Context(), forecastAreas); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Pool.Exec(t.Context(), forecastThefts, "a", 160, "2025-02-10"); err != nil {
		t.Fatal(err)
	}
	type forecasts struct {
		Forecasts []listed `json:"forecasts"`
	}
	if all := must[forecasts](w, "forecast"); len(all.Forecasts) != 3 {
		t.Errorf("%+v", all)
	}
	make := []string{"forecast", "cartheft", "--area", "fr.76", "--until", "2025-07-01", "--horizon", "P7D", "--json"}
	one, two := w.vigie(make...), w.vigie(make...)
	if one.code != exitDone || one.out != two.out {
		t.Fatalf("%d: two runs of one spec differ: %.300s %.300s", one.code, one.errs, one.out)
	}
	var r forecast.Result
	if err := json.Unmarshal([]byte(one.out), &r); err != nil || r.Spec.Name != "cartheft" {
		t.Fatalf("%v: %.300s", err, one.out)
	}
	if hash, err := r.Hash(); err != nil || hash != sha256.Sum256([]byte(strings.TrimSuffix(one.out, "\n"))) {
		t.Errorf("what is printed is not what is hashed: %v", err)
	}
	if kept := w.vigie(append(make, "--keep")...); kept.code != exitDone || kept.out != one.out {
		t.Errorf("%+v", kept)
	}
	var id string
	if err := store.Pool.QueryRow(t.Context(), `select id::text from forecast_run`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if again := must[forecasting.Replay](w, "forecast", "cartheft", "--replay", id); !again.Same {
		t.Errorf("%+v", again)
	}
	if _, err := store.Pool.Exec(t.Context(), forecastThefts, "late", 1, "2025-06-01"); err != nil {
		t.Fatal(err)
	}
	if r := w.vigie("forecast", "cartheft", "--replay", id); r.code != exitFailed || !strings.Contains(r.out, "the data has changed since") {
		t.Errorf("%+v", r)
	}
	planned := must[forecasts](w, "forecast", "cartheft", "--schedule", "fr.76", "--horizon", "P14D")
	if len(planned.Forecasts) != 1 || len(planned.Forecasts[0].Schedule) != 1 || planned.Forecasts[0].Schedule[0].Area != "fr.76" {
		t.Errorf("%+v", planned)
	}
	if left := must[forecasts](w, "forecast", "cartheft", "--unschedule", "fr.76", "--horizon", "P14D"); len(left.Forecasts[0].Schedule) != 0 {
		t.Errorf("%+v", left)
	}
	for _, wrong := range [][]string{{"evil"}, {"cartheft", "--horizon", "P9D"}, {"cartheft", "--until", "tomorrow"}, {"cartheft", "--schedule", "fr.99"}, {"cartheft", "--replay", "1"}, {"cartheft", "--option", "a=b"}} {
		if r := w.vigie(append([]string{"forecast"}, wrong...)...); r.code != exitUsage {
			t.Errorf("%v: %+v", wrong, r)
		}
	}
	var lines int
	if err := store.Pool.QueryRow(t.Context(), `select count(*) from journal where operation like 'forecast%' and outcome = 'done'`).Scan(&lines); err != nil || lines < 6 {
		t.Errorf("%d lines in the journal, %v", lines, err)
	}
}
