package patrol

import (
	"fmt"
	"math"
	"math/rand/v2"

	"vigie/geoengine"
)

// Learner is a model that decides where patrols go.
type Learner interface {
	// Shares are the shares of the incidents that it expects in each area; they sum to 1.
	Shares() ([]float64, error)
	// Observe tells it of a round, from 0: what victims and witnesses have reported in each area, and what the patrol has
	// found itself. It must not keep the slices.
	Observe(round int, reported, found []int)
}

// Loop is the loop between a model and the patrols that follow it, after the urns of Ensign, Friedler, Neville,
// Scheidegger & Venkatasubramanian, Runaway Feedback Loops in Predictive Policing (PMLR 81, 2018): in each round one
// patrol goes to one area, drawn by the model's shares. In every area each of Trials chances becomes an incident with the
// area's rate. Incidents are reported wherever they happen; found only where the patrol is.
type Loop struct {
	Rates  []float64 // probability that a chance becomes an incident, by area
	Trials int       // chances in one round and area; 1 is the urn of the paper
	Rounds int
	// Reports are the shares of incidents that are reported, by area. Finds is the share that a patrol finds where it is.
	// What is found is reported besides, unless Displaces: then nobody reports what the patrol has found.
	Reports   []float64
	Finds     float64
	Displaces bool
	// Exploration is the share of rounds in which the patrol goes to an area drawn evenly.
	Exploration float64
}

// Path is what a loop has come to.
type Path struct {
	Shares  [][]float64 // that the model expected before each round, and after the last one
	Patrols []float64   // share of the rounds that each area was patrolled in
	// Explored are the shares of incidents as explored rounds alone tell them: what was found in an area over the rounds
	// in which chance had sent a patrol there. It rests on no report. Nil if an area was never explored, or nothing found.
	Explored []float64
}

// True are the shares of the incidents that happen.
func (l *Loop) True() []float64 { return proportions(l.Rates) }

// Run lets a model and its patrols go round. ErrInvalid names a parameter that is out of range.
func (l *Loop) Run(model Learner, seed uint64) (*Path, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(seed, 0x100F))
	n := len(l.Rates)
	path := &Path{Patrols: make([]float64, n)}
	reported, found := make([]int, n), make([]int, n)
	explored, finds := make([]float64, n), make([]float64, n)
	for round := range l.Rounds {
		shares, err := model.Shares()
		if err != nil {
			return nil, fmt.Errorf("round %d: %w", round, err)
		}
		path.Shares = append(path.Shares, shares)
		explore := random.Float64() < l.Exploration
		at := random.IntN(n)
		if !explore {
			at = choose(shares, random.Float64())
		}
		l.happen(at, reported, found, random)
		path.Patrols[at] += 1 / float64(l.Rounds)
		if explore {
			explored[at]++
			finds[at] += float64(found[at])
		}
		model.Observe(round, reported, found)
	}
	last, err := model.Shares()
	if err != nil {
		return nil, fmt.Errorf("after the last round: %w", err)
	}
	path.Shares = append(path.Shares, last)
	path.Explored = ratios(finds, explored)
	return path, nil
}

// happen draws the incidents of a round.
func (l *Loop) happen(patrol int, reported, found []int, random *rand.Rand) {
	for area, rate := range l.Rates {
		reported[area], found[area] = 0, 0
		for range l.Trials {
			// Three numbers for every chance, whatever comes of it: two loops of one seed see the same incidents.
			incident, report, find := random.Float64() < rate, random.Float64() < l.Reports[area], random.Float64() < l.Finds
			if !incident {
				continue
			}
			seen := area == patrol && find
			if seen {
				found[area]++
			}
			if report && !(seen && l.Displaces) {
				reported[area]++
			}
		}
	}
}

func (l *Loop) check() error {
	sum := 0.0
	for _, list := range [][]float64{l.Rates, l.Reports, {l.Finds, l.Exploration}} {
		for _, share := range list {
			if !(share >= 0 && share <= 1) {
				return fmt.Errorf("a rate, report, find or exploration of %v: must be 0 to 1: %w", share, geoengine.ErrInvalid)
			}
		}
	}
	for _, rate := range l.Rates {
		sum += rate
	}
	if len(l.Rates) < 2 || len(l.Reports) != len(l.Rates) || sum == 0 || l.Trials < 1 || l.Rounds < 1 {
		return fmt.Errorf("%d areas, %d shares of reports, %d trials, %d rounds: need two areas, each with its reports, a rate above 0, a trial and a round: %w",
			len(l.Rates), len(l.Reports), l.Trials, l.Rounds, geoengine.ErrInvalid)
	}
	return nil
}

// choose is the area in which a number in [0, 1) falls.
func choose(shares []float64, at float64) int {
	last := 0
	for i, share := range shares {
		if share <= 0 {
			continue
		}
		if at -= share; at < 0 {
			return i
		}
		last = i // what rounding leaves over
	}
	return last
}

func proportions(values []float64) []float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	shares := make([]float64, len(values))
	for i, v := range values {
		shares[i] = v / sum
	}
	return shares
}

func ratios(over, under []float64) []float64 {
	list := make([]float64, len(over))
	sum := 0.0
	for i := range over {
		if under[i] == 0 {
			return nil
		}
		list[i] = over[i] / under[i]
		sum += list[i]
	}
	if sum == 0 {
		return nil
	}
	return proportions(list)
}

// Urn is the model of the paper: an area's share is its share of the balls, and what is observed adds balls.
type Urn struct {
	Balls []float64 // before the first round, each above 0
	// Reported and Found are the balls that one report and one find add. With Found alone it is the urn that runs away;
	// with Reported alone it is fed as this house feeds its models.
	Reported, Found float64
}

// Shares implements Learner.
func (u *Urn) Shares() ([]float64, error) {
	for i, balls := range u.Balls {
		if !(balls > 0) || math.IsInf(balls, 0) {
			return nil, fmt.Errorf("%v balls of area %d: must be finite and above 0: %w", balls, i, geoengine.ErrInvalid)
		}
	}
	return proportions(u.Balls), nil
}

// Observe implements Learner.
func (u *Urn) Observe(_ int, reported, found []int) {
	for i := range u.Balls {
		u.Balls[i] += u.Reported*float64(reported[i]) + u.Found*float64(found[i])
	}
}

// Balance is the share of the first of two areas at which the shares of an urn stay what they are, in the mean: what one
// of balance adds to the urn has these shares too (the paper's quadratic). A report adds reports balls and a find finds
// balls, each times the probability that an incident is reported or found; reports above 0. A find that takes a report away
// has finds below 0, down to −reports.
func Balance(first, second, reports, finds float64) float64 {
	// A round adds (reports + finds·p)·first balls to the first area and (reports + finds·(1−p))·second to the second.
	// That these are as p to 1−p is square·p² + linear·p + constant = 0.
	square := finds * (second - first)
	linear := finds*(first-second) - reports*(first+second)
	constant := reports * first
	if math.Abs(square) < 1e-12*math.Abs(linear) {
		return -constant / linear
	}
	// At p = 0 the polynomial is above 0, at 1 below: one root lies between. This form of it does not cancel.
	return 2 * constant / (-linear + math.Sqrt(linear*linear-4*square*constant))
}
