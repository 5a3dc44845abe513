package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Alternative is a site where a post could stand instead.
type Alternative struct {
	Site          Site    `json:"site"`
	Value         float64 `json:"value"`          // of the plan with the post there
	Adds          float64 `json:"adds"`           // what the post adds there to the others
	TravelSeconds int     `json:"travel_seconds"` // from the unit's home
	HeldMinutes   int     `json:"held_minutes"`   // if it comes from there
}

// Alternatives are the sites where a post of a plan could stand, the other posts staying, the most valuable first; its
// own site is among them.
func (p *Problem) Alternatives(plan Plan, post string) ([]Alternative, error) {
	i := slices.IndexFunc(plan.Posts, func(x Post) bool { return x.ID == post })
	if i < 0 {
		return nil, missingPost(post)
	}
	stands, err := p.resolve(plan.Posts)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(stands, func(s stand) bool { return s.post == i })
	own := stands[at]
	return p.alternatives(slices.Delete(stands, at, at+1), own, plan.Request.Forbidden), nil
}

// alternatives prices every site for a stand beside others.
func (p *Problem) alternatives(others []stand, own stand, forbidden []string) []Alternative {
	c := p.count(others)
	var list []Alternative
	var touches []touch
	for _, s := range p.squads[own.squad].sites {
		if p.usable(own.squad, s, own.slot, own.middle) != nil || contains(forbidden, p.sites[s.site].ID) || p.crowded(others, own.slot, s.site) {
			continue
		}
		held := p.held(own.squad, s.seconds, own.slot, own.middle)
		touches = p.touches(touches[:0], s.site, own.slot, held/p.slots[own.slot].minutes())
		var adds int64
		for _, t := range touches {
			if t.level > c.best[t.place] {
				adds += p.upTo(t.place, t.level) - p.upTo(t.place, c.best[t.place])
			}
		}
		list = append(list, Alternative{Site: p.sites[s.site].Site, Value: float64(c.total+adds) * Unit, Adds: float64(adds) * Unit,
			TravelSeconds: int(math.Ceil(float64(s.seconds))), HeldMinutes: int(held)})
	}
	slices.SortFunc(list, func(a, b Alternative) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), strings.Compare(a.Site.ID, b.Site.ID))
	})
	return list
}

// crowded says whether a site is too close to a post of the same slot.
func (p *Problem) crowded(stands []stand, slot int, site int32) bool {
	for i := range stands {
		if stands[i].slot == slot && contains(p.near[site], stands[i].site) {
			return true
		}
	}
	return false
}

func missingPost(post string) *Refusal {
	return refuse("unknown_post", "post", "Le plan n’a pas de poste « %.40s ».", "The plan has no post %.40q.", post)
}

// Change makes the changes in their order, then checks and prices the plan once: rules may be broken in between, so two
// posts can change places. A *Refusal says which rule the result would break; then nothing is changed.
//
// move sends a post to Site, or to the allowed site nearest to At; lock and unlock; forbid takes Site out of the plan, and
// a post that stands there moves to the best other site; allow takes that back; remove; add puts a team of Unit at Site
// or At in Slot; swap exchanges the sites of Post and With. What people place is locked.
func (p *Problem) Change(plan Plan, changes []Change) (Plan, error) {
	plan.Posts = slices.Clone(plan.Posts)
	plan.Request.Forbidden = slices.Clone(plan.Request.Forbidden)
	for i := range changes {
		if err := p.change(&plan, &changes[i]); err != nil {
			return Plan{}, err
		}
	}
	return p.Price(plan)
}

func (p *Problem) change(plan *Plan, c *Change) error {
	switch c.Op {
	case "add":
		return p.addPost(plan, c)
	case "forbid", "allow":
		return p.forbid(plan, c)
	case "move", "lock", "unlock", "remove", "swap":
	default:
		return refuse("unknown_change", "op", "Changement inconnu : « %.20s ».", "Unknown change: %.20q.", c.Op)
	}
	i := slices.IndexFunc(plan.Posts, func(x Post) bool { return x.ID == c.Post })
	if i < 0 {
		return missingPost(c.Post)
	}
	post := &plan.Posts[i]
	switch c.Op {
	case "lock":
		post.Locked = true
	case "unlock":
		post.Locked = false
	case "remove":
		plan.Posts = slices.Delete(plan.Posts, i, i+1)
	case "swap":
		j := slices.IndexFunc(plan.Posts, func(x Post) bool { return x.ID == c.With })
		if j < 0 {
			return missingPost(c.With)
		}
		other := &plan.Posts[j]
		post.Site, other.Site = other.Site, post.Site
		placed(post, originMoved)
		placed(other, originMoved)
	default: // move
		site, err := p.aim(plan, c, post)
		if err != nil {
			return err
		}
		post.Site = site
		placed(post, originMoved)
	}
	return nil
}

// placed marks a post as chosen by a person.
func placed(post *Post, origin string) {
	post.Locked = true
	if post.Origin != originAdded {
		post.Origin = origin
	}
}

// aim is the site that a change names or points at.
func (p *Problem) aim(plan *Plan, c *Change, post *Post) (string, error) {
	if c.At == nil {
		if _, known := p.byID[c.Site]; !known {
			return "", refuse("unknown_site", "site", "Le site « %.80s » n’est pas parmi ceux du plan.", "The site %.80q is not among those of the plan.", c.Site)
		}
		return c.Site, nil
	}
	// The post may be one that the others leave no place yet, so its own site is not asked for.
	trial := *plan
	trial.Posts = slices.DeleteFunc(slices.Clone(plan.Posts), func(x Post) bool { return x.ID == post.ID })
	others, err := p.resolve(trial.Posts)
	if err != nil {
		return "", err
	}
	own, err := p.standOf(plan, post)
	if err != nil {
		return "", err
	}
	best, nearest := "", math.Inf(1)
	for _, a := range p.alternatives(others, own, plan.Request.Forbidden) {
		if d := apart(a.Site.Position, *c.At); d < nearest {
			best, nearest = a.Site.ID, d
		}
	}
	if best == "" {
		return "", refuse("no_site", "at", "Aucun site n’est possible pour ce poste à %s : les autres postes sont trop près, ou les sites sont interdits.",
			"No site is possible for this post at %s: other posts are too close, or the sites are forbidden.", post.Slot.Format("02/01 15:04"))
	}
	return best, nil
}

// standOf reads a post apart from its site.
func (p *Problem) standOf(plan *Plan, post *Post) (stand, error) {
	var own stand
	probe := *post
	s := p.squadOf(post.Unit, post.Team)
	if s < 0 {
		return own, missingPost(post.ID)
	}
	if _, known := p.byID[probe.Site]; !known {
		probe.Site = p.sites[p.squads[s].sites[0].site].ID
	}
	posts := slices.Clone(plan.Posts)
	if i := slices.IndexFunc(posts, func(x Post) bool { return x.ID == post.ID }); i >= 0 {
		posts[i] = probe
	} else {
		posts = append(posts, probe)
	}
	stands, err := p.resolve(posts)
	if err != nil {
		return own, err
	}
	for _, st := range stands {
		if posts[st.post].ID == post.ID {
			own = st
		}
	}
	return own, nil
}

// forbid takes a site out of the plan or back in.
func (p *Problem) forbid(plan *Plan, c *Change) error {
	if _, known := p.byID[c.Site]; !known {
		return refuse("unknown_site", "site", "Le site « %.80s » n’est pas parmi ceux du plan.", "The site %.80q is not among those of the plan.", c.Site)
	}
	r := &plan.Request
	if c.Op == "allow" {
		r.Forbidden = slices.DeleteFunc(r.Forbidden, func(id string) bool { return id == c.Site })
		return nil
	}
	if !contains(r.Forbidden, c.Site) {
		r.Forbidden = append(r.Forbidden, c.Site)
	}
	for i := range plan.Posts {
		post := &plan.Posts[i]
		if post.Site != c.Site {
			continue
		}
		list, err := p.Alternatives(*plan, post.ID)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return refuse("no_site", "site", "%s n’a pas d’autre site possible : retirez d’abord ce poste.", "%s has no other possible site: remove that post first.", post.ID)
		}
		post.Site = list[0].Site.ID
		post.Locked = false
		if post.Origin != originAdded {
			post.Origin = originMoved
		}
	}
	return nil
}

// addPost puts a team that is free in a slot at a site.
func (p *Problem) addPost(plan *Plan, c *Change) error {
	if c.Slot == nil {
		return refuse("unknown_slot", "slot", "Indiquez le créneau du poste.", "Give the slot of the post.")
	}
	slot, known := p.slotOf[c.Slot.Unix()]
	if !known {
		return refuse("unknown_slot", "slot", "%s n’est pas le début d’un créneau de la période.", "No slot of the period begins at %s.", c.Slot.Format("2006-01-02 15:04"))
	}
	last := 0
	for i := range plan.Posts {
		n, _ := strconv.Atoi(strings.TrimPrefix(plan.Posts[i].ID, "p"))
		last = max(last, n)
	}
	var why error = refuse("no_team", "unit", "Aucune équipe de %.80s n’est libre à %s.", "No team of %.80s is free at %s.", c.Unit, p.clockText(slot))
	for s := range p.squads {
		sq := &p.squads[s]
		if sq.Unit != c.Unit || p.dutyOf(s, slot) < 0 {
			continue
		}
		for team := sq.before + 1; team <= sq.before+sq.Teams; team++ {
			post := Post{ID: fmt.Sprintf("p%d", last+1), Unit: c.Unit, Team: team, Slot: p.slots[slot].start, Origin: originAdded, Locked: true, Chance: 1}
			if _, err := p.standOf(plan, &post); err != nil {
				continue
			}
			site, err := p.aim(plan, c, &post)
			if err != nil {
				why = err
				continue
			}
			post.Site = site
			plan.Posts = append(plan.Posts, post)
			return nil
		}
	}
	return why
}
