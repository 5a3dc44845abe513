package disclosure

import "slices"

// Number is what is told of a count: the count itself, or why it is not told. 0 is a count: nothing happened.
type Number int32

// What is told of counts that are not.
const (
	NumberBelow    Number = -1 // 1 to k-1
	NumberWithheld Number = -2 // at least k, hidden so that a hidden neighbour cannot be calculated
)

// Hidden tells what is missing in a count.
type Hidden uint8

// Nothing is missing; events fewer than k; or a number that is hidden to protect a neighbour.
const (
	None Hidden = iota
	Below
	Withheld
)

// String is the word for it in answers; "" for None.
func (h Hidden) String() string { return [...]string{"", "below", "withheld"}[h] }

func (n Number) hidden() Hidden {
	switch n {
	case NumberBelow:
		return Below
	case NumberWithheld:
		return Withheld
	}
	return None
}

// child is one part of a family of counts that add up to a number that is told.
type child struct {
	count uint32
	rank  uint32 // from what was told before: higher ranks are hidden last. Must not depend on these counts.
}

// tell decides what is told of the children of a number that is told, each of which counts at least 1, in an order that
// does not depend on the counts; nil tells nothing of them, not even which there are. k is at least 3.
//
// With n children below k and s their sum: nothing is hidden if n is 0. Else the n are hidden, and if n is at least 3
// and s within [n+k-2, (n-1)(k-1)+1], nothing more is. Else the others are hidden too, one by one in the order of their
// ranks, until what is hidden adds up to at least n(k-1) + mk + 1, m being their number; if it never does, nothing is
// told. Whoever knows all this, k, and what is told, still holds possible: every number from 1 to k-1 for each child
// below k, at least k-1 numbers for each that is withheld, and every number from 1 to k-1 for each that nothing is told
// of. docs/adr/006-small-counts.md has the proof, TestEveryAnswer tries all.
func tell(children []child, k int) []Number {
	told := make([]Number, len(children))
	n, sum := 0, 0
	var others []int
	for i, c := range children {
		told[i] = Number(c.count)
		if int(c.count) < k {
			told[i] = NumberBelow
			n, sum = n+1, sum+int(c.count)
		} else {
			others = append(others, i)
		}
	}
	if n == 0 || (n >= 3 && sum >= n+k-2 && sum <= (n-1)*(k-1)+1) {
		return told
	}
	slices.SortStableFunc(others, func(a, b int) int { return int(children[a].rank) - int(children[b].rank) })
	for m, i := range others {
		told[i] = NumberWithheld
		if sum += int(children[i].count); sum > n*(k-1)+(m+1)*k {
			return told
		}
	}
	return nil
}
