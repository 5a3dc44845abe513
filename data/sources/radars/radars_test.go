package radars

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

func memory(content string) data.Input {
	return data.Input{Files: []data.File{{Name: "r.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}}}
}

// read renders every unit and reject as one line.
func read(in data.Input) ([]string, error) {
	var got []string
	for r, err := range Read(context.Background(), in) {
		var reject *data.Reject
		switch {
		case errors.As(err, &reject):
			got = append(got, fmt.Sprintf("%d !%s", reject.At.Line, reject.Reason))
		case err != nil:
			return got, err
		default:
			u, since := r.Unit, ""
			if !u.Since.IsZero() {
				since = u.Since.Format(" 2006-01-02")
			}
			got = append(got, fmt.Sprintf("%d %s %s %q %v %v %v%s", r.At.Line, u.Ref, u.Kind, u.Name, u.Position, u.PrecisionM, u.Attributes, since))
		}
	}
	return got, nil
}

const header = "departement,latitude,longitude,id,direction,equipement,date_installation,type,emplacement,route,longueur_troncon_km,vitesse_poids_lourds_kmh,vitesse_vehicules_legers_kmh\n"

func TestRead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     []string
	}{
		{"fixed", "99,46.5,1.5,1,Nord,ACME,2010-02-12T00:00:00Z,Radar fixe,VALMARNE,RD12,,80,90\n",
			[]string{`2 1 radar.fixed "Radar fixe RD12 VALMARNE" [1.5 46.5] 10 [{departement 99} {direction Nord} {maker ACME} {place VALMARNE} {road RD12} {speed_limit 90} {speed_limit_heavy 80}] 2010-02-12`}},
		{"section, other date", "99,46.5,1.5,2,,,12/02/2010,Itinéraire,,,\"12.5\",,\n",
			[]string{`2 2 radar.route "Itinéraire" [1.5 46.5] 10 [{departement 99} {section_km 12.5}] 2010-02-12`}},
		{"new type", "99,46.5,1.5,3,,,,Radar laser,,,,,\n", []string{`2 3 radar.other "Radar laser" [1.5 46.5] 10 [{departement 99} {type Radar laser}]`}},
		{"no position", ",,,4,,,,Radar feu rouge,,,,,\n", []string{`2 4 radar.red_light "Radar feu rouge" [0 0] 0 []`}},
		{"rejects", "99,46.5,1.5,,,,,Radar fixe,,,,,\n99,91,1.5,1,,,,Radar fixe,,,,,\n99,1.5,46.5,1,,,,Radar fixe,,,,,\n99,46,6,1,,,0000-01-01,Radar fixe,,,,,\n" +
			"99,46,6,1,,,,Radar fixe,,,,,fast\n99,46,6,1,,,,,,,,,\n1,2\n99,46,6,1,,,,Radar fixe,,,,,NaN\n",
			[]string{"2 !missing_ref", "3 !bad_position", "4 !bad_position", "5 !bad_date", "6 !bad_number", "7 !unknown_value", "8 !wrong_fields", "9 !bad_number"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(memory(header + c.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	if _, err := read(memory("a,b\n1,2\n")); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("columns missing: got %v, want ErrInvalid", err)
	}
}

// TestRealFile counts the published file: every camera is kept, 851 without a limit.
func TestRealFile(t *testing.T) {
	t.Parallel()
	path := geotest.Shared(t, "admin/radars_2018.csv.gz")
	in := data.Input{Files: []data.File{{Name: path, Open: func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return gzip.NewReader(f)
	}}}}
	got := map[string]int{}
	for r, err := range Read(context.Background(), in) {
		if err != nil {
			t.Fatal(err)
		}
		got[r.Unit.Kind]++
		got["positioned"] += map[bool]int{true: 1}[r.Unit.HasPosition]
		limit := 0
		for _, a := range r.Unit.Attributes {
			if a.Key == "speed_limit" {
				limit = 1
			}
		}
		got["limited"] += limit
	}
	want := map[string]int{"radar.fixed": 1994, "radar.red_light": 695, "radar.discriminating": 408, "radar.section": 103,
		"radar.level_crossing": 78, "radar.route": 72, "positioned": 3350, "limited": 3350 - 851}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, answer string
		status       int
		want         []string
		err          error
	}{
		{"csv", `{"resources":[{"url":"http://x/notice.pdf","format":"pdf"},{"url":"http://x/radars.csv","format":"CSV","title":"Liste"}]}`, 200, []string{"http://x/radars.csv"}, nil},
		{"none", `{"resources":[]}`, 200, nil, geoengine.ErrMissing},
		{"gone", `{}`, 404, nil, geoengine.ErrMissing},
		{"not JSON", `<html>`, 200, nil, geoengine.ErrInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			}))
			t.Cleanup(server.Close)
			got, err := Addresses(context.Background(), server.Client(), server.URL)
			if d := cmp.Diff(c.want, got); d != "" || !errors.Is(err, c.err) {
				t.Error(err, d)
			}
		})
	}
}

// FuzzRadars holds that no input breaks the reader and that what it lets through may be stored.
func FuzzRadars(f *testing.F) {
	f.Add(header + "99,46.5,1.5,1,Nord,ACME,2010-02-12T00:00:00Z,Radar fixe,VALMARNE,RD12,,80,90\n")
	f.Add("id;latitude;longitude;type\n1;Inf;-Inf;x\n")
	f.Fuzz(func(t *testing.T, in string) {
		for r, err := range Read(context.Background(), memory(in)) {
			if err != nil {
				continue
			}
			if u := r.Unit; u.Ref == "" || !geoengine.ValidSlug(u.Kind) || (u.HasPosition && geoengine.CheckPosition(u.Position) != nil) {
				t.Fatalf("bad unit %+v", u)
			}
		}
	})
}
