package road_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"vigie/geoengine/road"
)

// drive is Route's reference: it knows nothing of states. It tries ways edge by edge (Bellman and Ford over whole ways, kept
// by their last edges) and asks of each turn whether a restriction forbids it, from the words of the restrictions.
type drive struct {
	g     *road.Graph
	turns []road.Restriction
	deep  int
}

// forbidden reports whether the way, the last edges of which are given, breaks a restriction with its last turn.
func (d drive) forbidden(way []road.Edge) bool {
	n := len(way)
	last := way[n-1]
	_, _ = d.g.Ends(last)
	only := map[string]bool{} // beginnings with mandates, and whether one of them is kept
	for _, r := range d.turns {
		chain := append([]string{r.From}, r.Via...)
		k := len(chain)
		if n < k+1 {
			continue
		}
		tail := way[n-1-k:]
		match := true
		for i, ref := range chain {
			match = match && d.g.Section(tail[i]).Ref == ref
		}
		if !match || d.headNumber(tail[0]) != r.Junction {
			continue
		}
		to := d.g.Section(last).Ref == r.To && d.tailNumber(last) == d.headNumber(tail[k-1])
		if !r.Only && to {
			return true
		}
		if r.Only && d.exists(tail[k-1], r.To) {
			key := fmt.Sprint(tail[:k])
			only[key] = only[key] || to
		}
	}
	for _, kept := range only {
		if !kept {
			return true
		}
	}
	return false
}

func (d drive) exists(after road.Edge, ref string) bool {
	_, n := d.g.Ends(after)
	first, end := d.g.Out(n)
	for e := first; e < end; e++ {
		if d.g.Section(e).Ref == ref {
			return true
		}
	}
	return false
}

func (d drive) headNumber(e road.Edge) int64 {
	if d.g.Reverse(e) {
		return d.g.Section(e).From
	}
	return d.g.Section(e).To
}

func (d drive) tailNumber(e road.Edge) int64 {
	if d.g.Reverse(e) {
		return d.g.Section(e).To
	}
	return d.g.Section(e).From
}

// after are the edges that may follow a way.
func (d drive) after(way []road.Edge) []road.Edge {
	e := way[len(way)-1]
	_, n := d.g.Ends(e)
	first, end := d.g.Out(n)
	var list []road.Edge
	for f := first; f < end; f++ {
		if f != d.g.Twin(e) && !d.forbidden(append(way[:len(way):len(way)], f)) {
			list = append(list, f)
		}
	}
	if twin := d.g.Twin(e); len(list) == 0 && twin != road.NoEdge && !d.forbidden(append(way[:len(way):len(way)], twin)) {
		list = append(list, twin)
	}
	return list
}

// seconds are the times from a place to all others by exhaustion.
func (d drive) seconds(from road.Spot, to []road.Spot) []float64 {
	type tail struct {
		key  string
		way  []road.Edge
		time int64
	}
	millis := func(s float64) int64 { return int64(math.Round(s * 1000)) }
	share := func(e road.Edge, along float64) int64 {
		if d.g.Metres(e) <= 0 || along <= 0 {
			return 0
		}
		return int64(float64(millis(d.g.Seconds(e)))*min(along/d.g.Metres(e), 1) + 0.5)
	}
	sides := func(s road.Spot) []road.Spot {
		list := []road.Spot{s}
		if o, ok := d.g.Opposite(s); ok {
			list = append(list, o)
		}
		return list
	}
	best := map[string]int64{}
	at := map[road.Edge]int64{} // least time to the beginning of each edge
	var queue []tail
	offer := func(way []road.Edge, time int64) {
		if len(way) > d.deep {
			way = way[len(way)-d.deep:]
		}
		key := fmt.Sprint(way)
		if t, known := best[key]; known && t <= time {
			return
		}
		best[key] = time
		e := way[len(way)-1]
		if t, known := at[e]; !known || time < t {
			at[e] = time
		}
		queue = append(queue, tail{key, way, time})
	}
	for _, s := range sides(from) {
		for _, f := range d.after([]road.Edge{s.Edge}) {
			offer([]road.Edge{s.Edge, f}, millis(d.g.Seconds(s.Edge))-share(s.Edge, s.AlongM))
		}
	}
	for len(queue) > 0 {
		t := queue[0]
		queue = queue[1:]
		if best[t.key] < t.time {
			continue
		}
		e := t.way[len(t.way)-1]
		for _, f := range d.after(t.way) {
			offer(append(t.way[:len(t.way):len(t.way)], f), t.time+millis(d.g.Seconds(e)))
		}
	}
	out := make([]float64, len(to))
	for j := range to {
		least := int64(math.MaxInt64)
		for _, b := range sides(to[j]) {
			if t, known := at[b.Edge]; known {
				least = min(least, t+share(b.Edge, b.AlongM))
			}
			for _, a := range sides(from) {
				if a.Edge == b.Edge && b.AlongM >= a.AlongM {
					least = min(least, share(b.Edge, b.AlongM)-share(a.Edge, a.AlongM))
				}
			}
		}
		out[j] = math.Inf(1)
		if least < math.MaxInt64 {
			out[j] = float64(least) / 1000
		}
	}
	return out
}

func TestRouteAndMatrixAgainstExhaustion(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 4))
		sections, turns := tangle(random, 10+random.IntN(20), 20+random.IntN(40), random.IntN(40))
		g := build(t, sections, turns)
		if g.Edges() == 0 {
			continue
		}
		from := []road.Spot{somewhere(random, g), somewhere(random, g), somewhere(random, g)}
		to := make([]road.Spot, 20)
		for j := range to {
			to[j] = somewhere(random, g)
		}
		rows, err := g.Matrix(context.Background(), from, to)
		if err != nil {
			t.Fatal(err)
		}
		for i := range from {
			want := drive{g, turns, 3}.seconds(from[i], to)
			for j := range to {
				if rows[i][j] != float32(want[j]) {
					t.Errorf("seed %d: from %v to %v takes %v s, by exhaustion %v", seed, from[i], to[j], rows[i][j], want[j])
				}
				checkRoute(t, g, turns, from[i], to[j], want[j])
			}
		}
	}
}

// checkRoute holds a route to its own words: it takes the time, its edges follow one another, and it keeps the rules.
func checkRoute(t *testing.T, g *road.Graph, turns []road.Restriction, from, to road.Spot, want float64) {
	t.Helper()
	r, ok := g.Route(from, to)
	if ok != !math.IsInf(want, 1) || ok && r.Seconds != want {
		t.Fatalf("route takes %v s (%v), want %v", r.Seconds, ok, want)
	}
	if !ok {
		return
	}
	if d := math.Abs(road.Length(r.Line) - r.Metres); d > 0.01+r.Metres*1e-4 {
		t.Errorf("route says %v m, its line is %v m long", r.Metres, road.Length(r.Line))
	}
	for i := 1; i < len(r.Edges); i++ {
		allowed := false
		for _, f := range (drive{g, turns, 3}).after(r.Edges[max(0, i-3):i]) {
			allowed = allowed || f == r.Edges[i]
		}
		if !allowed {
			t.Errorf("route turns from edge %d into %d, which is not allowed", r.Edges[i-1], r.Edges[i])
		}
	}
}
