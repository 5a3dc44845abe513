// Package junctions finds where roads meet: at points that two of them share, or one of them twice. It is how the sources
// of roads cut their lines into sections.
package junctions

import "slices"

// Uses are the points of all lines, by number: first every Add, then Seal, then the questions. It takes 8 bytes for each
// use, and after Seal 8 for each point.
type Uses struct {
	points []int64
	shared []uint64 // a bit for each point
}

// Add notes one use of each of the points, which belong to one line.
func (u *Uses) Add(points ...int64) { u.points = append(u.points, points...) }

// Seal ends the noting.
func (u *Uses) Seal() {
	slices.Sort(u.points)
	kept := 0
	u.shared = make([]uint64, 0, len(u.points)/64+1)
	for i := 0; i < len(u.points); {
		next := i + 1
		for next < len(u.points) && u.points[next] == u.points[i] {
			next++
		}
		if kept%64 == 0 {
			u.shared = append(u.shared, 0)
		}
		if next-i > 1 {
			u.shared[kept/64] |= 1 << (kept % 64)
		}
		u.points[kept] = u.points[i]
		kept++
		i = next
	}
	u.points = slices.Clip(u.points[:kept])
}

// Len is the number of different points.
func (u *Uses) Len() int { return len(u.points) }

// Point is the point with that Index.
func (u *Uses) Point(index int) int64 { return u.points[index] }

// Index is the place of the point among all of them in ascending order; false if no line has it.
func (u *Uses) Index(point int64) (int, bool) { return slices.BinarySearch(u.points, point) }

// Shared tells whether the point was used more than once. A point that no line has is not.
func (u *Uses) Shared(point int64) bool {
	i, found := u.Index(point)
	return found && u.SharedAt(i)
}

// SharedAt is Shared of the point with that Index.
func (u *Uses) SharedAt(index int) bool { return u.shared[index/64]&(1<<(index%64)) != 0 }

// Share makes a point shared that a line has.
func (u *Uses) Share(point int64) {
	if i, found := u.Index(point); found {
		u.shared[i/64] |= 1 << (i % 64)
	}
}

// Cut is a piece of a line: its positions From to To, both included.
type Cut struct{ From, To int }

// Cuts cuts a line of n ≥ 2 positions at its shared points, which shared tells by their place in the line, 0 < i < n−1.
// A piece that would end where it begins (same tells by two places) is cut once more, so that it has two ends.
func Cuts(n int, shared func(i int) bool, same func(i, j int) bool) []Cut {
	var cuts []Cut
	from := 0
	for i := 1; i < n; i++ {
		if i < n-1 && !shared(i) {
			continue
		}
		if middle := (from + i) / 2; same(from, i) && middle > from && !same(from, middle) {
			cuts = append(cuts, Cut{from, middle}, Cut{middle, i})
		} else {
			cuts = append(cuts, Cut{from, i})
		}
		from = i
	}
	return cuts
}

// Once tells identities that were met before, in 8 bytes each if they come in ascending order.
type Once struct {
	ascending []int64
	others    map[int64]struct{}
}

// First tells whether the identity was not met before.
func (o *Once) First(id int64) bool {
	if n := len(o.ascending); n == 0 || id > o.ascending[n-1] {
		o.ascending = append(o.ascending, id)
		return true
	}
	if _, found := slices.BinarySearch(o.ascending, id); found {
		return false
	}
	if _, found := o.others[id]; found {
		return false
	}
	if o.others == nil {
		o.others = map[int64]struct{}{}
	}
	o.others[id] = struct{}{}
	return true
}
