package solve

import (
	"cmp"
	"math"
	"slices"
)

// averageOver is over how many picks, roughly, frequencies are averaged to tell which option to branch on.
const averageOver = 24

// ascent lowers the bound of a dual by steps against the subgradient (Held, Wolfe, Crowder 1974; for coverage Beasley 1990),
// with the step of Polyak towards the best known value.
type ascent struct {
	d       *dual
	lower   int64 // value of the best known solution of the core
	best    int64 // the lowest total so far
	bestU   []int64
	bestV   []int64
	bestP   []int64
	frac    []float64 // how often each option was picked lately
	dir     []float64
	found   *primal // better than lower
	steps   int
	lambda  float64
	stalled int
	mark    []bool
	every   int       // steps between two tries at a solution
	weight  int       // steps for each full one
	metric  []float64 // how far the multiplier of each element moves: as the root of its weight
}

func newAscent(d *dual, lower int64) *ascent {
	a := &ascent{
		d: d, lower: lower, best: 1<<63 - 1, frac: make([]float64, d.c.options()), dir: make([]float64, len(d.c.weight)), lambda: 1,
		every: 25, weight: 1, mark: make([]bool, d.c.options()), metric: make([]float64, len(d.c.weight)),
	}
	for e, w := range d.c.weight {
		a.metric[e] = math.Sqrt(float64(w))
	}
	return a
}

// bound is the best one so far, not scaled.
func (a *ascent) bound() int64 { return a.best / a.d.l.scale }

// run makes at most n steps; it ends before where the bound closes, the steps become too small, or the search is cut.
func (a *ascent) run(s *search, n int) {
	d := a.d
	if len(d.c.items) > quickFrom {
		a.every = 50
	}
	quick := len(d.c.items) > quickFrom && !d.c.rivalry
	if quick {
		a.weight = quickSteps / 2
	}
	for i := range n {
		if full := !quick || i%quickSteps == 0; full {
			d.evaluate()
			a.note()
			if quick {
				d.activate()
			}
		} else {
			d.evaluateOver(d.active, d.astart)
		}
		a.steps++
		a.count()
		if a.bound() <= a.lower || a.lambda < 0.002 || s.cut() {
			break
		}
		if i%a.every == a.every-1 {
			a.try()
		}
		a.step()
	}
	a.restore()
}

// A core of more than quickFrom entries is looked at whole in every one of quickSteps steps only, else where it matters
// (partial pricing).
const (
	quickFrom  = 50_000
	quickSteps = 8
)

// count keeps the frequencies.
func (a *ascent) count() {
	d := a.d
	for o := range a.frac {
		a.frac[o] *= 1 - 1.0/averageOver
	}
	for _, o := range d.picked {
		a.frac[o] += 1.0 / averageOver
	}
}

// note keeps the best multipliers and shortens the steps where they no longer help.
func (a *ascent) note() {
	d := a.d
	if d.total < a.best {
		if float64(a.best-d.total) > 0.00001*float64(d.total) {
			a.stalled = 0
		}
		a.best = d.total
		a.bestU = append(a.bestU[:0], d.u...)
		a.bestP = append(a.bestP[:0], d.price...)
		a.bestV = a.bestV[:0]
		for _, c := range d.cliques {
			a.bestV = append(a.bestV, c.v)
		}
	}
	if a.stalled += a.weight; a.stalled > patience {
		a.lambda /= 1.6
		a.stalled = 0
	}
}

// restore goes back to the best multipliers and evaluates them.
func (a *ascent) restore() {
	d := a.d
	copy(d.u, a.bestU)
	copy(d.price, a.bestP)
	for i := range d.cliques {
		d.cliques[i].v = 0
		if i < len(a.bestV) {
			d.cliques[i].v = a.bestV[i]
		}
	}
	d.evaluate()
}

// keep is the share of the last direction that is kept (deflection: Camerini, Fratta, Maffioli 1975); after patience steps
// without gain the steps become shorter.
const (
	keep     = 0.7
	patience = 12
)

func (a *ascent) step() {
	d, scale := a.d, a.d.l.scale
	if d.c.rivalry {
		d.addCliques(a.mark)
	}
	norm := 0.0
	for e, w := range d.c.weight {
		g := float64(d.cover[e])
		if d.cover[e] > 0 || d.u[e] < w*scale {
			g--
		}
		if d.u[e] == 0 && g > 0 { // it cannot go lower
			g = 0
		}
		g += keep * a.dir[e]
		a.dir[e] = g
		norm += g * g * a.metric[e]
	}
	post := math.Sqrt(float64(max(1, a.lower)) / float64(max(1, len(d.picked)))) // as the root of what a post is worth
	for i := range d.cliques {
		s := d.slack(&d.cliques[i])
		norm += float64(s*s) * post
	}
	priced := d.priceSlack()
	for _, s := range priced {
		norm += float64(s*s) * post
	}
	if norm == 0 {
		a.lambda = 0
		return
	}
	t := a.lambda * float64(d.total-a.lower*scale) / norm
	for e, w := range d.c.weight {
		d.u[e] = min(max(0, d.u[e]-int64(t*a.metric[e]*a.dir[e])), w*scale)
	}
	for i := range d.cliques {
		c := &d.cliques[i]
		c.v = min(max(0, c.v-int64(t*post*float64(d.slack(c)))), maxPrice)
	}
	for g, s := range priced {
		d.price[g] = min(max(0, d.price[g]-int64(t*post*float64(s))), d.l.price)
	}
}

// maxPrice is the largest multiplier of a clique; what an option earns stays below it where the weights allow.
const maxPrice = 1 << 40

// slack is one less how many options of a clique are picked.
func (d *dual) slack(c *clique) int64 {
	s := int64(1)
	for _, o := range c.options {
		if g := d.c.group[o]; slices.Contains(d.top[g][:d.hold[g]], o) {
			s--
		}
	}
	return s
}

// priceSlack is, for each group of a duty without listed rosters, by how much its price should fall.
func (d *dual) priceSlack() map[int32]int64 {
	var slack map[int32]int64
	for i := range d.c.duties {
		of := &d.c.duties[i]
		if of.rosters != nil {
			continue
		}
		if slack == nil {
			slack = map[int32]int64{}
		}
		duty, prices := d.l.in.Duties[of.id], d.prices(of)
		dearest, at := int64(-1), -1
		for s, shift := range duty.Shifts {
			sum := int64(0)
			for _, g := range shift {
				sum += prices[g]
			}
			if sum > dearest {
				dearest, at = sum, s
			}
		}
		for g := of.lo; g < of.hi; g++ {
			id := d.c.groups[g]
			j, _ := slices.BinarySearch(d.l.groups[of.id], id)
			slack[g] = -int64(d.hold[g]) - int64(of.taken[j])
			if slices.Contains(duty.Shifts[at], id) {
				slack[g] += int64(duty.Teams)
			}
		}
	}
	return slack
}

// addCliques adds a clique for each conflict between picked options that none holds yet.
func (d *dual) addCliques(mark []bool) {
	for _, o := range d.picked {
		mark[o] = true
	}
	for _, a := range d.picked {
		for _, b := range d.c.rivalsOf(a) {
			if b > a && mark[b] && !d.held(a, b) {
				d.cliques = append(d.cliques, clique{options: d.grow(a, b)})
			}
		}
	}
	for _, o := range d.picked {
		mark[o] = false
	}
}

func (d *dual) held(a, b int32) bool {
	return slices.ContainsFunc(d.cliques, func(c clique) bool {
		_, hasA := slices.BinarySearch(c.options, a)
		_, hasB := slices.BinarySearch(c.options, b)
		return hasA && hasB
	})
}

// grow extends a conflict to a clique, by the options that earn most.
func (d *dual) grow(a, b int32) []int32 {
	all := []int32{a, b}
	shared := common(d.c.rivalsOf(a), d.c.rivalsOf(b))
	for len(shared) > 0 && len(all) < 64 {
		best := shared[0]
		for _, o := range shared {
			if d.profit[o] > d.profit[best] {
				best = o
			}
		}
		all = append(all, best)
		shared = common(shared, d.c.rivalsOf(best))
	}
	slices.Sort(all)
	return all
}

// common are the numbers in both ascending lists.
func common(a, b []int32) []int32 {
	var both []int32
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			both = append(both, a[i])
			i, j = i+1, j+1
		}
	}
	return both
}

// try makes a solution of the options that were picked most often, completes it greedily and improves it by swaps.
func (a *ascent) try() {
	d := a.d
	if d.c.stuck {
		return
	}
	p := newPrimal(d.l, d.c)
	for _, o := range a.often(0.5) {
		if of := d.c.dutyOf(o); p.may(o, of) {
			p.add(o)
		}
	}
	p.greedy()
	p.swaps(3)
	a.offer(p)
}

func (a *ascent) offer(p *primal) {
	if p.value > a.lower {
		a.lower, a.found = p.value, p
	}
}

// often are the options picked in at least a share of the last steps, the most frequent first.
func (a *ascent) often(share float64) []int32 {
	var all []int32
	for o, f := range a.frac {
		if f >= share {
			all = append(all, int32(o))
		}
	}
	slices.SortStableFunc(all, func(x, y int32) int { return cmp.Compare(a.frac[y], a.frac[x]) })
	return all
}
