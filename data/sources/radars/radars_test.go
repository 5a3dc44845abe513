package radars_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/radars"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

const header = "departement,latitude,longitude,id,direction,equipement,date_installation,type,emplacement,route,longueur_troncon_km,vitesse_poids_lourds_kmh,vitesse_vehicules_legers_kmh\n"

func read(t testing.TB, content string) (found []geoengine.Unit, reasons []string, fatal error) {
	t.Helper()
	return collect(t, data.Input{Files: []data.File{{Name: "radars.csv", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(content)), nil
	}}}})
}

func collect(t testing.TB, in data.Input) (found []geoengine.Unit, reasons []string, fatal error) {
	t.Helper()
	for record, err := range radars.Source().Read(t.Context(), in) {
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

func TestRead(t *testing.T) {
	t.Parallel()
	got, reasons, err := read(t, header+
		"99,49.1,6.2,1,Nord vers Sud,X,2010-02-12T00:00:00Z,Radar fixe,VALBOURG,RD12,,,80\n"+
		"99,49.1,6.2,2,,X,12/02/2010,Radar fixe,,,,,\n"+
		"99,149.1,6.2,3,,X,,Radar fixe,,,,,\n"+
		"99,,6.2,4,,X,,Radar fixe,,,,,\n"+
		"99,49.1,6.2,5,,X,0000-01-01T00:00:00Z,Radar fixe,,,,,\n"+
		"99,49.1,6.2,6,,X,,Laser,,,,,\n"+
		"99,49.1,6.2,,,X,,Radar fixe,,,,,\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []geoengine.Unit{{
		Ref: "1", Kind: "radar.fixed", Name: "Radar fixe VALBOURG", Position: orb.Point{6.2, 49.1}, HasPosition: true, PrecisionM: 20,
		Since: time.Date(2010, 2, 12, 0, 0, 0, 0, time.UTC),
		Attributes: geoengine.Attributes{
			{Key: "departement", Value: "99"}, {Key: "direction", Value: "Nord vers Sud"}, {Key: "equipment", Value: "X"},
			{Key: "place", Value: "VALBOURG"}, {Key: "road", Value: "RD12"}, {Key: "speed_limit", Value: "80"},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bad_date", "bad_position", "bad_position", "bad_date", "unknown_value", "missing_ref"}, reasons); diff != "" {
		t.Error(diff)
	}
}

func TestPublishedFile(t *testing.T) {
	t.Parallel()
	files, cleanup, err := data.OpenInput(t.Context(), []string{geotest.Shared(t, "admin/radars_2018.csv.gz")}, data.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	found, reasons, err := collect(t, data.Input{Files: files})
	if err != nil || len(reasons) > 0 || len(found) != 3350 {
		t.Errorf("%d cameras, %v, %v", len(found), reasons, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(header + "99,49.1,6.2,1,Nord vers Sud,X,2010-02-12T00:00:00Z,Radar fixe,VALBOURG,RD12,,,80\n")
	f.Fuzz(func(t *testing.T, content string) {
		found, _, _ := read(t, content)
		for _, u := range found {
			if geoengine.CheckPosition(u.Position) != nil || !geoengine.ValidSlug(u.Kind) {
				t.Errorf("%+v", u)
			}
		}
	})
}
