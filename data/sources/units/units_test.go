package units

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

func memory(content string) data.Input {
	return data.Input{Files: []data.File{{Name: "u.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}}}
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
			u := r.Unit
			got = append(got, fmt.Sprintf("%d %s %s %q %v %v %v %v", r.At.Line, u.Ref, u.Kind, u.Name, u.Position, u.HasPosition, u.PrecisionM, u.Attributes))
		}
	}
	return got, nil
}

const (
	directory = "id,category,insee,name,lon,lat,geoloc_precision,phone,address,dept_ok\n"
	stations  = "id,dept,groupement,centre,adresse,lon,lat,geocode_score,geocode_type,insee,dept_ok\n"
)

func TestRead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     []string
	}{
		{"brigade", directory + "gendarmerie-99001-01,gendarmerie,99001,Brigade de Valmarne,1.5,46.5,8,01 99 00 00 00,\"1 rue, Valmarne\",1\n",
			[]string{`2 gendarmerie-99001-01 gendarmerie.brigade "Brigade de Valmarne" [1.5 46.5] true 25 [{address 1 rue, Valmarne} {commune 99001} {phone 01 99 00 00 00}]`}},
		{"misplaced", directory + "m-1,gendarmerie_moto,,Peloton,4.3,43.8,8,,,0\n",
			[]string{`2 m-1 gendarmerie.motorised "Peloton" [0 0] false 0 [{position_note misplaced}]`}},
		{"unchecked", directory + "m-1,commissariat_police,,Police,4.3,43.8,8,,,\n",
			[]string{`2 m-1 police.station "Police" [0 0] false 0 [{position_note unchecked}]`}},
		{"no position", directory + "m-1,prefecture,,P,,,,,,\n", []string{`2 m-1 prefecture.main "P" [0 0] false 0 [{position_note missing}]`}},
		{"fire station", stations + "7,01,BRESSE,CSP VALMARNE,1 rue,1.5,46.5,0.8,street,99001,1\n",
			[]string{`2 fire-7 fire.station "CSP VALMARNE" [1.5 46.5] true 200 [{address 1 rue} {class main} {commune 99001} {departement 01} {group BRESSE}]`}},
		{"rejects", directory + "a,gendarmery,,x,1,46,8,,,1\n,gendarmerie,,x,1,46,8,,,1\nb,gendarmerie,,,1,46,8,,,1\nc,gendarmerie,,x,NaN,2,8,,,1\n" +
			"d,gendarmerie,,x,1,91,8,,,1\ng,gendarmerie,,x,46,1,8,,,1\ne,gendarmerie,,x,1,2,8,,,yes\nf,gendarmerie\n",
			[]string{"2 !unknown_value", "3 !missing_ref", "4 !missing_name", "5 !bad_position", "6 !bad_position", "7 !bad_position", "8 !unknown_value", "9 !wrong_fields"}},
		{"station without id", stations + ",01,G,C,a,1,2,,,,1\n", []string{"2 !missing_ref"}},
		{"SQL", directory + "'; drop table unit; --,gendarmerie,,\"\"\"); --\",1,46,8,,,1\n",
			[]string{`2 '; drop table unit; -- gendarmerie.brigade "\"); --" [1 46] true 25 []`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := read(memory(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"a,b\n1,2\n", "id,lon,lat,dept_ok\n1,2,3,1\n"} {
		if _, err := read(memory(in)); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", in, err)
		}
	}
}

// TestRealFiles counts the published files: every row is kept, with a position where it was checked.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	cases := []struct {
		file              string
		units, positioned int
		kinds             map[string]int
	}{
		{"annuaire_service_public_2020_securite_etat.csv.gz", 6867, 6650, map[string]int{"gendarmerie.brigade": 3074, "gendarmerie.motorised": 423, "police.station": 606}},
		{"fire_stations_2016.csv.gz", 4716, 4606, map[string]int{"fire.station": 4716}},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			path := geotest.Shared(t, "units/"+c.file)
			in := data.Input{Files: []data.File{{Name: c.file, Open: func() (io.ReadCloser, error) {
				f, err := os.Open(path)
				if err != nil {
					return nil, err
				}
				return gzip.NewReader(f)
			}}}}
			refs, kinds, positioned := map[string]bool{}, map[string]int{}, 0
			for r, err := range Read(context.Background(), in) {
				if err != nil {
					t.Fatal(err)
				}
				refs[r.Unit.Ref] = true
				kinds[r.Unit.Kind]++
				if r.Unit.HasPosition {
					positioned++
				}
			}
			if len(refs) != c.units || positioned != c.positioned {
				t.Errorf("read %d units, %d with a position; want %d, %d", len(refs), positioned, c.units, c.positioned)
			}
			for kind, want := range c.kinds {
				if kinds[kind] != want {
					t.Errorf("%d of kind %s, want %d", kinds[kind], kind, want)
				}
			}
		})
	}
}

// FuzzUnits holds that no input breaks the reader and that what it lets through may be stored.
func FuzzUnits(f *testing.F) {
	f.Add(directory + "a,gendarmerie,1,x,1,46,8,,,1\n")
	f.Add(stations + "7,01,B,CSP X,1 rue,1.5,46.5,0.8,street,99001,1\n")
	f.Add("id;lon;lat;dept_ok;category;insee;name\n1;1e400;-0x1p3;1;tgi;;y\n")
	f.Fuzz(func(t *testing.T, in string) {
		for r, err := range Read(context.Background(), memory(in)) {
			if err != nil {
				continue
			}
			if u := r.Unit; u.Ref == "" || u.Name == "" || !geoengine.ValidSlug(u.Kind) || (u.HasPosition && geoengine.CheckPosition(u.Position) != nil) {
				t.Fatalf("bad unit %+v", u)
			}
		}
	})
}
