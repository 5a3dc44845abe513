package road_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb/planar"

	"vigie/geoengine/road"
)

// undirected are the distances between all junctions, one-way or not (Floyd and Warshall).
func undirected(g *road.Graph) [][]float64 {
	n := g.Nodes()
	d := make([][]float64, n)
	for i := range d {
		d[i] = make([]float64, n)
		for j := range d[i] {
			d[i][j] = math.Inf(1)
		}
		d[i][i] = 0
	}
	for e := range road.Edge(g.Edges()) {
		a, b := g.Ends(e)
		d[a][b] = min(d[a][b], g.Metres(e))
		d[b][a] = min(d[b][a], g.Metres(e))
	}
	for k := range n {
		for i := range n {
			for j := range n {
				d[i][j] = min(d[i][j], d[i][k]+d[k][j])
			}
		}
	}
	return d
}

// apart is the distance between two places, one-way or not.
func apart(g *road.Graph, d [][]float64, a, b road.Spot) float64 {
	best := math.Inf(1)
	if g.Section(a.Edge) == g.Section(b.Edge) {
		along := b.AlongM
		if a.Edge != b.Edge {
			along = g.Metres(b.Edge) - along
		}
		best = math.Abs(a.AlongM - along)
	}
	af, at := g.Ends(a.Edge)
	bf, bt := g.Ends(b.Edge)
	for _, p := range [2]struct {
		n road.Node
		m float64
	}{{af, a.AlongM}, {at, g.Metres(a.Edge) - a.AlongM}} {
		best = min(best, p.m+d[p.n][bf]+b.AlongM, p.m+d[p.n][bt]+g.Metres(b.Edge)-b.AlongM)
	}
	return best
}

func TestAroundCoversEachPieceOnceAtItsDistance(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 6))
		sections, _ := tangle(random, 30, 50, 0)
		g := build(t, sections, nil)
		d := undirected(g)
		from, reach := somewhere(random, g), 100+random.Float64()*2000
		covered := map[*road.Section]float64{}
		g.Around(from, reach, func(e road.Edge, fromM, toM, distanceM float64) {
			covered[g.Section(e)] += math.Abs(toM - fromM)
			for _, share := range []float64{0, 0.5, 1} {
				at := fromM + (toM-fromM)*share
				want := apart(g, d, from, g.SpotAt(e, at))
				if got := distanceM + math.Abs(at-fromM); math.Abs(got-want) > 1e-6 || got > reach+1e-6 {
					t.Fatalf("seed %d: %v m along edge %d is %v m away, want %v (reach %v)", seed, at, e, got, want, reach)
				}
			}
		})
		want := map[*road.Section]float64{}
		for e := range road.Edge(g.Edges()) {
			if want[g.Section(e)] > 0 {
				continue
			}
			const steps = 400
			for k := range steps {
				if apart(g, d, from, g.SpotAt(e, g.Metres(e)*(float64(k)+0.5)/steps)) <= reach {
					want[g.Section(e)] += g.Metres(e) / steps
				}
			}
		}
		for s, metres := range want {
			if step := road.Length(s.Line) / 400; math.Abs(metres-covered[s]) > 3*step+1e-6 {
				t.Errorf("seed %d: %v m of section %s are within reach, Around visits %v m", seed, metres, s.Ref, covered[s])
			}
		}
	}
}

func TestLixelsCoverTheNetwork(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 7))
		sections, _ := tangle(random, 40, 45, 0)
		g := build(t, sections, nil)
		minM := 50 + random.Float64()*200
		maxM := minM * 2
		l := g.Lixels(minM, maxM)
		d := undirected(g)
		total, seen := 0.0, map[*road.Section]bool{}
		for e := range road.Edge(g.Edges()) {
			if !seen[g.Section(e)] {
				seen[g.Section(e)] = true
				total += g.Metres(e)
			}
		}
		sum := 0.0
		for i, x := range l.List {
			sum += x.Metres
			if x.Metres > maxM+1e-9 || len(x.Line) < 2 || math.Abs(road.Length(x.Line)-x.Metres) > 0.01+x.Metres*1e-3 {
				t.Errorf("seed %d: lixel %d is %v m long (at most %v), its line %v m", seed, i, x.Metres, maxM, road.Length(x.Line))
			}
			if x.Metres > 1 && l.Of(x.Centre) != i {
				t.Errorf("seed %d: the centre of lixel %d belongs to lixel %d", seed, i, l.Of(x.Centre))
			}
			for _, j := range l.Neighbours(i) {
				if !slices.Contains(l.Neighbours(int(j)), int32(i)) {
					t.Errorf("seed %d: %d is beside %d but not the reverse", seed, j, i)
				}
			}
		}
		if math.Abs(sum-total) > 1e-6*total {
			t.Errorf("seed %d: lixels are %v m together, the network %v", seed, sum, total)
		}
		for range 5 {
			i, reach := random.IntN(l.Len()), random.Float64()*1500
			near := map[int32]float64{}
			for _, n := range l.Within(i, reach) {
				near[n.Lixel] = float64(n.Metres)
			}
			for j := range l.List {
				want := apart(g, d, l.List[i].Centre, l.List[j].Centre)
				got, ok := near[int32(j)]
				if i != j && ok != (want <= reach) && math.Abs(want-reach) > 0.01 || ok && i != j && math.Abs(got-want) > 0.01 {
					t.Errorf("seed %d: lixel %d is %v m from %d (told %v, within %v)", seed, j, want, i, got, ok)
				}
			}
		}
	}
}

func TestIsochroneIsWhatRoutesReach(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 8))
		sections, turns := tangle(random, 40, 80, 20)
		g := build(t, sections, turns)
		from, limit := somewhere(random, g), 20+random.Float64()*200
		iso := g.Isochrone(from, limit)
		got := map[road.Node]float64{}
		for i, r := range iso.Nodes {
			got[r.Node] = r.Seconds
			if r.Seconds > limit || i > 0 && r.Seconds < iso.Nodes[i-1].Seconds {
				t.Errorf("seed %d: junction %d after %v s of %v", seed, i, r.Seconds, limit)
			}
			if len(iso.Outline) == 0 || !planar.MultiPolygonContains(iso.Outline, g.Position(r.Node)) {
				t.Errorf("seed %d: junction %d is reached and outside the outline", seed, r.Node)
			}
		}
		want := map[road.Node]float64{}
		for e := range road.Edge(g.Edges()) {
			// The end of an edge, driven to in its direction: arriving there against it is another edge's end.
			if r, ok := g.Route(from, g.SpotAt(e, g.Metres(e))); ok && r.Edges[len(r.Edges)-1] == e && r.Seconds <= limit {
				_, n := g.Ends(e)
				if known, reached := want[n]; !reached || r.Seconds < known {
					want[n] = r.Seconds
				}
			}
		}
		for n, s := range want {
			if got[n] > s+1e-9 || got[n] == 0 && s > 0 {
				t.Errorf("seed %d: junction %d is reached after %v s, by route %v", seed, n, got[n], s)
			}
		}
		for n, s := range got {
			if w, ok := want[n]; !ok || math.Abs(w-s) > 1e-9 {
				t.Errorf("seed %d: junction %d is said to be reached after %v s, by route %v (%v)", seed, n, s, w, ok)
			}
		}
	}
}

func TestUpstreamLeadsToThePlace(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 9))
		sections, turns := tangle(random, 40, 80, 20)
		g := build(t, sections, turns)
		at, reach := somewhere(random, g), 50+random.Float64()*2000
		list := g.Upstream(at, reach)
		if len(list) == 0 || list[0].Edge != at.Edge || list[0].ToM != at.AlongM || list[0].Next != -1 {
			t.Fatalf("seed %d: first stretch %+v of %+v", seed, list, at)
		}
		for i, s := range list[1:] {
			next := list[s.Next]
			if s.FromM > s.ToM || s.TogoM+s.ToM-s.FromM > reach+1e-6 || s.Next > int32(i) {
				t.Errorf("seed %d: stretch %+v", seed, s)
			}
			follows := false
			for _, f := range (drive{g, nil, 3}).after([]road.Edge{s.Edge}) {
				follows = follows || f == next.Edge
			}
			if !follows && g.Twin(s.Edge) != next.Edge {
				t.Errorf("seed %d: edge %d does not lead to %d", seed, s.Edge, next.Edge)
			}
			if want := next.TogoM + next.ToM; next.Edge != at.Edge && math.Abs(s.TogoM-want) > 1e-6 && len(turns) == 0 {
				t.Errorf("seed %d: %v m to go, want %v", seed, s.TogoM, want)
			}
		}
	}
}

func BenchmarkWithin(b *testing.B) {
	l := build(b, grid(150, 150), nil).Lixels(250, 500)
	b.Logf("%d lixels, %d within 1 km of one", l.Len(), len(l.Within(l.Len()/2, 1000)))
	for i := 0; b.Loop(); i++ {
		l.Within(i%l.Len(), 1000)
	}
}
