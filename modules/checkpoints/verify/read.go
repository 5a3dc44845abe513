package verify

import (
	"fmt"
	"slices"
)

// read checks that the problem is well formed and lays it out.
func read(p *Problem, cert *Certificate) (*checker, error) {
	n := len(p.Group)
	if len(p.Start) != n+1 || p.Start[0] != 0 || int(p.Start[n]) != len(p.Covers) || cert.Scale < 1 {
		return nil, fmt.Errorf("rows of %d options do not fit, or scale %d is none", n, cert.Scale)
	}
	c := &checker{
		p: p, cert: cert, element: make([]element, len(p.Weights)), state: make([]state, n), in: make([]int32, n), profit: make([]int64, n), owner: make([]int32, n),
		rivals: make([][]int32, n), duty: make([]int32, p.Groups), taken: make([]int32, p.Groups), price: make([]int64, p.Groups),
		clique: make([]int64, len(cert.Cliques)), open: make([][]int32, p.Groups), rosters: make([][][]int32, len(p.Duties)),
		groups: make([][]int32, len(p.Duties)), at: make([]int32, p.Groups),
	}
	for o := range n {
		before := int32(-1)
		if p.Start[o] > p.Start[o+1] || p.Group[o] < 0 || int(p.Group[o]) >= p.Groups {
			return nil, fmt.Errorf("option %d has no good row or group", o)
		}
		for _, e := range p.Covers[p.Start[o]:p.Start[o+1]] {
			if e <= before || int(e) >= len(p.Weights) || p.Weights[e] < 0 || p.Weights[e] > MaxSum {
				return nil, fmt.Errorf("element %d of option %d is out of order or of range", e, o)
			}
			if before, c.sum = e, c.sum+p.Weights[e]; c.sum > MaxSum {
				return nil, fmt.Errorf("the weights are too large to add up")
			}
		}
	}
	if c.sum > 0 && cert.Scale > 1<<60/c.sum || cert.Scale > 1<<30 {
		return nil, fmt.Errorf("scale %d is too large for weights of %d", cert.Scale, c.sum)
	}
	for e, w := range p.Weights {
		c.element[e] = element{weight: w * cert.Scale, u: w * cert.Scale}
	}
	if err := c.readDuties(); err != nil {
		return nil, err
	}
	return c, c.readConflicts()
}

func (c *checker) readDuties() error {
	for g := range c.duty {
		c.duty[g] = -1
	}
	for d, duty := range c.p.Duties {
		for _, shift := range duty.Shifts {
			for i, g := range shift {
				if g < 0 || int(g) >= c.p.Groups || c.duty[g] >= 0 && c.duty[g] != int32(d) || slices.Contains(shift[:i], g) || duty.Teams < 0 || duty.Teams > 10000 {
					return fmt.Errorf("a shift of duty %d is not well formed", d)
				}
				if c.duty[g] < 0 {
					c.groups[d] = append(c.groups[d], g)
				}
				c.duty[g] = int32(d)
			}
		}
		if Multisets(len(duty.Shifts), duty.Teams) <= MaxRosters {
			c.enumerate(d, duty, make([]int32, len(c.groups[d])), 0, duty.Teams)
			slices.SortFunc(c.rosters[d], slices.Compare)
			c.rosters[d] = slices.CompactFunc(c.rosters[d], slices.Equal)
		}
	}
	return nil
}

// enumerate notes every way to choose the shifts of a duty, as the number of them that contain each of its groups.
func (c *checker) enumerate(d int, duty Duty, count []int32, from, teams int) {
	if teams == 0 || len(duty.Shifts) == 0 {
		c.rosters[d] = append(c.rosters[d], slices.Clone(count))
		return
	}
	for s := from; s < len(duty.Shifts); s++ {
		for by := int32(1); by >= -1; by -= 2 {
			for _, g := range duty.Shifts[s] {
				count[slices.Index(c.groups[d], g)] += by
			}
			if by > 0 {
				c.enumerate(d, duty, count, s, teams-1)
			}
		}
	}
}

func (c *checker) readConflicts() error {
	for i, pair := range c.p.Conflicts {
		if pair[0] < 0 || pair[0] >= pair[1] || int(pair[1]) >= len(c.rivals) {
			return fmt.Errorf("conflict %d is not well formed", i)
		}
		c.rivals[pair[0]] = append(c.rivals[pair[0]], pair[1])
		c.rivals[pair[1]] = append(c.rivals[pair[1]], pair[0])
	}
	for _, r := range c.rivals {
		slices.Sort(r)
	}
	for i, clique := range c.cert.Cliques {
		for k, b := range clique {
			for _, a := range clique[:k] {
				if a < 0 || a >= b || int(b) >= len(c.rivals) || !c.conflict(a, b) {
					return fmt.Errorf("options %d and %d of set %d do not exclude one another", a, b, i)
				}
			}
		}
	}
	return nil
}

// set changes the multipliers of a step, each within its limits.
func (c *checker) set(n *Node) error {
	for kind, s := range []Sparse{n.Multipliers, n.Cliques, n.Prices} {
		if len(s.At) != len(s.Of) {
			return fmt.Errorf("%d places for %d multipliers", len(s.At), len(s.Of))
		}
		for i, at := range s.At {
			ok := at >= 0 && s.Of[i] >= 0
			var in *int64
			switch {
			case kind == 0 && ok && int(at) < len(c.element) && s.Of[i] <= c.element[at].weight:
				in = &c.element[at].u
			case kind == 1 && ok && int(at) < len(c.clique) && s.Of[i] <= MaxSum/int64(len(c.clique)):
				in = &c.clique[at]
			case kind == 2 && ok && int(at) < len(c.price) && s.Of[i] <= MaxPrice(c.p):
				in = &c.price[at]
			default:
				return fmt.Errorf("multiplier %d at %d is out of range", s.Of[i], at)
			}
			c.elementT = append(c.elementT, change{in, *in})
			*in = s.Of[i]
		}
	}
	return nil
}

// MaxPrice is the largest price of a group: what all teams of all duties may pay then adds up within an int64.
func MaxPrice(p *Problem) int64 {
	teams := 1
	for _, d := range p.Duties {
		teams += d.Teams * max(1, len(d.Shifts))
	}
	return MaxSum / int64(teams) / int64(max(1, p.Groups))
}
