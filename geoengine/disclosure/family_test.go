package disclosure

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// compositions calls do with every list of p counts that add up to n. The list is reused.
func compositions(p, n int, do func([]int)) {
	counts := make([]int, p)
	var fill func(i, rest int)
	fill = func(i, rest int) {
		if i == p-1 {
			counts[i] = rest
			do(counts)
			return
		}
		for c := 0; c <= rest; c++ {
			counts[i] = c
			fill(i+1, rest-c)
		}
	}
	fill(0, n)
}

// told is what a reader sees of a family of places, all of which are known: -3 where nothing is told of any.
func told(counts []int, k int, decide func([]child, int) []Number) []Number {
	var children []child
	for i, c := range counts {
		if c > 0 {
			// Ranks of an earlier year: any function of the place will do.
			children = append(children, child{uint32(c), uint32(i*7) % 5})
		}
	}
	numbers := decide(children, k)
	all := make([]Number, len(counts))
	for i, c := range counts {
		switch {
		case numbers == nil:
			all[i] = Number(nothingTold)
		case c > 0:
			all[i], numbers = numbers[0], numbers[1:]
		}
	}
	return all
}

const nothingTold = -3

// flaws returns what an attacker finds out who knows the decision, k, the sum n, and what is told: for every answer
// that is given to any counts he keeps the counts that are possible.
func flaws(p, n, k int, decide func([]child, int) []Number) (found []string) {
	possible := map[string][]uint64{} // by answer: for each place the set of its counts, as bits
	answers := map[string][]Number{}
	compositions(p, n, func(counts []int) {
		answer := told(counts, k, decide)
		key := fmt.Sprint(answer)
		sets := possible[key]
		if sets == nil {
			sets = make([]uint64, p)
			possible[key], answers[key] = sets, answer
		}
		for i, c := range counts {
			sets[i] |= 1 << c
		}
	})
	small := uint64(1)<<k - 2 // 1 to k-1
	for key, sets := range possible {
		for i, number := range answers[key] {
			var wrong bool
			switch number {
			case NumberBelow:
				wrong = sets[i] != small
			case nothingTold:
				wrong = sets[i]&small != small
			case NumberWithheld:
				wrong = ones(sets[i]) < k-1 || sets[i]&small != 0
			default:
				wrong = sets[i] != 1<<number || (number > 0 && int(number) < k)
			}
			if wrong {
				found = append(found, fmt.Sprintf("k %d, n %d, %s, place %d: possible %b", k, n, key, i, sets[i]))
			}
		}
	}
	slices.Sort(found)
	return found
}

func ones(set uint64) (n int) {
	for ; set != 0; set &= set - 1 {
		n++
	}
	return n
}

// TestEveryAnswer gives the attacker every family of up to 5 places, and inverts the decision.
func TestEveryAnswer(t *testing.T) {
	t.Parallel()
	for k, highest := range map[int][]int{3: {0, 0, 40, 40, 26, 17}, 4: {0, 0, 40, 36, 26, 17}, 5: {0, 0, 50, 40, 27, 17}, 8: {0, 0, 60, 50, 28, 0}} {
		for p := 2; p <= 5; p++ {
			t.Run(fmt.Sprintf("k %d, %d places", k, p), func(t *testing.T) {
				t.Parallel()
				for n := k; n <= highest[p]; n++ {
					if found := flaws(p, n, k, tell); len(found) > 0 {
						t.Fatalf("%d flaws, first: %s", len(found), found[0])
					}
				}
			})
		}
	}
}

// TestWeakDecisions shows that the attacker of TestEveryAnswer finds what weaker decisions give away.
func TestWeakDecisions(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]func([]child, int) []Number{
		"small numbers only": func(children []child, k int) []Number {
			numbers := make([]Number, len(children))
			for i, c := range children {
				if numbers[i] = Number(c.count); int(c.count) < k {
					numbers[i] = NumberBelow
				}
			}
			return numbers
		},
		"the smallest other": func(children []child, k int) []Number {
			smallest := slices.Clone(children)
			for i := range smallest {
				smallest[i].rank = smallest[i].count
			}
			return tell(smallest, k)
		},
		"one other, whatever is hidden": func(children []child, k int) []Number {
			numbers, n, more := make([]Number, len(children)), 0, -1
			for i, c := range children {
				if numbers[i] = Number(c.count); int(c.count) < k {
					numbers[i], n = NumberBelow, n+1
				} else if more < 0 {
					more = i
				}
			}
			if n > 0 && more >= 0 {
				numbers[more] = NumberWithheld
			}
			return numbers
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := 0
			for n := 5; n <= 24; n++ {
				broken += len(flaws(4, n, 5, decide))
			}
			if broken == 0 {
				t.Error("the attacker found nothing")
			}
		})
	}
}

// TestTell checks on large families what can be checked without trying every count.
func TestTell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(MinK, 20).Draw(t, "k")
		counts := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, k), rapid.IntRange(1, 500)), 1, 200).Draw(t, "counts")
		children := make([]child, len(counts))
		for i, c := range counts {
			children[i] = child{uint32(c), rapid.Uint32Range(0, 3).Draw(t, "rank")}
		}
		numbers := tell(children, k)
		n, m, sum, small := 0, 0, 0, 0
		for i, number := range numbers {
			switch {
			case number == NumberBelow && counts[i] < k:
				n, sum, small = n+1, sum+counts[i], small+counts[i]
			case number == NumberWithheld && counts[i] >= k:
				m, sum = m+1, sum+counts[i]
			case number != Number(counts[i]) || counts[i] < k:
				t.Fatalf("%d is told as %d", counts[i], number)
			}
		}
		wide := n >= 3 && m == 0 && small-n >= k-2 && n*(k-1)-small >= k-2
		if n > 0 && !wide && (m == 0 || sum <= n*(k-1)+m*k) {
			t.Fatalf("%d below, %d withheld, adding up to %d", n, m, sum)
		}
	})
}
