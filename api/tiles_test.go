package api_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"iter"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb/encoding/mvt"
)

func mapKeys(m map[string]any) iter.Seq[string] { return maps.Keys(m) }

func TestTiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	for target, want := range map[string]struct {
		layer    string
		features int
	}{
		"/tiles/hexagons/9/258/186.mvt":                   {"hexagons", 1},
		"/tiles/hexagons/9/258/186.mvt?category=road":     {"hexagons", 1},
		"/tiles/hexagons/9/258/186.mvt?source=other":      {"hexagons", 0},
		"/tiles/events/14/8257/5982.mvt":                  {"events", 200},
		"/tiles/events/14/8257/5982.mvt?attr.light=night": {"events", 66},
		"/tiles/areas/9/258/186.mvt":                      {"areas", 3},
		"/tiles/units/9/258/186.mvt":                      {"units", 0},
		"/tiles/roads/9/258/186.mvt":                      {"roads", 0},
	} {
		a := s.get(t, alice, target, "Accept-Encoding", "identity")
		if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/vnd.mapbox-vector-tile" {
			t.Errorf("%s: %d %v %s", target, a.status, a.header, a.body)
			continue
		}
		layers, err := mvt.Unmarshal(a.body)
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		features := 0
		for _, layer := range layers {
			if layer.Name == want.layer {
				features = len(layer.Features)
			}
		}
		if features != want.features {
			t.Errorf("%s: %d features, want %d", target, features, want.features)
		}
	}
	compact := s.get(t, alice, "/tiles/hexagons/9/258/186.bin?bins=7&bin_from=2024-03-01&bin_to=2024-03-08", "Accept-Encoding", "identity")
	if !bytes.HasPrefix(compact.body, []byte("VHX1")) || compact.header.Get("Content-Type") != "application/vnd.vigie.hexagons" {
		t.Errorf("%d %v %.20q", compact.status, compact.header, compact.body)
	}
}

func TestTileCaching(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	const target = "/tiles/areas/5/16/11.mvt"
	plain := s.get(t, alice, target, "Accept-Encoding", "identity")
	tags := map[string]bool{}
	for encoding, open := range map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		a := s.get(t, alice, target, "Accept-Encoding", encoding)
		if a.header.Get("Content-Encoding") == encoding {
			r, err := open(bytes.NewReader(a.body))
			if err != nil {
				t.Fatal(err)
			}
			if a.body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		} else if len(plain.body) > 500 {
			t.Errorf("%d bytes are sent without %s", len(plain.body), encoding)
		}
		if !bytes.Equal(a.body, plain.body) {
			t.Errorf("%s is another tile", encoding)
		}
		tag := a.header.Get("ETag")
		if vary := strings.Join(a.header.Values("Vary"), ", "); !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "Accept-Encoding") ||
			a.header.Get("Cache-Control") != "private, no-cache" || tag == "" {
			t.Errorf("%v", a.header)
		}
		tags[tag] = true
		again := s.get(t, alice, target, "Accept-Encoding", encoding, "If-None-Match", `"x", W/`+tag)
		if again.status != http.StatusNotModified || len(again.body) > 0 || again.header.Get("ETag") != tag {
			t.Errorf("%s: %d %v", encoding, again.status, again.header)
		}
	}
	head := s.do(t, alice, http.MethodHead, target, "", "Accept-Encoding", "identity")
	if head.status != http.StatusOK || len(head.body) > 0 || head.header.Get("Content-Length") == "" {
		t.Errorf("head: %d %v", head.status, head.header)
	}
}

func TestTilesOutOfRange(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	for _, target := range []string{
		"/tiles/hexagons/-1/0/0.mvt", "/tiles/hexagons/31/0/0.mvt", "/tiles/hexagons/3/8/0.mvt", "/tiles/hexagons/3/0/8.mvt",
		"/tiles/hexagons/3/0/-1.mvt", "/tiles/hexagons/3/0/1.5.mvt", "/tiles/hexagons/3/0/0.png", "/tiles/hexagons/3/0/0",
		"/tiles/hexagons/+3/0/0.mvt", "/tiles/hexagons/03/0/0.mvt", "/tiles/hexagons/3/99999999999999999999/0.mvt",
		"/tiles/hexagons/0x3/0/0.mvt", "/tiles/events/12/0/0.mvt", "/tiles/areas/3/0/0.bin", "/tiles/units/1/0/0.mvt", "/tiles/roads/4/0/0.mvt",
		"/tiles/hexagons/3/0/0.bin?bins=0", "/tiles/hexagons/3/0/0.bin?bins=401", "/tiles/hexagons/3/0/0.bin?bin_from=2024-01-01",
		"/tiles/hexagons/3/0/0.bin?bin_from=2024-01-02&bin_to=2024-01-01",
	} {
		if a := s.get(t, alice, target); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	for _, target := range []string{"/tiles/nothing/3/0/0.mvt", "/tiles/nothing.json", "/tiles/hexagons", "/tiles/hexagons/3/0"} {
		if a := s.get(t, alice, target); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
}

func TestTileJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	for _, layer := range []string{"hexagons", "events", "areas", "units", "roads"} {
		var doc struct {
			TileJSON     string
			Tiles        []string
			Bounds       [4]float64
			VectorLayers []struct{ ID string } `json:"vector_layers"`
		}
		s.get(t, alice, "/tiles/"+layer+".json?category=road&attr.light=night").into(t, &doc)
		want := s.URL + "/tiles/" + layer + "/{z}/{x}/{y}.mvt?attr.light=night&category=road"
		if doc.TileJSON != "3.0.0" || len(doc.Tiles) != 1 || doc.Tiles[0] != want || doc.VectorLayers[0].ID != layer {
			t.Errorf("%+v, want %s", doc, want)
		}
	}
	for _, theme := range []string{"day", "night"} {
		var style struct {
			Version int
			Layers  []struct{ ID string }
		}
		s.get(t, alice, "/api/style.json?theme="+theme).into(t, &style)
		if style.Version != 8 || len(style.Layers) == 0 {
			t.Errorf("%s: %+v", theme, style)
		}
	}
}
