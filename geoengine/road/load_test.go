package road_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/road"
)

// storeChain stores n sections of 0.01 degrees of longitude each, eastwards from 0 at 45 north, as the network of a
// source, with a site at the beginning of each and a restriction from each into the next.
func storeChain(t *testing.T, store *geoengine.Store, source string, n int) {
	t.Helper()
	src := data.Source{
		Name: source, Title: source, Publisher: "test", Licence: "none", URL: "https://example.org", Holds: data.HoldsRoads,
		Read: func(context.Context, data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) {
				for i := range n {
					s := road.Section{
						Ref: fmt.Sprint(i), From: int64(i), To: int64(i + 1), Class: road.Secondary, Name: "Rue", Number: "D 606", Forward: true, SpeedForward: 80,
						SpeedBackward: 50, Access: road.Destination, Link: true, Roundabout: true, Bridge: true, Tunnel: true, Lit: road.Yes, BuiltUp: road.No, Lanes: 3,
						Line: orb.LineString{{float64(i) / 100, 45}, {float64(i)/100 + .005, 45.001}, {float64(i+1) / 100, 45}},
					}
					site := road.Site{Ref: fmt.Sprint(i), Kind: road.LayBy, Name: "Aire", Position: s.Line[0], AreaM2: 12.5, Lit: road.No, Access: road.Destination}
					if !yield(data.Record{Section: &s}, nil) || !yield(data.Record{Site: &site}, nil) {
						return
					}
				}
				for i := range n - 2 {
					turn := road.Restriction{Ref: fmt.Sprint(i), From: fmt.Sprint(i), Via: []string{fmt.Sprint(i + 1)}, To: fmt.Sprint(i + 2), Junction: int64(i + 1), Only: true}
					if !yield(data.Record{Turn: &turn}, nil) {
						return
					}
				}
			}
		},
	}
	if _, err := data.Import(t.Context(), store, src, data.Input{}, data.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
}

// area stores a territory that is a box, in two parts that share a side.
func area(t *testing.T, store *geoengine.Store, id int, path string, west, east float64) {
	t.Helper()
	_, err := store.Pool.Exec(t.Context(), `
		insert into area (id, path, parent, level, code, name, source, fingerprint, geom)
		values ($1, $2, '', 'commune', '', '', 0, 0, st_multi(st_makeenvelope($3, 44.9, $4, 45.1, 4326)))`, id, path, west, east)
	if err == nil {
		_, err = store.Pool.Exec(t.Context(), `
			insert into area_part (area, geom)
			select $1::int, st_makeenvelope(x, 44.9, x + ($3::float8 - $2::float8) / 2, 45.1, 4326) from (values ($2::float8), (($2 + $3) / 2)) parts(x)`, id, west, east)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadOfAreas(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	storeChain(t, store, "chain", 100)
	area(t, store, 1, "fr.1.1", .2001, .2999)
	area(t, store, 2, "fr.1.2", .5001, .5499)
	area(t, store, 3, "fr.11", .8, .9)
	area(t, store, 4, "fr.2", 3, 4)
	between := func(ranges ...int) (refs []string) {
		for i := 0; i < len(ranges); i += 2 {
			for n := ranges[i]; n <= ranges[i+1]; n++ {
				refs = append(refs, fmt.Sprint(n))
			}
		}
		slices.Sort(refs)
		return refs
	}
	for _, c := range []struct {
		name         string
		areas        []string
		marginM      float64
		sections     []string
		turns, sites int
	}{
		{"everywhere", nil, 0, between(0, 99), 98, 100},
		{"one", []string{"fr.1.1"}, 0, between(20, 29), 8, 9},
		{"below", []string{"fr.1"}, 0, between(20, 29, 50, 54), 8 + 3, 9 + 4},
		{"with a margin of 0.03 degrees", []string{"fr.1.1"}, .0299 * 111195 * .7071, between(17, 32), 14, 15},
	} {
		network, info, err := road.Read(t.Context(), store, c.areas, c.marginM, nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var refs []string
		for _, s := range network.Sections {
			refs = append(refs, s.Ref)
		}
		slices.Sort(refs)
		if diff := cmp.Diff(c.sections, refs); diff != "" || len(network.Turns) != c.turns || len(network.Sites) != c.sites || info.Sections != len(refs) {
			t.Errorf("%s: %d turns, %d sites, want %d, %d; (-want +got):\n%s", c.name, len(network.Turns), len(network.Sites), c.turns, c.sites, diff)
		}
	}
	for name, c := range map[string]struct {
		areas  []string
		margin float64
		want   error
	}{
		"no such area":   {[]string{"fr.99"}, 0, geoengine.ErrMissing},
		"no roads there": {[]string{"fr.2"}, 0, geoengine.ErrMissing},
		"a bad margin":   {[]string{"fr.11"}, -1, geoengine.ErrInvalid},
	} {
		if _, _, err := road.Read(t.Context(), store, c.areas, c.margin, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is stored comes back as it was, of each source its own.
func TestReadWhatWasStored(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	if _, _, err := road.Load(t.Context(), store, nil, 0, nil); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("without roads: %v", err)
	}
	storeChain(t, store, "a", 3)
	_, alone, err := road.Read(t.Context(), store, nil, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	storeChain(t, store, "b", 3)
	network, info, err := road.Read(t.Context(), store, nil, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := road.Section{
		Source: "b", Ref: "1", From: 1, To: 2, Class: road.Secondary, Name: "Rue", Number: "D 606", Forward: true, SpeedForward: 80, SpeedBackward: 50,
		Access: road.Destination, Link: true, Roundabout: true, Bridge: true, Tunnel: true, Lit: road.Yes, BuiltUp: road.No, Lanes: 3,
		Line: orb.LineString{{.01, 45}, {.015, 45.001}, {.02, 45}},
	}
	if diff := cmp.Diff(want, network.Sections[4]); diff != "" {
		t.Error(diff)
	}
	wantTurn := road.Restriction{Source: "a", Ref: "0", From: "0", Via: []string{"1"}, To: "2", Junction: 1, Only: true}
	if diff := cmp.Diff(wantTurn, network.Turns[0]); diff != "" {
		t.Error(diff)
	}
	wantSite := road.Site{Source: "a", Ref: "2", Kind: road.LayBy, Name: "Aire", Position: orb.Point{.02, 45}, AreaM2: 12.5, Lit: road.No, Access: road.Destination}
	if diff := cmp.Diff(wantSite, network.Sites[2]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, info.Sources); diff != "" || info.Sections != 6 || info.Hash == alone.Hash || info.Imported.Before(alone.Imported) {
		t.Errorf("%+v after %+v %s", info, alone, diff)
	}
	storeChain(t, store, "b", 3) // the same again: nothing to load anew
	if _, again, err := road.Read(t.Context(), store, nil, 0, nil); err != nil || again.Hash != info.Hash {
		t.Errorf("%+v %v", again, err)
	}
}
