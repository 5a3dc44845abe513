package tmja

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

const header = "dateReferentiel;route;longueur;prD;depPrD;concessionPrD;absD;cumulD;xD;yD;zD;prF;depPrF;concessionPrF;absF;cumulF;xF;yF;zF;anneeMesureTrafic;typeComptageTrafic;typeComptageTrafic_lib;TMJA;ratio_PL\r\n"

func memory(content string) data.Input {
	return data.Input{Files: []data.File{{Name: "t.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}}}
}

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
			u := r.Unit
			got = append(got, fmt.Sprintf("%d %s %s %q EPSG:%d %v %.0f %v", r.At.Line, u.Ref, u.Kind, u.Name, r.EPSG, u.Position, u.PrecisionM, u.Attributes))
		}
	}
	return got, nil
}

func TestRead(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"motorway, decimal commas", "01/01/2019;A0001;785,2;2;93;N;460;2440;652800;6869400,5;0;3;93;N;248,2;3225,2;653400;6870200,5;0;2019;1;Permanent horaire;132186;7,5\r\n",
			`2 A0001/93/N/2/460 traffic.section "A1 PR 2" EPSG:2154 [653100 6.8698005e+06] 500 [{begin 652800 6869400.5} {end 653400 6870200.5} {length_m 785.2} {road A1} {vehicles_per_day 132186} {year 2019}]`},
		{"departmental, nothing optional", "01/01/2019;31D0044;44;0;31;N;0;0;500000;6200000;0;0;31;N;44;44;500000;6200000;0;;;;1200;\r\n",
			`2 31D0044/31/N/0/0 traffic.section "D44 PR 0" EPSG:2154 [500000 6.2e+06] 1 [{begin 500000 6200000} {end 500000 6200000} {length_m 44} {road D44} {vehicles_per_day 1200}]`},
		{"no count", "01/01/2019;A0001;785,2;2;93;N;460;2440;652800;6869400;0;3;93;N;248;3225;653400;6870200;0;;;;;\r\n", "2 !no_count"},
		{"no length", "01/01/2019;A0001;0;2;93;N;460;2440;652800;6869400;0;3;93;N;248;3225;653400;6870200;0;;;;5;\r\n", "2 !no_count"},
		{"no route", "01/01/2019;;785,2;2;93;N;460;2440;652800;6869400;0;3;93;N;248;3225;653400;6870200;0;;;;5;\r\n", "2 !missing_ref"},
		{"not numbers", "01/01/2019;A0001;NaN;2;93;N;460;2440;652800;6869400;0;3;93;N;248;3225;653400;6870200;0;;;;5;\r\n", "2 !bad_number"},
		{"bad year", "01/01/2019;A0001;5;2;93;N;460;2440;652800;6869400;0;3;93;N;248;3225;653400;6870200;0;199;;;5;\r\n", "2 !bad_date"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(memory(header + c.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{c.want}, got); d != "" {
				t.Error(d)
			}
		})
	}
	if _, err := read(memory("a;b\r\n1;2\r\n")); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("columns missing: got %v, want ErrInvalid", err)
	}
}

func TestRoadNumber(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, route := range []string{"A0006", "N0104", "31D0044", "A0006A", "A0000", "P0001", "", "12"} {
		got[route] = roadNumber(route)
	}
	want := map[string]string{"A0006": "A6", "N0104": "N104", "31D0044": "D44", "A0006A": "A6A", "A0000": "A0000", "P0001": "P1", "": "", "12": "12"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestRealFile counts the published file: 3,741 of its 4,695 sections are counted, each once.
func TestRealFile(t *testing.T) {
	t.Parallel()
	path := geotest.Shared(t, "traffic/tmja-2019.csv.gz")
	in := data.Input{Files: []data.File{{Name: path, Open: func() (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return gzip.NewReader(f)
	}}}}
	got, refs := map[string]int{}, map[string]int{}
	for r, err := range Read(context.Background(), in) {
		var reject *data.Reject
		switch {
		case errors.As(err, &reject):
			got[reject.Reason]++
		case err != nil:
			t.Fatal(err)
		default:
			got["sections"]++
			refs[r.Unit.Ref]++
		}
	}
	got["refs"] = len(refs)
	if d := cmp.Diff(map[string]int{"sections": 3741, "no_count": 954, "refs": 3741}, got); d != "" {
		t.Error(d)
	}
}

// FuzzRead holds that no input breaks the reader and that what it lets through may be stored.
func FuzzRead(f *testing.F) {
	f.Add(header + "01/01/2019;A0001;785,2;2;93;N;460;2440;652800;6869400,5;0;3;93;N;248,2;3225,2;653400;6870200,5;0;2019;1;Permanent horaire;132186;7,5\r\n")
	f.Add("route;longueur;prD;depPrD;absD;xD;yD;xF;yF;TMJA\n;;;;;;;;;\n")
	f.Fuzz(func(t *testing.T, in string) {
		for r, err := range Read(context.Background(), memory(in)) {
			if err != nil {
				continue
			}
			if u := r.Unit; u.Ref == "" || !geoengine.ValidSlug(u.Kind) || !(u.Position[0] >= 0 && u.Position[1] >= 0) {
				t.Fatalf("bad unit %+v", u)
			}
		}
	})
}
