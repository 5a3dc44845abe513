package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"vigie/predict/series"
)

// callCity makes up the calls of fire stations by a known law: stations of every size, a share of them for each weekday
// and hour, a season, days that are alike among neighbours in time, and more chance than Poisson's.
func callCity(seed uint64, stations, days int, perDay float64) []series.Series {
	random := rand.New(rand.NewPCG(seed, 0xCA11))
	sizes, sum := make([]float64, stations), 0.
	for i := range sizes {
		sizes[i] = math.Pow(1-random.Float64(), -0.5)
		sum += sizes[i]
	}
	start := time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC) // a Monday
	made := make([]series.Series, stations)
	for i := range made {
		made[i] = series.Series{Place: fmt.Sprintf("station %02d", i+1), Start: start, Counts: make([]int32, 24*days)}
	}
	weekday := [7]float64{1, 0.97, 0.98, 1, 1.06, 1.04, 0.95}
	level := 0.
	for day := range days {
		level = 0.8*level + 0.05*random.NormFloat64()
		for i := range made {
			mean := perDay * sizes[i] / sum * weekday[day%7] * math.Exp(level) * (1 + 0.1*math.Cos(2*math.Pi*float64(day-200)/365.25))
			mean *= gammaOf(random, 20) / 20 // a day of this station
			for hour := range 24 {
				night := 1 - 0.6*math.Cos(2*math.Pi*(float64(hour)-4)/24)
				made[i].Counts[24*day+hour] = int32(poissonOf(random, mean*night/24))
			}
		}
	}
	return made
}

// gammaOf draws from a gamma distribution of whole shape and rate 1.
func gammaOf(random *rand.Rand, shape int) float64 {
	sum := 0.
	for range shape {
		sum -= math.Log(1 - random.Float64())
	}
	return sum
}

// poissonOf draws a count by the gaps between events; meant for small means.
func poissonOf(random *rand.Rand, mean float64) (n int) {
	for at := -math.Log(1 - random.Float64()); at < mean; at -= math.Log(1 - random.Float64()) {
		n++
	}
	return n
}

// daily sums hours to days.
func daily(hours []int32) []float64 {
	days := make([]float64, len(hours)/24)
	for d := range days {
		for _, n := range hours[24*d : 24*d+24] {
			days[d] += float64(n)
		}
	}
	return days
}
