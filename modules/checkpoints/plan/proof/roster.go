package proof

import (
	"fmt"
	"time"

	"vigie/modules/checkpoints/plan"
)

// rosters checks that each team works one shift a day that its entry in the request allows: on its weekdays, within its
// hours, in no more slots than it has, one place at a time.
func (c *checker) rosters() {
	shifts := make(map[string][]int) // unit, team and day of the shift → hours of its posts since midnight of that day
	entries := make(map[string]*plan.Team)
	for i := range c.plan.Posts {
		post := &c.plan.Posts[i]
		team := c.entry(post)
		if team == nil {
			c.want(false, "%s: unit %s has no team %d", post.ID, post.Unit, post.Team)
			continue
		}
		day, hour, found := c.day(post.Slot, team)
		if !found {
			c.want(false, "%s: team %d of %s does not work at %s", post.ID, post.Team, post.Unit, post.Slot)
			continue
		}
		key := fmt.Sprintf("%s team %d on %s", post.Unit, post.Team, day)
		shifts[key] = append(shifts[key], hour)
		entries[key] = team
	}
	for key, hours := range shifts {
		team := entries[key]
		least, most := hours[0], hours[0]
		seen := make(map[int]bool)
		for _, h := range hours {
			c.want(!seen[h], "%s: two posts at %d h", key, h)
			seen[h] = true
			least, most = min(least, h), max(most, h)
		}
		c.want(most+2-least <= 2*team.Slots, "%s: posts from %d h to %d h in a shift of %d slots", key, least, most+2, team.Slots)
	}
}

// entry finds the entry of the request that a post's team belongs to: teams of a unit are numbered through its entries.
func (c *checker) entry(post *plan.Post) *plan.Team {
	before := 0
	for i := range c.request.Teams {
		t := &c.request.Teams[i]
		if t.Unit != post.Unit {
			continue
		}
		if post.Team > before && post.Team <= before+t.Teams {
			return t
		}
		before += t.Teams
	}
	return nil
}

// day finds the day of the request whose shift of a team holds an instant, and the hour on the clock counted from its
// midnight.
func (c *checker) day(slot time.Time, team *plan.Team) (day string, hour int, found bool) {
	local := slot.In(c.world.Zone)
	first, _ := time.ParseInLocation("2006-01-02", c.request.From, c.world.Zone)
	last, _ := time.ParseInLocation("2006-01-02", c.request.To, c.world.Zone)
	for back := range 2 {
		d := time.Date(local.Year(), local.Month(), local.Day()-back, 0, 0, 0, 0, c.world.Zone)
		h := local.Hour()/2*2 + 24*back // three o'clock where two does not exist
		if d.Before(first) || d.After(last) || h < team.Earliest || h+2 > team.Latest {
			continue
		}
		works := len(team.Days) == 0
		for _, w := range team.Days {
			works = works || w%7 == int(d.Weekday())
		}
		if works {
			return d.Format("2006-01-02"), h, true
		}
	}
	return "", 0, false
}

// span checks that posts under article 78-2-2 lie within 24 hours.
func (c *checker) span() {
	if c.request.Basis != plan.A7822 || len(c.plan.Posts) == 0 {
		return
	}
	first, last := c.plan.Posts[0].Slot, c.plan.Posts[0].Slot
	for i := range c.plan.Posts {
		if s := c.plan.Posts[i].Slot; s.Before(first) {
			first = s
		} else if s.After(last) {
			last = s
		}
	}
	c.want(last.Add(2*time.Hour).Sub(first) <= 24*time.Hour, "posts from %s to %s under article 78-2-2", first, last)
}

// forced checks that the posts that the commander wants are there.
func (c *checker) forced() {
	for _, f := range c.request.Forced {
		n := 0
		for i := range c.plan.Posts {
			p := &c.plan.Posts[i]
			if p.Unit == f.Unit && p.Site == f.Site && p.Slot.Equal(f.Slot) {
				n++
			}
		}
		c.want(n > 0, "the post forced at %s at %s is missing", f.Site, f.Slot)
	}
}

// price checks what the plan says of its worth.
func (c *checker) price() {
	p := &c.plan.Price
	share := c.request.Share
	if share == 0 {
		share = 0.95
	}
	c.want(p.Value >= share*p.Optimum*(1-1e-12), "worth %g, less than %g of %g", p.Value, share, p.Optimum)
	c.want(p.Bound >= p.Optimum && p.Bound >= p.Value*(1-1e-12), "bound %g, optimum %g, worth %g", p.Bound, p.Optimum, p.Value)
	c.want(p.Certificate != "", "no certificate")
	sum := 0.0
	for i := range c.plan.Posts {
		post := &c.plan.Posts[i]
		c.want(post.Adds >= 0 && post.Adds <= post.Expected*(1+1e-12), "%s adds %g of %g", post.ID, post.Adds, post.Expected)
		sum += post.Expected
	}
	c.want(p.Value <= sum*(1+1e-9), "worth %g, its posts %g together", p.Value, sum)
}
