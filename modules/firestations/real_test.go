package firestations

import (
	"context"
	"math"
	"testing"

	"vigie/data"
	"vigie/data/sources/emergency"
	"vigie/geoengine/geotest"
)

// TestRealEssonne keeps the tables of the Essonne, and holds the yearly operations of its stations together against those
// of its communes: the shares give every operation to one station. The communes of the shares had 73,642 operations in
// 2017, as was counted with another reader (Python).
func TestRealEssonne(t *testing.T) {
	t.Parallel()
	store := open(t)
	files, cleanup, err := data.OpenInput(context.Background(), []string{
		geotest.Shared(t, "rescue/sdis91/nombreParCom.js.gz"), geotest.Shared(t, "rescue/sdis91/repartitionZonesCommunes.js.gz"), geotest.Shared(t, "rescue/sdis91/zoneCouvertureCasserne.js.gz"),
	}, data.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	tables, err := emergency.Essonne(t.Context(), data.Input{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	if err := KeepEssonne(t.Context(), store, tables); err != nil {
		t.Fatal(err)
	}
	known, err := loadStations(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	if len(known.sectors) != 34 || len(known.shares) != 196 {
		t.Errorf("%d sectors, shares of %d communes", len(known.sectors), len(known.shares))
	}
	d := &desk{db: store}
	sum, stations := 0.0, map[string]bool{}
	for _, shares := range known.shares {
		for _, s := range shares {
			stations[s.station] = true
		}
	}
	for id := range stations {
		years, err := d.years(t.Context(), id)
		if err != nil || len(years) != 8 || years[0].Year != 2010 {
			t.Fatalf("%s: %+v, %v", id, years, err)
		}
		sum += years[7].Operations
	}
	if len(stations) != 34 || math.Abs(sum-73642) > 40 { // each station's figure is rounded
		t.Errorf("%d stations had %v operations in 2017", len(stations), sum)
	}
}
