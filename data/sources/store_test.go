package sources_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigie/data"
	"vigie/data/sources"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// importTwice imports into the store, and again: the second time nothing is new or changed.
func importTwice(t *testing.T, store *geoengine.Store, name string, options data.Options, files ...string) data.Report {
	t.Helper()
	source, err := sources.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	in := data.Input{Options: options}
	if len(files) > 0 {
		opened, cleanup, err := data.OpenInput(context.Background(), files, data.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer cleanup()
		in.Files = opened
	}
	first, err := data.Import(context.Background(), store, source, in, data.ImportOptions{})
	if err != nil {
		t.Fatalf("import %s: %v", name, err)
	}
	again, err := data.Import(context.Background(), store, source, in, data.ImportOptions{})
	if err != nil {
		t.Fatalf("import %s again: %v", name, err)
	}
	want := first
	want.New, want.Changed, want.Unchanged = 0, 0, first.New+first.Changed+first.Unchanged
	if d := cmp.Diff(want, again, cmpopts.IgnoreFields(data.Report{}, "Run", "Seconds", "Mended"), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("the second import of %s: %s", name, d)
	}
	return first
}

func number(t *testing.T, store *geoengine.Store, sql string) (n int64) {
	t.Helper()
	if err := store.Pool.QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDemo imports the demonstration: PostGIS finds its communes valid and without overlap, and every event in the
// commune in which the generator put it.
func TestDemo(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	options := data.Options{Scale: 0.1}
	areas := importTwice(t, store, "demo_areas", options)
	units := importTwice(t, store, "demo_units", options)
	roads := importTwice(t, store, "demo_roads", options)
	events := importTwice(t, store, "demo", options)
	if areas.New != 303 || units.New < 100 || roads.New < 1500 || events.New < 6500 ||
		areas.RejectedTotal()+units.RejectedTotal()+roads.RejectedTotal()+events.RejectedTotal() > 0 {
		t.Errorf("imported %+v, %+v, %+v, %+v", areas, units, roads, events)
	}
	checks := map[string]string{
		"communes that are not valid": `select count(*) from area where not st_isvalid(geom) or st_isempty(geom)`,
		"overlaps or gaps": `select count(*) from (select st_area(st_symdifference(st_union(c.geom), (select geom from area where path = 'demo.99.990'))) as off,
			sum(st_area(c.geom)) - st_area(st_union(c.geom)) as twice from area c where level = 'commune') u where off > 1e-9 or abs(twice) > 1e-9`,
		"events not in their commune": `select count(*) from event where area <> 'demo.99.990.' || (attributes->>'commune')`,
		"units outside":               `select count(*) from unit where area not like 'demo.99.990.%'`,
		"sources not synthetic":       `select count(*) from source where not synthetic`,
	}
	for name, sql := range checks {
		if n := number(t, store, sql); n != 0 {
			t.Errorf("%s: %d", name, n)
		}
	}
}

// TestFrance imports the published territories, units and radars.
func TestFrance(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	if r := importTwice(t, store, "areas", data.Options{}, geotest.Shared(t, "admin/communes_2018.geojsonl.gz")); r.Read != 35357 || r.New != 35357 {
		t.Errorf("communes: %+v", r)
	}
	names := `select count(*) from area where name = code or name = ''`
	if n := number(t, store, names); n != 0 {
		t.Errorf("%d areas without a name", n)
	}
	for file, want := range map[string]int64{"departements-avec-outre-mer.geojson.gz": 101, "regions-version-simplifiee.geojson.gz": 13} {
		r := importTwice(t, store, "areas", data.Options{}, geotest.Shared(t, "admin/"+file))
		if r.Read != want || r.New+r.Changed != want {
			t.Errorf("%s: %+v", file, r)
		}
	}
	units := importTwice(t, store, "units", data.Options{}, geotest.Shared(t, "units/annuaire_service_public_2020_securite_etat.csv.gz"), geotest.Shared(t, "units/fire_stations_2016.csv.gz"))
	if units.New != 6867+4716 || units.WithoutPosition != 217+110 {
		t.Errorf("units: %+v", units)
	}
	if r := importTwice(t, store, "radars", data.Options{}, geotest.Shared(t, "admin/radars_2018.csv.gz")); r.New != 3350 || r.WithoutPosition != 0 {
		t.Errorf("radars: %+v", r)
	}
	checks := map[string][2]int64{
		"communes":     {35357, number(t, store, `select count(*) from area where level = 'commune'`)},
		"parents":      {1 + 18 + 101, number(t, store, `select count(*) from area where level in ('country', 'region', 'departement')`)},
		"orphans":      {0, number(t, store, `select count(*) from area a where parent <> '' and not exists (select from area p where p.path = a.parent)`)},
		"unplaced":     {0, number(t, store, `select count(*) from unit u join source s on s.id = u.source where s.name = 'radars' and area not like 'fr.%'`) / 100},
		"départements": {0, number(t, store, `select count(*) from unit where kind = 'fire.station' and area like 'fr.%.%.%' and split_part(area, '.', 3) <> lower(attributes->>'departement')`) / 100},
	}
	for name, c := range checks {
		if c[0] != c[1] {
			t.Errorf("%s: %d, want %d", name, c[1], c[0])
		}
	}
}

// TestAll holds that every source can be listed and told apart.
func TestAll(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range sources.All() {
		if !geoengine.ValidSlug(s.Name) || seen[s.Name] || s.Title == "" || s.Publisher == "" || s.Licence == "" || s.Hint == "" || s.Read == nil {
			t.Errorf("source %+v lacks something", s)
		}
		if s.Synthetic != strings.HasPrefix(s.Name, "demo") || (s.Synthetic && !strings.Contains(s.Title, "fictives")) {
			t.Errorf("source %s: synthetic is %v, title %q", s.Name, s.Synthetic, s.Title)
		}
		seen[s.Name] = true
	}
	if _, err := sources.Find("'; drop table source; --"); err == nil {
		t.Error("found a source of no name")
	}
}
