package series

import (
	"fmt"
	"math"
	"slices"

	"vigie/predict"
)

// Annual is what one place had year by year. Counts may be fractions: the share of a station in communes.
type Annual struct {
	Place  string
	First  int // year
	Counts []float64
}

// YearForecast is of one place and the year after the last.
type YearForecast struct {
	Place  string  `json:"place"`
	Year   int     `json:"year"`
	Mean   float64 `json:"mean"`
	Low80  float64 `json:"low80"`
	High80 float64 `json:"high80"`
	Low95  float64 `json:"low95"`
	High95 float64 `json:"high95"`
	Last   float64 `json:"last"`   // of the year before: the one to beat
	Growth float64 `json:"growth"` // of the mean over Last, less 1
}

// leastYears is what a yearly forecast needs: three to learn a growth from, and two whose forecasts say how far off it is.
const leastYears = 5

// Yearly forecasts the year after the last of each place. The growth of all places together is shrunk towards none by how
// sure it is (a year is one draw for all places, so it is never very sure), that of each place towards that of all by how
// much places differ beyond chance (method of moments). Intervals are those of the scaled errors that the same rule made
// in the years before, all places together. It fails with predict.ErrEmpty under five years and predict.ErrShape for years
// that do not match.
func Yearly(all []Annual) ([]YearForecast, error) {
	years, err := checkYears(all)
	if err != nil {
		return nil, err
	}
	means, noise := grown(all, years)
	z := errorsBefore(all, years)
	out := make([]YearForecast, len(all))
	for i, a := range all {
		f := YearForecast{Place: a.Place, Year: a.First + years, Mean: means[i], Last: a.Counts[years-1]}
		width := math.Sqrt(f.Mean + noise*f.Mean*f.Mean)
		f.Low80, f.High80 = max(0, f.Mean+conformal(z, 0.1)*width), max(0, f.Mean+conformal(z, 0.9)*width)
		f.Low95, f.High95 = max(0, f.Mean+conformal(z, 0.025)*width), max(0, f.Mean+conformal(z, 0.975)*width)
		if f.Last > 0 {
			f.Growth = f.Mean/f.Last - 1
		}
		out[i] = f
	}
	return out, nil
}

// mostYearly is more than any place can have in a year.
const mostYearly = 1e9

func checkYears(all []Annual) (int, error) {
	if len(all) == 0 {
		return 0, fmt.Errorf("yearly: no places: %w", predict.ErrEmpty)
	}
	years := len(all[0].Counts)
	sum := 0.0
	for _, a := range all {
		if len(a.Counts) != years || a.First != all[0].First {
			return 0, fmt.Errorf("yearly: %s has %d years from %d, %s has %d from %d: %w", a.Place, len(a.Counts), a.First, all[0].Place, years, all[0].First, predict.ErrShape)
		}
		for k, y := range a.Counts {
			if !(y >= 0 && y <= mostYearly) {
				return 0, fmt.Errorf("yearly: %s has %v in %d, want 0 to %g: %w", a.Place, y, a.First+k, mostYearly, predict.ErrShape)
			}
			sum += y
		}
	}
	if years < leastYears || sum == 0 {
		return 0, fmt.Errorf("yearly: %d years of %v operations, need %d years and one operation: %w", years, sum, leastYears, predict.ErrEmpty)
	}
	return years, nil
}

// half keeps the logarithm of a place without operations finite.
const half = 0.5

// grown forecasts the year with number years from those before it. Noise is the variance of a place's yearly growth beyond
// chance.
func grown(all []Annual, years int) (means []float64, noise float64) {
	total := make([]float64, years)
	for _, a := range all {
		for k, y := range a.Counts[:years] {
			total[k] += y
		}
	}
	n := float64(years - 1)
	common, se := growth(total)
	if common != 0 {
		common *= max(0, 1-se*se/(common*common))
	}
	own, chance := make([]float64, len(all)), make([]float64, len(all))
	raw, _ := growth(total)
	between := 0.0
	for i, a := range all {
		mean, _ := growth(a.Counts[:years])
		own[i] = mean - raw
		for k := 1; k < years; k++ {
			g := math.Log((a.Counts[k]+half)/(a.Counts[k-1]+half)) - math.Log((total[k]+half)/(total[k-1]+half))
			poisson := 1/(a.Counts[k]+half) + 1/(a.Counts[k-1]+half)
			noise += ((g-own[i])*(g-own[i])*n/max(n-1, 1) - poisson) / (n * float64(len(all)))
			chance[i] += poisson
		}
	}
	noise = max(0, noise)
	for i := range all {
		chance[i] = (chance[i]/n + noise) / n // variance of the mean of n growths
		between += (own[i]*own[i] - chance[i]) / float64(len(all))
	}
	between = max(0, between)
	means = make([]float64, len(all))
	for i, a := range all {
		g := common + own[i]*between/(between+chance[i])
		means[i] = a.Counts[years-1] * math.Exp(g)
		if means[i] == 0 {
			means[i] = half / float64(years)
		}
	}
	return means, noise
}

// growth is the mean of the yearly logarithmic growths and its standard error.
func growth(counts []float64) (mean, se float64) {
	n := float64(len(counts) - 1)
	var g []float64
	for k := 1; k < len(counts); k++ {
		g = append(g, math.Log((counts[k]+half)/(counts[k-1]+half)))
		mean += g[k-1] / n
	}
	for _, x := range g {
		se += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(se / max(n-1, 1) / n)
}

// errorsBefore are the errors of the same rule in the years before, over their standard deviation, ascending.
func errorsBefore(all []Annual, years int) []float64 {
	var z []float64
	for y := leastYears - 2; y < years; y++ {
		means, noise := grown(all, y)
		for i, a := range all {
			z = append(z, (a.Counts[y]-means[i])/math.Sqrt(means[i]+noise*means[i]*means[i]))
		}
	}
	slices.Sort(z)
	return z
}

// conformal is the quantile of n scores that a new one is below with probability p at least as often as it says: the
// ⌈(n+1)·p⌉-th, from the other side below the middle.
func conformal(z []float64, p float64) float64 {
	n := len(z)
	if p < 0.5 {
		return z[max(0, int(math.Floor(float64(n+1)*p))-1)]
	}
	return z[min(n-1, int(math.Ceil(float64(n+1)*p))-1)]
}

// YearReport says how the last year would have been forecast from those before.
type YearReport struct {
	Year      int            `json:"year"`
	Places    int            `json:"places"`
	Years     int            `json:"years_before"`
	Observed  float64        `json:"observed"` // of all places
	Expected  float64        `json:"expected"`
	MAE       float64        `json:"mae"`       // mean absolute error per place
	Last      float64        `json:"mae_last"`  // of the year before
	Mean      float64        `json:"mae_mean"`  // of the mean of all years before
	Trend     float64        `json:"mae_trend"` // of each place's own mean growth
	Cover80   float64        `json:"cover80"`   // shares of places
	Cover95   float64        `json:"cover95"`
	Forecasts []YearForecast `json:"forecasts"`
	Actual    []float64      `json:"actual"` // of each forecast
}

// BacktestYearly holds the last year out.
func BacktestYearly(all []Annual) (*YearReport, error) {
	if len(all) == 0 || len(all[0].Counts) <= leastYears {
		return nil, fmt.Errorf("yearly: a back-test needs places with %d years: %w", leastYears+1, predict.ErrEmpty)
	}
	if _, err := checkYears(all); err != nil {
		return nil, err
	}
	before, actual := slices.Clone(all), make([]float64, len(all))
	for i, a := range all {
		actual[i] = a.Counts[len(a.Counts)-1]
		before[i].Counts = a.Counts[:len(a.Counts)-1]
	}
	forecasts, err := Yearly(before)
	if err != nil {
		return nil, err
	}
	r := &YearReport{Year: forecasts[0].Year, Places: len(all), Years: len(before[0].Counts), Forecasts: forecasts, Actual: actual}
	n := float64(len(all))
	for i, f := range forecasts {
		y, mean := actual[i], 0.0
		for _, x := range before[i].Counts {
			mean += x / float64(r.Years)
		}
		trend, _ := growth(before[i].Counts)
		r.Observed += y
		r.Expected += f.Mean
		r.MAE += abs(y-f.Mean) / n
		r.Last += abs(y-f.Last) / n
		r.Mean += abs(y-mean) / n
		r.Trend += abs(y-f.Last*math.Exp(trend)) / n
		r.Cover80 += flag(f.Low80 <= y && y <= f.High80) / n
		r.Cover95 += flag(f.Low95 <= y && y <= f.High95) / n
	}
	return r, nil
}
