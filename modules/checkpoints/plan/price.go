package plan

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"vigie/geoengine/road"
)

// Price re-times and re-prices the posts of a plan, exactly and in milliseconds, and warns of what its signer should
// know. What the plan says of its proposal (optimum, bound, draw) stays. A *Refusal names the first post that breaks a
// rule.
func (p *Problem) Price(plan Plan) (Plan, error) {
	posts := slices.Clone(plan.Posts)
	stands, err := p.resolve(posts)
	if err != nil {
		return Plan{}, err
	}
	if err := p.check(stands, posts, plan.Request.Forbidden); err != nil {
		return Plan{}, err
	}
	if err := p.time(stands, posts); err != nil {
		return Plan{}, err
	}
	c := p.count(stands)
	for i := range stands {
		post := &posts[stands[i].post]
		post.Expected = float64(c.alone[i]) * Unit
		post.Adds = float64(c.adds[i]) * Unit
	}
	plan.Posts = posts
	p.value(&plan, c.total)
	plan.Sites = p.sitesOf(posts)
	plan.Data = p.data()
	sortPosts(plan.Posts)
	plan.Warnings = p.warn(&plan, stands, posts)
	return plan, nil
}

// sortPosts puts posts in the order of time, then unit and team.
func sortPosts(posts []Post) {
	slices.SortFunc(posts, func(a, b Post) int {
		return cmp.Or(a.Slot.Compare(b.Slot), strings.Compare(a.Unit, b.Unit), cmp.Compare(a.Team, b.Team))
	})
}

// counted is what posts are worth, in Units.
type counted struct {
	total       int64
	alone, adds []int64 // of each stand
	best        []uint8 // highest level of each place
}

// count adds up what stands cover, each place as by the best of them.
func (p *Problem) count(stands []stand) counted {
	c := counted{alone: make([]int64, len(stands)), adds: make([]int64, len(stands)), best: make([]uint8, len(p.demand.weight))}
	second := make([]uint8, len(p.demand.weight))
	touches := make([][]touch, len(stands))
	for i := range stands {
		touches[i] = p.touches(nil, stands[i].site, stands[i].slot, p.shareOf(&stands[i]))
		for _, t := range touches[i] {
			switch {
			case t.level > c.best[t.place]:
				second[t.place] = c.best[t.place]
				c.best[t.place] = t.level
			case t.level > second[t.place]:
				second[t.place] = t.level
			}
		}
	}
	for i, list := range touches {
		for _, t := range list {
			c.alone[i] += p.upTo(t.place, t.level)
			if t.level == c.best[t.place] {
				c.adds[i] += p.upTo(t.place, t.level) - p.upTo(t.place, second[t.place])
			}
		}
	}
	for place, top := range c.best {
		if top > 0 {
			c.total += p.upTo(int32(place), top)
		}
	}
	return c
}

func (p *Problem) shareOf(s *stand) float64 {
	return p.held(s.squad, s.seconds, s.slot, s.middle) / p.slots[s.slot].minutes()
}

// Effects of posts on the accidents that they cover, as shares, by the literature: EffectLow is 11 %, all accidents under
// randomly scheduled posts in Queensland (Newstead 2001); EffectHigh is 17 %, drink-drive checkpoints before the
// correction for publication bias, which makes 14 % of it (Erke 2009).
const (
	EffectLow  = 0.11
	EffectHigh = 0.17
)

// weeksAYear turns accidents a year in an hour of the week into those of one such hour.
const weeksAYear = 365.25 / 7

func (p *Problem) value(plan *Plan, total int64) {
	price := &plan.Price
	price.Value = float64(total) * Unit
	if price.Optimum > 0 {
		price.Share = price.Value / price.Optimum
		price.Cost = (price.Proposed - price.Value) / price.Optimum
	}
	price.AvoidedLow = EffectLow * price.Value / weeksAYear
	price.AvoidedHigh = EffectHigh * price.Value / weeksAYear
	draw := &plan.Draw
	draw.Overridden, draw.Bits = 0, 0
	for i := range plan.Posts {
		post := &plan.Posts[i]
		if post.Locked || post.Origin != originProposed {
			draw.Overridden++
			post.Bits, post.Chance = 0, 1
		}
		draw.Bits += post.Bits / float64(len(plan.Posts))
	}
}

// Origins of posts.
const (
	originProposed = "proposed"
	originForced   = "forced"
	originMoved    = "moved"
	originAdded    = "added"
)

func (p *Problem) sitesOf(posts []Post) []Site {
	seen := make(map[string]bool)
	sites := make([]Site, 0, len(posts))
	for i := range posts {
		if id := posts[i].Site; !seen[id] {
			seen[id] = true
			sites = append(sites, p.sites[p.byID[id]].Site)
		}
	}
	slices.SortFunc(sites, func(a, b Site) int { return strings.Compare(a.ID, b.ID) })
	return sites
}

func (p *Problem) data() Data {
	r := &p.world.Surface.Report
	return Data{Accidents: r.Accidents, Unplaced: r.Unplaced, From: r.From, To: r.To, Lixels: p.world.Lixels.Len(),
		Roads: p.world.Roads, Model: r.Model, Hash: r.Hash}
}

// time fills in when each post is reached and left. stands are sorted by team and time. The way begins at the post before
// where that is in the slot before, else at the unit's home. The break is at the end of the middle slot.
func (p *Problem) time(stands []stand, posts []Post) error {
	if err := p.measureLegs(stands); err != nil {
		return err
	}
	for i := range stands {
		s := &stands[i]
		seconds := float64(s.seconds)
		if i > 0 && follows(&stands[i-1], s) {
			if leg := float64(p.leg(stands[i-1].site, s.site)); !math.IsInf(leg, 1) {
				seconds = leg
			}
		}
		slot, post := &p.slots[s.slot], &posts[s.post]
		post.Slot, post.Shift = slot.start, p.slots[s.start].start
		post.TravelSeconds = int(math.Ceil(seconds))
		post.BreakMinutes = 0
		if s.middle {
			post.BreakMinutes = *p.squads[s.squad].BreakMinutes
		}
		post.Arrive = slot.start.Add(time.Duration(post.TravelSeconds) * time.Second)
		post.Leave = slot.end.Add(-time.Duration(post.BreakMinutes) * time.Minute)
		if post.Arrive.After(post.Leave) {
			post.Arrive = post.Leave
		}
		post.HeldMinutes = int(post.Leave.Sub(post.Arrive) / time.Minute)
	}
	return nil
}

// follows says whether b is what the team of a does in the next slot.
func follows(a, b *stand) bool {
	return a.squad == b.squad && a.day == b.day && a.team == b.team && a.slot+1 == b.slot
}

// leg is the way between two sites, +Inf if none is known.
func (p *Problem) leg(from, to int32) float32 {
	if from == to {
		return 0
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	seconds, known := p.legs[[2]int32{from, to}]
	if !known {
		return float32(math.Inf(1))
	}
	return seconds
}

// measureLegs finds the ways between posts that follow one another, as far as they are not known.
func (p *Problem) measureLegs(stands []stand) error {
	wanted := make(map[[2]int32]bool)
	for i := 1; i < len(stands); i++ {
		if follows(&stands[i-1], &stands[i]) {
			wanted[[2]int32{stands[i-1].site, stands[i].site}] = true
		}
	}
	return p.learnLegs(wanted)
}

func (p *Problem) learnLegs(wanted map[[2]int32]bool) error {
	var from, to []int32
	p.mutex.Lock()
	for pair := range wanted {
		if _, known := p.legs[pair]; !known && pair[0] != pair[1] {
			from, to = append(from, pair[0]), append(to, pair[1])
		}
	}
	p.mutex.Unlock()
	if len(from) == 0 {
		return nil
	}
	slices.Sort(from)
	slices.Sort(to)
	from, to = slices.Compact(from), slices.Compact(to)
	seconds, err := p.matrix(p.spots(from), p.spots(to))
	if err != nil {
		return err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for i, a := range from {
		for j, b := range to {
			p.legs[[2]int32{a, b}] = seconds[i][j]
		}
	}
	return nil
}

func (p *Problem) spots(sites []int32) []road.Spot {
	spots := make([]road.Spot, len(sites))
	for i, s := range sites {
		spots[i] = p.sites[s].Spot
	}
	return spots
}
