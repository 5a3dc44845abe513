package backtest

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"vigie/geoengine/road"
	"vigie/predict"
	"vigie/predict/roadrisk"
)

// contender is who takes part: the choice for the greatest budget, of which a prefix is that for a smaller one. One that
// leaves things to chance has several choices, and is judged by their mean.
type contender struct {
	Name    string
	About   string
	Variant bool // disclosed, but not one of those that the goals name
	choices [][]post
}

// Kernels are the widths and weights of the kernel density, chosen on the inner year: for the best options as they are,
// and for those at our distance from one another.
type Kernels struct {
	Plain KernelChoice `json:"plain"`
	Apart KernelChoice `json:"apart"`
}

// KernelChoice is a width and a weight of the kernel density.
type KernelChoice struct {
	Metres   float64 `json:"metres"`
	Severity bool    `json:"severity"` // accidents weighted by severity
}

// chances is how many choices a contender who leaves things to chance has.
const chances = 12

// contenders are all, ours first; the variants of our model only where they are asked for.
func (s *split) contenders(ctx context.Context, choice Kernels, variants bool) ([]contender, error) {
	all, err := s.ours(ctx, variants)
	if err != nil {
		return nil, err
	}
	n := s.options.most()
	plain, err := s.kernelDemand(choice.Plain)
	if err != nil {
		return nil, err
	}
	density, err := s.kernelDemand(choice.Apart)
	if err != nil {
		return nil, err
	}
	profile, err := s.profile(choice.Apart.Severity)
	if err != nil {
		return nil, err
	}
	solved, _, err := s.week.best(ctx, density, n)
	if err != nil {
		return nil, err
	}
	zones := s.zones()
	byHour := s.scores(product(zones, profile))
	truth, err := s.truth(ctx, n)
	if err != nil {
		return nil, err
	}
	return append(all,
		contender{Name: "zaac-hours", About: "the zones of zaac, at the hours with most accidents, 2 km apart at the same time: the rule with hours and our distance",
			choices: [][]post{s.week.ranked(byHour, n, true)}},
		contender{Name: "zaac", About: "500 m of road with most injury accidents, apart from one another, each once a week at an hour by chance: the rule knows no hours", choices: s.anyHour(zones, n)},
		contender{Name: "kernel-apart", About: "the same density, with a width of its own, 2 km apart at the same time: the density with our distance",
			choices: [][]post{s.week.ranked(s.scores(density), n, true)}},
		contender{Name: "kernel", About: "network kernel density × hours of the week, the best options", choices: [][]post{s.week.ranked(s.scores(plain), n, false)}},
		contender{Name: "kernel-solved", About: "the same density given to our choice of posts: what the model of risk adds beyond it is the rest", Variant: true, choices: [][]post{solved}},
		contender{Name: "grid", About: "cells of 5 × 6 miles × 4 h with most severity, a post in each slot at the cell's lixel with most", choices: [][]post{s.grid(n, nil)}},
		contender{Name: "grid-any-place", About: "the same cells, anywhere in the cell by chance", Variant: true, choices: s.gridAnyPlace(n)},
		contender{Name: "uniform", About: "any place and slot by chance", choices: s.uniform(n)},
		contender{Name: "all-knowing", About: "our choice of posts, knowing the year to be judged by", choices: [][]post{truth}},
	), nil
}

// models are the variants of the model of risk; the first is the one in use.
func models() []roadrisk.Model {
	return []roadrisk.Model{{}, {NoNeighbours: true}, {NoCentrality: true}, {NoBayes: true}, {OneProfile: true}, {OwnSeverity: true}, {Counts: true},
		{NoBayes: true, NoNeighbours: true}}
}

// ours are the plan by the model and, if asked for, by its variants.
func (s *split) ours(ctx context.Context, variants bool) ([]contender, error) {
	try := models()
	if !variants {
		try = try[:1]
	}
	plans := make([][]post, len(try))
	demands := make([]demand, len(try))
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, model := range try {
		group.Go(func() (err error) {
			surfaces, err := s.network.Build(working, s.raw, roadrisk.Options{Periods: s.periods, SnapM: s.options.SnapM, Kinds: []roadrisk.Kind{roadrisk.AnyKind}, Model: model})
			if err != nil {
				return err
			}
			demands[i] = demandOf(surfaces[roadrisk.AnyKind])
			plans[i], _, err = s.week.best(working, demands[i], s.options.most())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	top := s.week.ranked(s.scores(demands[0]), s.options.most(), true)
	all := []contender{
		{Name: "plan", About: "expected severity by our model, posts chosen for what each adds", choices: [][]post{plans[0]}},
		{Name: "plan-top", About: "the same expectation, best options one by one, 2 km apart at the same time", Variant: true, choices: [][]post{top}},
	}
	for i, model := range try[1:] {
		all = append(all, contender{Name: "plan: " + model.String(), About: "the plan without a part of the model", Variant: true, choices: plans[i+1 : i+2]})
	}
	return all, nil
}

// scores are what stands at each option itself, by lixel × slot: what a map of risk shows, without any reach.
func (s *split) scores(d demand) []float64 {
	scores := make([]float64, len(d)*slots)
	for i, wanted := range d {
		if wanted == nil {
			continue
		}
		metres := math.Max(s.network.Lixels.List[i].Metres, 1)
		for h, v := range wanted {
			scores[i*slots+h/slotHours] += float64(v) / metres
		}
	}
	return scores
}

// kernel is the network kernel density of the years to learn from, per lixel: severity or accidents a kilometre, times
// the lixel's length, so that a product with hours is a demand.
func (s *split) kernel(choice KernelChoice) []float64 {
	values := make([]float64, s.network.Lixels.Len())
	for i := range s.train.Accidents {
		a := &s.train.Accidents[i]
		v := 1.0
		if choice.Severity {
			v = a.Weight
		}
		values[a.Lixel] += v
	}
	density := make([]float64, len(values))
	for i, v := range values {
		if v == 0 {
			continue
		}
		for _, near := range s.network.Lixels.Within(i, choice.Metres) {
			u := float64(near.Metres) / choice.Metres
			density[near.Lixel] += (1 - u*u) * v * s.network.Lixels.List[near.Lixel].Metres
		}
	}
	return density
}

// profile is that of all accidents over the hours of the week.
func (s *split) profile(severity bool) ([]float64, error) {
	counts := make([]float64, roadrisk.HoursOfWeek)
	total, accidents := 0.0, 0.0
	for i := range s.train.Accidents {
		if a := &s.train.Accidents[i]; a.Hour >= 0 {
			v := 1.0
			if severity {
				v = a.Weight
			}
			counts[a.Hour] += v
			total, accidents = total+v, accidents+1
		}
	}
	for h := range counts {
		counts[h] *= accidents / total // as many as there were, so that they are shrunk alike
	}
	week, err := predict.WeekProfiles([][]float64{counts})
	if err != nil {
		return nil, err
	}
	return week.All, nil
}

// kernelDemand is a kernel density over the hours of the week.
func (s *split) kernelDemand(choice KernelChoice) (demand, error) {
	profile, err := s.profile(choice.Severity)
	if err != nil {
		return nil, err
	}
	return product(s.kernel(choice), profile), nil
}

// chooseKernels chooses both kernels on the year of this split.
func (s *split) chooseKernels() (k Kernels, err error) {
	if k.Plain, err = s.chooseKernel(false); err != nil {
		return k, err
	}
	k.Apart, err = s.chooseKernel(true)
	return k, err
}

// chooseKernel tries widths and weights of the kernel on the year of this split and takes the best at the headline
// budget by the first yardstick.
func (s *split) chooseKernel(separated bool) (KernelChoice, error) {
	best, most := KernelChoice{}, -1.0
	n := min(Headline, s.options.Budgets[len(s.options.Budgets)-1])
	weights := s.judge.weights(bySeverity)
	for _, choice := range []KernelChoice{{250, false}, {500, false}, {1000, false}, {2000, false}, {250, true}, {500, true}, {1000, true}, {2000, true}} {
		density, err := s.kernelDemand(choice)
		if err != nil {
			return best, err
		}
		posts := s.week.ranked(s.scores(density), n, separated)
		value := 0.0
		for i, c := range s.judge.covered(posts, yardsticks()[0]) {
			value += c * weights[i]
		}
		if value > most {
			best, most = choice, value
		}
	}
	return best, nil
}

// zones are injury accidents within 250 m of road of each lixel's centre (a zone of 500 m), only where that is the most
// of all within 500 m: zones do not overlap. More severe ones go first among equals.
func (s *split) zones() []float64 {
	counts := make([]float64, s.network.Lixels.Len())
	j := &jury{network: s.network, accidents: s.train.Accidents, onSection: map[*road.Section][]int32{}, known: map[int32][]seen{}}
	for i := range j.accidents {
		section := s.network.Graph.Section(j.accidents[i].Spot.Edge)
		j.onSection[section] = append(j.onSection[section], int32(i))
	}
	for i := range counts {
		for _, a := range j.within(int32(i), 250) {
			counts[i] += 1 + 1e-4*j.accidents[a].Weight
		}
	}
	order := make([]int, len(counts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case counts[a] > counts[b]:
			return -1
		case counts[a] < counts[b]:
			return 1
		}
		return a - b
	})
	taken := make([]bool, len(counts))
	for _, i := range order {
		if taken[i] {
			counts[i] = 0
			continue
		}
		if counts[i] > 0 {
			for _, near := range s.network.Lixels.Within(i, 500) {
				taken[near.Lixel] = near.Lixel != int32(i)
			}
		}
	}
	for i := range counts { // demand is per lixel, scores are per metre
		counts[i] *= math.Max(s.network.Lixels.List[i].Metres, 1)
	}
	return counts
}

// anyHour holds each zone once, in the order of zones, at an hour by chance; again from the first if there are too few.
func (s *split) anyHour(zones []float64, n int) [][]post {
	var order []int32
	for i, z := range zones {
		if z > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		za, zb := zones[a]/s.network.Lixels.List[a].Metres, zones[b]/s.network.Lixels.List[b].Metres
		switch {
		case za > zb:
			return -1
		case za < zb:
			return 1
		}
		return 0
	})
	random := rand.New(rand.NewPCG(s.options.Seed, 0x2AAC))
	choices := make([][]post, chances)
	for c := range choices {
		for k := range n {
			choices[c] = append(choices[c], post{order[k%len(order)], int32(random.IntN(slots))})
		}
	}
	return choices
}

// uniform chooses road metres and slots by chance.
func (s *split) uniform(n int) [][]post {
	ends := make([]float64, s.network.Lixels.Len())
	sum := 0.0
	for i := range ends {
		sum += s.network.Lixels.List[i].Metres
		ends[i] = sum
	}
	random := rand.New(rand.NewPCG(s.options.Seed, 0x0211F))
	choices := make([][]post, chances)
	for c := range choices {
		for range n {
			lixel, _ := slices.BinarySearch(ends, random.Float64()*sum)
			choices[c] = append(choices[c], post{int32(min(lixel, len(ends)-1)), int32(random.IntN(slots))})
		}
	}
	return choices
}

// truth is the choice of somebody who knows the year to be judged by.
func (s *split) truth(ctx context.Context, n int) ([]post, error) {
	d := make(demand, s.network.Lixels.Len())
	for i := range s.judge.accidents {
		a := &s.judge.accidents[i]
		if d[a.Lixel] == nil {
			d[a.Lixel] = make([]float32, roadrisk.HoursOfWeek)
		}
		d[a.Lixel][a.Hour] += float32(a.Weight)
	}
	posts, bound, err := s.week.best(ctx, d, n)
	if total := s.data().TestSeverity; total > 0 {
		s.bound = bound / total
	}
	return posts, err
}
