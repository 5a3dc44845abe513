package api_test

import (
	"crypto/rand"
	"image/color"
	"net/http"
	"testing"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

// villages are two places near Toulouse with few thefts, and nothing else: three, which are below k, and
// six.
func villages() []town {
	return []town{{"fr.76.31.31555", 1.9, 43.9, 3}, {"fr.76.31.31555", 1.1, 43.1, 6}}
}

// seedVillages adds the thefts of the villages.
func seedVillages(t *testing.T, store *geoengine.Store) {
	t.Helper()
	for i, village := range villages() {
		cell := hex.Cell(village.lon, village.lat, geoengine.CellResolution)
		_, err := store.Pool.Exec(t.Context(), `with z as (insert into zone values ($1, $2) on conflict do nothing)
			insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight,
				cell, area, attributes, fingerprint, xid)
			select $1, 1, 'village ' || $1 || ' ' || n, 2, 0, t, t, t, 3600, st_setsrid(st_makepoint($3, $4), 4326), 10, 0.125, $5, $6, '{}', n,
				pg_current_xact_id()::text::bigint
			from (select n, timestamptz '2024-03-01 00:00Z' + n * interval '1 hour' t from generate_series(1, $7::int) n) n`,
			11+i, int64(hex.Parent(cell, geoengine.ZoneResolution)), village.lon, village.lat, int64(cell), village.area, village.events)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestMapsHideSmallCounts reads cells, tiles and pictures as someone from whom the thefts of the villages are hidden.
func TestMapsHideSmallCounts(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	thefts := disclosure.Protection{Category: "vehicle.theft", K: 5}
	s := newSite(t, func(c *api.Config) {
		seedVillages(t, c.Store)
		if _, published, err := disclosure.NewPublisher(c.Store, zone, time.Now).Publish(t.Context(), thefts, 2024, false); err != nil || !published {
			t.Fatal(published, err)
		}
	})
	if err := identity.NewAccounts(s.store, rand.Reader, time.Now).CreateAccount(t.Context(), "ada", "analyst", []string{"*"}, password); err != nil {
		t.Fatal(err)
	}
	ada, alice := s.person(t, "ada"), s.person(t, "alice")

	read := func(who *http.Client, lon, lat float64, query string) (count, hidden, weight *float64) {
		var data dggsData
		s.get(t, who, "/ogc/collections/hexagons/dggs/H3/zones/"+hex.String(hex.Cell(lon, lat, 5))+"/data?zone-depth=0"+query).into(t, &data)
		return data.Values["count"][0].Data[0], data.Values["hidden"][0].Data[0], data.Values["weight"][0].Data[0]
	}
	withheld := 0
	for i, place := range append(villages(), town{lon: 1.44, lat: 43.6, events: 100}) {
		const thefts = "&category=vehicle.theft&from=2024-01-01&to=2025-01-01"
		count, hidden, weight := read(ada, place.lon, place.lat, thefts)
		if (count == nil) != (*hidden != 0) || weight != nil || (i == 0) != (*hidden == 1) || (count != nil && *count != float64(place.events)) {
			t.Errorf("place %d: the analyst reads %v, %v, hidden %v", i, count, weight, *hidden)
		}
		if *hidden == 2 {
			withheld++
		}
		if count, hidden, _ := read(alice, place.lon, place.lat, thefts); count == nil || *count != float64(place.events) || *hidden != 0 {
			t.Errorf("place %d: the commander reads %v, hidden %v", i, count, *hidden)
		}
	}
	if withheld == 0 {
		t.Error("the village below k can be calculated from the others")
	}
	// One by one there are only accidents.
	events := s.get(t, ada, "/ogc/collections/events/tiles/WebMercatorQuad/14/5982/8257", "Accept-Encoding", "identity")
	if got := featuresIn(t, events.body)["events"]; got != 100 {
		t.Errorf("%d events in Toulouse, want the 100 accidents", got)
	}
	// The picture is hatched where the tile hides.
	where := tiles.TileAt([2]float64{villages()[0].lon, villages()[0].lat}, 8)
	path := "/ogc/wmts/1.0.0/hexagons/day/WebMercatorQuad/8/" + itoa(where.Y) + "/" + itoa(where.X) + ".png"
	hatch := tiles.NewRamp(false).Hatch
	marked := func(body []byte) (n int) {
		drawn := picture(t, body)
		for y := range 256 {
			for x := range 256 {
				if color.NRGBAModel.Convert(drawn.At(x, y)) == hatch {
					n++
				}
			}
		}
		return n
	}
	if n := marked(s.get(t, ada, path).body); n == 0 {
		t.Error("nothing is hatched for the analyst")
	}
	if n := marked(s.get(t, alice, path).body); n != 0 {
		t.Errorf("%d pixels are hatched for the commander", n)
	}
}
