package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
)

// link is a link of an OGC API.
type link struct {
	Href, Rel, Type string
	Templated       bool
}

// tileSets is what the tests read of a list of tile sets.
type tileSets struct {
	Links    []link
	TileSets []struct {
		DataType         string
		CRS              string
		TileMatrixSetURI string
		Links            []link
	}
}

// tileSet is what the tests read of a tile set.
type tileSet struct {
	Links               []link
	TileMatrixSetLimits []struct {
		TileMatrix             string
		MinTileRow, MaxTileRow int
		MinTileCol, MaxTileCol int
	}
	Layers []struct{ ID string }
}

// within is the path and query of an address of the site.
func (s *site) within(t *testing.T, address string) string {
	t.Helper()
	rest, ok := strings.CutPrefix(address, s.URL)
	if !ok {
		t.Fatalf("%s is not an address of %s", address, s.URL)
	}
	return rest
}

func linkOf(t *testing.T, links []link, rel string) link {
	t.Helper()
	i := slices.IndexFunc(links, func(l link) bool { return l.Rel == rel })
	if i < 0 {
		t.Fatalf("no link %s in %v", rel, links)
	}
	return links[i]
}

// TestOGCTilesAbstractTests follows the links as the executable test suite of OGC API – Tiles does
// (ets-ogcapi-tiles10: Tile, TilesetLlinks, GeospatialDataResource, LandingPage, TileSet), from the landing page and from
// each collection down to a tile, and asks for one beyond the limits.
func TestOGCTilesAbstractTests(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	var landing struct{ Links []link }
	s.get(t, alice, "/ogc", "Accept", "application/json").into(t, &landing)
	const vector = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
	starts := []string{linkOf(t, landing.Links, vector).Href}
	var list struct {
		Collections []struct {
			ID    string
			Links []link
		}
	}
	s.get(t, alice, "/ogc/collections", "Accept", "application/json").into(t, &list)
	for _, c := range list.Collections {
		if slices.Contains([]string{"events", "areas", "units", "hexagons"}, c.ID) {
			starts = append(starts, linkOf(t, c.Links, vector).Href)
		}
	}
	if len(starts) != 5 {
		t.Fatalf("tile sets at %v", starts)
	}
	for _, start := range starts {
		var sets tileSets
		s.get(t, alice, s.within(t, start), "Accept", "application/json").into(t, &sets)
		if len(sets.TileSets) != 1 || sets.TileSets[0].TileMatrixSetURI != "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad" ||
			sets.TileSets[0].DataType != "vector" || sets.TileSets[0].CRS == "" {
			t.Fatalf("%s: %+v", start, sets)
		}
		for _, l := range sets.TileSets[0].Links {
			if a := s.get(t, alice, s.within(t, l.Href), "Accept", "application/json"); a.status != http.StatusOK || !json.Valid(a.body) {
				t.Errorf("%s: %d", l.Href, a.status)
			}
		}
		var one tileSet
		s.get(t, alice, s.within(t, linkOf(t, sets.TileSets[0].Links, "self").Href), "Accept", "application/json").into(t, &one)
		item := linkOf(t, one.Links, "item")
		if !item.Templated || item.Type != "application/vnd.mapbox-vector-tile" {
			t.Errorf("%s: item %+v", start, item)
		}
		for _, limits := range []int{0, len(one.TileMatrixSetLimits) - 1} {
			l := one.TileMatrixSetLimits[limits]
			tile := func(row, col int) string {
				return s.within(t, strings.NewReplacer("{tileMatrix}", l.TileMatrix, "{tileRow}", itoa(row), "{tileCol}", itoa(col)).Replace(item.Href))
			}
			if a := s.get(t, alice, tile(l.MaxTileRow, l.MinTileCol)); a.status != http.StatusOK && a.status != http.StatusNoContent {
				t.Errorf("%s: %d %s", tile(l.MaxTileRow, l.MinTileCol), a.status, a.body)
			}
			for _, beyond := range []string{tile(l.MaxTileRow+1, 0), tile(0, l.MaxTileCol+1), tile(1<<31-1, 1<<31-1)} {
				if a := s.get(t, alice, beyond); a.status != http.StatusNotFound && a.status != http.StatusBadRequest {
					t.Errorf("%s: %d", beyond, a.status)
				}
			}
		}
	}
	var matrixSets struct {
		TileMatrixSets []struct {
			ID    string
			Links []link
		}
	}
	s.get(t, alice, "/ogc/tileMatrixSets", "Accept", "application/json").into(t, &matrixSets)
	if len(matrixSets.TileMatrixSets) != 1 || !strings.HasSuffix(linkOf(t, matrixSets.TileMatrixSets[0].Links, "item").Href, "/WebMercatorQuad") {
		t.Errorf("%+v", matrixSets)
	}
}

// featuresIn counts the features of each layer of a vector tile.
func featuresIn(t *testing.T, tile []byte) map[string]int {
	t.Helper()
	layers, err := mvt.Unmarshal(tile)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, layer := range layers {
		counts[layer.Name] = len(layer.Features)
	}
	return counts
}

func TestOGCTiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	people := map[string]*http.Client{"": {}}
	for _, name := range []string{"alice", "toulouse", "nowhere", "auditor"} {
		people[name] = s.person(t, name)
	}
	for _, c := range []struct {
		who, path string
		status    int
		want      map[string]int // features of layers; nil is not looked at
	}{
		{"alice", "tiles/WebMercatorQuad/9/186/258", 200, map[string]int{"hexagons": 1, "areas": 3}},
		{"alice", "tiles/WebMercatorQuad/9/186/258?collections=hexagons", 200, map[string]int{"hexagons": 1, "areas": 0}},
		{"alice", "tiles/WebMercatorQuad/9/186/258?collections=areas,hexagons&category=road", 200, map[string]int{"hexagons": 1, "areas": 3}},
		{"alice", "tiles/WebMercatorQuad/9/186/258?collections=hexagons&source=other", 204, nil},
		{"alice", "tiles/WebMercatorQuad/9/186/258?collections=events", 400, nil},
		{"alice", "tiles/WebMercatorQuad/9/186/258?collections=", 200, nil},
		{"toulouse", "collections/hexagons/tiles/WebMercatorQuad/9/186/258", 200, map[string]int{"hexagons": 1}},
		{"toulouse", "collections/hexagons/tiles/WebMercatorQuad/9/176/259", 204, nil},
		{"nowhere", "collections/hexagons/tiles/WebMercatorQuad/9/186/258", 204, nil},
		{"auditor", "collections/hexagons/tiles/WebMercatorQuad/9/186/258", 403, nil},
		{"", "collections/hexagons/tiles/WebMercatorQuad/9/186/258", 401, nil},
		{"alice", "collections/events/tiles/WebMercatorQuad/14/5982/8257", 200, map[string]int{"events": 200}},
		{"alice", "collections/events/tiles/WebMercatorQuad/14/5982/8257?attr.light=night", 200, map[string]int{"events": 66}},
		{"alice", "collections/events/tiles/WebMercatorQuad/14/5982/8257?datetime=2024-03-01T01:00:00Z/2024-03-01T03:00:00Z", 200, map[string]int{"events": 3}},
		{"alice", "collections/events/tiles/WebMercatorQuad/14/5982/8257?datetime=2024-03-01T01:00:00Z", 200, map[string]int{"events": 1}},
		{"alice", "collections/events/tiles/WebMercatorQuad/14/5982/8257?datetime=../2024-03-01", 200, map[string]int{"events": 23}},
		{"alice", "collections/events/tiles/WebMercatorQuad/14/5982/8257?datetime=2024-03-02/2024-03-01", 400, nil},
		{"alice", "collections/events/tiles/WebMercatorQuad/12/1495/2064", 404, nil},
		{"alice", "collections/units/tiles/WebMercatorQuad/9/186/258", 204, nil},
		{"alice", "collections/units/tiles/WebMercatorQuad/5/11/16", 404, nil},
		{"alice", "collections/hexagons/tiles/WebMercatorQuad/17/47621/66083", 404, nil},
		{"alice", "collections/hexagons/tiles/WorldCRS84Quad/9/186/258", 404, nil},
		{"alice", "collections/hexagons/tiles/WebMercatorQuad/-1/0/0", 400, nil},
		{"alice", "collections/hexagons/tiles/WebMercatorQuad/09/186/258", 400, nil},
		{"alice", "collections/hexagons/tiles/WebMercatorQuad/9/+1/258", 400, nil},
		{"alice", "collections/hexagons/tiles/WebMercatorQuad/9/186/258?f=mvt", 200, nil},
		{"alice", "collections/hexagons/tiles/WebMercatorQuad/9/186/258?f=png", 400, nil},
		{"alice", "collections/hexagons/tiles/WebMercatorQuad/9/186/258?nonsense=1", 400, nil},
		{"alice", "collections/areas/tiles/WebMercatorQuad/9/186/258?datetime=2024-01-01/..", 200, map[string]int{"areas": 3}},
		{"alice", "collections/dUmmYColLection/tiles", 404, nil},
		{"alice", "tileMatrixSets/nonsense", 404, nil},
		{"alice", "tiles?f=html", 200, nil},
		{"alice", "tiles/WebMercatorQuad?f=html", 200, nil},
		{"alice", "tileMatrixSets/WebMercatorQuad?f=html", 200, nil},
	} {
		a := s.get(t, people[c.who], "/ogc/"+c.path, "Accept-Encoding", "identity")
		if a.status != c.status {
			t.Errorf("%s %s: %d, want %d: %.200s", c.who, c.path, a.status, c.status, a.body)
			continue
		}
		if c.want != nil {
			got := featuresIn(t, a.body)
			for layer, n := range c.want {
				if got[layer] != n {
					t.Errorf("%s %s: %d of %s, want %d", c.who, c.path, got[layer], layer, n)
				}
			}
		}
	}
}

// TestOGCTilesCarryFilters checks that a filter given to a description holds for the tiles that it leads to.
func TestOGCTilesCarryFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	var about struct{ Tiles []string }
	s.get(t, alice, "/ogc/collections/events/tiles/WebMercatorQuad/tilejson?attr.light=night&category=road&f=json").into(t, &about)
	tile := strings.NewReplacer("{z}", "14", "{y}", "5982", "{x}", "8257").Replace(about.Tiles[0])
	a := s.get(t, alice, s.within(t, tile), "Accept-Encoding", "identity")
	if got := featuresIn(t, a.body)["events"]; a.status != http.StatusOK || got != 33 {
		t.Errorf("%s: %d, %d events", tile, a.status, got)
	}
	again := s.get(t, alice, s.within(t, tile), "Accept-Encoding", "identity", "If-None-Match", a.header.Get("ETag"))
	if again.status != http.StatusNotModified || len(again.body) > 0 {
		t.Errorf("again: %d, %d bytes", again.status, len(again.body))
	}
}

func TestOGCStyles(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	var list struct {
		Default string
		Styles  []struct {
			ID    string
			Links []link
		}
	}
	s.get(t, alice, "/ogc/styles", "Accept", "application/json").into(t, &list)
	if len(list.Styles) != 4 || list.Default != list.Styles[0].ID {
		t.Fatalf("%+v", list)
	}
	for _, style := range list.Styles {
		sheet := s.get(t, alice, s.within(t, linkOf(t, style.Links, "stylesheet").Href), "Accept", "application/json")
		var document struct {
			Version int
			Sources map[string]struct{ Type, URL string }
			Layers  []struct {
				ID, Type, Source string
				Paint            map[string]any
			}
		}
		sheet.into(t, &document)
		if sheet.status != http.StatusOK || document.Version != 8 || document.Sources["areas"].URL == "" {
			t.Errorf("%s: %d %+v", style.ID, sheet.status, document)
		}
		_, has := document.Sources["hexagons"]
		if has != strings.HasPrefix(style.ID, "hexagons") {
			t.Errorf("%s: hexagons %t", style.ID, has)
		}
		for _, layer := range document.Layers {
			if _, known := document.Sources[layer.Source]; layer.Source != "" && !known {
				t.Errorf("%s: layer %s has no source %q", style.ID, layer.ID, layer.Source)
			}
		}
		for name, source := range document.Sources {
			var about struct{ Tiles []string }
			s.get(t, alice, s.within(t, source.URL)).into(t, &about)
			tile := strings.NewReplacer("{z}", "9", "{y}", "186", "{x}", "258").Replace(about.Tiles[0])
			if a := s.get(t, alice, s.within(t, tile)); a.status != http.StatusOK {
				t.Errorf("%s: %s: %s: %d", style.ID, name, tile, a.status)
			}
		}
		if a := s.get(t, alice, s.within(t, linkOf(t, style.Links, "describedby").Href)); a.status != http.StatusOK || !json.Valid(a.body) {
			t.Errorf("%s: metadata: %d", style.ID, a.status)
		}
	}
	for target, want := range map[string]int{
		"/ogc/styles/nonsense": 404, "/ogc/styles/nonsense/metadata": 404, "/ogc/styles/base-day?f=sld": 400,
		"/ogc/styles/hexagons-day?severity=bad": 400, "/ogc/styles?f=html": 200, "/ogc/styles/base-day/metadata?f=html": 200,
	} {
		if a := s.get(t, alice, target); a.status != want {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	filtered := s.get(t, alice, "/ogc/styles/hexagons-day?"+url.Values{"category": {"road"}}.Encode())
	if !strings.Contains(string(filtered.body), "category=road") {
		t.Errorf("the filter is lost: %s", filtered.body)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
