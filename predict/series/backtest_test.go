package series

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/predict"
)

// TestBacktestOnPoisson: where the truth is stationary and Poisson, intervals must cover what they say, and the errors are
// those that theory gives: a median of the true distribution against the difference of two draws.
func TestBacktestOnPoisson(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "Europe/Paris", 40*7, 12, 1, 1, 12)
	r, err := Backtest(t.Context(), all, cal, BacktestOptions{Weeks: 8, Draws: 200})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, x := range r.Results {
		seen[x.Group+" "+x.Step] = true
		if x.Group != "place" {
			continue
		}
		wide := 1.0
		if x.Step == Weekly { // 96 forecasts
			wide = 2.5
		}
		if math.Abs(x.Cover80-0.8) > 0.035*wide || math.Abs(x.Cover95-0.95) > 0.02*wide {
			t.Errorf("%s: 80 %% covers %.3f, 95 %% %.3f", x.Step, x.Cover80, x.Cover95)
		}
		if x.Whole80 < x.Cover80 || x.Whole95 < x.Cover95 || x.Better < 0.9 || x.Gain <= 0 || x.Difference.High >= 0 {
			t.Errorf("%s: %+v", x.Step, x)
		}
		if ratio := x.Mean / x.Calls; ratio < 0.95 || ratio > 1.05 {
			t.Errorf("%s: %v forecast, %v came", x.Step, x.Mean, x.Calls)
		}
		// Two equal normal variables differ by √2 times as much as one from its median; by a weekday's season as well.
		if x.Step == Daily && (x.MASE < 0.66 || x.MASE > 0.76 || x.NaiveM < 0.9 || x.NaiveM > 1.1) {
			t.Errorf("MASE of days is %v and of the naive %v, want about 1/√2 and 1", x.MASE, x.NaiveM)
		}
	}
	for _, want := range []string{"total P1D", "total PT1H", "total P7D", "kind fire P1D", "place P1D", "place PT1H", "place P7D"} {
		if !seen[want] {
			t.Errorf("no result for %s", want)
		}
	}
	if r.Days != 32*7 || r.Places != 12 || r.Calls < 4000 {
		t.Errorf("report says %d days, %d places, %d calls", r.Days, r.Places, r.Calls)
	}
	one, err := Backtest(t.Context(), all, cal, BacktestOptions{Weeks: 8, Draws: 200, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, one); diff != "" {
		t.Errorf("one worker gives another report:\n%s", diff)
	}
}

// TestPoolingHelpsSmallStations: weekdays and hours of stations with little of their own are better pooled.
func TestPoolingHelpsSmallStations(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "UTC", 30*7, 15, 1, 0.05, 13)
	loss := map[bool]float64{}
	for _, apart := range []bool{false, true} {
		r, err := Backtest(t.Context(), all, cal, BacktestOptions{Weeks: 4, Draws: 100, Fit: Options{Apart: apart}})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Results {
			if x.Group == "place" && x.Step == Hourly {
				loss[apart] = x.Pinball
			}
		}
	}
	if loss[false] >= loss[true] {
		t.Errorf("pinball pooled %v, apart %v", loss[false], loss[true])
	}
}

func TestBacktestRefuses(t *testing.T) {
	t.Parallel()
	all, cal := made(t, "UTC", 70, 1, 1, 1, 14)
	for _, weeks := range []int{-1, 3, 100} {
		if _, err := Backtest(t.Context(), all, cal, BacktestOptions{Weeks: weeks}); !errors.Is(err, predict.ErrEmpty) {
			t.Errorf("%d weeks held out of 70 days: error %v", weeks, err)
		}
	}
	if _, err := Backtest(t.Context(), nil, cal, BacktestOptions{}); !errors.Is(err, predict.ErrEmpty) {
		t.Errorf("no series: error %v", err)
	}
}

func TestBaseline(t *testing.T) {
	t.Parallel()
	b := newBaseline([]float64{1, 2, 3, 5, 4, 9}, 2) // errors 2, 3, 1, 4; phases 1 3 4 and 2 5 9
	if got := []float64{b.point(0), b.point(1), b.point(2), b.naive(0, 0), b.naive(1, 1), b.usual(0, 0.5), b.usual(3, 0.5)}; !cmp.Equal(got, []float64{4, 9, 4, 5, 13, 3, 5}) {
		t.Errorf("got %v", got)
	}
}
