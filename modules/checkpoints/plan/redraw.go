package plan

import (
	"fmt"
	"time"
)

// Inclusion is the probability that the mixed strategy puts somebody at a site in a slot.
type Inclusion struct {
	Site        string    `json:"site"`
	Slot        time.Time `json:"slot"`
	Probability float64   `json:"probability"`
}

// Stand is where and when a team stands, without times: a post of a plan that was drawn to compare with.
type Stand struct {
	Unit string    `json:"unit"`
	Team int       `json:"team"`
	Site string    `json:"site"`
	Slot time.Time `json:"slot"`
}

// Inclusions are the probabilities of every site and slot that the strategy ever used, whoever stands there, by slot, then
// site.
func (s *Solved) Inclusions() []Inclusion {
	p := s.problem
	sums := make(map[[2]int]float64)
	for o, m := range s.Strategy.Marginals() {
		option := p.options[o]
		sums[[2]int{p.groups[option.group].slot, int(option.site)}] += m
	}
	var list []Inclusion
	for slot := range p.slots {
		for site := range p.sites {
			if sum := sums[[2]int{slot, site}]; sum > 0 {
				list = append(list, Inclusion{p.sites[site].ID, p.slots[slot].start, min(sum, 1)})
			}
		}
	}
	return list
}

// Redraws are n plans drawn anew from the same strategy, for the estimate that uses the randomisation: the posts of each.
// The same strategy gives the same plans.
func (s *Solved) Redraws(n int) [][]Stand {
	p := s.problem
	plans := make([][]Stand, n)
	parallel(n, func(i int) {
		sample := s.Strategy.Sample(fmt.Sprintf("redraw %d", i))
		for d, teams := range sample.Teams {
			sq := &p.squads[p.duties[d].squad]
			for team, row := range teams {
				for _, o := range row {
					if o >= 0 {
						g := &p.groups[p.options[o].group]
						plans[i] = append(plans[i], Stand{sq.Unit, sq.before + team + 1, p.sites[p.options[o].site].ID, p.slots[g.slot].start})
					}
				}
			}
		}
	})
	return plans
}
