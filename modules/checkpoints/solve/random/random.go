// Package random makes small random instances of every awkward kind, and solves them by trying everything: the reference
// that solver, checker and draw are tested against.
package random

import (
	"math/rand/v2"
	"slices"

	"vigie/modules/checkpoints/solve"
)

// Instance is a random instance of at most most options: several duties and shifts, groups without options and options
// without elements, more teams than sites, weights of zero, parts that nothing joins, conflicts, and forced options
// that may contradict one another.
func Instance(r *rand.Rand, most int) *solve.Instance {
	in := &solve.Instance{Start: []int32{0}}
	elements := r.IntN(3 * most)
	limit := []int64{1, 3, 1000, 1 << 40}[r.IntN(4)]
	for range elements {
		w := r.Int64N(limit + 1)
		if r.IntN(6) == 0 {
			w = 0
		}
		in.Weights = append(in.Weights, w)
	}
	for range 1 + r.IntN(4) {
		in.Duties = append(in.Duties, duty(r, in))
	}
	if r.IntN(8) == 0 {
		in.Groups++ // a group that no shift works in
	}
	if in.Groups == 0 {
		return in
	}
	local := r.IntN(2) == 0 // two halves that share nothing
	for range r.IntN(most + 1) {
		g := int32(r.IntN(in.Groups))
		in.Group = append(in.Group, g)
		share := r.Float64() * 0.6
		for e := range elements {
			if r.Float64() < share && (!local || e%2 == int(g)%2) {
				in.Covers = append(in.Covers, int32(e))
			}
		}
		in.Start = append(in.Start, int32(len(in.Covers)))
	}
	conflicts := r.Float64() * r.Float64() * 0.6
	for b := range in.Group {
		for a := range b {
			if r.Float64() < conflicts {
				in.Conflicts = append(in.Conflicts, [2]int32{int32(a), int32(b)})
			}
		}
		if r.IntN(12) == 0 {
			in.Forced = append(in.Forced, int32(b))
		}
	}
	return in
}

func duty(r *rand.Rand, in *solve.Instance) solve.Duty {
	d := solve.Duty{Teams: r.IntN(4)}
	if r.IntN(10) == 0 {
		d.Teams = 20
	}
	slots := 1 + r.IntN(4)
	first := int32(in.Groups)
	in.Groups += slots
	switch r.IntN(3) {
	case 0: // all day
		shift := make([]int32, slots)
		for i := range shift {
			shift[i] = first + int32(i)
		}
		d.Shifts = [][]int32{shift}
	case 1: // stretches of one length
		length := 1 + r.IntN(slots)
		for from := 0; from+length <= slots; from++ {
			var shift []int32
			for i := range length {
				shift = append(shift, first+int32(from+i))
			}
			d.Shifts = append(d.Shifts, shift)
		}
	default: // anything, even nothing
		for range r.IntN(4) {
			var shift []int32
			for i := range slots {
				if r.IntN(2) == 0 {
					shift = append(shift, first+int32(i))
				}
			}
			d.Shifts = append(d.Shifts, shift)
		}
	}
	return d
}

// Best tries every set of options. It returns the value of the best one that keeps every rule, false if none does.
func Best(in *solve.Instance) (int64, bool) {
	b := trial{in: in, taken: make([]int, in.Groups), rosters: make([][][]int, len(in.Duties)), covered: make([]int, len(in.Weights)), is: make([]bool, in.Options()), best: -1}
	for d := range in.Duties {
		b.list(d, make([]int, in.Groups), 0, in.Duties[d].Teams)
	}
	b.try(0, 0)
	return b.best, b.best >= 0
}

type trial struct {
	in      *solve.Instance
	taken   []int
	rosters [][][]int
	covered []int
	is      []bool
	best    int64
}

func (b *trial) list(d int, counts []int, from, teams int) {
	if teams == 0 || len(b.in.Duties[d].Shifts) == 0 {
		b.rosters[d] = append(b.rosters[d], slices.Clone(counts))
		return
	}
	for s := from; s < len(b.in.Duties[d].Shifts); s++ {
		with := slices.Clone(counts)
		for _, g := range b.in.Duties[d].Shifts[s] {
			with[g]++
		}
		b.list(d, with, s, teams-1)
	}
}

func (b *trial) try(o int, value int64) {
	if o == b.in.Options() {
		b.best = max(b.best, value)
		return
	}
	if b.may(int32(o)) {
		b.is[o] = true
		gain := int64(0)
		for _, e := range b.in.Elements(int32(o)) {
			if b.covered[e]++; b.covered[e] == 1 {
				gain += b.in.Weights[e]
			}
		}
		b.taken[b.in.Group[o]]++
		b.try(o+1, value+gain)
		b.taken[b.in.Group[o]]--
		for _, e := range b.in.Elements(int32(o)) {
			b.covered[e]--
		}
		b.is[o] = false
	}
	if !slices.Contains(b.in.Forced, int32(o)) {
		b.try(o+1, value)
	}
}

func (b *trial) may(o int32) bool {
	for _, c := range b.in.Conflicts {
		if c[1] == o && b.is[c[0]] {
			return false
		}
	}
	g := b.in.Group[o]
	for d, duty := range b.in.Duties {
		if !slices.ContainsFunc(duty.Shifts, func(s []int32) bool { return slices.Contains(s, g) }) {
			continue
		}
		return slices.ContainsFunc(b.rosters[d], func(r []int) bool {
			for h, n := range r {
				if mine := b.taken[h]; h != int(g) && n < mine && b.of(int32(h), d) || h == int(g) && n < mine+1 {
					return false
				}
			}
			return true
		})
	}
	return false
}

func (b *trial) of(g int32, d int) bool {
	return slices.ContainsFunc(b.in.Duties[d].Shifts, func(s []int32) bool { return slices.Contains(s, g) })
}
