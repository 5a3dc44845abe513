// Package attack is an attacker on published counts, for tests: whoever collects every answer, knows which places it
// adds up, and calculates what each place can hold.
//
// It eliminates (every sum and difference of exact answers) and then narrows intervals, again and again, by every
// answer, exact or not, and by every equation that elimination found.
package attack

import (
	"math"
	"slices"
)

// Attacker knows of n counts, none below 0.
type Attacker struct {
	lo, hi []float64
	known  []fact
	seen   map[string]bool
}

// fact is that a weighted sum of counts lies within bounds.
type fact struct {
	terms  []term
	lo, hi float64
}

type term struct {
	count int
	times float64
}

const tolerance = 1e-6

// New returns an attacker who knows nothing of n counts.
func New(n int) *Attacker {
	a := &Attacker{lo: make([]float64, n), hi: make([]float64, n), seen: map[string]bool{}}
	for i := range a.hi {
		a.hi[i] = math.Inf(1)
	}
	return a
}

// Learn tells that the counts, each named once, add up to at least lo and at most hi; math.MaxInt is no bound.
func (a *Attacker) Learn(counts []int, lo, hi int) {
	sorted := slices.Sorted(slices.Values(counts))
	key := make([]byte, 0, 3*len(sorted)+16)
	for _, c := range append(sorted, -1, lo, hi) {
		key = append(key, byte(c), byte(c>>8), byte(c>>16), byte(c>>24))
	}
	if a.seen[string(key)] {
		return
	}
	a.seen[string(key)] = true
	f := fact{lo: float64(lo), hi: float64(hi)}
	if hi == math.MaxInt {
		f.hi = math.Inf(1)
	}
	for _, c := range sorted[:len(counts)] {
		f.terms = append(f.terms, term{c, 1})
	}
	a.known = append(a.known, f)
}

// LearnSum tells that a count is the sum of others.
func (a *Attacker) LearnSum(sum int, parts []int) {
	f := fact{terms: []term{{sum, -1}}}
	for _, part := range parts {
		f.terms = append(f.terms, term{part, 1})
	}
	a.known = append(a.known, f)
}

// Solve calculates; Learn may follow, and Solve again.
func (a *Attacker) Solve() {
	facts := slices.Concat(a.known, a.eliminate())
	for range 1000 {
		changed := false
		for i := range facts {
			changed = a.narrow(&facts[i]) || changed
		}
		if !changed {
			return
		}
	}
}

// Interval is what a count can be; hi is math.MaxInt without a bound.
func (a *Attacker) Interval(count int) (lo, hi int) {
	if math.IsInf(a.hi[count], 1) {
		return int(a.lo[count]), math.MaxInt
	}
	return int(a.lo[count]), int(a.hi[count])
}

// Impossible tells whether the answers contradict each other.
func (a *Attacker) Impossible() bool {
	for i := range a.lo {
		if a.lo[i] > a.hi[i] {
			return true
		}
	}
	return false
}

// eliminate brings the exact answers into reduced row echelon form.
func (a *Attacker) eliminate() []fact {
	n := len(a.lo)
	var rows [][]float64 // n coefficients and the sum; each with a leading 1 where no other row has a coefficient
	leads := map[int]int{}
	for _, f := range a.known {
		if f.lo != f.hi {
			continue
		}
		row := make([]float64, n+1)
		for _, t := range f.terms {
			row[t.count] = t.times
		}
		row[n] = f.lo
		for lead, at := range leads {
			subtract(row, rows[at], row[lead])
		}
		lead := slices.IndexFunc(row[:n], func(v float64) bool { return math.Abs(v) > tolerance })
		if lead < 0 {
			continue
		}
		for i, by := 0, row[lead]; i <= n; i++ {
			row[i] /= by
		}
		for _, other := range rows {
			subtract(other, row, other[lead])
		}
		leads[lead] = len(rows)
		rows = append(rows, row)
	}
	facts := make([]fact, 0, len(rows))
	for _, row := range rows {
		f := fact{lo: row[n], hi: row[n]}
		for i, v := range row[:n] {
			if math.Abs(v) > tolerance {
				f.terms = append(f.terms, term{i, v})
			}
		}
		facts = append(facts, f)
	}
	return facts
}

func subtract(row, other []float64, times float64) {
	if math.Abs(times) <= tolerance {
		return
	}
	for i, v := range other {
		row[i] -= times * v
	}
}

// narrow bounds each count of a fact by the bounds of the others.
func (a *Attacker) narrow(f *fact) (changed bool) {
	var low, high float64 // of the weighted sum
	var noLow, noHigh int // counts without a bound, which are not in them
	for _, t := range f.terms {
		l, h := a.bounds(t)
		if math.IsInf(l, 0) {
			noLow++
		} else {
			low += l
		}
		if math.IsInf(h, 0) {
			noHigh++
		} else {
			high += h
		}
	}
	for _, t := range f.terms {
		l, h := a.bounds(t)
		lo, hi := math.Inf(-1), math.Inf(1) // of t.times × the count, by the others
		if noHigh == 0 {
			lo = f.lo - (high - h)
		} else if noHigh == 1 && math.IsInf(h, 0) {
			lo = f.lo - high
		}
		if noLow == 0 {
			hi = f.hi - (low - l)
		} else if noLow == 1 && math.IsInf(l, 0) {
			hi = f.hi - low
		}
		changed = a.bound(t, lo, hi) || changed
	}
	return changed
}

// bounds are those of the weighted count.
func (a *Attacker) bounds(t term) (lo, hi float64) {
	lo, hi = t.times*a.lo[t.count], t.times*a.hi[t.count]
	if t.times < 0 {
		return hi, lo
	}
	return lo, hi
}

// bound narrows a count by bounds of its weighted count.
func (a *Attacker) bound(t term, lo, hi float64) (changed bool) {
	lo, hi = lo/t.times, hi/t.times
	if t.times < 0 {
		lo, hi = hi, lo
	}
	if lo = math.Ceil(lo - tolerance); lo > a.lo[t.count] {
		a.lo[t.count], changed = lo, true
	}
	if hi = math.Floor(hi + tolerance); hi < a.hi[t.count] {
		a.hi[t.count], changed = hi, true
	}
	return changed
}
