package judge

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigie/progress"
)

// Values marked "peer" were printed by python bench/peers/predictjudge.py (scipy 1.17.1, statsmodels 0.15.0, scikit-learn
// 1.9.1, properscoring 0.1).

func near(relative float64) cmp.Option { return cmpopts.EquateApprox(relative, relative) }

// stream repeats the generator of bench/peers/predictjudge.py.
func stream(seed uint64) func() float64 {
	return func() float64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return float64(seed>>11) / (1 << 53)
	}
}

func day(t *testing.T, text string) Day {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return DayOf(at)
}

func TestDays(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		at   time.Time
		want Day
	}{
		{time.Date(1970, 1, 1, 23, 59, 0, 0, time.UTC), 0},
		{time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), -1},
		{time.Date(2017, 3, 1, 0, 0, 0, 0, paris), 17226},    // 28 February in UTC
		{time.Date(2016, 3, 27, 23, 59, 0, 0, paris), 16887}, // a day of 23 hours
	} {
		if got := DayOf(tt.at); got != tt.want {
			t.Errorf("%v: day %d, want %d", tt.at, got, tt.want)
		}
	}
	for _, tt := range []struct {
		from   string
		months int
		want   string
	}{{"2017-01-31", 1, "2017-02-28"}, {"2016-01-31", 1, "2016-02-29"}, {"2016-12-15", 3, "2017-03-15"}, {"2017-03-31", -1, "2017-02-28"}, {"2017-03-01", 12, "2018-03-01"}} {
		if got := DateOf(AddMonths(day(t, tt.from), tt.months)).Format(time.DateOnly); got != tt.want {
			t.Errorf("%s and %d months: %s, want %s", tt.from, tt.months, got, tt.want)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		first, last Day
		step, n     int
		want        []Day
	}{
		"latest":      {0, 100, 7, 3, []Day{86, 93, 100}},
		"all fit":     {0, 21, 7, 9, []Day{0, 7, 14, 21}},
		"short first": {1, 21, 7, 9, []Day{7, 14, 21}},
		"before 1970": {-14, 0, 7, 9, []Day{-14, -7, 0}},
		"one":         {5, 5, 7, 9, []Day{5}},
		"none":        {6, 5, 7, 9, nil},
		"no step":     {0, 5, 0, 9, nil},
		"no number":   {0, 5, 1, -1, nil},
		"far":         {math.MinInt32, math.MaxInt32, math.MaxInt32, 9, []Day{-math.MaxInt32, 0, math.MaxInt32}},
	} {
		if diff := cmp.Diff(tt.want, Origins(tt.first, tt.last, tt.step, tt.n)); diff != "" {
			t.Error(name, diff)
		}
	}
}

func TestWalkIsTheSameForAnyWorkers(t *testing.T) {
	t.Parallel()
	origins := Origins(0, 1000, 7, 100)
	var first []float64
	for _, workers := range []int{1, 2, 0, 99} {
		var last atomic.Value
		got, err := Walk(t.Context(), origins, workers, func(u progress.Update) {
			if u.Finished {
				last.Store(u)
			}
		}, "judge", func(_ context.Context, origin Day) (float64, error) {
			u := stream(uint64(origin))
			return u() + u(), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Error(workers, diff)
		}
		want := progress.Update{Task: "judge", Unit: "origins", Done: 100, Total: 100, Finished: true}
		if diff := cmp.Diff(want, last.Load()); diff != "" {
			t.Error(diff)
		}
	}
	none, err := Walk(t.Context(), nil, 0, nil, "nothing", func(context.Context, Day) (int, error) { return 1, nil })
	if err != nil || len(none) != 0 {
		t.Errorf("no origins: %v, %v", none, err)
	}
}

func TestWalkTellsTheEarliestError(t *testing.T) {
	t.Parallel()
	origins := Origins(0, 700, 7, 101)
	broken := errors.New("broken")
	for range 20 {
		_, err := Walk(t.Context(), origins, 0, nil, "judge", func(_ context.Context, origin Day) (int, error) {
			if origin >= 70 {
				return 0, broken
			}
			return 1, nil
		})
		if !errors.Is(err, broken) || err.Error() != "judge, origin 1970-03-12: broken" {
			t.Fatalf("got %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := Walk(ctx, origins, 1, nil, "judge", func(context.Context, Day) (int, error) {
		calls++
		cancel()
		return 1, nil
	})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("cancelled: %v after %d calls", err, calls)
	}
}
