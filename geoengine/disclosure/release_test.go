package disclosure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigie/geoengine/disclosure/attack"
	"vigie/geoengine/hex"
)

// land is a small territory: cells of resolution 8 by their parent of resolution 6, few of each, so that the attacker
// knows that nothing can happen elsewhere.
type land map[uint64][]uint64

func newLand(r *rand.Rand, parents, children int) land {
	l := land{}
	for len(l) < parents {
		cell := hex.Cell(1+r.Float64(), 43+r.Float64(), 8)
		parent := hex.Parent(cell, 6)
		if l[parent] == nil {
			all := hex.Descendants(nil, parent, 8)
			for _, i := range r.Perm(len(all))[:1+r.IntN(children)] {
				l[parent] = append(l[parent], all[i])
			}
		}
	}
	return l
}

// events draws a tally: many places with few events, few with many.
func (l land) events(r *rand.Rand) *tally {
	t := newTally()
	for _, parent := range l.parents() {
		for _, cell := range l[parent] {
			n := []int{0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 9, 15, 40, 120}[r.IntN(14)]
			for range n {
				t.add(hex.Descendants(nil, cell, 11)[0], r.Int64N(365*86400), 600, 3600, []string{"rescue.call", "rescue.call.fire", "rescue.call.flood"}[min(2, r.IntN(20))])
			}
		}
	}
	return t
}

func (l land) parents() []uint64 {
	var list []uint64
	for parent := range l {
		list = append(list, parent)
	}
	slices.Sort(list)
	return list
}

// spy learns from releases of one territory's year, all of the same events.
type spy struct {
	*attack.Attacker
	land  land
	index map[uint64]int // of cells of resolution 6 and 8; 0 is the territory
	k     int
}

func newSpy(l land, k int) *spy {
	s := &spy{land: l, index: map[uint64]int{}, k: k}
	for _, parent := range l.parents() {
		s.index[parent] = len(s.index) + 1
		for _, cell := range l[parent] {
			s.index[cell] = len(s.index) + 1
		}
	}
	s.Attacker = attack.New(len(s.index) + 1)
	var all []int
	for _, parent := range l.parents() {
		var parts []int
		for _, cell := range l[parent] {
			parts = append(parts, s.index[cell])
		}
		s.LearnSum(s.index[parent], parts)
		all = append(all, s.index[parent])
	}
	s.LearnSum(0, all)
	return s
}

// cells are the indexes of the counts that a cell holds.
func (s *spy) cells(cell uint64) []int {
	if i, ok := s.index[cell]; ok {
		return []int{i}
	}
	var list []int
	for other, i := range s.index {
		if hex.Resolution(other) == 8 && hex.Resolution(cell) < 8 && hex.Parent(other, hex.Resolution(cell)) == cell {
			list = append(list, i)
		}
	}
	return list
}

func (s *spy) learn(counts []int, n Number) {
	switch n {
	case NumberBelow:
		s.Learn(counts, 1, s.k-1)
	case NumberWithheld:
		s.Learn(counts, s.k, math.MaxInt)
	default:
		s.Learn(counts, int(n), int(n))
	}
}

// read learns all that a release says, also that what it does not name is 0 where the others are told.
func (s *spy) read(r *Release) {
	s.learn([]int{0}, r.Total)
	for l, level := range r.Levels {
		named := map[uint64]bool{}
		for i, cell := range level.Cells {
			named[cell] = true
			s.learn(s.cells(cell), level.Numbers[i])
		}
		for cell := range s.index {
			if hex.Resolution(cell) != 8 {
				continue
			}
			at := hex.Parent(cell, level.Res)
			if named[at] {
				continue
			}
			parentTold := l == 0 && len(level.Cells) > 0
			if l > 0 {
				parent := hex.Parent(cell, r.Levels[l-1].Res)
				parentTold = level.some(parent)
			}
			if parentTold {
				s.Learn(s.cells(at), 0, 0)
			}
		}
	}
}

// truths are the true counts by the index of their cells.
func (s *spy) truths(t *tally) []int {
	truth := make([]int, len(s.index)+1)
	truth[0] = int(t.total)
	for cell, n := range t.cells {
		truth[s.index[cell]] += int(n)
		truth[s.index[hex.Parent(cell, 6)]] += int(n)
	}
	return truth
}

// recovered lists the small counts of cells that the spy has calculated, and those of which it has ruled out a number
// from 1 to k-1.
func (s *spy) recovered(t *tally) (known, narrowed []string) {
	s.Solve()
	for i, n := range s.truths(t) {
		lo, hi := s.Interval(i)
		if n < lo || n > hi {
			narrowed = append(narrowed, fmt.Sprintf("wrong: %d is not %d to %d", n, lo, hi))
		}
		if n == 0 || n >= s.k {
			continue
		}
		if lo == hi {
			known = append(known, fmt.Sprintf("count %d is %d", i, n))
		}
		if lo > 1 || hi < s.k-1 {
			narrowed = append(narrowed, fmt.Sprintf("count %d is %d to %d, truly %d", i, lo, hi, n))
		}
	}
	return known, narrowed
}

// TestReleasesWithstandTheAttacker attacks random territories. Releases of other years are of other events, so that
// one is attacked at a time; that the earlier year decides what is hidden is taken in.
func TestReleasesWithstandTheAttacker(t *testing.T) {
	t.Parallel()
	hidden, told := 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		l, k := newLand(r, 1+r.IntN(9), 9), []int{3, 5, 8}[r.IntN(3)]
		var earlier *Release
		for range 2 {
			events := l.events(r)
			if events.total == 0 {
				continue
			}
			release := protect(events, k, earlier)
			spy := newSpy(l, k)
			spy.read(release)
			known, narrowed := spy.recovered(events)
			if len(known)+len(narrowed) > 0 {
				t.Fatalf("seed %d, k %d: %d recovered, %d narrowed: %v %v", seed, k, len(known), len(narrowed), known, narrowed)
			}
			for _, n := range release.Levels[1].Numbers {
				if n < 0 {
					hidden++
				} else {
					told++
				}
			}
			earlier = release
		}
	}
	if hidden < 1000 || told < 1000 {
		t.Errorf("only %d numbers hidden and %d told: the test says little", hidden, told)
	}
}

// TestWeakReleasesAreBroken plants mistakes: the same attacker must find small counts.
func TestWeakReleasesAreBroken(t *testing.T) {
	t.Parallel()
	smallOnly := func(children []child, k int) []Number {
		numbers := make([]Number, len(children))
		for i, c := range children {
			if numbers[i] = Number(c.count); int(c.count) < k {
				numbers[i] = NumberBelow
			}
		}
		return numbers
	}
	for name, read := range map[string]func(s *spy, events *tally){
		"no complementary suppression": func(s *spy, events *tally) {
			s.read(method{smallOnly, ladder()}.protect(events, s.k, nil))
		},
		"a second grid": func(s *spy, events *tally) {
			s.read(method{tell, []int{6, 8}}.protect(events, s.k, nil))
			s.read(method{tell, []int{7, 8}}.protect(events, s.k, nil))
		},
		"another choice of what is hidden": func(s *spy, events *tally) {
			s.read(protect(events, s.k, nil))
			backwards := protect(events, s.k, nil)
			for i := range backwards.Levels { // an earlier year that ranks the first places last
				for j := range backwards.Levels[i].Numbers {
					backwards.Levels[i].Numbers[j] = Number(1000 - j)
				}
			}
			s.read(protect(events, s.k, backwards))
		},
		"two thresholds": func(s *spy, events *tally) {
			s.read(protect(events, s.k, nil))
			s.read(protect(events, 3, nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recovered := 0
			for seed := range uint64(60) {
				r := rand.New(rand.NewPCG(seed, 3))
				l := newLand(r, 1+r.IntN(9), 9)
				events := l.events(r)
				if events.total == 0 {
					continue
				}
				s := newSpy(l, 5)
				read(s, events)
				known, _ := s.recovered(events)
				recovered += len(known)
			}
			if recovered == 0 {
				t.Error("the attacker recovered nothing")
			}
			t.Logf("%d recovered", recovered)
		})
	}
}

// TestUnfrozenReleasesAreBroken publishes before and after the attacker reported one event: who knows the difference of
// the counts sees which cell reached k.
func TestUnfrozenReleasesAreBroken(t *testing.T) {
	t.Parallel()
	recovered := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		l := newLand(r, 6, 9)
		events := l.events(r)
		if events.total == 0 {
			continue
		}
		cell := slices.Sorted(maps8(events))[0]
		before := protect(events, 5, nil)
		spy := newSpy(l, 5)
		spy.read(before)
		truth := events.cells[cell]
		events.cells[cell]++
		events.total++
		after := newSpy(l, 5)
		after.read(protect(events, 5, nil))
		spy.Solve()
		after.Solve()
		lo, hi := spy.Interval(spy.index[cell])
		lo2, hi2 := after.Interval(after.index[cell])
		if lo < hi && max(lo, lo2-1) == min(hi, hi2-1) && truth < 5 {
			recovered++
		}
	}
	if recovered == 0 {
		t.Error("the attacker recovered nothing")
	}
}

// maps8 yields the cells with events.
func maps8(t *tally) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for cell := range t.cells {
			if !yield(cell) {
				return
			}
		}
	}
}

// TestReleasesAddUp checks what is told against the counts, and that a release survives its keeping.
func TestReleasesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		l := newLand(r, 1+r.IntN(6), 20)
		events := l.events(r)
		if events.total == 0 {
			return
		}
		release := protect(events, 5, nil)
		for i, level := range release.Levels {
			counts := map[uint64]uint32{}
			for _, c := range events.level(level.Res) {
				counts[c.cell] = c.count
			}
			for j, cell := range level.Cells {
				if n := level.Numbers[j]; n > 0 && uint32(n) != counts[cell] || n == 0 || (n == NumberBelow) != (counts[cell] < 5) {
					t.Fatalf("level %d: cell %x counts %d, told %d", i, cell, counts[cell], n)
				}
			}
		}
		for name, values := range release.Margins {
			sum := 0
			for _, v := range values {
				if v.Number > 0 {
					sum += int(v.Number)
				}
			}
			if sum > int(events.total) {
				t.Fatalf("%s adds up to %d of %d", name, sum, events.total)
			}
		}
		text, err := release.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decode(text)
		if err != nil {
			t.Fatal(err)
		}
		again.K = release.K
		if diff := cmp.Diff(release, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"total":12,"levels":[{"res":6,"cells":[604000000000000000],"numbers":[12]}],"margins":{}}`))
	f.Add([]byte(`{"total":-1,"levels":[{"res":6,"cells":[3,2],"numbers":[1,1]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := decode(text)
		if err != nil {
			return
		}
		for _, l := range r.Levels {
			if len(l.Cells) != len(l.Numbers) || !slices.IsSorted(l.Cells) {
				t.Fatalf("%+v", l)
			}
		}
	})
}
