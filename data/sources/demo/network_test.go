package demo

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine/road"
)

func TestNetworkOfTheTerritory(t *testing.T) {
	t.Parallel()
	territory := New(Config{})
	sections, sites := territory.Sections(), territory.Sites()
	again := New(Config{})
	if diff := cmp.Diff(sections, again.Sections()); diff != "" {
		t.Errorf("the same seed gives other roads: %s", diff)
	}
	if diff := cmp.Diff(sites, again.Sites()); diff != "" {
		t.Errorf("the same seed gives other sites: %s", diff)
	}
	kinds, refs := map[road.SiteKind]int{}, map[string]bool{}
	for _, s := range sites {
		kinds[s.Kind]++
		if refs[s.Ref] || s.Name == "" || territory.CommuneAt(s.Position) < 0 {
			t.Errorf("site %+v is twice, has no name or lies outside", s)
		}
		refs[s.Ref] = true
	}
	if kinds[road.LayBy] < 50 || kinds[road.CarPark] < 300 || kinds[road.RestArea] < 1 {
		t.Errorf("sites by kind: %v", kinds)
	}
	whole := 0
	parts := map[int64]int64{}
	var root func(n int64) int64
	root = func(n int64) int64 {
		if up, known := parts[n]; known && up != n {
			parts[n] = root(up)
			return parts[n]
		}
		parts[n] = n
		return n
	}
	for _, s := range sections {
		if len(s.Line) < 2 || s.Line[0] != territory.Nodes[s.From].Position || s.Line[len(s.Line)-1] != territory.Nodes[s.To].Position {
			t.Fatalf("section %s does not lead from its junction to the other", s.Ref)
		}
		parts[root(s.From)] = root(s.To)
	}
	for i := range territory.Communes {
		if root(int64(i)) == root(0) {
			whole++
		}
	}
	if whole < len(territory.Communes)*99/100 {
		t.Errorf("%d of %d communes are joined by roads", whole, len(territory.Communes))
	}
}
