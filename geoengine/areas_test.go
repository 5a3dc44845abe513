package geoengine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// areaStore has a small France: a parent without polygon, names with accents, and two communes side by side.
func areaStore(t *testing.T) *geoengine.Store {
	t.Helper()
	store := geotest.New(t)
	_, err := store.Pool.Exec(t.Context(), `
		insert into area (id, path, parent, level, code, name, source, fingerprint, geom) values
			(1, 'fr', '', 'country', 'fr', 'France', 0, 0, null),
			(2, 'fr.76', 'fr', 'region', '76', 'Occitanie', 0, 0, st_multi(st_makeenvelope(0, 42, 4, 45, 4326))),
			(3, 'fr.76.31', 'fr.76', 'departement', '31', 'Haute-Garonne', 0, 0, st_multi(st_makeenvelope(0.5, 42.5, 2, 44, 4326))),
			(4, 'fr.76.31.31555', 'fr.76.31', 'commune', '31555', 'Toulouse', 0, 0, st_multi(st_makeenvelope(1, 43, 1.5, 44, 4326))),
			(5, 'fr.76.31.31069', 'fr.76.31', 'commune', '31069', 'Blagnac', 0, 0, st_multi(st_makeenvelope(0.5, 43, 1, 44, 4326))),
			(6, 'fr.11', 'fr', 'region', '11', 'Île-de-France', 0, 0, 'srid=4326;multipolygon empty'),
			(7, 'fr.11.91', 'fr.11', 'departement', '91', 'L''Haÿ 100% _Œuf', 0, 0, st_multi(st_makeenvelope(2, 48, 3, 49, 4326)));
		insert into area_part select id, (st_dump(geom)).geom from area where geom is not null`)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func gazetteer(t *testing.T) *geoengine.Gazetteer {
	t.Helper()
	areas, err := areaStore(t).AreaNames(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return geoengine.NewGazetteer(areas)
}

func paths(areas []geoengine.AreaName) []string {
	found := []string{}
	for _, a := range areas {
		found = append(found, a.Path)
	}
	return found
}

func TestGazetteerSearch(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, c := range []struct {
		name, text string
		scope      []string
		want       []string
	}{
		{"word", "toul", nil, []string{"fr.76.31.31555"}},
		{"case and accents", "ILE DE", nil, []string{"fr.11"}},
		{"second word", "garonne", nil, []string{"fr.76.31"}},
		{"exact before the rest", "france", nil, []string{"fr", "fr.11"}},
		{"code", "31069", nil, []string{"fr.76.31.31069"}},
		{"apostrophe and ligature", "l hay 100% _oeuf", nil, []string{"fr.11.91"}},
		{"nothing asked", "  ", nil, []string{}},
		{"decomposed accents", "I\u0302le", nil, []string{"fr.11"}},
		{"like signs are letters", "%", nil, []string{}},
		{"like signs are letters 2", "_________", nil, []string{}},
		{"backslash", `\`, nil, []string{}},
		{"injection", "'; drop table area; --", nil, []string{}},
		{"within scope", "toul", []string{"fr.76"}, []string{"fr.76.31.31555"}},
		{"scope itself", "occ", []string{"fr.76"}, []string{"fr.76"}},
		{"out of scope", "toul", []string{"fr.11"}, []string{}},
		{"ancestors are out of scope", "france", []string{"fr.76"}, []string{}},
		{"no scope at all", "toul", []string{}, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, paths(g.Search(c.text, c.scope, 10))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGazetteerTree(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, c := range []struct {
		name, parent string
		scope        []string
		want         []string
	}{
		{"roots", "", nil, []string{"fr"}},
		{"children by name", "fr.76.31", nil, []string{"fr.76.31.31069", "fr.76.31.31555"}},
		{"roots of a scope", "", []string{"fr.76.31", "fr.11"}, []string{"fr.11", "fr.76.31"}},
		{"children within scope", "fr", []string{"fr.11"}, []string{"fr.11"}},
		{"children out of scope", "fr.76", []string{"fr.11"}, []string{}},
		{"nothing", "", []string{}, []string{}},
	} {
		if diff := cmp.Diff(c.want, paths(g.Children(c.parent, c.scope, 100))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestGazetteerArea(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for path, want := range map[string]geoengine.AreaName{
		"fr.11": {
			Path: "fr.11", Name: "Île-de-France", Level: "region", Code: "11",
			Bounds: &orb.Bound{Min: orb.Point{2, 48}, Max: orb.Point{3, 49}}, // of its département
		},
		"fr": {
			Path: "fr", Name: "France", Level: "country", Code: "fr",
			Bounds: &orb.Bound{Min: orb.Point{0, 42}, Max: orb.Point{4, 49}},
		},
		"fr.76": {
			Path: "fr.76", Name: "Occitanie", Level: "region", Code: "76",
			Bounds: &orb.Bound{Min: orb.Point{0, 42}, Max: orb.Point{4, 45}}, // its own
		},
	} {
		got, ok := g.Area(path, nil)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %v %s", path, ok, diff)
		}
	}
	for name, ask := range map[string]struct {
		path  string
		scope []string
	}{
		"absent": {"fr.99", nil}, "absent within": {"fr.11.99", []string{"fr.11"}}, "hidden": {"fr.76", []string{"fr.11"}},
		"above": {"fr", []string{"fr.11"}}, "no scope at all": {"fr.11", []string{}},
	} {
		if got, ok := g.Area(ask.path, ask.scope); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAreasAt(t *testing.T) {
	t.Parallel()
	store := areaStore(t)
	got, err := store.AreasAt(t.Context(), []orb.Point{{1.2, 43.5}, {0, 0}, {3.5, 42.1}, {0.6, 43.5}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"fr.76.31.31555", "", "fr.76", "fr.76.31.31069"}, got); diff != "" {
		t.Error(diff)
	}
}
