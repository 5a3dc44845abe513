package plan

import (
	"slices"
	"sort"

	"vigie/modules/checkpoints/solve"
)

// layOut makes the instance: groups, options with what they cover, and the pairs that are too close.
func (p *Problem) layOut() error {
	p.findNear()
	in := &solve.Instance{Start: []int32{0}}
	p.instance = in
	for d := range p.duties {
		p.layOutDuty(int32(d))
	}
	in.Groups = len(p.groups)
	if err := p.checkSites(); err != nil {
		return err
	}
	covered := make([][]touch, len(p.groups))
	ends := make([][]int, len(p.groups))
	first := make([]int, len(p.groups)+1)
	for _, o := range p.options {
		first[o.group+1]++
	}
	for g := range p.groups {
		first[g+1] += first[g]
	}
	parallel(len(p.groups), func(g int) {
		for _, o := range p.options[first[g]:first[g+1]] {
			covered[g] = p.touches(covered[g], o.site, p.groups[g].slot, p.share(int32(g), o.site))
			ends[g] = append(ends[g], len(covered[g]))
		}
	})
	p.number(covered, ends)
	in.Group = make([]int32, len(p.options))
	for i, o := range p.options {
		in.Group[i] = o.group
	}
	p.conflicts()
	return nil
}

// layOutDuty makes the groups and shifts of a duty, and its options.
func (p *Problem) layOutDuty(d int32) {
	duty := &p.duties[d]
	team := &p.squads[duty.squad].Team
	shifts := make([][]int32, len(duty.starts))
	first := len(p.groups)
	for k := duty.starts[0]; k < duty.starts[len(duty.starts)-1]+team.Slots; k++ {
		for _, middle := range []bool{false, true} {
			used := false
			for i, start := range duty.starts {
				if at := k - start; at >= 0 && at < team.Slots && p.middle(team, at) == middle {
					shifts[i] = append(shifts[i], int32(len(p.groups)))
					used = true
				}
			}
			if used {
				p.groups = append(p.groups, group{int(d), k, middle})
			}
		}
	}
	for g := first; g < len(p.groups); g++ {
		for _, s := range p.squads[duty.squad].sites {
			if p.usable(duty.squad, s, p.groups[g].slot, p.groups[g].middle) == nil && !contains(p.Request.Forbidden, p.sites[s.site].ID) {
				p.options = append(p.options, option{int32(g), s.site})
			}
		}
	}
	p.instance.Duties = append(p.instance.Duties, solve.Duty{Teams: team.Teams, Shifts: shifts})
}

// middle says whether the slot at a position of a shift is the one that the break is taken off.
func (*Problem) middle(team *Team, position int) bool {
	return team.Slots >= 3 && position == team.Slots/2 && *team.BreakMinutes > 0
}

// held are the minutes of a slot for which a squad stands at a site that is so far from its home: slot − way − break.
func (p *Problem) held(squad int, seconds float32, slot int, middle bool) float64 {
	minutes := p.slots[slot].minutes() - float64(seconds)/60
	if middle {
		minutes -= float64(*p.squads[squad].BreakMinutes)
	}
	return minutes
}

// share is the share of the slot for which the duty of a group stands at a site.
func (p *Problem) share(g, site int32) float64 {
	group := &p.groups[g]
	squad := p.duties[group.duty].squad
	s, _ := p.placeOf(squad, site)
	return p.held(squad, s.seconds, group.slot, group.middle) / p.slots[group.slot].minutes()
}

// placeOf finds a site among those of a squad.
func (p *Problem) placeOf(squad int, site int32) (place, bool) {
	list := p.squads[squad].sites
	i := sort.Search(len(list), func(i int) bool { return list[i].site >= site })
	if i == len(list) || list[i].site != site {
		return place{}, false
	}
	return list[i], true
}

// usable says why a squad may not stand at a site in a slot, nil if it may.
func (p *Problem) usable(squad int, s place, slot int, middle bool) *Refusal {
	site := &p.sites[s.site]
	if p.slots[slot].night && site.Lit == "no" {
		return refuse("unlit", "site", "%s n’est pas éclairé : pas de poste de nuit.", "%s is not lit: no post at night.", site.Name)
	}
	if p.held(squad, s.seconds, slot, middle) < MinHoldMinutes {
		return refuse("short_hold", "site", "%s : trajet et pause laissent moins de %d minutes de poste.", "%s: way and break leave less than %d minutes to the post.", site.Name, MinHoldMinutes)
	}
	return nil
}

// checkSites refuses duties that have more teams than sites to stand at.
func (p *Problem) checkSites() error {
	options := make(map[int32]int)
	for _, o := range p.options {
		options[o.group]++
	}
	best := make([]int, len(p.duties))
	for g := range p.groups {
		best[p.groups[g].duty] = max(best[p.groups[g].duty], options[int32(g)])
	}
	for d := range p.duties {
		sq := &p.squads[p.duties[d].squad]
		if best[d] < sq.Teams {
			return refuse("more_teams_than_sites", "teams."+itoa(p.duties[d].squad)+".teams",
				"%[1]s a %[2]d équipes et %[3]d sites possibles : réduisez les équipes, allongez le trajet, ou autorisez d’autres sites.",
				"%[1]s has %[2]d teams and %[3]d possible sites: take fewer teams, allow a longer way, or allow other sites.",
				sq.name, sq.Teams, best[d])
		}
	}
	return nil
}

// number gives elements their numbers: for each cell and slot, one for each level up to the highest that an option
// reaches. So the elements of an option ascend as its touches do.
func (p *Problem) number(covered [][]touch, ends [][]int) {
	in := p.instance
	highest := make([]uint8, len(p.demand.weight))
	entries := 0
	for _, list := range covered {
		for _, t := range list {
			highest[t.place] = max(highest[t.place], t.level)
			entries += int(t.level)
		}
	}
	firstOf := make([]int32, len(highest))
	for place, top := range highest {
		firstOf[place] = int32(len(in.Weights))
		for l := uint8(1); l <= top; l++ {
			in.Weights = append(in.Weights, p.upTo(int32(place), l)-p.upTo(int32(place), l-1))
		}
	}
	in.Covers = make([]int32, 0, entries)
	for g, list := range covered {
		from := 0
		for _, to := range ends[g] {
			for _, t := range list[from:to] {
				for l := range int32(t.level) {
					in.Covers = append(in.Covers, firstOf[t.place]+l)
				}
			}
			from = to
			in.Start = append(in.Start, int32(len(in.Covers)))
		}
	}
}

// findNear lists for each site those that are closer than the separation, as the crow flies, itself among them.
func (p *Problem) findNear() {
	p.near = make([][]int32, len(p.sites))
	parallel(len(p.sites), func(i int) {
		for j := range p.sites {
			if i == j || apart(p.sites[i].Position, p.sites[j].Position) < float64(p.Request.SeparationM) {
				p.near[i] = append(p.near[i], int32(j))
			}
		}
	})
}

// conflicts are the pairs of options in one slot whose sites are too close, unless they are of a duty with one team,
// which cannot be in two places anyway.
func (p *Problem) conflicts() {
	type where struct {
		slot int
		site int32
	}
	at := make(map[where][]int32)
	for i, o := range p.options {
		w := where{p.groups[o.group].slot, o.site}
		at[w] = append(at[w], int32(i))
	}
	for i, o := range p.options {
		g := &p.groups[o.group]
		for _, site := range p.near[o.site] {
			for _, j := range at[where{g.slot, site}] {
				other := &p.groups[p.options[j].group]
				if int(j) > i && (other.duty != g.duty || p.squads[p.duties[g.duty].squad].Teams > 1) {
					p.instance.Conflicts = append(p.instance.Conflicts, [2]int32{int32(i), j})
				}
			}
		}
	}
}

// optionOf finds the option of a group at a site; −1 if there is none.
func (p *Problem) optionOf(g int, site int32) int32 {
	i, found := slices.BinarySearchFunc(p.options, option{int32(g), site}, func(a, b option) int {
		if a.group != b.group {
			return int(a.group - b.group)
		}
		return int(a.site - b.site)
	})
	if !found {
		return -1
	}
	return int32(i)
}

// groupOf finds the group of a duty in a slot; −1 if it has none.
func (p *Problem) groupOf(duty, slot int, middle bool) int {
	return slices.Index(p.groups, group{duty, slot, middle})
}
