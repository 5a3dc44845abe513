package solve

import (
	"slices"

	"vigie/modules/checkpoints/verify"
)

// core is what is left of an instance: the options that are open, the elements that at least two of them cover and that
// nothing taken covers yet. Elements covered by the same options are one; those that one option alone covers are its
// own. Options stand by duty and group, so that a group is a stretch of them.
type core struct {
	option  []int32 // numbers in the instance
	group   []int32 // place in groups
	start   []int32 // option o covers items[start[o]:start[o+1]]
	items   []int32
	own     []int64 // what only this option covers
	weight  []int64 // of each element
	mstart  []int32 // element e stands for member[mstart[e]:mstart[e+1]]
	member  []int32 // elements of the instance
	groups  []int32 // numbers in the instance
	gstart  []int32 // group g has the options gstart[g] to gstart[g+1]
	duties  []coreDuty
	rstart  []int32
	rivals  []int32 // option o excludes rivals[rstart[o]:rstart[o+1]], ascending
	rivalry bool    // whether there are any
	stuck   bool    // no roster holds what is taken, but that is not proven
}

// coreDuty is a duty with open options.
type coreDuty struct {
	id      int32
	lo, hi  int32     // its groups
	rosters [][]int32 // how many more options each of the groups may take; nil if there are too many to list
	room    []int32   // for each group the largest of the rosters
	taken   []int32   // without rosters: options taken so far, by the place of the group in layout.groups
	stuck   bool      // no roster holds them
}

func (c *core) options() int                   { return len(c.option) }
func (c *core) elements(o int32) []int32       { return c.items[c.start[o]:c.start[o+1]] }
func (c *core) members(e int32) []int32        { return c.member[c.mstart[e]:c.mstart[e+1]] }
func (c *core) rivalsOf(o int32) []int32       { return c.rivals[c.rstart[o]:c.rstart[o+1]] }
func (c *core) inGroup(g int32) (int32, int32) { return c.gstart[g], c.gstart[g+1] }

// dutyOf is the duty of an option.
func (c *core) dutyOf(o int32) *coreDuty {
	g := c.group[o]
	i, _ := slices.BinarySearchFunc(c.duties, g, func(d coreDuty, g int32) int {
		if d.hi <= g {
			return -1
		}
		return 1
	})
	return &c.duties[i]
}

// layout is what stays the same of an instance: the groups of each duty.
type layout struct {
	in     *Instance
	groups [][]int32 // of each duty, ascending
	scale  int64     // multipliers are in units of 1/scale
	price  int64     // the largest price of a group that package verify adds up
	work   int64     // entries of the coverage looked at so far
}

func newLayout(in *Instance) *layout {
	l := &layout{in: in, groups: make([][]int32, len(in.Duties)), scale: 1}
	for d, duty := range in.Duties {
		for _, shift := range duty.Shifts {
			l.groups[d] = append(l.groups[d], shift...)
		}
		slices.Sort(l.groups[d])
		l.groups[d] = slices.Compact(l.groups[d])
	}
	var sum, most int64
	for o := range in.Group {
		before := sum
		for _, e := range in.Elements(int32(o)) {
			sum += in.Weights[e]
		}
		most = max(most, sum-before)
	}
	for l.scale < 1<<20 && sum <= (1<<59)/(l.scale*2) && most <= maxPrice/(l.scale*2) {
		l.scale *= 2
	}
	l.price = verify.MaxPrice(in.Problem())
	return l
}

// root is the core of the whole instance.
func (l *layout) root() *core {
	in := l.in
	c := &core{start: []int32{0}, rstart: []int32{0}}
	inGroup := make([][]int32, in.Groups)
	for o, g := range in.Group {
		inGroup[g] = append(inGroup[g], int32(o))
	}
	place := make([]int32, in.Options())
	for o := range place {
		place[o] = -1
	}
	for d, duty := range in.Duties {
		all, listed := rosters(duty, l.groups[d])
		of := coreDuty{id: int32(d), lo: int32(len(c.groups)), rosters: all}
		for _, g := range l.groups[d] {
			c.gstart = append(c.gstart, int32(len(c.option)))
			for _, o := range inGroup[g] {
				place[o] = int32(len(c.option))
				c.option, c.group = append(c.option, o), append(c.group, int32(len(c.groups)))
				c.items = append(c.items, in.Elements(o)...)
				c.start = append(c.start, int32(len(c.items)))
			}
			c.groups = append(c.groups, g)
		}
		of.hi = int32(len(c.groups))
		if !listed {
			of.taken = make([]int32, len(l.groups[d]))
		}
		of.fit(l)
		c.duties = append(c.duties, of)
	}
	c.gstart = append(c.gstart, int32(len(c.option)))
	c.own = make([]int64, len(c.option))
	c.weight = in.Weights
	c.mstart, c.member = make([]int32, len(in.Weights)+1), make([]int32, len(in.Weights))
	for e := range in.Weights {
		c.mstart[e+1], c.member[e] = int32(e)+1, int32(e)
	}
	c.link(in.Conflicts, place)
	return c
}

// link lays out the conflicts between the options that place knows.
func (c *core) link(conflicts [][2]int32, place []int32) {
	c.rstart = make([]int32, len(c.option)+1)
	for _, pair := range conflicts {
		if a, b := place[pair[0]], place[pair[1]]; a >= 0 && b >= 0 {
			c.rstart[a+1]++
			c.rstart[b+1]++
		}
	}
	for o := range c.option {
		c.rstart[o+1] += c.rstart[o]
	}
	c.rivals = make([]int32, c.rstart[len(c.option)])
	next := slices.Clone(c.rstart)
	for _, pair := range conflicts {
		if a, b := place[pair[0]], place[pair[1]]; a >= 0 && b >= 0 {
			c.rivals[next[a]], c.rivals[next[b]] = b, a
			next[a]++
			next[b]++
		}
	}
	c.rivalry = len(c.rivals) > 0
	for o := range c.option {
		slices.Sort(c.rivalsOf(int32(o)))
	}
}

// fit notes the room of each group.
func (d *coreDuty) fit(l *layout) {
	d.room = make([]int32, d.hi-d.lo)
	for i := range d.room {
		if d.rosters == nil {
			d.room[i] = int32(l.in.Duties[d.id].Teams)
		}
		for _, r := range d.rosters {
			d.room[i] = max(d.room[i], r[i])
		}
	}
}

// state of an option of a core.
type state int8

const (
	open state = iota
	left
	taken
)

// reduce is the core after some options were taken (whose rivals the caller has left) and others left, with what the
// taken ones cover, and for each element where it went: its number, or −1 if it is covered, not covered by anything or
// the own of an option. It reports false if no roster holds what is taken.
func (l *layout) reduce(c *core, is []state) (*core, int64, []int32, bool) {
	n := &core{stuck: c.stuck}
	var gain int64
	seen := make([]int32, len(c.weight)) // open options that cover it; −1 if covered
	for o := range c.option {
		if is[o] != taken {
			continue
		}
		gain += c.own[o]
		for _, e := range c.elements(int32(o)) {
			if seen[e] == 0 {
				seen[e] = -1
				gain += c.weight[e]
			}
		}
	}
	place := make([]int32, len(c.option))
	if !l.reduceDuties(c, n, is, place) {
		return nil, 0, nil, false
	}
	to := l.merge(c, n, seen)
	n.rstart = make([]int32, 1, len(n.option)+1)
	for o := range c.option {
		if is[o] != open || place[o] < 0 {
			continue
		}
		for _, r := range c.rivalsOf(int32(o)) {
			if is[r] == open && place[r] >= 0 {
				n.rivals = append(n.rivals, place[r])
			}
		}
		n.rstart = append(n.rstart, int32(len(n.rivals)))
	}
	n.rivalry = len(n.rivals) > 0
	return n, gain, to, true
}

// reduceDuties keeps the duties, groups and options with something open; option holds places in c for now, place the
// new numbers.
func (l *layout) reduceDuties(c, n *core, is []state, place []int32) bool {
	for _, d := range c.duties {
		used := make([]int32, d.hi-d.lo)
		for o := c.gstart[d.lo]; o < c.gstart[d.hi]; o++ {
			place[o] = -1
			if is[o] == taken {
				used[c.group[o]-d.lo]++
			}
		}
		of, keep, ok := d.after(l, c, is, used)
		if !ok {
			return false
		}
		of.lo = int32(len(n.groups))
		n.stuck = n.stuck || of.stuck
		for i, kept := range keep {
			if !kept {
				continue
			}
			g := d.lo + int32(i)
			n.gstart = append(n.gstart, int32(len(n.option)))
			for o := c.gstart[g]; o < c.gstart[g+1]; o++ {
				if is[o] == open {
					place[o] = int32(len(n.option))
					n.option, n.group = append(n.option, o), append(n.group, int32(len(n.groups)))
				}
			}
			n.groups = append(n.groups, c.groups[g])
		}
		if of.hi = int32(len(n.groups)); of.hi > of.lo {
			of.fit(l)
			n.duties = append(n.duties, of)
		}
	}
	n.gstart = append(n.gstart, int32(len(n.option)))
	return true
}

// after is the duty once more of its options are taken, and which of its groups still have open options. (Those that
// no roster has room for are left by the next bound, as the checker does it.)
func (d *coreDuty) after(l *layout, c *core, is []state, used []int32) (coreDuty, []bool, bool) {
	of, keep, opened := coreDuty{id: d.id}, make([]bool, len(used)), make([]int32, len(used))
	for i := range keep {
		for o := c.gstart[d.lo+int32(i)]; o < c.gstart[d.lo+int32(i)+1]; o++ {
			if is[o] == open {
				opened[i]++
			}
		}
		keep[i] = opened[i] > 0
	}
	if d.rosters == nil {
		of.taken = slices.Clone(d.taken)
		need := make([]int32, l.in.Groups)
		for i, n := range used {
			at, _ := slices.BinarySearch(l.groups[d.id], c.groups[d.lo+int32(i)])
			of.taken[at] += n
		}
		for i, g := range l.groups[d.id] {
			need[g] = of.taken[i]
		}
		_, ok := rosterFor(l.in.Duties[d.id], need)
		of.stuck = !ok
		return of, keep, true
	}
	var rest [][]int32
	for _, r := range d.rosters {
		if !atMost(used, r) {
			continue
		}
		left := make([]int32, len(used))
		for i := range left {
			left[i] = min(r[i]-used[i], opened[i])
		}
		rest = append(rest, left)
	}
	if len(rest) == 0 {
		return of, nil, false
	}
	for r, left := range rest {
		kept := left[:0]
		for i, n := range left {
			if keep[i] {
				kept = append(kept, n)
			}
		}
		rest[r] = kept
	}
	of.rosters = maximal(rest)
	return of, keep, true
}
