package series

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"vigie/predict"
)

// TestYearlyGrowth: places that all grow by a tenth every year are forecast to, and nearly exactly.
func TestYearlyGrowth(t *testing.T) {
	t.Parallel()
	var all []Annual
	for p := range 5 {
		a := Annual{Place: string(rune('a' + p)), First: 2010}
		for y := range 8 {
			a.Counts = append(a.Counts, 1000*float64(p+1)*math.Pow(1.1, float64(y)))
		}
		all = append(all, a)
	}
	got, err := Yearly(all)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range got {
		want := all[i].Counts[7] * 1.1
		if math.Abs(f.Mean/want-1) > 0.002 || f.Year != 2018 || f.Low95 > want || f.High95 < want*0.99 {
			t.Errorf("%+v, want %v", f, want)
		}
	}
}

// TestYearlyCovers: over drawn histories with a common shock, intervals cover about what they say.
func TestYearlyCovers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 3))
	cover80, cover95, model, last := 0.0, 0.0, 0.0, 0.0
	const runs = 60
	for range runs {
		all := make([]Annual, 30)
		shock := make([]float64, 10)
		for y := range shock {
			shock[y] = 0.02 + 0.02*random.NormFloat64()
		}
		for p := range all {
			all[p] = Annual{Place: string(rune('A' + p)), First: 2000}
			level := 100 * float64(p+1)
			for y := range shock {
				level *= math.Exp(shock[y])
				all[p].Counts = append(all[p].Counts, float64(poisson(random, level)))
			}
		}
		r, err := BacktestYearly(all)
		if err != nil {
			t.Fatal(err)
		}
		cover80 += r.Cover80 / runs
		cover95 += r.Cover95 / runs
		model += r.MAE
		last += r.Last
	}
	if math.Abs(cover80-0.8) > 0.08 || math.Abs(cover95-0.95) > 0.05 {
		t.Errorf("80 %% covers %v, 95 %% %v", cover80, cover95)
	}
	if model >= last {
		t.Errorf("mean error %v, that of the year before %v", model, last)
	}
}

func TestYearlyHostile(t *testing.T) {
	t.Parallel()
	constant := Annual{Place: "c", First: 2010, Counts: []float64{5, 5, 5, 5, 5, 5}}
	never := Annual{Place: "n", First: 2010, Counts: make([]float64, 6)}
	sudden := Annual{Place: "s", First: 2010, Counts: []float64{0, 0, 0, 0, 0, 900}}
	got, err := Yearly([]Annual{constant, never, sudden})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range got {
		for _, v := range []float64{f.Mean, f.Low80, f.High80, f.Low95, f.High95, f.Growth} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%+v", f)
			}
		}
		if f.Low80 > f.High80 || f.Low95 > f.Low80 || f.High95 < f.High80 || f.Low95 < 0 {
			t.Errorf("%+v", f)
		}
	}
	for name, c := range map[string]struct {
		of   []Annual
		want error
	}{
		"none":       {nil, predict.ErrEmpty},
		"four years": {[]Annual{{Place: "a", Counts: []float64{1, 2, 3, 4}}}, predict.ErrEmpty},
		"nothing":    {[]Annual{{Place: "a", Counts: make([]float64, 6)}}, predict.ErrEmpty},
		"lengths":    {[]Annual{constant, {Place: "a", First: 2010, Counts: []float64{1}}}, predict.ErrShape},
		"years":      {[]Annual{constant, {Place: "a", First: 2011, Counts: constant.Counts}}, predict.ErrShape},
		"negative":   {[]Annual{{Place: "a", Counts: []float64{1, 2, -3, 4, 5}}}, predict.ErrShape},
		"1e300":      {[]Annual{{Place: "a", Counts: []float64{1, 2, 3, 4, 1e300}}}, predict.ErrShape},
		"no number":  {[]Annual{{Place: "a", Counts: []float64{1, 2, math.NaN(), 4, 5}}}, predict.ErrShape},
	} {
		if _, err := Yearly(c.of); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	if _, err := BacktestYearly([]Annual{{Place: "a", Counts: []float64{0, 0, 0, 0, 1, math.NaN()}}}); !errors.Is(err, predict.ErrShape) {
		t.Errorf("a last year that is no number: error %v", err)
	}
	if _, err := BacktestYearly([]Annual{constant, {Place: "a", First: 2010, Counts: []float64{1, 2, 3, 4, 5}}}); err == nil {
		t.Error("places with other last years are not refused")
	}
}
