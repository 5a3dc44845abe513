package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// force turns the posts that the commander wants into options that must be chosen.
func (p *Problem) force() error {
	var posts []Post
	teams := make(map[[2]int][]int) // teams taken of a duty in a slot
	for i := range p.Request.Forced {
		f := &p.Request.Forced[i]
		field := "forced." + itoa(i)
		slot, known := p.slotOf[f.Slot.Unix()]
		if !known {
			return refuse("forced_slot", field+".slot", "Le poste imposé commence à %s, qui n’est pas le début d’un créneau de la période.",
				"The forced post begins at %s, where no slot of the period begins.", f.Slot.Format(time.RFC3339))
		}
		if err := p.forcedSite(field, f); err != nil {
			return err
		}
		duty := -1
		for s := range p.squads {
			if d := p.dutyOf(s, slot); p.squads[s].Unit == f.Unit && d >= 0 && len(teams[[2]int{d, slot}]) < p.squads[s].Teams {
				duty = d
				break
			}
		}
		if duty < 0 {
			return refuse("forced_team", field+".unit", "Aucune équipe de %.80s n’est libre à %s : elle ne travaille pas alors, ou d’autres postes imposés la prennent.",
				"No team of %.80s is free at %s: none works then, or other forced posts take them.", f.Unit, p.clockText(slot))
		}
		key := [2]int{duty, slot}
		teams[key] = append(teams[key], i)
		posts = append(posts, Post{ID: field, Unit: f.Unit, Slot: p.slots[slot].start, Site: f.Site, Team: duty}) // Team: see forcedTeams
	}
	if len(posts) == 0 {
		return nil
	}
	return p.forceAll(posts)
}

// forcedSite refuses a site that may not be forced.
func (p *Problem) forcedSite(field string, f *Forced) error {
	if contains(p.Request.Forbidden, f.Site) {
		return refuse("contradiction", field+".site", "Le site %.80s est à la fois imposé et interdit : retirez l’un des deux.",
			"The site %.80s is both forced and forbidden: take one of the two back.", f.Site)
	}
	if _, known := p.byID[f.Site]; !known {
		return refuse("forced_site", field+".site", "Le site imposé « %.80s » ne peut pas servir : inconnu, déclaré dangereux, hors du territoire ou hors d’atteinte de toutes les unités.",
			"The forced site %.80q cannot be used: unknown, declared unsafe, outside the areas, or out of reach of all units.", f.Site)
	}
	return nil
}

// forceAll gives forced posts to teams and finds their options.
func (p *Problem) forceAll(posts []Post) error {
	byDuty := make(map[int][]int)
	for i := range posts {
		byDuty[posts[i].Team] = append(byDuty[posts[i].Team], i)
	}
	for d, list := range byDuty {
		sq := &p.squads[p.duties[d].squad]
		slots := make([]int, len(list))
		for i, at := range list {
			slots[i] = p.slotOf[posts[at].Slot.Unix()]
		}
		given, ok := p.deal(d, slots)
		if !ok {
			return refuse("contradiction", "forced", "Les postes imposés à %s ne tiennent pas dans les vacations de ses %d équipes : retirez-en, ou ajoutez une équipe.",
				"The posts forced on %s do not fit into the shifts of its %d teams: take some back, or add a team.", sq.name, sq.Teams)
		}
		for i, at := range list {
			posts[at].Team = sq.before + 1 + given[i]
		}
	}
	stands, err := p.resolve(posts)
	if err != nil {
		return err
	}
	if err := p.check(stands, posts, nil); err != nil {
		return err
	}
	for _, s := range stands {
		o := p.optionOf(p.groupOf(p.dutyOf(s.squad, s.slot), s.slot, s.middle), s.site)
		if o < 0 {
			return refuse("contradiction", posts[s.post].ID, "Le poste imposé à %s n’est pas possible.", "The post forced at %s is not possible.", p.sites[s.site].Name)
		}
		p.instance.Forced = append(p.instance.Forced, o)
	}
	slices.Sort(p.instance.Forced)
	return nil
}

// deal gives the posts of a duty, by their slots, to its teams so that each fits into one shift: it takes the earliest
// slot that is left and the latest shift that holds it, which leaves most room for the rest. False if they do not fit.
func (p *Problem) deal(d int, slots []int) ([]int, bool) {
	duty := &p.duties[d]
	sq := &p.squads[duty.squad]
	order := make([]int, len(slots))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(slots[a], slots[b]) })
	given := make([]int, len(slots))
	for i := range given {
		given[i] = -1
	}
	for team := range sq.Teams {
		end, last := -1, -1
		for _, i := range order {
			switch {
			case given[i] >= 0 || slots[i] == last || end >= 0 && slots[i] >= end:
				continue
			case end < 0:
				end = min(slots[i], duty.starts[len(duty.starts)-1]) + sq.Slots
			}
			given[i], last = team, slots[i]
		}
	}
	return given, !slices.Contains(given, -1)
}

// Again is the request that draws a plan anew around its locked posts: they become forced.
func Again(plan Plan) Request {
	r := plan.Request
	r.Seed = ""
	r.Forced = nil
	for _, post := range plan.Posts {
		if post.Locked {
			r.Forced = append(r.Forced, Forced{Unit: post.Unit, Slot: post.Slot, Site: post.Site})
		}
	}
	slices.SortFunc(r.Forced, func(a, b Forced) int {
		return cmp.Or(a.Slot.Compare(b.Slot), strings.Compare(a.Unit, b.Unit), strings.Compare(a.Site, b.Site))
	})
	return r
}
