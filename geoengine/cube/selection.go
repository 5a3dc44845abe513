package cube

import (
	"math/bits"
	"sync"
)

// chunk is the number of words that the conditions are applied to in turn, small enough for the nearest cache.
const chunk = 64

// parallelWords is the number of words from which two goroutines share the work.
const parallelWords = 1 << 13

// span is a range of positions [first, last) in one order of a segment.
type span struct{ first, last uint32 }

// selection is the bitmap of the events that match, in the order of table: bit i of words is position w0*64 + i.
// Only the bits of its span are ever set.
type selection struct {
	table *table
	w0    int
	words []uint64
}

// selectSpan returns the events of a span that match every condition, but those on the facet left out.
func selectSpan(t *table, s span, list []predicate, without facetID) selection {
	w0 := int(s.first >> 6)
	sel := selection{table: t, w0: w0, words: make([]uint64, words(int(s.last))-w0)}
	if s.first >= s.last {
		sel.words = nil
		return sel
	}
	setRange(sel.words, int(s.first)-w0<<6, int(s.last)-w0<<6)
	each(len(sel.words), func(from, to int) {
		for ; from < to; from += chunk {
			part := sel.words[from:min(from+chunk, to)]
			for i := range list {
				if list[i].facet == without {
					continue
				}
				if list[i].apply(part, w0+from); !someSet(part) {
					break
				}
			}
		}
	})
	return sel
}

func someSet(words []uint64) bool {
	var some uint64
	for _, word := range words {
		some |= word
	}
	return some != 0
}

// each calls do for all of [0, n), by two goroutines if that is much.
func each(n int, do func(from, to int)) {
	if n < parallelWords {
		do(0, n)
		return
	}
	half := n / 2 / chunk * chunk
	var other sync.WaitGroup
	other.Go(func() { do(0, half) })
	do(half, n)
	other.Wait()
}

// share calls do for all words, w0 being the number of the first one, and adds what it puts into own to sums.
func (s *selection) share(sums []int64, do func(own []int64, words []uint64, w0 int)) {
	if len(s.words) < parallelWords {
		do(sums, s.words, s.w0)
		return
	}
	var mu sync.Mutex
	each(len(s.words), func(from, to int) {
		own := make([]int64, len(sums))
		do(own, s.words[from:to], s.w0+from)
		mu.Lock()
		defer mu.Unlock()
		for i, n := range own {
			sums[i] += n
		}
	})
}

// total counts the selected events and sums their weights.
func (s *selection) total() (count int64, weight float64) {
	var mu sync.Mutex
	each(len(s.words), func(from, to int) {
		n := int64(popcount(s.words[from:to]))
		w := s.table.weight.sum(s.words[from:to], s.w0+from)
		mu.Lock()
		defer mu.Unlock()
		count += n
		weight += w
	})
	return count, weight
}

// countRange counts what is selected in [from, to), positions of the table.
func (s *selection) countRange(from, to uint32) int {
	return countRange(s.words, int(from)-s.w0<<6, int(to)-s.w0<<6)
}

// weightRange sums the weights of the n selected events in [from, to), positions of the table.
func (s *selection) weightRange(from, to uint32, n int) (sum float64) {
	c := &s.table.weight
	if v, is := c.codes.constant(); is {
		return float64(c.values[v]) * float64(n)
	}
	a, b := int(from)-s.w0<<6, int(to)-s.w0<<6
	if c.codes.planes == nil || n < (b-a)/8 {
		s.eachIn(a, b, func(i int) { sum += c.at(i) })
		return sum
	}
	for i, value := range c.codes.codes {
		if weight := c.values[value]; weight != 0 {
			sum += float64(weight) * float64(countBoth(s.words, c.codes.plane(i)[s.w0:], a, b))
		}
	}
	return sum
}

// eachIn calls do with the position in the table of every selected event among the bits [a, b) of words.
func (s *selection) eachIn(a, b int, do func(i int)) {
	if a >= b {
		return
	}
	for w := a >> 6; w <= (b-1)>>6; w++ {
		word := s.words[w]
		if w == a>>6 {
			word &= ^uint64(0) << (a & 63)
		}
		if w == (b-1)>>6 {
			word &= ^uint64(0) >> (63 - (b-1)&63)
		}
		for ; word != 0; word &= word - 1 {
			do((s.w0+w)<<6 + bits.TrailingZeros64(word))
		}
	}
}
