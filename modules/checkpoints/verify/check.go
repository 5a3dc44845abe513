package verify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ErrRejected is wrapped by every error of Check.
var ErrRejected = errors.New("the certificate is rejected")

// Check recomputes what the chosen options are worth and whether they keep the rules, and follows the proof of the bound:
// every solution of the problem is worth at most bound. All arithmetic is of whole numbers and exact.
//
// The bound of a step is the Lagrangian one (Fisher 1981; for coverage Beasley 1990). With any multiplier u of an
// element, 0 ≤ u ≤ w, a solution is worth at most Σ (w−u) over the elements plus what its options earn if each earns the
// u of what it covers; and the most that rosters can earn is found duty by duty. An option without which, or
// with which, this is no more than the bound to be proven is taken or left from there on.
func Check(p *Problem, chosen []int32, cert *Certificate) (value, bound int64, err error) {
	if p == nil || cert == nil {
		return 0, 0, fmt.Errorf("no problem or no certificate: %w", ErrRejected)
	}
	c, err := read(p, cert)
	if err == nil {
		value, err = c.worth(chosen)
	}
	if err == nil {
		err = c.claims(chosen, value)
	}
	if err == nil {
		err = c.root()
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", err, ErrRejected)
	}
	return value, cert.Bound, nil
}

type checker struct {
	p        *Problem
	cert     *Certificate
	element  []element
	state    []state     // of each option
	in       []int32     // the last step that saw each option as open
	tick     int32       // counts steps
	profit   []int64     // of each option in this step
	owner    []int32     // the last part that named each option
	named    int32       // parts so far
	rivals   [][]int32   // the options in conflict with each, ascending
	duty     []int32     // of each group, -1 if none
	taken    []int32     // options taken in each group
	groups   [][]int32   // of each duty
	rosters  [][][]int32 // of each duty: how many shifts contain each of its groups; nil if there are too many
	at       []int32     // the place of each group in this step
	clique   []int64     // multipliers of cliques
	price    []int64     // of groups
	open     [][]int32   // the open options of each group in this step
	trail    []int32     // options in the order in which they were taken or left
	sum      int64
	elementT []change
}

type element struct {
	weight, u int64 // times Scale
	tick      int32 // step in which it was last seen
	shared    int8  // 1 if one open option covers it, 2 if several, 3 if counted
	covered   int32 // taken options that cover it
	part      int32 // of it, where parts are told apart
}

type state int8

const (
	opened state = iota // may be taken
	left                // not taken
	taken
)

type change struct {
	in  *int64
	old int64
}

// claims compares what the certificate says with what was recomputed.
func (c *checker) claims(chosen []int32, value int64) error {
	if value != c.cert.Value || c.cert.Bound < value || c.cert.Bound > c.sum {
		return fmt.Errorf("it says value %d and bound %d; the posts are worth %d and everything %d", c.cert.Value, c.cert.Bound, value, c.sum)
	}
	digest, err := Seal(c.p, chosen, c.cert)
	if err == nil && digest != c.cert.Digest {
		err = errors.New("its digest is not that of this problem, these posts and this proof")
	}
	return err
}

// worth is the value of the chosen options if they keep every rule.
func (c *checker) worth(chosen []int32) (value int64, err error) {
	is, covered, need := make([]bool, len(c.p.Group)), make([]bool, len(c.p.Weights)), make([]int, c.p.Groups)
	for _, o := range chosen {
		if o < 0 || int(o) >= len(is) || is[o] {
			return 0, fmt.Errorf("option %d is chosen twice or does not exist", o)
		}
		is[o] = true
		need[c.p.Group[o]]++
		for _, e := range c.p.Covers[c.p.Start[o]:c.p.Start[o+1]] {
			if !covered[e] {
				covered[e] = true
				value += c.p.Weights[e]
			}
		}
	}
	for _, pair := range c.p.Conflicts {
		if is[pair[0]] && is[pair[1]] {
			return 0, fmt.Errorf("options %d and %d exclude one another", pair[0], pair[1])
		}
	}
	for _, o := range c.p.Forced {
		if !is[o] {
			return 0, fmt.Errorf("option %d is forced and not chosen", o)
		}
	}
	return value, c.holds(need)
}

// holds says whether the shifts of the certificate hold as many options of each group as need says.
func (c *checker) holds(need []int) error {
	if len(c.cert.Shifts) != len(c.p.Duties) {
		return fmt.Errorf("shifts of %d duties of %d", len(c.cert.Shifts), len(c.p.Duties))
	}
	for d, duty := range c.p.Duties {
		if len(c.cert.Shifts[d]) > duty.Teams {
			return fmt.Errorf("%d shifts for %d teams of duty %d", len(c.cert.Shifts[d]), duty.Teams, d)
		}
		for _, s := range c.cert.Shifts[d] {
			if s < 0 || int(s) >= len(duty.Shifts) {
				return fmt.Errorf("duty %d has no shift %d", d, s)
			}
			for _, g := range duty.Shifts[s] {
				need[g]--
			}
		}
	}
	for g, n := range need {
		if n > 0 {
			return fmt.Errorf("%d more options than teams in group %d", n, g)
		}
	}
	return nil
}

// root takes the forced options and follows the proof from there.
func (c *checker) root() error {
	all := make([]int32, 0, len(c.state))
	for o, g := range c.p.Group {
		if c.duty[g] >= 0 {
			all = append(all, int32(o))
		}
	}
	var fixed int64
	for _, o := range c.p.Forced {
		gain, ok := c.take(o)
		if !ok {
			return fmt.Errorf("forced option %d is excluded by another", o)
		}
		fixed += gain
	}
	return c.node(c.cert.Root, all, fixed, c.cert.Bound)
}

// node follows one step: with the options of open and what is taken, no solution adds up to more than claim.
func (c *checker) node(n *Node, open []int32, fixed, claim int64) error {
	if n == nil {
		return errors.New("the proof is cut off")
	}
	trail, changes := len(c.trail), len(c.elementT)
	defer c.undo(trail, changes)
	if err := c.set(n); err != nil {
		return err
	}
	open = slices.DeleteFunc(slices.Clone(open), func(o int32) bool { return c.state[o] != opened })
	s := c.step(open)
	if s.none || fixed+s.total/c.cert.Scale <= claim {
		return nil
	}
	gain, ok := c.fix(s, open, (claim-fixed+1)*c.cert.Scale-1)
	if !ok {
		return nil
	}
	fixed += gain
	switch {
	case n.Next != nil:
		return c.node(n.Next, open, fixed, claim)
	case n.Parts != nil:
		return c.parts(n.Parts, open, fixed, claim)
	case n.One != nil || n.Zero != nil:
		return c.cases(n, open, fixed, claim)
	}
	return fmt.Errorf("a leaf shows %d where %d is said", fixed-gain+s.total/c.cert.Scale, claim)
}

// cases follows the two cases of an option, or the one that is left of them.
func (c *checker) cases(n *Node, open []int32, fixed, claim int64) error {
	o := n.Option
	if o < 0 || int(o) >= len(c.state) || c.state[o] == opened && !slices.Contains(open, o) {
		return fmt.Errorf("option %d is not there to branch on", o)
	}
	before, trail := c.state[o], len(c.trail)
	if before != left {
		gain := int64(0)
		if before == opened {
			gain, _ = c.take(o)
		}
		err := c.node(n.One, open, fixed+gain, claim)
		c.undo(trail, len(c.elementT))
		if err != nil {
			return err
		}
	}
	if before == taken {
		return nil
	}
	c.leave(o)
	return c.node(n.Zero, open, fixed, claim)
}

// parts follows independent parts, whose bounds add up. What options of a part add that are taken already counts there.
func (c *checker) parts(parts []Part, open []int32, fixed, claim int64) error {
	base, gains := c.named+1, make([]int64, len(parts))
	c.named += int32(len(parts))
	for i, part := range parts {
		for _, o := range part.Options {
			if o < 0 || int(o) >= len(c.state) {
				return fmt.Errorf("part %d names option %d", i, o)
			}
			c.owner[o] = base + int32(i)
			gains[i] += c.uncover(o, -1)
		}
		fixed -= gains[i]
	}
	for _, part := range parts {
		for _, o := range part.Options {
			c.uncover(o, 1)
		}
		if part.Bound < 0 || part.Bound > claim-fixed {
			return fmt.Errorf("a part is said to add %d at most to %d, and all %d", part.Bound, fixed, claim)
		}
		fixed += part.Bound
	}
	each, err := c.apart(len(parts), base, open)
	for i := 0; i < len(parts) && err == nil; i++ {
		err = c.node(parts[i].Root, each[i], gains[i], parts[i].Bound)
	}
	return err
}

// apart are the open options of each part. An error names one that is in none or shares something with another part.
func (c *checker) apart(parts int, base int32, open []int32) ([][]int32, error) {
	c.tick++
	duties, each := map[int32]int32{}, make([][]int32, parts)
	for _, o := range open {
		if c.state[o] != opened {
			continue
		}
		i, d := c.owner[o]-base+1, c.duty[c.p.Group[o]]
		ok := i > 0 && (duties[d] == 0 || duties[d] == i)
		for _, e := range c.p.Covers[c.p.Start[o]:c.p.Start[o+1]] {
			if at := &c.element[e]; at.tick != c.tick {
				at.tick, at.part = c.tick, i
			}
			ok = ok && (c.element[e].covered > 0 || c.element[e].part == i)
		}
		for _, r := range c.rivals[o] {
			ok = ok && (c.state[r] != opened || c.owner[r] == c.owner[o] || c.in[r] != c.in[o])
		}
		if !ok {
			return nil, fmt.Errorf("option %d is in no part of its own", o)
		}
		duties[d] = i
		each[i-1] = append(each[i-1], o)
	}
	return each, nil
}

// uncover adds by to how many taken options cover what a taken option covers; what is covered no more then.
func (c *checker) uncover(o, by int32) (lost int64) {
	if c.state[o] != taken {
		return 0
	}
	for _, e := range c.p.Covers[c.p.Start[o]:c.p.Start[o+1]] {
		if c.element[e].covered += by; by < 0 && c.element[e].covered == 0 {
			lost += c.p.Weights[e]
		}
	}
	return lost
}

// take takes an open option; what it adds, and false if it cannot be taken.
func (c *checker) take(o int32) (gain int64, ok bool) {
	if c.state[o] != opened {
		return 0, c.state[o] == taken
	}
	c.state[o] = taken
	c.trail = append(c.trail, o)
	c.taken[c.p.Group[o]]++
	for _, e := range c.p.Covers[c.p.Start[o]:c.p.Start[o+1]] {
		if c.element[e].covered++; c.element[e].covered == 1 {
			gain += c.p.Weights[e]
		}
	}
	for _, r := range c.rivals[o] {
		ok = c.state[r] != taken
		if !ok {
			return gain, false
		}
		c.leave(r)
	}
	return gain, true
}

func (c *checker) leave(o int32) {
	if c.state[o] == opened {
		c.state[o] = left
		c.trail = append(c.trail, o)
	}
}

func (c *checker) undo(trail, changes int) {
	for _, o := range c.trail[trail:] {
		if c.state[o] == taken {
			c.taken[c.p.Group[o]]--
			for _, e := range c.p.Covers[c.p.Start[o]:c.p.Start[o+1]] {
				c.element[e].covered--
			}
		}
		c.state[o] = opened
	}
	c.trail = c.trail[:trail]
	for i := len(c.elementT) - 1; i >= changes; i-- {
		*c.elementT[i].in = c.elementT[i].old
	}
	c.elementT = c.elementT[:changes]
}

func (c *checker) conflict(a, b int32) bool {
	_, found := slices.BinarySearchFunc(c.rivals[a], b, cmp.Compare)
	return found
}
