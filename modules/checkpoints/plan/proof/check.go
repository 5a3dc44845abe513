package proof

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
	"vigie/modules/checkpoints/plan"
)

// checker reads a plan against its request.
type checker struct {
	world   *plan.World
	request *plan.Request // as it was asked, with the defaults of the contract filled in here
	plan    *plan.Plan
	broken  []string
}

// Check lists what a plan breaks of its request; nothing if it keeps everything. changed says that people have changed
// it since it was drawn: then it need not keep its share of the optimum, nor the forced posts.
func Check(world plan.World, request plan.Request, p *plan.Plan, changed bool) []string {
	c := &checker{world: &world, request: &request, plan: p}
	seen := make(map[string]bool)
	for i := range p.Posts {
		post := &p.Posts[i]
		c.want(!seen[post.ID], "%s: id twice", post.ID)
		seen[post.ID] = true
		c.post(post)
	}
	c.separation()
	c.rosters()
	c.span()
	if !changed {
		c.forced()
		c.price()
	}
	return c.broken
}

func (c *checker) want(ok bool, text string, args ...any) {
	if !ok {
		c.broken = append(c.broken, fmt.Sprintf(text, args...))
	}
}

func (c *checker) travelMinutes() float64 {
	if c.request.MaxTravelMinutes == 0 {
		return 30
	}
	return float64(c.request.MaxTravelMinutes)
}

// post checks what concerns one post alone.
func (c *checker) post(post *plan.Post) {
	i := slices.IndexFunc(c.plan.Sites, func(s plan.Site) bool { return s.ID == post.Site })
	if i < 0 {
		c.want(false, "%s: site %s is not described", post.ID, post.Site)
		return
	}
	site := &c.plan.Sites[i]
	area := c.world.Areas(site.Position)
	c.want(slices.ContainsFunc(c.request.Areas, func(a string) bool { return strings.HasPrefix(area+".", a+".") }), "%s: %s lies outside the areas", post.ID, site.ID)
	c.want(!slices.Contains(c.plan.Request.Forbidden, site.ID), "%s: %s is forbidden", post.ID, site.ID)
	c.want(site.Status != plan.Unsafe, "%s: %s is unsafe", post.ID, site.ID)
	c.want(!c.request.OnlyKnownSites || site.Status == plan.Safe, "%s: %s is not known to be safe", post.ID, site.ID)
	for _, known := range c.world.Sites {
		if known.ID == site.ID {
			c.want(known.Status == site.Status && known.Lit == site.Lit, "%s: %s is not described as people know it", post.ID, site.ID)
		}
	}
	if strings.HasPrefix(site.ID, "lixel/") {
		c.stretch(post, site)
	}
	// The sun is more than 6° below the horizon of 47° north from midnight to four local time all year.
	hour := post.Slot.In(c.world.Zone).Hour()
	c.want(hour > 3 || hour == 3 || site.Lit != "no", "%s: %s is not lit at %d h", post.ID, site.ID, hour)
	c.times(post)
	c.travel(post, site)
}

// stretch checks that a post on the road stands where it may.
func (c *checker) stretch(post *plan.Post, site *plan.Site) {
	c.want(site.Status == plan.Reconnoitre, "%s: nobody has looked at %s", post.ID, site.ID)
	spot, found := c.world.Graph.Snap(site.Position, road.SnapOptions{WithinM: 1})
	if !found {
		c.want(false, "%s: %s is on no road", post.ID, site.ID)
		return
	}
	s := c.world.Graph.Section(spot.Edge)
	c.want(s.Class != road.Motorway && s.Class < road.Service && !s.Link && !s.Tunnel && !s.Bridge && s.Access == road.Public,
		"%s: %s is on %s (link %t, tunnel %t, bridge %t, access %d)", post.ID, site.ID, s.Class, s.Link, s.Tunnel, s.Bridge, s.Access)
}

// times checks that a post is held within a slot of two hours at most that begins at an even local hour of the period.
func (c *checker) times(post *plan.Post) {
	start := post.Slot.In(c.world.Zone)
	from, _ := time.ParseInLocation("2006-01-02", c.request.From, c.world.Zone)
	to, _ := time.ParseInLocation("2006-01-02", c.request.To, c.world.Zone)
	c.want(!start.Before(from) && start.Before(to.AddDate(0, 0, 2)), "%s: %s is not in the period", post.ID, start)
	// Where clocks go forward the hour from two to three does not exist: the slot begins at three.
	skipped := start.Hour() == 3 && start.Add(-time.Nanosecond).Hour() == 1
	c.want((start.Hour()%2 == 0 || skipped) && start.Minute() == 0 && start.Second() == 0, "%s: the slot begins at %s", post.ID, start)
	c.want(!post.Arrive.Before(start) && !post.Leave.Before(post.Arrive) && !post.Leave.After(start.Add(2*time.Hour)), "%s: held from %s to %s", post.ID, post.Arrive, post.Leave)
	c.want(math.Abs(post.Leave.Sub(post.Arrive).Minutes()-float64(post.HeldMinutes)) < 1, "%s: held %d minutes from %s to %s", post.ID, post.HeldMinutes, post.Arrive, post.Leave)
}

// travel checks the way from home by the route, which is not how the builder measures it.
func (c *checker) travel(post *plan.Post, site *plan.Site) {
	for _, u := range c.world.Units {
		if u.Ref != post.Unit {
			continue
		}
		home, found := c.world.Graph.Snap(u.Position, road.SnapOptions{WithinM: 2000, SigmaM: 100, Driveable: true})
		if !found {
			break
		}
		route, found := c.world.Graph.Route(home, site.Spot)
		c.want(found && route.Seconds <= c.travelMinutes()*60+0.1, "%s: %s is %.0f s from %s", post.ID, site.ID, route.Seconds, u.Ref)
		return
	}
	c.want(false, "%s: unit %s is not of this world", post.ID, post.Unit)
}

// separation checks that no two posts held at once are too close, by the haversine formula.
func (c *checker) separation() {
	at := make(map[string]orb.Point)
	for i := range c.plan.Sites {
		at[c.plan.Sites[i].ID] = c.plan.Sites[i].Position
	}
	least := float64(c.request.SeparationM)
	if least == 0 {
		least = 2000
	}
	for i := range c.plan.Posts {
		for j := range i {
			a, b := &c.plan.Posts[i], &c.plan.Posts[j]
			if a.Slot.Equal(b.Slot) {
				c.want(a.Site != b.Site && haversine(at[a.Site], at[b.Site]) > least-1, "%s and %s stand %.0f m apart at %s", a.ID, b.ID, haversine(at[a.Site], at[b.Site]), a.Slot)
			}
		}
	}
}

func haversine(a, b orb.Point) float64 {
	const rad = math.Pi / 180
	s := math.Sin((b[1] - a[1]) * rad / 2)
	t := math.Sin((b[0] - a[0]) * rad / 2)
	return 2 * 6371008.8 * math.Asin(math.Sqrt(s*s+math.Cos(a[1]*rad)*math.Cos(b[1]*rad)*t*t))
}
