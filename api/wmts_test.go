package api_test

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigie/api/identity"
	"vigie/geoengine"
)

// picture reads a PNG of 256 × 256 pixels.
func picture(t *testing.T, body []byte) image.Image {
	t.Helper()
	drawn, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%v: %.200s", err, body)
	}
	if drawn.Bounds() != image.Rect(0, 0, 256, 256) {
		t.Fatalf("a picture of %v", drawn.Bounds())
	}
	return drawn
}

// inked counts the pixels that are not clear.
func inked(drawn image.Image) (n int) {
	for y := range 256 {
		for x := range 256 {
			if _, _, _, alpha := drawn.At(x, y).RGBA(); alpha > 0 {
				n++
			}
		}
	}
	return n
}

func TestWMTS(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	people := map[string]*http.Client{"": {}}
	for _, name := range []string{"alice", "nowhere", "auditor"} {
		people[name] = s.person(t, name)
	}
	const hexagons = "?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=hexagons&STYLE=day&FORMAT=image/png&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=9&TILEROW=186&TILECOL=258"
	for _, c := range []struct {
		who, target string
		status      int
		ink         int // -1 none, 1 some
	}{
		{"alice", hexagons, 200, 1},
		{"alice", strings.ToLower(strings.Split(hexagons, "GetTile")[0]) + "GetTile" + strings.Split(hexagons, "GetTile")[1], 200, 1},
		{"alice", "?service=wmts&Request=GetTile&Version=1.0.0&Layer=hexagons&Style=&Format=image/png&TileMatrixSet=WebMercatorQuad&TileMatrix=9&TileRow=186&TileCol=258", 200, 1},
		{"alice", hexagons + "&source=other", 200, -1},
		{"alice", hexagons + "&category=road.accident", 200, 1},
		{"nowhere", hexagons, 200, -1},
		{"auditor", hexagons, 403, 0},
		{"", hexagons, 401, 0},
		{"alice", "/1.0.0/hexagons/day/WebMercatorQuad/9/186/258.png", 200, 1},
		{"alice", "/1.0.0/hexagons/night/WebMercatorQuad/9/186/258.png?attr.light=night", 200, 1},
		{"alice", "/1.0.0/areas/day/WebMercatorQuad/9/186/258.png", 200, 1},
		{"alice", "/events/1.0.0/events/day/WebMercatorQuad/14/5982/8257.png", 200, 1},
		{"nowhere", "/events/1.0.0/events/day/WebMercatorQuad/14/5982/8257.png", 200, -1},
		{"alice", "/events?service=WMTS&request=GetTile&version=1.0.0&layer=events&format=image/png&tilematrixset=WebMercatorQuad&tilematrix=14&tilerow=5982&tilecol=8257", 200, 1},
		{"alice", "/1.0.0/events/day/WebMercatorQuad/14/5982/8257.png", 404, 0},
		{"alice", strings.Replace(hexagons, "=hexagons", "=events", 1), 400, 0},
		{"alice", strings.Replace(hexagons, "TILEROW=186", "TILEROW=512", 1), 400, 0},
		{"alice", strings.Replace(hexagons, "TILEMATRIX=9", "TILEMATRIX=17", 1), 400, 0},
		{"alice", strings.Replace(hexagons, "image/png", "image/jpeg", 1), 400, 0},
		{"alice", strings.Replace(hexagons, "&TILECOL=258", "", 1), 400, 0},
		{"alice", strings.Replace(hexagons, "GetTile", "GetFeatureInfo", 1), 400, 0},
		{"alice", strings.Replace(hexagons, "WMTS", "WMS", 1), 400, 0},
		{"alice", hexagons + "&severity=nonsense", 400, 0},
		{"alice", hexagons + "&layer=areas", 400, 0},
		{"alice", "", 400, 0},
		{"alice", "/1.0.0/hexagons/dusk/WebMercatorQuad/9/186/258.png", 400, 0},
		{"alice", "/1.0.0/hexagons/day/WebMercatorQuad/9/186/258.jpg", 400, 0},
	} {
		a := s.get(t, people[c.who], "/ogc/wmts"+c.target)
		if a.status != c.status {
			t.Errorf("%s %s: %d, want %d: %.300s", c.who, c.target, a.status, c.status, a.body)
			continue
		}
		if c.status != http.StatusOK {
			continue
		}
		if ink := inked(picture(t, a.body)); (ink > 0) != (c.ink > 0) {
			t.Errorf("%s %s: %d pixels drawn", c.who, c.target, ink)
		}
	}
	wrong := s.get(t, people["alice"], "/ogc/wmts"+strings.Replace(hexagons, "=hexagons", "=%3Cscript%3E", 1))
	var report struct {
		Exception struct {
			Code    string `xml:"exceptionCode,attr"`
			Locator string `xml:"locator,attr"`
		}
	}
	if err := xml.Unmarshal(wrong.body, &report); err != nil || report.Exception.Code != "InvalidParameterValue" || report.Exception.Locator != "layer" {
		t.Errorf("%v %+v: %s", err, report, wrong.body)
	}
}

// TestWMTSCapabilities reads the capabilities as XML, and checks that a filter given to them is in the addresses.
func TestWMTSCapabilities(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	for _, target := range []string{
		"/ogc/wmts?SERVICE=WMTS&REQUEST=GetCapabilities&category=road", "/ogc/wmts/1.0.0/WMTSCapabilities.xml?category=road",
		"/ogc/wmts/events/1.0.0/WMTSCapabilities.xml?category=road",
	} {
		a := s.get(t, alice, target)
		var document struct {
			XMLName  xml.Name
			Contents struct {
				Layer []struct {
					Identifier  string
					ResourceURL struct {
						Template string `xml:"template,attr"`
					}
				}
				TileMatrixSet struct{ TileMatrix []struct{ Identifier string } }
			}
		}
		decoder := xml.NewDecoder(bytes.NewReader(a.body))
		if err := decoder.Decode(&document); err != nil {
			t.Fatalf("%s: %v: %d %.300s", target, err, a.status, a.body)
		}
		if _, err := decoder.Token(); err != io.EOF { //nolint:errorlint // the end is not wrapped
			t.Errorf("%s: more behind the document: %v", target, err)
		}
		if document.XMLName.Space != "http://www.opengis.net/wmts/1.0" || len(document.Contents.Layer) == 0 || len(document.Contents.TileMatrixSet.TileMatrix) != 21 {
			t.Errorf("%s: %+v", target, document)
		}
		for _, layer := range document.Contents.Layer {
			if !strings.HasSuffix(layer.ResourceURL.Template, ".png?category=road") {
				t.Errorf("%s: %s", layer.Identifier, layer.ResourceURL.Template)
			}
		}
	}
}

// machine adds a client that reads as a commander everywhere, and returns its key.
func (s *site) machine(t *testing.T, id string) string {
	t.Helper()
	accounts := identity.NewAccounts(s.store, strings.NewReader(strings.Repeat(id+" is random ", 100)), time.Now)
	if err := accounts.CreateClient(t.Context(), id, id, []geoengine.AccountGrant{{Role: "commander", Areas: []string{"*"}}}, nil); err != nil {
		t.Fatal(err)
	}
	key, _, err := accounts.AddKey(t.Context(), id, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// gdal runs one of GDAL's programs, sending the key with every request.
func gdal(t *testing.T, key string, arguments ...string) string {
	t.Helper()
	headers := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(headers, []byte("X-API-Key: "+key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), arguments[0], arguments[1:]...)
	command.Env = append(os.Environ(), "GDAL_HTTP_HEADER_FILE="+headers, "CPL_DEBUG=OFF", "GDAL_CACHEMAX=32", "CPL_CURL_VERBOSE=NO",
		"GDAL_DEFAULT_WMS_CACHE_PATH="+t.TempDir())
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out)
}

// TestWMTSByGDAL reads the capabilities and pixels with GDAL's WMTS driver, in both forms, with an API key.
func TestWMTSByGDAL(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	key := s.machine(t, "gdal")
	source := "WMTS:" + s.URL + "/ogc/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"
	about := gdal(t, key, "gdalinfo", source)
	for _, layer := range []string{"hexagons", "areas"} {
		if !strings.Contains(about, "layer="+layer) {
			t.Errorf("gdalinfo does not list %s:\n%s", layer, about)
		}
	}
	for name, source := range map[string]string{
		"kvp": source, "rest": "WMTS:" + s.URL + "/ogc/wmts/1.0.0/WMTSCapabilities.xml",
	} {
		out := filepath.Join(t.TempDir(), name+".png")
		gdal(t, key, "gdal_translate", "-q", "-of", "PNG", "-outsize", "256", "256", "-projwin", "0", "5400000", "313086", "5087000",
			source+",layer=hexagons,style=day", out)
		body, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if ink := inked(picture(t, body)); ink == 0 {
			t.Errorf("%s: GDAL sees nothing", name)
		}
	}
}

// TestTilesByOGR reads a vector tile with GDAL's MVT driver.
func TestTilesByOGR(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	out := filepath.Join(t.TempDir(), "tile.geojson")
	gdal(t, s.machine(t, "ogr"), "ogr2ogr", "-q", "-f", "GeoJSON", "-t_srs", "EPSG:4326", "-oo", "X=258", "-oo", "Y=186", "-oo", "Z=9",
		"-oo", "CLIP=NO", out, "MVT:/vsicurl/"+s.URL+"/ogc/collections/hexagons/tiles/WebMercatorQuad/9/186/258?f=mvt", "hexagons")
	body, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(body, []byte(`"count": 200`)) {
		t.Errorf("%.600s", body)
	}
}
