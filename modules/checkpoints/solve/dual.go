package solve

import (
	"math"
	"slices"
	"sync"
)

// dual is the Lagrangian relaxation of a core: that an element counts only if a chosen option covers it is given up and
// priced by a multiplier, 0 ≤ u ≤ weight × scale. What is left falls apart by duty and is solved exactly: an option earns
// the multipliers of what it covers, a duty takes the roster and the options that earn most. With conflicts, sets of
// options of which one at most may be chosen are priced in the same way, and so are the groups of a duty with too many
// rosters to list.
type dual struct {
	l       *layout
	c       *core
	u       []int64
	cliques []clique
	price   []int64 // of each group; only of duties without list of rosters
	profit  []int64
	total   int64   // of evaluate: no solution of the core is worth more than total / scale
	picked  []int32 // the options that earn it
	cover   []int32 // how many of them cover each element
	duty    []dutyDual
	top     [][]int32 // the options of each group that earn most, first the best
	sums    [][]int64 // sums[g][k] is what the k best earn
	hold    []int32   // how many of each group are picked
	active  []int32   // the options that quick steps look at, ascending; nil if there are none but full steps
	astart  []int32   // those of group g are active[astart[g]:astart[g+1]]
	all     []int32   // every option
	theta   float64   // an option is active if it earns this share of the last one picked in its group
}

// clique is a set of options of which any two exclude one another.
type clique struct {
	options []int32
	v       int64 // its multiplier
	of      int32 // its number in the certificate
	named   bool  // whether it has one
}

// dutyDual is what evaluate found for a duty.
type dutyDual struct {
	best   int64
	roster int
}

func newDual(l *layout, c *core, u []int64) *dual {
	d := &dual{
		l: l, c: c, u: u, price: make([]int64, len(c.groups)), profit: make([]int64, c.options()), cover: make([]int32, len(c.weight)),
		duty: make([]dutyDual, len(c.duties)), top: make([][]int32, len(c.groups)), sums: make([][]int64, len(c.groups)), hold: make([]int32, len(c.groups)),
		all: make([]int32, c.options()), theta: 0.8,
	}
	for o := range d.all {
		d.all[o] = int32(o)
	}
	return d
}

// evaluate computes the bound of the present multipliers and the options that attain it.
func (d *dual) evaluate() { d.evaluateOver(d.all, d.c.gstart) }

// evaluateOver does so with some options only; then total is no bound but near to one.
func (d *dual) evaluateOver(options, start []int32) {
	d.l.work += int64(len(d.c.weight) + len(d.c.items)/max(1, d.c.options())*len(options))
	d.total = 0
	for e, w := range d.c.weight {
		d.total += w*d.l.scale - d.u[e]
	}
	d.profits(options)
	for i := range d.cliques {
		v := d.cliques[i].v
		d.total += v
		d.l.work += int64(len(d.cliques[i].options))
		for _, o := range d.cliques[i].options {
			d.profit[o] -= v
		}
	}
	for _, o := range d.picked {
		for _, e := range d.c.elements(o) {
			d.cover[e] = 0
		}
	}
	d.picked = d.picked[:0]
	for i := range d.c.duties {
		of := &d.c.duties[i]
		for g := of.lo; g < of.hi; g++ {
			d.best(g, options[start[g]:start[g+1]], int(of.room[g-of.lo]), of.rosters == nil)
		}
		d.pick(i, of)
	}
	for _, o := range d.picked {
		for _, e := range d.c.elements(o) {
			d.cover[e]++
		}
	}
}

// parallelFrom is from how many entries on profits are summed by two processors.
const parallelFrom = 300_000

func (d *dual) profits(options []int32) {
	if len(d.c.items)/max(1, d.c.options())*len(options) < parallelFrom {
		d.profitsOf(options)
		return
	}
	var wait sync.WaitGroup
	wait.Go(func() { d.profitsOf(options[:len(options)/2]) })
	d.profitsOf(options[len(options)/2:])
	wait.Wait()
}

func (d *dual) profitsOf(options []int32) {
	scale, u := d.l.scale, d.u
	for _, o := range options {
		sum := d.c.own[o] * scale
		for _, e := range d.c.elements(o) {
			sum += u[e]
		}
		d.profit[o] = sum
	}
}

// activate chooses the options that quick steps look at, about a tenth: those that earn not much less than what is
// picked in their group.
func (d *dual) activate() {
	d.active, d.astart = d.active[:0], append(d.astart[:0], 0)
	for g := range d.c.groups {
		lo, hi := d.c.inGroup(int32(g))
		least := int64(0)
		if n := d.hold[g]; n > 0 {
			least = int64(d.theta * float64(d.profit[d.top[g][n-1]]))
		}
		for o := lo; o < hi; o++ {
			if d.profit[o] >= least {
				d.active = append(d.active, o)
			}
		}
		d.astart = append(d.astart, int32(len(d.active)))
	}
	switch share := float64(len(d.active)) / float64(d.c.options()); {
	case share > 0.15:
		d.theta = min(0.98, d.theta+0.03)
	case share < 0.07:
		d.theta = max(0, d.theta-0.03)
	}
}

// best finds the k options of a group that earn most; those that earn nothing are left out.
func (d *dual) best(g int32, options []int32, k int, priced bool) {
	top := d.top[g][:0]
	for _, o := range options {
		if priced {
			d.profit[o] -= d.price[g]
		}
		p := d.profit[o]
		if p <= 0 || len(top) == k && (k == 0 || p <= d.profit[top[k-1]]) {
			continue
		}
		if len(top) < k {
			top = append(top, o)
		}
		at := len(top) - 1
		for at > 0 && d.profit[top[at-1]] < p {
			top[at] = top[at-1]
			at--
		}
		top[at] = o
	}
	d.top[g] = top
	d.sums[g] = append(d.sums[g][:0], 0)
	for i, o := range top {
		d.sums[g] = append(d.sums[g], d.sums[g][i]+d.profit[o])
	}
}

// earns is what the k best options of a group earn.
func (d *dual) earns(g, k int32) int64 { return d.sums[g][min(int(k), len(d.sums[g])-1)] }

// pick takes the roster of a duty that earns most, and its options.
func (d *dual) pick(i int, of *coreDuty) {
	roster := of.room
	best := int64(-1)
	for r, counts := range of.rosters {
		sum := int64(0)
		for j, n := range counts {
			sum += d.earns(of.lo+int32(j), n)
		}
		if sum > best {
			best, d.duty[i].roster, roster = sum, r, counts
		}
	}
	if of.rosters == nil {
		best = 0
		d.total += d.rent(of)
		for g := of.lo; g < of.hi; g++ {
			best += d.earns(g, roster[g-of.lo])
		}
	}
	d.duty[i].best = best
	d.total += best
	for j, n := range roster {
		g := of.lo + int32(j)
		top := d.top[g]
		d.hold[g] = int32(min(int(n), len(top)))
		d.picked = append(d.picked, top[:d.hold[g]]...)
	}
}

// rent is what the teams of a duty without listed rosters pay at most for their shifts, less what the options taken so
// far pay.
func (d *dual) rent(of *coreDuty) int64 {
	duty := d.l.in.Duties[of.id]
	prices := d.prices(of)
	dearest := int64(0)
	for _, shift := range duty.Shifts {
		sum := int64(0)
		for _, g := range shift {
			sum += prices[g]
		}
		dearest = max(dearest, sum)
	}
	total := dearest * int64(duty.Teams)
	for i, n := range of.taken {
		total -= int64(n) * prices[d.l.groups[of.id][i]]
	}
	return total
}

// prices are those of the open groups of a duty, by their numbers in the instance; the others cost nothing.
func (d *dual) prices(of *coreDuty) map[int32]int64 {
	prices := make(map[int32]int64, of.hi-of.lo)
	for g := of.lo; g < of.hi; g++ {
		prices[d.c.groups[g]] = d.price[g]
	}
	return prices
}

// fixed says which options need not be looked at further: taken where no solution without it is worth more than limit (times
// scale), left where none with it is. It reports false where no solution is.
func (d *dual) fixed(limit int64) ([]state, bool) {
	is := make([]state, d.c.options())
	for i := range d.c.duties {
		of := &d.c.duties[i]
		rest := d.total - d.duty[i].best
		for g := of.lo; g < of.hi; g++ {
			with := d.with(of, g)
			d.bestMore(g, int(of.room[g-of.lo]))
			for o := d.c.gstart[g]; o < d.c.gstart[g+1]; o++ {
				on, off := d.cases(g, o, with)
				switch {
				case rest+on <= limit && rest+off <= limit:
					return nil, false
				case rest+on <= limit:
					is[o] = left
				case rest+off <= limit:
					is[o] = taken
				}
			}
		}
	}
	for o, s := range is {
		if s != taken {
			continue
		}
		for _, r := range d.c.rivalsOf(int32(o)) {
			if is[r] == taken {
				return nil, false
			}
			is[r] = left
		}
	}
	return is, true
}

// with is the most that a duty earns if k options of group g are taken, for each k; −1 if none can be.
func (d *dual) with(of *coreDuty, g int32) []int64 {
	with := make([]int64, of.room[g-of.lo]+1)
	for k := range with {
		with[k] = -1
	}
	if of.rosters == nil {
		best := int64(0)
		for h := of.lo; h < of.hi; h++ {
			if h != g {
				best += d.earns(h, of.room[h-of.lo])
			}
		}
		for k := range with {
			with[k] = best + d.earns(g, int32(k))
		}
	}
	for _, counts := range of.rosters {
		sum := int64(0)
		for j, n := range counts {
			sum += d.earns(of.lo+int32(j), n)
		}
		k := counts[g-of.lo]
		with[k] = max(with[k], sum)
	}
	return with
}

// bestMore lets top hold one option more than may be picked, to know what would follow.
func (d *dual) bestMore(g int32, k int) {
	lo, hi := d.c.gstart[g], d.c.gstart[g+1]
	next := int32(-1)
	for o := lo; o < hi; o++ {
		if d.profit[o] > 0 && (next < 0 || d.profit[o] > d.profit[next]) && !slices.Contains(d.top[g][:min(k, len(d.top[g]))], o) {
			next = o
		}
	}
	if next >= 0 && len(d.top[g]) == k {
		d.top[g] = append(d.top[g], next)
	}
}

// never is less than anything a duty earns.
const never = math.MinInt64 / 4

// cases is the most that the duty earns with option o and without it.
func (d *dual) cases(g, o int32, with []int64) (on, off int64) {
	kth := func(k int) int64 {
		if k > len(d.top[g]) {
			return 0
		}
		return d.profit[d.top[g][k-1]]
	}
	on, off = never, never
	for k, sum := range with {
		if sum < 0 {
			continue
		}
		if k > 0 {
			on = max(on, sum-max(0, kth(k)-d.profit[o]))
		}
		lost := int64(0)
		if k > 0 && d.profit[o] >= kth(k) {
			lost = max(0, d.profit[o]-kth(k+1))
		}
		off = max(off, sum-lost)
	}
	return on, off
}
