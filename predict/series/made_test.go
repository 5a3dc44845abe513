package series

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// poisson draws by Knuth's product for small means and by sums of them for large ones.
func poisson(random *rand.Rand, mean float64) int32 {
	n := int32(0)
	for mean > 30 {
		n += poisson(random, 30)
		mean -= 30
	}
	limit, p := math.Exp(-mean), random.Float64()
	for p > limit {
		n++
		p *= random.Float64()
	}
	return n
}

// made draws stations with known hours of the week: place p has base·(p+1) calls a day.
func made(t testing.TB, zone string, days, places, kinds int, base float64, seed uint64) ([]Series, Calendar) {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2021, 1, 4, 0, 0, 0, 0, z)
	cal := Calendar{Zone: z}
	a, err := cal.axis(start, 0, days)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	var out []Series
	for p := range places {
		for k := range kinds {
			s := Series{Place: "S" + string(rune('A'+p%26)) + string(rune('a'+p/26)), Kind: []string{"fire", "medical", "road", "other"}[k], Start: start}
			for d := range days {
				for h := a.begins[d]; h < a.begins[d+1]; h++ {
					s.Counts = append(s.Counts, poisson(random, base*float64(p+1)*truth(int(a.weekday[d]), int(a.local[h]))))
				}
			}
			out = append(out, s)
		}
	}
	return out, cal
}

// truth is the share of a day's mean in an hour: more by day, a quarter more on Saturdays.
func truth(weekday, hour int) float64 {
	v := (1 - 0.6*math.Cos(2*math.Pi*(float64(hour)-3)/24)) / 24
	if weekday == 5 {
		v *= 1.25
	}
	return v
}

func BenchmarkFit(b *testing.B) {
	all, cal := made(b, "Europe/Paris", 3*365, 40, 4, 0.1, 1)
	b.ResetTimer()
	for range b.N {
		f, err := Fit(b.Context(), all, cal, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Forecast(14 * 24); err != nil {
			b.Fatal(err)
		}
	}
}
