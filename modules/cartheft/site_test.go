package cartheft

import (
	"crypto/rand"
	"testing"
	"time"

	"vigie/api"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
	"vigie/geoengine/jobs"
	"vigie/module/moduletest"
)

// site is a running server with the module's own operations.
type site struct {
	*moduletest.Site
	desk *desk
}

// newStore is a database with the module's tables, two communes (west and east of 1.5°) and accounts.
func newStore(t *testing.T) *geoengine.Store {
	t.Helper()
	store := geotest.New(t)
	moduletest.Migrate(t, store, Module())
	run(t, store,
		`insert into source values (1, 'test', 'Test events', 'us', 'none', 'https://example.org', true)`,
		`insert into category values (1, 'road.accident'), (2, 'vehicle.theft'), (3, 'vehicle.theft.moped')`,
		`insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
			(2, 'fr.31', 'fr', 'departement', '31', 'Haute-Garonne', 1, 0, st_multi(st_makeenvelope(1.4, 43.5, 1.6, 43.6, 4326))),
			(3, 'fr.31.west', 'fr.31', 'commune', 'west', 'Ouestville', 1, 0, st_multi(st_makeenvelope(1.4, 43.5, 1.5, 43.6, 4326))),
			(4, 'fr.31.east', 'fr.31', 'commune', 'east', 'Estville', 1, 0, st_multi(st_makeenvelope(1.5, 43.5, 1.6, 43.6, 4326)))`,
		`insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`)
	return store
}

func run(t *testing.T, store *geoengine.Store, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := store.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}

// event inserts one event of a category (by number) that began at a time and took so many hours.
func event(t *testing.T, store *geoengine.Store, ref string, category int, lon, lat float64, starts time.Time, hours float64, reported time.Time, attributes string) {
	t.Helper()
	area := "fr.31.west"
	if lon > 1.5 {
		area = "fr.31.east"
	}
	if lon > 1.6 {
		area = ""
	}
	const sql = `
		insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell, area, attributes, fingerprint, xid)
		values (1, 1, $1, $2, 0, $3, $4, $5, 3600, st_setsrid(st_makepoint($6, $7), 4326), 10, 0, $8, $9, $10::jsonb, 0, 0)`
	if _, err := store.Pool.Exec(t.Context(), sql, ref, category, starts, starts.Add(time.Duration(hours*float64(time.Hour))), reported, lon, lat,
		int64(hex.Cell(lon, lat, geoengine.CellResolution)), area, attributes); err != nil {
		t.Fatal(err)
	}
}

func newSite(t *testing.T) *site {
	t.Helper()
	store := newStore(t)
	moduletest.Enrol(t, store, [][3]string{
		{"alice", "commander", "*"}, {"haute-garonne", "commander", "fr.31"}, {"west", "commander", "fr.31.west"}, {"paris", "commander", "fr.75"},
		{"analyst", "analyst", "fr.31"}, {"operator", "operator", "fr.31"}, {"auditor", "auditor", "*"},
	})
	host := moduletest.Host(t, store)
	d := open(host)
	s := &site{moduletest.Serve(t, host, d.extend(api.Extension{})), d}
	s.Work(t)
	return s
}

// save keeps a run of both communes: cells of resolution 9, most thefts in the west, with hours or without.
func (s *site) save(t *testing.T, hours bool) jobs.ID {
	t.Helper()
	from := time.Now().UTC().Truncate(24 * time.Hour)
	r := &forecast.Result{
		Spec:  forecast.Spec{Name: Name, Areas: []string{"fr.31"}, Until: from, Horizon: "P7D"},
		Model: "by hand", Version: "1", InputHash: "00", Place: forecast.Cells, From: from, To: from.AddDate(0, 0, 7),
		Card: forecast.Card{Usable: true},
	}
	profile := -1
	if hours {
		profile = 0
		r.Profiles = [][]float64{make([]float64, week)}
		for hour := range r.Profiles[0] {
			r.Profiles[0][hour] = 1.0 / week
		}
	}
	cells := hex.Cells(nil, nil, 9)
	for lon := 1.41; lon < 1.6; lon += 0.008 {
		for lat := 43.51; lat < 43.6; lat += 0.008 {
			cells = append(cells, hex.Cell(lon, lat, 9))
		}
	}
	for i, cell := range cells {
		v := forecast.Value{Cell: cell, Area: "fr.31.west", From: r.From, To: r.To, Expected: 1 / float64(i+1), Profile: profile, Rank: i + 1, LastYear: -1, High80: 1, High95: 2}
		if hex.Center(cell).Lon() > 1.5 {
			v.Area = "fr.31.east"
		}
		r.Values = append(r.Values, v)
	}
	id, err := forecast.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.desk.forecasts.Save(t.Context(), r, forecast.Origin{ID: id, Author: "test", At: from, Feeds: Categories()}); err != nil {
		t.Fatal(err)
	}
	return id
}
