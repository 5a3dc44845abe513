package hex

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// anywhere returns a position spread evenly over the globe.
func anywhere(r *rand.Rand) orb.Point {
	return orb.Point{r.Float64()*360 - 180, math.Asin(r.Float64()*2-1) * 180 / math.Pi}
}

func same(t *testing.T, lon, lat float64, res int) {
	t.Helper()
	if got, want := Cell(lon, lat, res), reference(lon, lat, res); got != want {
		t.Fatalf("Cell(%v, %v, %d) = %x, the C library says %x", lon, lat, res, got, want)
	}
}

// known tells whether Cell answers by itself.
func known(p orb.Point, res int) bool {
	at, t, digits := theGrid().locate(p[0], p[1], res)
	entry := theGrid().faces[at].bases[t.i][t.j]
	return t.known && entry.known && (digits == 0 || entry.turns[leadingDigit(digits)] != unseen)
}

func TestCellEqualsC(t *testing.T) {
	t.Parallel()
	points := map[int]int{8: manyPoints, 11: manyPoints}
	for res := range MaxResolution + 1 {
		t.Run(string(rune('a'+res)), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(res)))
			n, asked := max(points[res], 20_000), 0
			for range n {
				p := anywhere(r)
				same(t, p[0], p[1], res)
				if !known(p, res) {
					asked++
				}
			}
			if asked*1000 > n {
				t.Errorf("asked the C library %d times for %d cells", asked, n)
			}
		})
	}
}

// TestCellEqualsCAtTraps goes to within a hair of what is easy to get wrong, at every resolution.
func TestCellEqualsCAtTraps(t *testing.T) {
	t.Parallel()
	traps := []orb.Point{{0, 90}, {0, -90}, {77, 90}, {180, 0}, {-180, 0}, {180, 45}, {-180, -60}, {0, 0}}
	corners := []vector{}
	for f := range theGrid().faces {
		face := &theGrid().faces[f]
		traps = append(traps, at(face.center))
		for i, corner := range face.vertices {
			corners = append(corners, corner)
			next := face.vertices[(i+1)%3]
			for _, part := range []float64{.1, .25, .5, .9} { // along an edge of the icosahedron
				traps = append(traps, at(vector{}.plus(corner, 1-part).plus(next, part).unit()))
			}
		}
	}
	for _, corner := range corners {
		traps = append(traps, at(corner))
	}
	r := rand.New(rand.NewPCG(4, 4))
	for _, trap := range traps {
		for res := range MaxResolution + 1 {
			same(t, trap[0], trap[1], res)
			for range 12 {
				away := math.Pow(10, -16*r.Float64()+1)
				same(t, trap[0]+away*r.NormFloat64(), min(max(trap[1]+away*r.NormFloat64(), -90), 90), res)
			}
		}
	}
}

func at(v vector) orb.Point {
	return orb.Point{math.Atan2(v.y, v.x) / radian, math.Atan2(v.z, math.Hypot(v.x, v.y)) / radian}
}

// TestCellEqualsCAtBorders goes to the corners and sides of cells, of pentagons too.
func TestCellEqualsCAtBorders(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	for res := range MaxResolution + 1 {
		pentagons, err := h3.Pentagons(res)
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]uint64, 0, 200)
		for _, pentagon := range pentagons {
			cells = append(cells, uint64(pentagon))
		}
		for range 150 {
			p := anywhere(r)
			cells = append(cells, reference(p[0], p[1], res))
		}
		for _, cell := range cells {
			ring := Boundary(nil, cell)
			for i, a := range ring {
				b := ring[(i+1)%len(ring)]
				along := r.Float64()
				for _, p := range []orb.Point{a, {a[0] + along*(b[0]-a[0]), a[1] + along*(b[1]-a[1])}} {
					same(t, p[0], p[1], res)
					away := math.Pow(10, -16*r.Float64())
					same(t, p[0]+away*r.NormFloat64(), min(max(p[1]+away*r.NormFloat64(), -90), 90), res)
				}
			}
		}
	}
}

func TestCellOfNonsense(t *testing.T) {
	t.Parallel()
	for _, p := range []orb.Point{{math.NaN(), 0}, {0, math.NaN()}, {math.Inf(1), 0}, {0, math.Inf(-1)}} {
		if got := Cell(p[0], p[1], 8); got != 0 {
			t.Errorf("%v: got %x", p, got)
		}
	}
	for _, res := range []int{-1, 16, math.MaxInt} {
		if got := Cell(1, 1, res); got != 0 {
			t.Errorf("resolution %d: got %x", res, got)
		}
	}
	for _, p := range []orb.Point{{181, 0}, {-3000, 12}, {0, 91}, {1e9, -1e9}, {2, 450}} {
		same(t, p[0], p[1], 9)
	}
}

func FuzzCell(f *testing.F) {
	f.Add(2.35, 48.85, 11)
	f.Add(180.0, -90.0, 0)
	f.Add(-180.0, 89.99999999, 15)
	f.Add(10.536199, 64.7, 3) // a pentagon
	f.Add(math.Inf(1), math.NaN(), 8)
	f.Fuzz(func(t *testing.T, lon, lat float64, res int) { same(t, lon, lat, res) })
}

func TestCellsAppends(t *testing.T) {
	t.Parallel()
	got := Cells([]uint64{7}, []orb.Point{{2.35, 48.85}, {0, 0}}, 9)
	if len(got) != 3 || got[0] != 7 || got[1] != reference(2.35, 48.85, 9) || got[2] != reference(0, 0, 9) {
		t.Errorf("got %x", got)
	}
}

func TestSincos(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 6))
	for i := range 200_000 {
		degrees := r.Float64()*360 - 180
		if i%4 == 0 {
			degrees = math.Round(degrees*2) / 2
		}
		sin, cos := sincos(degrees)
		wantSin, wantCos := math.Sincos(degrees * radian)
		if math.Abs(sin-wantSin) > 1e-15 || math.Abs(cos-wantCos) > 1e-15 {
			t.Fatalf("%v°: got %v, %v, want %v, %v", degrees, sin, cos, wantSin, wantCos)
		}
	}
}

func BenchmarkCell(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	points := make([]orb.Point, 4096)
	for i := range points {
		points[i] = anywhere(r)
	}
	Cell(0, 0, 0)
	for name, f := range map[string]func(lon, lat float64, res int) uint64{"go": Cell, "c": reference} {
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				p := points[i&4095]
				f(p[0], p[1], 11)
			}
		})
	}
}
