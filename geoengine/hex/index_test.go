package hex

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
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

func TestCellEqualsC(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		res, points int
	}{"r11": {11, 1_000_000}, "r8": {8, 1_000_000}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(test.res)))
			asked := 0
			for range test.points {
				p := anywhere(r)
				same(t, p[0], p[1], test.res)
				if !known(p, test.res) {
					asked++
				}
			}
			t.Logf("asked the C library %d times", asked)
		})
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
		for _, res := range []int{8, 11} {
			b.Run(name+string(rune('0'+res/10))+string(rune('0'+res%10)), func(b *testing.B) {
				for i := range b.N {
					p := points[i&4095]
					f(p[0], p[1], res)
				}
			})
		}
	}
}

// known tells whether Cell answers by itself.
func known(p orb.Point, res int) bool {
	at, t, digits := theGrid().locate(p[0], p[1], res)
	entry := theGrid().faces[at].bases[t.i][t.j]
	return t.known && entry.known && (digits == 0 || entry.turns[leadingDigit(digits)] != unseen)
}
