package conformance

import (
	"encoding/csv"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// gdal runs a program of GDAL with credentials in its environment.
func (s *site) gdal(t *testing.T, credentials []string, program string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	command.Env = append(os.Environ(), append(credentials, "GDAL_HTTP_MAX_RETRY=0")...)
	out, err := command.CombinedOutput()
	// GDAL 3.6 asks for features of every collection when it lists them, also of hexagons, which has none.
	complains := strings.Contains(string(out), "ERROR") && !strings.Contains(string(out), "hexagons")
	if err != nil || complains {
		t.Fatalf("%s %s: %v\n%.2000s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// count asks the database.
func (s *site) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := s.store.Pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

var featureCount = regexp.MustCompile(`Feature Count: (\d+)`)

// TestGDAL reads the server with the programs that analysts use.
func TestGDAL(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	source := "OAPIF:" + s.URL + "/ogc"
	large := []string{"-oo", "PAGE_SIZE=1000"}
	byKey := []string{"GDAL_HTTP_HEADERS=X-API-Key: " + s.Key}
	byBasic := []string{"GDAL_HTTP_AUTH=BASIC", "GDAL_HTTP_USERPWD=" + s.ID + ":" + s.Key}
	folder := t.TempDir()

	t.Run("lists the collections", func(t *testing.T) {
		for name, credentials := range map[string][]string{"key": byKey, "basic": byBasic} {
			out := s.gdal(t, credentials, "ogrinfo", "-ro", source)
			for _, layer := range []string{"events", "areas", "units"} {
				if !strings.Contains(out, layer) {
					t.Errorf("%s: no layer %s in\n%s", name, layer, out)
				}
			}
		}
	})
	t.Run("counts", func(t *testing.T) {
		for layer, table := range map[string]string{"events": "event", "areas": "area", "units": "unit"} {
			out := s.gdal(t, byKey, "ogrinfo", "-ro", "-so", source, layer)
			found := featureCount.FindStringSubmatch(out)
			if want := s.count(t, "select count(*) from "+table); len(found) != 2 || found[1] != strconv.Itoa(want) {
				t.Errorf("%s: want %d features:\n%s", layer, want, out)
			}
		}
		out := s.gdal(t, byKey, "ogrinfo", "-ro", "-so", source, "events")
		for _, want := range []string{"Geometry: Point", "severity: String", "start: DateTime", "weight: Real", "synthetic: Integer(Boolean)", "WGS 84"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	})
	t.Run("pages through everything", func(t *testing.T) {
		records := s.convert(t, byBasic, source, "events", "-oo", "PAGE_SIZE=700")
		if want := s.count(t, "select count(*) from event"); len(records) != want {
			t.Errorf("%d events, want %d", len(records), want)
		}
	})
	t.Run("filters by attribute", func(t *testing.T) {
		records := s.convert(t, byKey, source, "events", append(large, "-where", "severity = 'fatal' AND category = 'road.accident'")...)
		if want := s.count(t, "select count(*) from event e join category c on c.id = e.category where severity = 5 and slug = 'road.accident'"); len(records) != want || want == 0 {
			t.Errorf("%d events, want %d", len(records), want)
		}
	})
	t.Run("filters by place", func(t *testing.T) {
		var lon, lat float64
		if err := s.store.Pool.QueryRow(t.Context(), "select st_x(geom), st_y(geom) from unit where geom is not null limit 1").Scan(&lon, &lat); err != nil {
			t.Fatal(err)
		}
		edges := []string{fmt.Sprint(lon - 0.1), fmt.Sprint(lat - 0.1), fmt.Sprint(lon + 0.1), fmt.Sprint(lat + 0.1)}
		records := s.convert(t, byKey, source, "units", append(append(large, "-spat"), edges...)...)
		want := s.count(t, "select count(*) from unit where st_x(geom) between $1 and $3 and st_y(geom) between $2 and $4", lon-0.1, lat-0.1, lon+0.1, lat+0.1)
		if len(records) != want || want == 0 {
			t.Errorf("%d units, want %d", len(records), want)
		}
	})
	t.Run("reads areas", func(t *testing.T) {
		file := filepath.Join(folder, "areas.geojson")
		s.gdal(t, byKey, "ogr2ogr", "-f", "GeoJSON", file, source, "areas", "-oo", "PAGE_SIZE=1000")
		out := s.gdal(t, nil, "ogrinfo", "-ro", "-al", "-so", file)
		if !strings.Contains(out, "Geometry: Multi Polygon") {
			t.Errorf("%s", out)
		}
	})
	t.Run("reads CSV", func(t *testing.T) {
		file := s.download(t, folder, "events.csv", "/ogc/collections/events/items?f=csv&limit=1000")
		out := s.gdal(t, nil, "ogrinfo", "-ro", "-al", "-so", "-oo", "X_POSSIBLE_NAMES=lon", "-oo", "Y_POSSIBLE_NAMES=lat", "-oo", "AUTODETECT_TYPE=YES", file)
		for _, want := range []string{"Feature Count: " + strconv.Itoa(min(1000, s.count(t, "select count(*) from event"))), "Geometry: Point", "weight: Real", "start: DateTime"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	})
	t.Run("reads vector tiles", func(t *testing.T) {
		var lon, lat float64
		if err := s.store.Pool.QueryRow(t.Context(), "select st_x(c), st_y(c) from (select st_centroid(geom) c from area where level = 'commune' and geom is not null limit 1) a").Scan(&lon, &lat); err != nil {
			t.Fatal(err)
		}
		const z = 10
		x := int((lon + 180) / 360 * (1 << z))
		y := int((1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2 * (1 << z))
		file := s.download(t, folder, "tile.mvt", fmt.Sprintf("/tiles/areas/%d/%d/%d.mvt", z, x, y))
		out := s.gdal(t, nil, "ogrinfo", "-ro", "-al", "-so", "MVT:"+file, "-oo", fmt.Sprintf("X=%d", x), "-oo", fmt.Sprintf("Y=%d", y), "-oo", fmt.Sprintf("Z=%d", z))
		if !strings.Contains(out, "Layer name: areas") || !strings.Contains(out, "name: String") {
			t.Errorf("%s", out)
		}
	})
	t.Run("reads GeoParquet where it can", func(t *testing.T) {
		if !strings.Contains(s.gdal(t, nil, "ogrinfo", "--formats"), "Parquet") {
			t.Log("this GDAL has no driver for Parquet; api/features_test.go reads the files with another reader")
			return
		}
		file := s.download(t, folder, "units.parquet", "/ogc/collections/units/items?f=parquet&limit=1000")
		out := s.gdal(t, nil, "ogrinfo", "-ro", "-al", "-so", file)
		if !strings.Contains(out, "Geometry: Point") {
			t.Errorf("%s", out)
		}
	})
}

// convert runs ogr2ogr to CSV and returns the records.
func (s *site) convert(t *testing.T, credentials []string, source, layer string, options ...string) [][]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.csv")
	s.gdal(t, credentials, "ogr2ogr", append([]string{"-f", "CSV", file, source, layer}, options...)...)
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	records, err := csv.NewReader(in).ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("%v: %d records", err, len(records))
	}
	return records[1:]
}

// download keeps an answer in a file.
func (s *site) download(t *testing.T, folder, name, path string) string {
	t.Helper()
	answer, err := s.client().Get(t.Context(), s.URL+path, "")
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%s: %v %d %.300s", path, err, answer.Status, answer.Body)
	}
	file := filepath.Join(folder, name)
	if err := os.WriteFile(file, answer.Body, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
