package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/predict"
	"vigie/progress"
)

// zoneRun is how much one run of the benchmark of hot spots does.
type zoneRun struct {
	side         int // the network is a square of side × side junctions, without a tenth of its roads
	permuted     int // data sets without hot spots
	planted      int // data sets with
	peers        int // of those with, how many the peer gets
	permutations int
}

const (
	zoneRate   = 0.05 // the false discovery rate aimed at
	zoneEnough = 30   // permutations at least as high that end a test early
	zoneTimes  = 8    // how many times the accidents of others a planted lixel has
)

// Zones measures the hot spots of package predict on a made-up road network, about 1,800 lixels: how often data without any
// hot spot show one (the values of one data set permuted over the lixels 1,000 times), and how many planted hot spots are
// found, beside esda (PySAL) on the same data. It needs no store. The interval of the false discovery rate is that of
// Clopper and Pearson.
func Zones(ctx context.Context, _ *geoengine.Store, options Options) ([]Result, error) {
	// Fewer than 20 permutations a lixel could not find a single hot one.
	return zones(ctx, options, zoneRun{side: 32, permuted: 1000, planted: 100, peers: 4, permutations: 99_999})
}

func zones(ctx context.Context, options Options, run zoneRun) ([]Result, error) {
	town := newZoneTown(rand.New(rand.NewPCG(options.Seed, 41)), run.side)
	shown, err := town.permuted(ctx, options, run)
	if err != nil {
		return nil, fmt.Errorf("bench zones: %w", err)
	}
	low, high := predict.ExactShare(shown, run.permuted, 0.95)
	name := fmt.Sprintf("permuted data sets that show a hot spot, of %d (95 %%: %.4f to %.4f)", run.permuted, low, high)
	results := []Result{Below(name, "share", float64(shown)/float64(run.permuted), zoneRate)}
	planted, err := town.plant(ctx, options, run)
	if err != nil {
		return nil, fmt.Errorf("bench zones: %w", err)
	}
	results = append(results, Below(
		fmt.Sprintf("false share of the hot lixels found, mean of %d planted data sets", run.planted), "share", planted.falseShare, zoneRate))
	peer, err := town.peer(ctx, planted, run)
	if errors.Is(err, errNoPeer) {
		if options.Log != nil {
			options.Log.Warn("zones without their peer", "error", err)
		}
		share := Result{Name: "share of the planted lixels found", Unit: "share", Ours: planted.found}
		return append(results, share), nil
	}
	if err != nil {
		return nil, fmt.Errorf("bench zones: %w", err)
	}
	name = fmt.Sprintf("share of the planted lixels found, %d data sets", run.peers)
	return append(results,
		Higher(name, "share", planted.foundBeside, peer.found, peer.Name+" with Benjamini–Hochberg", 0.95),
		Below(fmt.Sprintf("greatest difference of z to the peer, %s", peer.Name), "z", peer.farZ, 1e-9),
		Below("greatest difference of p to the peer, in standard errors of the draws", "errors", peer.farP, 6),
		Faster(fmt.Sprintf("hot spots of %d lixels, %d permutations", len(town.near.Start)-1, run.permutations), "ms", planted.millis, peer.millis, peer.Name, 1),
	), nil
}

func (town *zoneTown) hot(ctx context.Context, values []float64, run zoneRun, seed uint64) (*predict.LocalG, error) {
	return predict.Hot(ctx, values, town.near, predict.LocalGOptions{Permutations: run.permutations, Enough: zoneEnough, Seed: seed})
}

// permuted counts the permuted data sets that show a hot spot: all of their discoveries are false, so the share of such
// sets is the false discovery rate.
func (town *zoneTown) permuted(ctx context.Context, options Options, run zoneRun) (count int, err error) {
	random := rand.New(rand.NewPCG(options.Seed, 42))
	values := town.accidents(random, nil, 1)
	for set := range run.permuted {
		random.Shuffle(len(values), func(a, b int) { values[a], values[b] = values[b], values[a] })
		g, err := town.hot(ctx, values, run, options.Seed+uint64(set))
		if err != nil {
			return 0, err
		}
		if slices.Min(g.Q) <= zoneRate {
			count++
		}
		options.Progress.Report(progress.Update{
			Task: "permuted data sets", Unit: "sets", Done: int64(set + 1), Total: int64(run.permuted), Finished: set+1 == run.permuted,
		})
	}
	return count, nil
}

// zonesPlanted is what was found of planted hot spots.
type zonesPlanted struct {
	sets   [][]float64
	raised [][]bool
	tests  []*predict.LocalG
	// found is the share of raised lixels found in all sets, foundBeside in those that the peer gets; falseShare is the mean
	// share of discoveries with nothing raised on them or beside them.
	found, foundBeside, falseShare, millis float64
}

func (town *zoneTown) plant(ctx context.Context, options Options, run zoneRun) (*zonesPlanted, error) {
	random := rand.New(rand.NewPCG(options.Seed, 43))
	out := &zonesPlanted{}
	var times []float64
	for set := range run.planted {
		raised := make([]bool, town.lixels)
		for range 1 + len(raised)/1000 { // a zone is a street corner and what is one and two lixels from it
			centre := int32(random.IntN(len(raised)))
			for _, near := range slices.Concat(town.around(int(centre)), []int32{centre}) {
				raised[near] = true
				for _, next := range town.around(int(near)) {
					raised[next] = true
				}
			}
		}
		values := town.accidents(random, raised, zoneTimes)
		begun := time.Now()
		g, err := town.hot(ctx, values, run, options.Seed+uint64(set))
		if err != nil {
			return nil, err
		}
		times = append(times, float64(time.Since(begun).Microseconds())/1000)
		out.sets, out.raised, out.tests = append(out.sets, values), append(out.raised, raised), append(out.tests, g)
		found, wrong := town.score(g.Q, raised)
		out.found += found / float64(run.planted)
		out.falseShare += wrong / float64(run.planted)
		if set < run.peers {
			out.foundBeside += found / float64(run.peers)
		}
	}
	out.millis = median(times)
	return out, nil
}

func (town *zoneTown) around(lixel int) []int32 {
	return town.near.List[town.near.Start[lixel]:town.near.Start[lixel+1]]
}

// score is the share of raised lixels among the discoveries, and the share of discoveries that are false.
func (town *zoneTown) score(q []float64, raised []bool) (found, wrong float64) {
	var hits, all, discoveries float64
	for i := range q {
		beside := raised[i]
		for _, near := range town.around(i) {
			beside = beside || raised[near]
		}
		if raised[i] {
			all++
		}
		if q[i] > zoneRate {
			continue
		}
		discoveries++
		if raised[i] {
			hits++
		}
		if !beside {
			wrong++
		}
	}
	return hits / max(all, 1), wrong / max(discoveries, 1)
}

// zonesPeer is what esda makes of planted data sets.
type zonesPeer struct {
	Name    string      `json:"name"`
	Seconds []float64   `json:"seconds"`
	Z       [][]float64 `json:"z"`
	P       [][]float64 `json:"p"` // of the nearer side

	found, farZ, farP, millis float64
}

func (town *zoneTown) peer(ctx context.Context, planted *zonesPlanted, run zoneRun) (*zonesPeer, error) {
	task := map[string]any{
		"start": town.near.Start, "list": town.near.List, "sets": planted.sets[:run.peers], "permutations": run.permutations,
	}
	out := &zonesPeer{}
	if err := runPeer(ctx, "zones.py", task, out); err != nil {
		return nil, err
	}
	if len(out.P) != run.peers || len(out.Z) != run.peers || len(out.Seconds) != run.peers {
		return nil, fmt.Errorf("peer answers for %d data sets of %d", len(out.P), run.peers)
	}
	var times []float64
	for set, p := range out.P {
		high := make([]float64, len(p)) // the side of high values
		for i := range p {
			ours := planted.tests[set]
			out.farZ = max(out.farZ, math.Abs(ours.Z[i]-out.Z[set][i]))
			if high[i] = p[i]; ours.P[i] > 0.5 {
				high[i] = 1 - p[i]
			}
			if p[i] > 0.4 { // the nearer side may be the other one by chance
				continue
			}
			out.farP = max(out.farP, apart(ours.P[i], high[i], run.permutations))
		}
		found, _ := town.score(predict.BenjaminiHochberg(high), planted.raised[set])
		out.found += found / float64(run.peers)
		times = append(times, out.Seconds[set]*1000)
	}
	out.millis = median(times)
	return out, nil
}

// apart is the difference of two p-values in standard errors: ours ends after zoneEnough draws at least as high, the
// peer's makes them all.
func apart(ours, peer float64, permutations int) float64 {
	all := float64(permutations)
	p := max(peer, 1/all)
	early := p * p / zoneEnough
	full := p * (1 - p) / all
	return math.Abs(ours-peer) / math.Sqrt(max(early, full)+full)
}
