package evaluate

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"vigie/predict"
)

// sweep is how many data sets a calibration simulates: a share of an honest sweep, or VIGIE_SWEEP of them.
func sweep(t *testing.T, usual int) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("VIGIE_SWEEP"))
	if err != nil {
		return usual
	}
	return n
}

// covers fails if the interval of probability level held the truth too rarely in n data sets, or far too often.
func covers(t *testing.T, what string, held, n int, level float64) {
	t.Helper()
	share := float64(held) / float64(n)
	t.Logf("%s: held in %.3f of %d", what, share, n)
	off := 4 * math.Sqrt(level*(1-level)/float64(n))
	if share < level-off-0.005 || share > level+off+0.03 {
		t.Errorf("%s: the %.0f %% interval held the truth in %.3f of %d data sets", what, 100*level, share, n)
	}
}

func poisson(random *rand.Rand, mean float64) float64 {
	n, p, at := 0.0, math.Exp(-mean), random.Float64()
	for below := p; at > below && n < 10_000; below += p {
		n++
		p *= mean / n
	}
	return n
}

// gamma is a gamma variate with this mean and shape (Marsaglia & Tsang 2000).
func gamma(random *rand.Rand, mean, shape float64) float64 {
	boost := 1.0
	k := shape
	if k < 1 {
		boost, k = math.Pow(random.Float64(), 1/k), k+1
	}
	d := k - 1.0/3
	for {
		z := random.NormFloat64()
		v := 1 + z/math.Sqrt(9*d)
		if v *= v * v; v > 0 && math.Log(1-random.Float64()) < z*z/2+d-d*v+d*math.Log(v) {
			return mean / shape * boost * d * v
		}
	}
}

// world is roads with accidents: what is to be expected on each is gamma around what its kind would say.
type world struct {
	random *rand.Rand
	shape  float64
}

// group simulates five years on 400 places, a plan at the thirty with the most accidents, half a year of it, and a trend.
// The model and its dispersion are fitted to the data, as in service. Theta is what the posts make of the accidents.
func (w world) group(t *testing.T, theta float64) Group {
	t.Helper()
	const places, chosen, years, after, trend = 400, 30, 5.0, 0.5, 0.8
	r := predict.Regression{Columns: 2, Y: make([]float64, places), Names: []string{"all", "main road"}}
	rate := make([]float64, places)
	order := make([]int, places)
	for i := range places {
		main := float64(i % 2)
		r.X = append(r.X, 1, main)
		rate[i] = gamma(w.random, math.Exp(-0.8+0.9*main), w.shape)
		r.Y[i] = poisson(w.random, rate[i]*years)
		order[i] = i
	}
	fit, err := predict.NegativeBinomial(r)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(r.Y[b] - r.Y[a]) })
	g := Group{Plan: "p", BeforeYears: years, AfterYears: after}
	for _, i := range order[:chosen] {
		g.Places = append(g.Places, Place{
			Before: r.Y[i], Model: fit.Mean[i], Phi: fit.Phi(), After: poisson(w.random, rate[i]*after*trend*theta),
		})
	}
	// The comparison group is another part of the country.
	for range 600 {
		rate := gamma(w.random, 0.6, w.shape)
		g.Comparison.Before += poisson(w.random, rate*years)
		g.Comparison.After += poisson(w.random, rate*after*trend)
	}
	return g
}

// drill is a plan as an experiment: 48 places in a row for 28 days; each day posts stand at two of twelve sites, of unequal
// chances, and reach five places for three days.
type drill struct {
	random *rand.Rand
	scale  float64 // accidents to be expected in a cell
}

const (
	drillPlaces = 48
	drillDays   = 28
	drillDraws  = 199
)

func (d drill) draw() []int32 {
	var list []int32
	for day := range drillDays {
		first := d.site(-1)
		for _, site := range []int{first, d.site(first)} {
			for place := max(site*4-1, 0); place < min(site*4+4, drillPlaces); place++ {
				for late := day; late < min(day+3, drillDays); late++ {
					list = append(list, int32(place*drillDays+late))
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// site draws one of the twelve; the first ones are three times as likely.
func (d drill) site(but int) int {
	for {
		site := d.random.IntN(12)
		if site != but && (site < 4 || d.random.IntN(3) == 0) {
			return site
		}
	}
}

// trial simulates accidents that the posts multiply by theta. The expected ones are off by up to a third, as a model's are.
func (d drill) trial(theta float64) Trial {
	t := Trial{Plan: "p", Reached: d.draw(), Held: 1}
	for range drillDraws {
		t.Drawn = append(t.Drawn, d.draw())
	}
	reached := make([]bool, drillPlaces*drillDays)
	for _, i := range t.Reached {
		reached[i] = true
	}
	for place := range drillPlaces {
		expected := d.scale * (0.3 + 1.4*d.random.Float64())
		wrong := 1 + (d.random.Float64()-0.5)*2/3
		for day := range drillDays {
			mean := expected
			if reached[place*drillDays+day] {
				mean *= theta
			}
			t.Cells = append(t.Cells, Cell{Expected: expected * wrong, Count: poisson(d.random, mean)})
		}
	}
	return t
}
