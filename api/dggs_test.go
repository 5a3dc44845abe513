package api_test

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine/hex"
)

// zoneOf is the H3 cell of a town of the tests.
func zoneOf(i, level int) string {
	town := towns()[i]
	return hex.String(hex.Cell(town.lon, town.lat, level))
}

func TestDGGSZones(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	people := map[string]*http.Client{}
	for _, name := range []string{"alice", "toulouse", "nowhere"} {
		people[name] = s.person(t, name)
	}
	toulouse, paris, sea := zoneOf(0, 5), zoneOf(1, 5), zoneOf(2, 5)
	sorted := func(zones ...string) []string { slices.Sort(zones); return zones }
	all := sorted(toulouse, paris, sea)
	for _, c := range []struct {
		who, query string
		want       []string
	}{
		{"alice", "", all},
		{"alice", "compact-zones=false", all},
		{"alice", "compact-zones=true", all},
		{"toulouse", "", []string{toulouse}},
		{"nowhere", "", []string{}},
		{"alice", "zone-level=3", sorted(zoneOf(0, 3), zoneOf(1, 3), zoneOf(2, 3))},
		{"alice", "zone-level=11", sorted(zoneOf(0, 11), zoneOf(1, 11), zoneOf(2, 11))},
		{"alice", "bbox=1,43,3,49", sorted(toulouse, paris)},
		{"alice", "bbox=1,43,0,3,49,100", sorted(toulouse, paris)},
		{"alice", "bbox=1.43,43.59,1.45,43.61&bbox-crs=[OGC:CRS84]", []string{toulouse}},
		{"alice", "bbox=170,-10,-20,50", []string{sea}},
		{"alice", "subset=Lon(1:2),Lat(43:44)", []string{toulouse}},
		{"alice", "subset=Lon(1:2)&subset=Lat(43:44)", []string{toulouse}},
		{"alice", "subset=Lat(45:*)", []string{paris}},
		{"alice", `subset=time("2024-03-01":"2024-03-01"),Lon(*:0)`, []string{sea}},
		{"alice", "datetime=2024-03-09/2024-03-10", []string{toulouse}},
		{"alice", "datetime=2023-01-01/2023-12-31", []string{}},
		{"alice", "category=road&from=2024-03-09", []string{toulouse}},
		{"alice", "parent-zone=" + zoneOf(0, 3), []string{toulouse}},
		{"alice", "parent-zone=" + zoneOf(0, 5) + "&zone-level=5", []string{toulouse}},
		{"alice", "parent-zone=" + zoneOf(0, 5) + "&zone-level=8", []string{zoneOf(0, 8)}},
		{"alice", "limit=1000000", all},
	} {
		a := s.get(t, people[c.who], "/ogc/dggs/H3/zones?"+strings.NewReplacer("[", "%5B", "]", "%5D", `"`, "%22").Replace(c.query))
		var got struct {
			Zones []string
			Links []link
			Note  string
		}
		a.into(t, &got)
		if diff := cmp.Diff(c.want, got.Zones); diff != "" || got.Note == "" {
			t.Errorf("%s %s: %d %s", c.who, c.query, a.status, diff)
		}
	}
	// Page by page.
	var paged []string
	for target := "/ogc/collections/hexagons/dggs/H3/zones?limit=1"; target != ""; {
		var page struct {
			Zones []string
			Links []link
		}
		s.get(t, people["alice"], target).into(t, &page)
		paged = append(paged, page.Zones...)
		target = ""
		if i := slices.IndexFunc(page.Links, func(l link) bool { return l.Rel == "next" }); i >= 0 {
			target = s.within(t, page.Links[i].Href)
		}
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("page by page: %s", diff)
	}
	// The binary form.
	raw := s.get(t, people["alice"], "/ogc/dggs/H3/zones", "Accept", "application/x-binary", "Accept-Encoding", "identity")
	if raw.header.Get("Content-Type") != "application/x-binary" || len(raw.body) != 8*4 || binary.LittleEndian.Uint64(raw.body) != 3 {
		t.Fatalf("binary: %v %d bytes", raw.header, len(raw.body))
	}
	for i, want := range all {
		if got := hex.String(binary.LittleEndian.Uint64(raw.body[8+8*i:])); got != want {
			t.Errorf("zone %d: %s, want %s", i, got, want)
		}
	}
}

// dggsData is what the tests read of DGGS-JSON.
type dggsData struct {
	DGGRS, ZoneID string
	Depths        []int
	Values        map[string][]struct {
		Depth int
		Shape struct{ Count, SubZones int }
		Data  []*float64
	}
}

func TestDGGSData(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	zone := zoneOf(0, 5)
	var data dggsData
	s.get(t, alice, "/ogc/collections/hexagons/dggs/H3/zones/"+zone+"/data?zone-depth=0-4&f=json").into(t, &data)
	if data.ZoneID != zone || !strings.HasSuffix(data.DGGRS, "/ogc/dggs/H3/definition") || !slices.Equal(data.Depths, []int{0, 1, 2, 3, 4}) {
		t.Fatalf("%+v", data)
	}
	size := 1
	for depth := range 5 {
		count, weight, hidden := data.Values["count"][depth], data.Values["weight"][depth], data.Values["hidden"][depth]
		var events, weights float64
		for i := range count.Data {
			events, weights = events+*count.Data[i], weights+*weight.Data[i]
			if *hidden.Data[i] != 0 {
				t.Errorf("depth %d: hidden from a commander", depth)
			}
		}
		if count.Shape.Count != size || len(count.Data) != size || events != 200 || weights != 25 {
			t.Errorf("depth %d: %d values, %v events, weight %v", depth, len(count.Data), events, weights)
		}
		size *= 7
	}
	// The place of a value is that of the sub-zone, ascending by index.
	first, _ := hex.Range(mustParse(t, zone), 6)
	var at int
	for i, v := range data.Values["count"][1].Data {
		if *v > 0 {
			at = i
		}
	}
	if child := first + uint64(at)<<(3*(15-6)); hex.String(child) != zoneOf(0, 6) {
		t.Errorf("the events are in child %d, %s", at, hex.String(child))
	}
	var features struct {
		Type     string
		Features []struct {
			Geometry struct {
				Type        string
				Coordinates [][][2]float64
			}
			Properties struct {
				ZoneID string
				Depth  int
				Count  int
			}
		}
		Outside struct{ Zones int }
	}
	s.get(t, alice, "/ogc/collections/events/dggs/H3/zones/"+zone+"/data?zone-depth=0,2&f=geojson&category=road&datetime=2024-03-01/..").into(t, &features)
	if len(features.Features) != 2 || features.Features[0].Properties.Count != 100 || features.Features[1].Properties.ZoneID != zoneOf(0, 7) ||
		len(features.Features[0].Geometry.Coordinates[0]) < 6 {
		t.Errorf("%+v", features)
	}
}

func mustParse(t *testing.T, zone string) uint64 {
	t.Helper()
	cell, err := hex.Parse(zone)
	if err != nil {
		t.Fatal(err)
	}
	return cell
}

func TestDGGSDescriptions(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	for _, host := range []string{"/ogc", "/ogc/collections/hexagons", "/ogc/collections/events"} {
		var list struct {
			DGGS []struct {
				ID, Title string
				Links     []link
			}
		}
		s.get(t, alice, host+"/dggs", "Accept", "application/json").into(t, &list)
		if len(list.DGGS) != 1 || list.DGGS[0].ID != "H3" {
			t.Fatalf("%s: %+v", host, list)
		}
		var about struct {
			ID, CRS, Title, Description string
			Links                       []link
			LinkTemplates               []struct{ Rel, URITemplate string }
		}
		s.get(t, alice, s.within(t, linkOf(t, list.DGGS[0].Links, "self").Href), "Accept", "application/json").into(t, &about)
		if about.ID != "H3" || about.CRS == "" || about.Description == "" || about.LinkTemplates[0].Rel != "[ogc-rel:dggrs-zone-info]" {
			t.Errorf("%s: %+v", host, about)
		}
		var definition struct {
			DGGH struct {
				Definition struct{ RefinementRatio int }
			}
			ZIRS struct {
				TextZIRS, Uint64ZIRS struct{ Description string }
			}
			SubZoneOrder struct{ Description string }
		}
		s.get(t, alice, s.within(t, linkOf(t, about.Links, "[ogc-rel:dggrs-definition]").Href)).into(t, &definition)
		if definition.DGGH.Definition.RefinementRatio != 7 || definition.ZIRS.Uint64ZIRS.Description == "" || definition.SubZoneOrder.Description == "" {
			t.Errorf("%s: %+v", host, definition)
		}
		zones := linkOf(t, about.Links, "[ogc-rel:dggrs-zone-query]").Href
		if a := s.get(t, alice, s.within(t, zones)); a.status != http.StatusOK {
			t.Errorf("%s: %d", zones, a.status)
		}
		for _, template := range about.LinkTemplates {
			target := s.within(t, strings.ReplaceAll(template.URITemplate, "{zoneId}", zoneOf(0, 6)))
			if a := s.get(t, alice, target); a.status != http.StatusOK {
				t.Errorf("%s: %d %.200s", target, a.status, a.body)
			}
		}
		var zone struct {
			ID    string
			Level int
			Area  float64 `json:"areaMetersSquare"`
			Links []link
		}
		s.get(t, alice, host+"/dggs/H3/zones/"+zoneOf(0, 6), "Accept", "application/json").into(t, &zone)
		if zone.ID != zoneOf(0, 6) || zone.Level != 6 || zone.Area < 2e7 || zone.Area > 6e7 {
			t.Errorf("%s: %+v", host, zone)
		}
		linkOf(t, zone.Links, "[ogc-rel:dggrs]")
	}
}

func TestDGGSRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	zone := zoneOf(0, 5)
	for target, want := range map[string]int{
		"/ogc/dggs/H3/zones?zone-level=12":                                                          400,
		"/ogc/dggs/H3/zones?zone-level=-1":                                                          400,
		"/ogc/dggs/H3/zones?limit=0":                                                                400,
		"/ogc/dggs/H3/zones?limit=x":                                                                400,
		"/ogc/dggs/H3/zones?parent-zone=nonsense":                                                   400,
		"/ogc/dggs/H3/zones?parent-zone=" + zone + "&zone-level=4":                                  400,
		"/ogc/dggs/H3/zones?bbox=1,2,3":                                                             400,
		"/ogc/dggs/H3/zones?bbox=1,50,2,40":                                                         400,
		"/ogc/dggs/H3/zones?bbox=1,2,NaN,4":                                                         400,
		"/ogc/dggs/H3/zones?bbox=1,2,3,400":                                                         400,
		"/ogc/dggs/H3/zones?bbox=1,2,3,4&bbox-crs=EPSG:2154":                                        400,
		"/ogc/dggs/H3/zones?bbox=1,2,3,4&subset=Lon(1:2)":                                           400,
		"/ogc/dggs/H3/zones?subset=Height(1:2)":                                                     400,
		"/ogc/dggs/H3/zones?subset=Lon(1:2":                                                         400,
		"/ogc/dggs/H3/zones?subset=Lon(a:b)":                                                        400,
		"/ogc/dggs/H3/zones?subset=Lon(1:2)Lat(3:4)":                                                400,
		"/ogc/dggs/H3/zones?subset=Lon(1:2),Lon(3:4)":                                               400,
		"/ogc/dggs/H3/zones?datetime=yesterday":                                                     400,
		"/ogc/dggs/H3/zones?compact-zones=maybe":                                                    400,
		"/ogc/dggs/H3/zones?geometry=vectorized":                                                    400,
		"/ogc/dggs/H3/zones?f=kml":                                                                  400,
		"/ogc/dggs/H3/zones?after=1":                                                                400,
		"/ogc/dggs/H3/zones/" + zone + "/data":                                                      404,
		"/ogc/dggs/ISEA3H":                                                                          404,
		"/ogc/dggs/H3/zones/nonsense":                                                               400,
		"/ogc/dggs/H3/zones/8f1f91a6d9b64b3":                                                        400,
		"/ogc/collections/areas/dggs":                                                               404,
		"/ogc/collections/hexagons/dggs/H3/zones/" + zone + "/data?zone-depth=6":                    400,
		"/ogc/collections/hexagons/dggs/H3/zones/" + zone + "/data?zone-depth=2-1":                  400,
		"/ogc/collections/hexagons/dggs/H3/zones/" + zone + "/data?zone-depth=1,,2":                 400,
		"/ogc/collections/hexagons/dggs/H3/zones/" + zoneOf(0, 10) + "/data?zone-depth=2":           400,
		"/ogc/collections/hexagons/dggs/H3/zones/" + zoneOf(0, 11) + "/data":                        200,
		"/ogc/collections/hexagons/dggs/H3/zones/" + zone + "/data?geometry=vectorized":             400,
		"/ogc/collections/hexagons/dggs/H3/zones/" + zone + "/data?severity=bad":                    400,
		"/ogc/collections/hexagons/dggs/H3/zones/" + fmt.Sprintf("%x", uint64(1)<<63) + "/data":     400,
		"/ogc/collections/hexagons/dggs/H3/zones/8009fffffffffff/data?zone-depth=5&f=geojson":       200,
		"/ogc/dggs/H3/zones?parent-zone=8009fffffffffff&zone-level=11&bbox=-180,-90,180,90&limit=1": 200,
	} {
		if a := s.get(t, alice, target); a.status != want {
			t.Errorf("%s: %d, want %d: %.200s", target, a.status, want, a.body)
		}
	}
}
