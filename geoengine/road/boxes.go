package road

import "github.com/paulmach/orb"

// fanout is the number of children of a box.
const fanout = 8

// boxes is a packed tree of boxes over things that are numbered along a curve: level 0 has a box for each, every level
// above one for eight of the level below.
type boxes struct {
	levels [][]orb.Bound
}

func newBoxes(n int, bound func(i int) orb.Bound) boxes {
	level := make([]orb.Bound, n)
	for i := range level {
		level[i] = bound(i)
	}
	b := boxes{[][]orb.Bound{level}}
	for len(level) > fanout {
		above := make([]orb.Bound, 0, (len(level)+fanout-1)/fanout)
		for i := 0; i < len(level); i += fanout {
			box := level[i]
			for _, other := range level[i+1 : min(i+fanout, len(level))] {
				box = orb.Bound{
					Min: orb.Point{min(box.Min[0], other.Min[0]), min(box.Min[1], other.Min[1])},
					Max: orb.Point{max(box.Max[0], other.Max[0]), max(box.Max[1], other.Max[1])},
				}
			}
			above = append(above, box)
		}
		level = above
		b.levels = append(b.levels, level)
	}
	return b
}

// search visits the things whose boxes meet one, in the order of their numbers.
func (b boxes) search(box orb.Bound, visit func(i int)) {
	top := len(b.levels) - 1
	b.descend(top, 0, len(b.levels[top]), box, visit)
}

func (b boxes) descend(level, from, to int, box orb.Bound, visit func(i int)) {
	for i := from; i < min(to, len(b.levels[level])); i++ {
		o := &b.levels[level][i]
		if o.Min[0] > box.Max[0] || o.Max[0] < box.Min[0] || o.Min[1] > box.Max[1] || o.Max[1] < box.Min[1] {
			continue
		}
		if level == 0 {
			visit(i)
		} else {
			b.descend(level-1, i*fanout, (i+1)*fanout, box, visit)
		}
	}
}
