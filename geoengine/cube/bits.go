package cube

import "math/bits"

// setRange sets the bits [from, to).
func setRange(dst []uint64, from, to int) {
	if from >= to {
		return
	}
	first, last := from>>6, (to-1)>>6
	head, tail := ^uint64(0)<<(from&63), ^uint64(0)>>(63-(to-1)&63)
	if first == last {
		dst[first] |= head & tail
		return
	}
	dst[first] |= head
	for w := first + 1; w < last; w++ {
		dst[w] = ^uint64(0)
	}
	dst[last] |= tail
}

// countRange counts the bits [from, to).
func countRange(src []uint64, from, to int) int {
	if from >= to {
		return 0
	}
	first, last := from>>6, (to-1)>>6
	head, tail := ^uint64(0)<<(from&63), ^uint64(0)>>(63-(to-1)&63)
	if first == last {
		return bits.OnesCount64(src[first] & head & tail)
	}
	n := bits.OnesCount64(src[first]&head) + bits.OnesCount64(src[last]&tail)
	for _, word := range src[first+1 : last] {
		n += bits.OnesCount64(word)
	}
	return n
}

// countBoth counts the bits [from, to) that are set in both.
func countBoth(a, b []uint64, from, to int) (n int) {
	if from >= to {
		return 0
	}
	first, last := from>>6, (to-1)>>6
	for w := first; w <= last; w++ {
		word := a[w] & b[w]
		if w == first {
			word &= ^uint64(0) << (from & 63)
		}
		if w == last {
			word &= ^uint64(0) >> (63 - (to-1)&63)
		}
		n += bits.OnesCount64(word)
	}
	return n
}

// popcount counts the bits that are set.
func popcount(selected []uint64) int {
	n := 0
	for _, word := range selected {
		n += bits.OnesCount64(word)
	}
	return n
}
