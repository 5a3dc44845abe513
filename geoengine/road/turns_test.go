package road_test

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
)

// TestTurnRestrictions drives a small town by hand:
//
//	1 ── a ── 2 ── b ── 3 ── c ── 4
//	          │         │
//	          d         e
//	          │         │
//	          5 ── f ── 6
func TestTurnRestrictions(t *testing.T) {
	t.Parallel()
	at := map[int64]orb.Point{1: {2, 48}, 2: {2.01, 48}, 3: {2.02, 48}, 4: {2.03, 48}, 5: {2.01, 47.99}, 6: {2.02, 47.99}}
	var sections []road.Section
	for _, s := range []struct {
		ref      string
		from, to int64
	}{{"a", 1, 2}, {"b", 2, 3}, {"c", 3, 4}, {"d", 2, 5}, {"e", 3, 6}, {"f", 5, 6}} {
		sections = append(sections, road.Section{Source: "t", Ref: s.ref, From: s.from, To: s.to, Line: orb.LineString{at[s.from], at[s.to]},
			Class: road.Residential, Forward: true, Backward: true, SpeedForward: 50, SpeedBackward: 50})
	}
	for _, c := range []struct {
		name     string
		from, to string
		turns    []road.Restriction
		want     string
	}{
		{"free", "a", "c", nil, "[a b c]"},
		{"no turn", "a", "c", []road.Restriction{{From: "a", To: "b", Junction: 2}}, "[a d f e c]"},
		{"no turn elsewhere", "a", "c", []road.Restriction{{From: "b", To: "a", Junction: 2}}, "[a b c]"},
		{"only right", "a", "c", []road.Restriction{{From: "a", To: "d", Junction: 2, Only: true}}, "[a d f e c]"},
		{"two mandates allow both", "a", "c", []road.Restriction{{From: "a", To: "d", Junction: 2, Only: true}, {From: "a", To: "b", Junction: 2, Only: true}}, "[a b c]"},
		{"no way round by b", "a", "e", []road.Restriction{{From: "a", Via: []string{"b"}, To: "e", Junction: 2}}, "[a d f e]"},
		{"by b to e only", "a", "c", []road.Restriction{{From: "a", Via: []string{"b"}, To: "e", Junction: 2, Only: true}}, "[a d f e c]"},
		{"mandate to nowhere binds nobody", "a", "c", []road.Restriction{{From: "a", To: "gone", Junction: 2, Only: true}}, "[a b c]"},
		{"no U-turn but at the end", "b", "b", nil, "[b]"},
		{"shut in", "a", "c", []road.Restriction{{From: "a", To: "d", Junction: 2}, {From: "a", To: "b", Junction: 2}, {From: "a", To: "a", Junction: 2}}, "none"},
	} {
		for i := range c.turns {
			c.turns[i].Source, c.turns[i].Ref = "t", fmt.Sprint(i)
		}
		g := build(t, sections, c.turns)
		find := func(ref string) road.Spot {
			for e := range road.Edge(g.Edges()) {
				if g.Section(e).Ref == ref && !g.Reverse(e) {
					return g.SpotAt(e, g.Metres(e)/2)
				}
			}
			t.Fatalf("no section %s", ref)
			return road.Spot{}
		}
		got := "none"
		if r, ok := g.Route(find(c.from), find(c.to)); ok {
			var refs []string
			for _, e := range r.Edges {
				refs = append(refs, g.Section(e).Ref)
			}
			got = fmt.Sprint(refs)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
