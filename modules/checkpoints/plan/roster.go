package plan

import (
	"cmp"
	"slices"
	"time"
)

// stand is a post in the numbers of the problem.
type stand struct {
	squad, day, team int // team from 0, within the squad
	slot             int
	site             int32
	seconds          float32 // from home
	middle           bool
	start            int // slot in which the shift begins
	post             int // in Plan.Posts
}

// dutyOf finds the duty of a squad that works in a slot; −1 if none does.
func (p *Problem) dutyOf(squad, slot int) int {
	for d := range p.duties {
		duty := &p.duties[d]
		if duty.squad == squad && slot >= duty.starts[0] && slot < duty.starts[len(duty.starts)-1]+p.squads[squad].Slots {
			return d
		}
	}
	return -1
}

// squadOf finds the squad of a unit that holds a team's number; −1 if the unit has no such team.
func (p *Problem) squadOf(unit string, team int) int {
	for s := range p.squads {
		sq := &p.squads[s]
		if sq.Unit == unit && team > sq.before && team <= sq.before+sq.Teams {
			return s
		}
	}
	return -1
}

// resolve reads the posts of a plan.
func (p *Problem) resolve(posts []Post) ([]stand, error) {
	stands := make([]stand, len(posts))
	for i := range posts {
		post := &posts[i]
		s := stand{post: i}
		var known bool
		if s.squad = p.squadOf(post.Unit, post.Team); s.squad < 0 {
			return nil, refuse("unknown_team", "posts."+post.ID, "%s : l’équipe %d de %.80s n’est pas dans la demande.", "%s: team %d of %.80s is not in the request.", post.ID, post.Team, post.Unit)
		}
		if s.slot, known = p.slotOf[post.Slot.Unix()]; !known {
			return nil, refuse("unknown_slot", "posts."+post.ID, "%s : %s n’est pas le début d’un créneau de la période.", "%s: no slot of the period begins at %s.", post.ID, post.Slot.Format(time.RFC3339))
		}
		d := p.dutyOf(s.squad, s.slot)
		if d < 0 {
			return nil, refuse("off_duty", "posts."+post.ID, "%s : %s ne travaille pas à %s.", "%s: %s does not work at %s.", post.ID, p.squads[s.squad].name, p.clockText(s.slot))
		}
		s.day, s.team = p.duties[d].day, post.Team-p.squads[s.squad].before-1
		if s.site, known = p.byID[post.Site]; !known {
			return nil, refuse("unknown_site", "posts."+post.ID, "%s : le site « %.80s » n’est pas parmi ceux du plan.", "%s: the site %.80q is not among those of the plan.", post.ID, post.Site)
		}
		at, reached := p.placeOf(s.squad, s.site)
		if !reached {
			return nil, p.tooFar("posts."+post.ID, s.squad, s.site)
		}
		s.seconds = at.seconds
		stands[i] = s
	}
	if err := p.shifts(stands, posts); err != nil {
		return nil, err
	}
	return stands, nil
}

func (p *Problem) tooFar(field string, squad int, site int32) *Refusal {
	return refuse("too_far", field, "%s n’est pas parmi les sites que %s atteint en %d minutes : choisissez un autre site ou une autre unité.",
		"%s is not among the sites that %s reaches in %d minutes: choose another site or another unit.",
		p.sites[site].Name, p.squads[squad].name, p.Request.MaxTravelMinutes)
}

func (p *Problem) clockText(slot int) string { return p.slots[slot].start.Format("02/01 15:04") }

// byTeam sorts stands by squad, day, team and slot.
func byTeam(stands []stand) {
	slices.SortFunc(stands, func(a, b stand) int {
		return cmp.Or(cmp.Compare(a.squad, b.squad), cmp.Compare(a.day, b.day), cmp.Compare(a.team, b.team), cmp.Compare(a.slot, b.slot))
	})
}

// shifts finds a shift for every team that holds its posts, and so which post the break is taken off: the one it has, else
// one whose middle slot has no post, else the earliest in which all posts can be held.
func (p *Problem) shifts(stands []stand, posts []Post) error {
	byTeam(stands)
	for from := 0; from < len(stands); {
		to := from + 1
		for to < len(stands) && stands[to].squad == stands[from].squad && stands[to].day == stands[from].day && stands[to].team == stands[from].team {
			if stands[to].slot == stands[to-1].slot {
				return refuse("two_places", "posts."+posts[stands[to].post].ID, "%[1]s et %[2]s : la même équipe serait à deux endroits à %[3]s.",
					"%[1]s and %[2]s: the same team would be in two places at %[3]s.", posts[stands[to-1].post].ID, posts[stands[to].post].ID, p.clockText(stands[to].slot))
			}
			to++
		}
		if err := p.shift(stands[from:to], posts); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// shift chooses the shift of one team.
func (p *Problem) shift(stands []stand, posts []Post) error {
	s := stands[0]
	team := &p.squads[s.squad].Team
	duty := &p.duties[p.dutyOf(s.squad, s.slot)]
	best, least := -1, 3
	var why *Refusal
	for _, start := range duty.starts {
		if start > s.slot || stands[len(stands)-1].slot >= start+team.Slots {
			continue
		}
		cost, r := p.shiftCost(stands, posts, start)
		if r != nil {
			why = r
		} else if cost < least {
			best, least = start, cost
		}
	}
	switch {
	case best >= 0:
	case why != nil:
		return why
	default:
		return refuse("long_shift", "posts."+posts[s.post].ID, "%[1]s, équipe %[2]d : les postes de %[3]s à %[4]s ne tiennent pas dans une vacation de %[5]d créneaux.",
			"%[1]s, team %[2]d: the posts from %[3]s to %[4]s do not fit into a shift of %[5]d slots.",
			p.squads[s.squad].name, s.team+1, p.clockText(s.slot), p.clockText(stands[len(stands)-1].slot), team.Slots)
	}
	for i := range stands {
		stands[i].middle = p.middle(team, stands[i].slot-best)
		stands[i].start = best
	}
	return nil
}

// shiftCost ranks a shift that holds the posts of a team: 0 if it is the one that they already have, 1 if no post loses
// the break, else 2; a refusal if a post could not be held in it.
func (p *Problem) shiftCost(stands []stand, posts []Post, start int) (int, *Refusal) {
	team := &p.squads[stands[0].squad].Team
	cost, same := 1, true
	for i := range stands {
		s := &stands[i]
		middle := p.middle(team, s.slot-start)
		if r := p.usable(s.squad, place{s.site, s.seconds}, s.slot, middle); r != nil {
			r.Field = "posts." + posts[s.post].ID
			return 0, r
		}
		if middle {
			cost = 2
		}
		same = same && posts[s.post].Shift.Equal(p.slots[start].start)
	}
	if same {
		return 0, nil
	}
	return cost, nil
}

// check holds stands against the rules that join posts: forbidden sites and the separation.
func (p *Problem) check(stands []stand, posts []Post, forbidden []string) error {
	at := make(map[int][]int, len(p.slots))
	for i := range stands {
		s := &stands[i]
		if contains(forbidden, p.sites[s.site].ID) {
			return refuse("forbidden", "posts."+posts[s.post].ID, "%s : %s est interdit dans ce plan. Autorisez le site ou déplacez le poste.",
				"%s: %s is forbidden in this plan. Allow the site or move the post.", posts[s.post].ID, p.sites[s.site].Name)
		}
		for _, j := range at[s.slot] {
			if contains(p.near[s.site], stands[j].site) {
				return refuse("separation", "posts."+posts[s.post].ID, "%[1]s et %[2]s, à %[3]s, sont à moins de %[4]d m : déplacez l’un des deux.",
					"%[1]s and %[2]s, at %[3]s, are less than %[4]d m apart: move one of them.", posts[stands[j].post].ID, posts[s.post].ID, p.clockText(s.slot), p.Request.SeparationM)
			}
		}
		at[s.slot] = append(at[s.slot], i)
	}
	return nil
}
