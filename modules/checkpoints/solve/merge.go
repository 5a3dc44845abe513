package solve

// key names a set of options: two sums of scrambled numbers, 128 bits together.
type key struct{ a, b uint64 }

// scramble is the finaliser of splitmix64 (Steele, Lea, Flood 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// merge fills the rows of n, whose option still holds places in c: elements that one option covers become its own, those
// that the same options cover become one. seen is −1 at elements that are covered already, else 0.
func (l *layout) merge(c, n *core, seen []int32) (to []int32) {
	names := make([]key, len(c.weight))
	entries := 0
	for o, from := range n.option {
		k := key{scramble(uint64(o) + 1), scramble(^uint64(o))}
		for _, e := range c.elements(from) {
			if seen[e] >= 0 {
				seen[e]++
				names[e].a += k.a
				names[e].b += k.b
				entries++
			}
		}
	}
	to, number := make([]int32, len(c.weight)), make(map[key]int32)
	var first []int32 // the element of c that shows where each new one is
	for e := range to {
		to[e] = -1
		if seen[e] < 2 {
			continue
		}
		at, known := number[names[e]]
		if !known {
			at = int32(len(n.weight))
			number[names[e]] = at
			n.weight, first = append(n.weight, 0), append(first, int32(e))
		}
		to[e] = at
		n.weight[at] += c.weight[e]
	}
	n.mstart = make([]int32, len(n.weight)+1)
	for e, at := range to {
		if at >= 0 {
			n.mstart[at+1] += int32(len(c.members(int32(e))))
		}
	}
	for e := range n.weight {
		n.mstart[e+1] += n.mstart[e]
	}
	n.member = make([]int32, n.mstart[len(n.weight)])
	next := append([]int32(nil), n.mstart...)
	for e, at := range to {
		if at >= 0 {
			next[at] += int32(copy(n.member[next[at]:], c.members(int32(e))))
		}
	}
	n.start = make([]int32, 1, len(n.option)+1)
	n.items = make([]int32, 0, entries)
	n.own = make([]int64, len(n.option))
	for o, from := range n.option {
		n.own[o] = c.own[from]
		for _, e := range c.elements(from) {
			if seen[e] == 1 {
				n.own[o] += c.weight[e]
			} else if at := to[e]; at >= 0 && first[at] == e {
				n.items = append(n.items, at)
			}
		}
		n.start = append(n.start, int32(len(n.items)))
		n.option[o] = c.option[from]
	}
	return to
}
