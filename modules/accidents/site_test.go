package accidents

import (
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/geotest"
	"vigie/geoengine/hex"
	"vigie/module/moduletest"
)

// newStore is a database with the module's tables, two communes (west and east of 1.45°) and one far away.
func newStore(t *testing.T) *geoengine.Store {
	t.Helper()
	store := geotest.New(t)
	moduletest.Migrate(t, store, Module())
	run(t, store,
		`insert into source values (1, 'test', 'Test events', 'us', 'none', 'https://example.org', true)`,
		`insert into category values (1, 'road.accident'), (2, 'vehicle.theft')`,
		`insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr', '', 'country', 'fr', 'France', 1, 0, null),
			(2, 'fr.31', 'fr', 'departement', '31', 'Haute-Garonne', 1, 0, st_multi(st_makeenvelope(1.40, 43.55, 1.50, 43.62, 4326))),
			(3, 'fr.31.west', 'fr.31', 'commune', '31001', 'Ouestville', 1, 0, st_multi(st_makeenvelope(1.40, 43.55, 1.45, 43.62, 4326))),
			(4, 'fr.31.east', 'fr.31', 'commune', '31002', 'Estville', 1, 0, st_multi(st_makeenvelope(1.45, 43.55, 1.50, 43.62, 4326))),
			(5, 'fr.75', 'fr', 'departement', '75', 'Paris', 1, 0, st_multi(st_makeenvelope(2.3, 48.8, 2.4, 48.9, 4326)))`,
		`insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`)
	return store
}

func run(t *testing.T, store *geoengine.Store, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := store.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

const insertRoad = `
	insert into road_section (zone, generation, ref, from_junction, to_junction, class, name, number, forward, backward, speed_forward, speed_backward,
		access, link, roundabout, bridge, tunnel, lit, built_up, lanes, geom, fingerprint)
	values (1, 1, $1, $2, $3, $4, '', $5, true, true, 50, 50, 0, false, false, false, false, 0, 0, 2,
		st_setsrid(st_makeline(st_makepoint($6, $7), st_makepoint($8, $9)), 4326), 0)`

// roads are a lattice over both communes, junctions some 400 m apart.
func roads(t *testing.T, store *geoengine.Store) {
	t.Helper()
	const columns, rows, step = 20, 15, 0.005
	run(t, store, `insert into road_network (generation, source, run, state, began, imported) values (1, 1, 1, 'active', '2026-01-01', '2026-01-01')`)
	batch := &pgx.Batch{}
	road := func(ref string, a, b, class int) {
		at := func(n int) (lon, lat float64) {
			return 1.4 + 0.0025 + float64(n%columns)*step, 43.55 + 0.0025 + float64(n/columns)*step*0.9
		}
		lonA, latA := at(a)
		lonB, latB := at(b)
		batch.Queue(insertRoad, ref, a, b, class, "D "+ref, lonA, latA, lonB, latB)
	}
	for n := range columns * rows {
		class := 2 + (n/columns+n%columns)%4
		if n%columns < columns-1 {
			road(fmt.Sprintf("e%d", n), n, n+1, class)
		}
		if n/columns < rows-1 {
			road(fmt.Sprintf("n%d", n), n, n+columns, class)
		}
	}
	if err := store.Pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
}

// happening is one accident to be stored.
type happening struct {
	at         orb.Point
	starts     time.Time
	reported   time.Time // a day after if zero
	severity   geoengine.Severity
	weight     float64
	attributes string
}

const insertAccident = `
	insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell, area, attributes, fingerprint, xid)
	values (1, 1, $1, 1, $2, $3, $3, $4, 3600, st_setsrid(st_makepoint($5, $6), 4326), 10, $7, $8, $9, $10::jsonb, 0, 0)`

func store(t *testing.T, db *geoengine.Store, prefix string, list []happening) {
	t.Helper()
	batch := &pgx.Batch{}
	for i, h := range list {
		area := "fr.31.west"
		if h.at.Lon() > 1.45 {
			area = "fr.31.east"
		}
		if h.reported.IsZero() {
			h.reported = h.starts.AddDate(0, 0, 1)
		}
		if h.attributes == "" {
			h.attributes = "{}"
		}
		batch.Queue(insertAccident, fmt.Sprintf("%s%d", prefix, i), h.severity, h.starts, h.reported, h.at.Lon(), h.at.Lat(), h.weight,
			int64(hex.Cell(h.at.Lon(), h.at.Lat(), geoengine.CellResolution)), area, h.attributes)
	}
	if err := db.Pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
}

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := localZone()
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// scatter draws so many accidents a year from 2020 to 2023: most on few roads, more by day; one in ten is serious.
func scatter(zone *time.Location, perYear int, years ...int) []happening {
	random := mathrand.New(mathrand.NewPCG(5, 6))
	var list []happening
	for _, y := range years {
		for range perYear {
			column, row := int(20*math.Pow(random.Float64(), 2.5)), int(15*math.Pow(random.Float64(), 2.5))
			h := happening{
				at:       orb.Point{1.4 + 0.0025 + 0.005*float64(min(column, 18)) + 0.004*random.Float64(), 43.55 + 0.0025 + 0.0045*float64(row)},
				starts:   time.Date(y, 1, 1+random.IntN(364), int(6+16*random.Float64()*random.Float64()), random.IntN(60), 0, 0, zone),
				severity: geoengine.SeveritySlight, weight: 0.005,
			}
			if random.IntN(10) == 0 {
				h.severity, h.weight, h.attributes = geoengine.SeveritySerious, 0.125, `{"hospitalised": "1"}`
			}
			list = append(list, h)
		}
	}
	return list
}

// site is a running server with the module.
type site struct {
	*moduletest.Site
	cube *cube.Cube
}

func newSite(t *testing.T, db *geoengine.Store) *site {
	t.Helper()
	moduletest.Enrol(t, db, [][3]string{
		{"alice", "commander", "*"}, {"west", "analyst", "fr.31.west"}, {"paris", "commander", "fr.75"}, {"auditor", "auditor", "*"}, {"authority", "authority", "*"},
	})
	host := moduletest.Host(t, db)
	if err := host.Cube.Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	extension, err := Module().Start(host)
	if err != nil {
		t.Fatal(err)
	}
	return &site{moduletest.Serve(t, host, extension), host.Cube}
}

// get asks as a person.
func (s *site) get(t *testing.T, name, target string) (status int, body string) {
	t.Helper()
	a := s.Do(t, s.Person(t, name), http.MethodGet, target, "")
	return a.Status, string(a.Body)
}
