package calendar

import (
	"math"
	"slices"

	"vigie/predict/series"
)

func sortWeather(all []Weather) {
	slices.SortFunc(all, func(a, b Weather) int { return int(a.Day - b.Day) })
}

// Covariates are the measures of some days as a forecast takes them, given in any order and each day once: from the first
// day to the last, NaN where nothing is known. A measure that is never known is left out.
func Covariates(all []Weather) []series.Covariate {
	if len(all) == 0 {
		return nil
	}
	all = slices.Clone(all)
	sortWeather(all)
	first, last := all[0].Day, all[len(all)-1].Day
	var out []series.Covariate
	for i, m := range Measures() {
		c := series.Covariate{Name: string(m), First: first, Values: make([]float64, last-first+1)}
		for k := range c.Values {
			c.Values[k] = math.NaN()
		}
		known := false
		for _, w := range all {
			c.Values[w.Day-first] = w.Values[i]
			known = known || !math.IsNaN(w.Values[i])
		}
		if known {
			out = append(out, c)
		}
	}
	return out
}
