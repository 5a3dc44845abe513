package cartheft

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"vigie/geoengine/forecast"
	"vigie/module/forecasting"
)

// manyThefts writes two thefts a day of 2024, reported the day after: two thirds around one corner of the west. Every
// twentieth says that a patrol has found it.
const manyThefts = `
	insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell, area, attributes, fingerprint, xid)
	select 1, 1, 'm' || i, 2, 0, at, at + interval '5 hours', at + interval '1 day', 3600, st_setsrid(st_makepoint(lon, lat), 4326), 10, 0, 1,
	       case when lon < 1.5 then 'fr.31.west' else 'fr.31.east' end, case when i % 20 = 0 then '{"discovery":"patrol"}' else '{}' end::jsonb, 0, 0
	from (
		select i, timestamptz '2024-01-01 20:00+01' + i / 2 * interval '1 day' as at,
		       case when i % 3 > 0 then 1.42 + 0.004 * sin(i) else 1.4 + 0.2 * abs(sin(i * 1.7)) end as lon,
		       case when i % 3 > 0 then 43.53 + 0.003 * cos(i * 1.3) else 43.5 + 0.1 * abs(cos(i * 2.1)) end as lat
		from generate_series(1, 730) i) made`

// TestFromReportsToVisits goes the whole way on a real database: what is reported is read, forecast, kept, turned into
// visits, and compared with what happened; and the run can be made again.
func TestFromReportsToVisits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	run(t, s.Store, manyThefts)
	f, err := Forecaster()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := forecasting.Prepare(&f, forecast.Spec{
		Areas: []string{"fr.31"}, Until: time.Date(2024, 11, 30, 23, 0, 0, 0, time.UTC), Horizon: "P14D", Seed: 1, Options: map[string]string{optionResolution: "8"},
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	made := func() (*forecast.Result, []byte) {
		r, err := forecasting.Make(t.Context(), &f, s.Store, spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		return r, body
	}
	r, body := made()
	if _, again := made(); !bytes.Equal(body, again) {
		t.Error("made again the run has other bytes")
	}
	if len(r.Card.Refused) == 0 || r.Card.Refused[0].N != 33 { // of 669 by the end of November
		t.Errorf("refused: %+v", r.Card.Refused)
	}
	total := 0.0
	for i := range r.Values {
		total += r.Values[i].Expected
	}
	if total < 20 || total > 35 { // 26.6 a fortnight
		t.Errorf("%.1f thefts are expected in a fortnight of which 27 are reported", total)
	}
	happened, err := f.Actual(t.Context(), s.Store, r)
	if err != nil || sum(happened) < 20 || sum(happened) > 28 {
		t.Errorf("%v thefts happened, %v", sum(happened), err)
	}
	id, err := forecast.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.desk.forecasts.Save(t.Context(), r, forecast.Origin{ID: id, Author: "test", At: time.Now(), Feeds: Categories()}); err != nil {
		t.Fatal(err)
	}
	var b suggestionBody
	a := s.Do(t, s.Person(t, "haute-garonne"), http.MethodPost, "/api/cartheft/suggestions", ask(id, 5, 0.05))
	if a.Status != http.StatusCreated {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	a.Into(t, &b)
	if b.Precision != "hours" || b.Slots[0].Area != "fr.31.west" || b.Slots[0].Hour < 18 && b.Slots[0].Hour > 2 || b.Held < 10*b.Even {
		t.Errorf("%s, first %+v, %v held, %v even", b.Precision, b.Slots[0], b.Held, b.Even)
	}
}

func FuzzReadCursor(f *testing.F) {
	f.Add("")
	f.Add(writeCursor(time.Unix(1700000000, 0), [16]byte{1, 2, 3}))
	f.Add("MTcwMDAwMDAwMCA")
	f.Fuzz(func(t *testing.T, cursor string) {
		at, id, err := readCursor(cursor)
		if err != nil {
			return
		}
		again, same, err := readCursor(writeCursor(at, id))
		if err != nil || !again.Equal(at) || same != id {
			t.Errorf("%q is %v %v, written and read again %v %v, %v", cursor, at, id, again, same, err)
		}
	})
}

func FuzzReadAttributes(f *testing.F) {
	f.Add([]byte(`[["discovery","patrol"]]`))
	f.Add([]byte(`[["discovery",["victim",3,null]],["constat",{"a":[]}]]`))
	f.Add([]byte(`[[1]]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := readAttributes(raw)
		if err != nil && list != nil {
			t.Errorf("%v with %v", list, err)
		}
	})
}
