package units_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/units"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

func text(name, content string) data.Input {
	return data.Input{Files: []data.File{{Name: name, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}}}
}

// read returns the units, the reasons of the rejects and the error that ended the reading.
func read(t testing.TB, in data.Input) (found []geoengine.Unit, reasons []string, fatal error) {
	t.Helper()
	for record, err := range units.Source().Read(t.Context(), in) {
		var reject *data.Reject
		switch {
		case errors.As(err, &reject):
			reasons = append(reasons, reject.Reason)
		case err != nil:
			return found, reasons, err
		default:
			found = append(found, *record.Unit)
		}
	}
	return found, reasons, nil
}

const directory = `id,category,insee,name,lon,lat,geoloc_precision,phone,address,dept_ok
g-1,gendarmerie,31555,Brigade de Valbourg,1.5,43.5,8,17,"1 rue Haute, Valbourg",1
g-2,gendarmerie_moto,31555,BMO de Valbourg,2.5,48.5,8,17,,0
p-1,commissariat_police,31555,Commissariat,,,,17,,
t-1,tgi,31555,Tribunal,1.5,43.5,4,,,
x-1,gendarmerie,31555,Nulle part,NaN,43.5,4,,,1
x-2,gendarmerie,31555,Trop loin,1.5,143.5,4,,,1
,gendarmerie,31555,Sans numéro,1.5,43.5,4,,,1
x-3,"drop table; --",31555,Injection,1.5,43.5,4,,,1
x-4,gendarmerie,31555,,1.5,43.5,4,,,1
`

func TestDirectory(t *testing.T) {
	t.Parallel()
	got, reasons, err := read(t, text("annuaire.csv", directory))
	if err != nil {
		t.Fatal(err)
	}
	want := []geoengine.Unit{
		{
			Ref: "g-1", Kind: "gendarmerie.brigade", Name: "Brigade de Valbourg", Position: orb.Point{1.5, 43.5}, HasPosition: true,
			PrecisionM: 30, Attributes: geoengine.Attributes{{Key: "address", Value: "1 rue Haute, Valbourg"}, {Key: "insee", Value: "31555"}},
		},
		{
			Ref: "g-2", Kind: "gendarmerie.motorised", Name: "BMO de Valbourg",
			Attributes: geoengine.Attributes{{Key: "insee", Value: "31555"}, {Key: "position_note", Value: "outside_departement"}},
		},
		{Ref: "p-1", Kind: "police.station", Name: "Commissariat", Attributes: geoengine.Attributes{{Key: "insee", Value: "31555"}}},
		{
			Ref: "t-1", Kind: "administration.tgi", Name: "Tribunal", Position: orb.Point{1.5, 43.5}, HasPosition: true,
			PrecisionM: 3000, Attributes: geoengine.Attributes{{Key: "insee", Value: "31555"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bad_position", "bad_position", "missing_ref", "unknown_value", "missing_value"}, reasons); diff != "" {
		t.Error(diff)
	}
}

func TestFireStations(t *testing.T) {
	t.Parallel()
	got, _, err := read(t, text("sdis.csv", "id,dept,groupement,centre,adresse,lon,lat,geocode_type,insee,dept_ok\n1,99,NORD,CIS VALBOURG,place,1.5,43.5,street,99001,1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []geoengine.Unit{{
		Ref: "fire-1", Kind: "fire.station", Name: "CIS VALBOURG", Position: orb.Point{1.5, 43.5}, HasPosition: true, PrecisionM: 300,
		Attributes: geoengine.Attributes{{Key: "address", Value: "place"}, {Key: "group", Value: "NORD"}, {Key: "insee", Value: "99001"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWrongColumnsAreNamed(t *testing.T) {
	t.Parallel()
	_, _, err := read(t, text("x.csv", "id,name,lat\n1,a,2\n"))
	if err == nil || !strings.Contains(err.Error(), "lon") || !strings.Contains(err.Error(), "x.csv") {
		t.Errorf("got %v", err)
	}
}

func TestPublishedFiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file    string
		kinds   map[string]int
		rejects []string // a customs office at longitude -744648
	}{
		{"units/annuaire_service_public_2020_securite_etat.csv.gz", map[string]int{"gendarmerie.brigade": 3074, "gendarmerie.motorised": 423, "police.station": 606}, []string{"bad_position"}},
		{"units/fire_stations_2016.csv.gz", map[string]int{"fire.station": 4716}, nil},
	}
	for _, test := range tests {
		files, cleanup, err := data.OpenInput(t.Context(), []string{geotest.Shared(t, test.file)}, data.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer cleanup()
		found, reasons, err := read(t, data.Input{Files: files})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.rejects, reasons); diff != "" {
			t.Error(test.file, diff)
		}
		got := map[string]int{}
		for _, u := range found {
			if _, asked := test.kinds[u.Kind]; asked {
				got[u.Kind]++
			}
		}
		if diff := cmp.Diff(test.kinds, got); diff != "" {
			t.Error(diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(directory)
	f.Add("id;centre;lon;lat\n1;\xff;1e400;-0\n")
	f.Fuzz(func(t *testing.T, content string) {
		found, _, _ := read(t, text("fuzz.csv", content))
		for _, u := range found {
			if !geoengine.ValidSlug(u.Kind) || u.Ref == "" || u.HasPosition && geoengine.CheckPosition(u.Position) != nil {
				t.Errorf("%+v", u)
			}
		}
	})
}
