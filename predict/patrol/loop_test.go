package patrol

import (
	"errors"
	"math"
	"slices"
	"testing"

	"vigie/geoengine"
)

// rounds is the length of the simulations of the safeguard.
const rounds = 1000

// goal is how far the shares may be from the true ones after them.
const goal = 0.02

// run runs a loop with a fresh urn and returns its path.
func run(t *testing.T, l Loop, urn Urn, seed uint64) *Path {
	t.Helper()
	urn.Balls = slices.Clone(urn.Balls)
	path, err := l.Run(&urn, seed)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// all are the shares of reports where all areas report alike.
func all(areas int, share float64) []float64 {
	list := make([]float64, areas)
	for i := range list {
		list[i] = share
	}
	return list
}

// TestUrnOfPolya holds the loop against a closed form: with one ball each and equal rates of 1 it is the urn of Pólya,
// in which every number of draws of the first area is equally probable.
func TestUrnOfPolya(t *testing.T) {
	t.Parallel()
	l := Loop{Rates: []float64{1, 1}, Trials: 1, Rounds: 99, Reports: all(2, 0), Finds: 1}
	const runs, bins = 4000, 10
	var seen [bins]float64
	for seed := range uint64(runs) {
		urn := Urn{Balls: []float64{1, 1}, Found: 1}
		if _, err := l.Run(&urn, seed); err != nil {
			t.Fatal(err)
		}
		seen[int(urn.Balls[0]-1)/10]++
	}
	square := 0.0
	for _, n := range seen {
		square += (n - runs/bins) * (n - runs/bins) / (runs / bins)
	}
	if square > 27.9 { // the 0.1 % point of χ² with 9 degrees of freedom
		t.Errorf("χ² %.1f: the shares of the urn are not uniform: %v", square, seen)
	}
}

// TestWithoutSafeguards shows what the safeguards are for: fed by what patrols find, equal areas drift apart,
// two thirds of the incidents become more than four fifths of the patrols, and reports beside the finds attenuate it and do not remove it.
func TestWithoutSafeguards(t *testing.T) {
	t.Parallel()
	apart, taken := 0, 0
	const runs = 100
	for seed := range uint64(runs) {
		equal := Loop{Rates: []float64{0.5, 0.5}, Trials: 20, Rounds: rounds, Reports: all(2, 1), Finds: 1}
		if p := run(t, equal, Urn{Balls: []float64{20, 20}, Found: 1}, seed); math.Abs(p.Shares[rounds][0]-0.5) > 5*goal {
			apart++
		}
		uneven := Loop{Rates: []float64{0.6, 0.3}, Trials: 20, Rounds: rounds, Reports: all(2, 1), Finds: 1}
		if p := run(t, uneven, Urn{Balls: []float64{20, 20}, Found: 1}, seed); p.Shares[rounds][0] > 0.8 {
			taken++
		}
	}
	if apart < runs/2 {
		t.Errorf("equal areas are more than ten points apart in %d of %d runs, they should mostly be", apart, runs)
	}
	if taken < runs*9/10 {
		t.Errorf("the area with two thirds has more than four fifths in %d of %d runs, it should", taken, runs)
	}
}

// TestBalance compares long runs with the closed form, where finds add to reports and where they take reports away.
func TestBalance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		rates           []float64
		reports, finds  float64
		reported, found float64 // balls
		displaces       bool
	}{
		{"reports alone", []float64{0.6, 0.3}, 0.8, 0.7, 1, 0, false},
		{"both", []float64{0.6, 0.3}, 0.5, 1, 1, 1, false},
		{"more finds", []float64{0.5, 0.4}, 0.6, 1, 1, 1, false},
		{"equal rates", []float64{0.4, 0.4}, 0.5, 1, 1, 1, false},
		{"finds take reports away", []float64{0.8, 0.2}, 0.9, 0.6, 1, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := Loop{Rates: c.rates, Trials: 20, Rounds: 5000, Reports: all(2, c.reports), Finds: c.finds, Displaces: c.displaces}
			got := 0.0
			const runs = 16
			for seed := range uint64(runs) {
				got += run(t, l, Urn{Balls: []float64{1, 1}, Reported: c.reported, Found: c.found}, seed).Shares[l.Rounds][0] / runs
			}
			finds := c.finds * c.found
			if c.displaces {
				finds = -c.finds * c.reports
			}
			if want := Balance(c.rates[0], c.rates[1], c.reports*c.reported, finds); math.Abs(got-want) > 0.01 {
				t.Errorf("the share comes to %.4f, balance is at %.4f", got, want)
			}
		})
	}
}

// TestWithSafeguards is the goal: fed by reports alone, with patrols that explore, the shares stay within two points of
// the true ones over 1,000 rounds, even from a start that is far off. Every run at the end; in the mean from the tenth part
// on, when the wrong start has been outweighed.
func TestWithSafeguards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		rates       []float64
		balls       []float64
		exploration float64
	}{
		{"two areas", []float64{0.6, 0.3}, []float64{1, 1}, LeastExploration},
		{"nearly equal", []float64{0.5, 0.45}, []float64{1, 1}, MostExploration},
		{"a wrong past", []float64{0.6, 0.3}, []float64{1, 9}, MostExploration},
		{"many areas", []float64{0.9, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05, 0.01}, []float64{1, 1, 1, 1, 1, 1, 1, 1}, 0.075},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := Loop{Rates: c.rates, Trials: 20, Rounds: rounds, Reports: all(len(c.rates), 0.9), Finds: 1, Exploration: c.exploration}
			want := l.True()
			const runs = 100
			mean := make([][]float64, rounds+1)
			for seed := range uint64(runs) {
				p := run(t, l, Urn{Balls: c.balls, Reported: 1}, seed)
				for round, shares := range p.Shares {
					if mean[round] == nil {
						mean[round] = make([]float64, len(shares))
					}
					for i, share := range shares {
						mean[round][i] += share / runs
					}
				}
				if off := worstOff(p.Shares[rounds], want); off > goal {
					t.Errorf("seed %d: %.1f points off after %d rounds", seed, 100*off, rounds)
				}
			}
			for round := rounds / 10; round <= rounds; round++ {
				if off := worstOff(mean[round], want); off > goal {
					t.Fatalf("round %d: %.1f points off in the mean", round, 100*off)
				}
			}
		})
	}
}

func worstOff(got, want []float64) float64 {
	off := 0.0
	for i := range got {
		off = max(off, math.Abs(got[i]-want[i]))
	}
	return off
}

// TestUnevenReporting holds what reports alone cannot see, and explored visits can: where half of the areas report less,
// the model learns the shares of reports and stays there, and the explored rounds tell the shares of what happens.
func TestUnevenReporting(t *testing.T) {
	t.Parallel()
	l := Loop{Rates: []float64{0.5, 0.5}, Trials: 20, Rounds: 5 * rounds, Reports: []float64{0.9, 0.3}, Finds: 0.5, Exploration: MostExploration}
	p := run(t, l, Urn{Balls: []float64{1, 1}, Reported: 1}, 11)
	if off := worstOff(p.Shares[l.Rounds], []float64{0.75, 0.25}); off > goal {
		t.Errorf("%.1f points off the shares of reports: it must neither see more nor run further", 100*off)
	}
	if off := worstOff(p.Explored, l.True()); off > goal {
		t.Errorf("the explored rounds are %.1f points off the true shares", 100*off)
	}
}

// TestFindsThatTakeReportsAway bounds what remains when a find replaces the victim's report: within the goal while patrols
// find at most a tenth of what happens where they are.
func TestFindsThatTakeReportsAway(t *testing.T) {
	t.Parallel()
	worst := 0.0
	for share := 0.05; share < 0.96; share += 0.05 {
		worst = max(worst, math.Abs(Balance(share, 1-share, 1, -0.1)-share))
	}
	if worst > goal {
		t.Errorf("%.2f points off", 100*worst)
	}
	if off := math.Abs(Balance(0.8, 0.2, 1, -0.6) - 0.8); off < goal {
		t.Errorf("only %.2f points off where patrols find most: the bound says nothing", 100*off)
	}
}

func TestLoopRefuses(t *testing.T) {
	t.Parallel()
	good := Loop{Rates: []float64{0.5, 0.5}, Trials: 1, Rounds: 1, Reports: all(2, 1)}
	for name, change := range map[string]func(*Loop){
		"one area":       func(l *Loop) { l.Rates, l.Reports = l.Rates[:1], l.Reports[:1] },
		"reports":        func(l *Loop) { l.Reports = nil },
		"no rate":        func(l *Loop) { l.Rates = []float64{0, 0} },
		"a rate above 1": func(l *Loop) { l.Rates = []float64{2, 0} },
		"no number":      func(l *Loop) { l.Finds = math.NaN() },
		"no rounds":      func(l *Loop) { l.Rounds = 0 },
		"no trials":      func(l *Loop) { l.Trials = 0 },
	} {
		l := good
		change(&l)
		if _, err := l.Run(&Urn{Balls: []float64{1, 1}}, 1); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := good.Run(&Urn{Balls: []float64{0, 1}}, 1); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("an urn without balls: %v", err)
	}
}
