// Package order writes a plan down for those who carry it out: the order of operations as PDF, with a sheet for each
// site, and the posts as GPX, KML, GeoJSON, GeoPackage and calendar.
//
// What would make the next plans predictable (seed, probabilities, other sites) is in none of them.
// Read order.go, then pdf.go.
package order

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/modules/checkpoints/plan"
)

// Order is a plan with what its documents say around it. ID, Plan, Units, Made and Zone must be set.
type Order struct {
	ID       string
	Revision int
	Hash     string // of the revision, hexadecimal; "" if unknown
	State    string // draft, approved, executed, evaluated, refused
	Plan     plan.Plan
	Units    map[string]Unit // by "source/ref"
	Areas    []string        // names of the territory, for people
	// Lines are the roads that meet a box, to draw maps with; nil draws none.
	Lines    func(orb.Bound) []Line
	Approval *Approval // nil before it
	Made     time.Time // when the document is written
	Zone     *time.Location
	Lang     string // "en", or French for any other
	URL      string // of the plan on the map; "" prints none
}

// Unit is a unit as the order names it.
type Unit struct {
	Name     string
	Position orb.Point // longitude, latitude
}

// Line is a road to draw.
type Line struct {
	Points orb.LineString
	Class  road.Class
	Name   string // number, or name
}

// Approval is what the person who signs says.
type Approval struct {
	By           string
	At           time.Time
	Reference    string // of the requisition or of the order
	Authority    string // who orders: name and quality
	Purpose      string // "" is that of the kind of control
	Instructions string // beyond the standing ones
}

// Signed tells whether the plan is an order rather than a draft.
func (o *Order) Signed() bool {
	return o.Approval != nil && o.State != "draft" && o.State != "refused"
}

// check returns ErrInvalid for an order that cannot be written.
func (o *Order) check() error {
	if o.ID == "" || o.Zone == nil || o.Made.IsZero() {
		return fmt.Errorf("order: id, zone and time must be set: %w", geoengine.ErrInvalid)
	}
	for i := range o.Plan.Posts {
		post := &o.Plan.Posts[i]
		if o.site(post) == nil {
			return fmt.Errorf("order: post %s stands at site %q, which the plan does not describe: %w", post.ID, post.Site, geoengine.ErrInvalid)
		}
		if _, known := o.Units[post.Unit]; !known {
			return fmt.Errorf("order: post %s is held by unit %q, which is unknown: %w", post.ID, post.Unit, geoengine.ErrInvalid)
		}
	}
	return nil
}

func (o *Order) site(post *plan.Post) *plan.Site {
	for i := range o.Plan.Sites {
		if o.Plan.Sites[i].ID == post.Site {
			return &o.Plan.Sites[i]
		}
	}
	return nil
}

func (o *Order) words() *words {
	if o.Lang == "en" {
		return english()
	}
	return french()
}

// crew is how people call a team: "Brigade de Valmarne – équipe 2".
func (o *Order) crew(post *plan.Post) string {
	name := o.Units[post.Unit].Name
	if o.teams(post.Unit) < 2 {
		return name
	}
	return fmt.Sprintf(o.words().crew, name, post.Team)
}

// teams is the most teams that a unit has in the plan.
func (o *Order) teams(unit string) (most int) {
	for i := range o.Plan.Posts {
		if o.Plan.Posts[i].Unit == unit {
			most = max(most, o.Plan.Posts[i].Team)
		}
	}
	return most
}

func (o *Order) local(t time.Time) time.Time { return t.In(o.Zone) }

// period is when the first post begins and the last one ends.
func (o *Order) period() (from, to time.Time) {
	for i := range o.Plan.Posts {
		post := &o.Plan.Posts[i]
		if from.IsZero() || post.Arrive.Before(from) {
			from = post.Arrive
		}
		if post.Leave.After(to) {
			to = post.Leave
		}
	}
	return o.local(from), o.local(to)
}

// stand is a site with the posts that are held there.
type stand struct {
	site  *plan.Site
	posts []*plan.Post
}

// stands lists the sites in the order of their first post.
func (o *Order) stands() []stand {
	var list []stand
	for i := range o.Plan.Posts {
		post := &o.Plan.Posts[i]
		at := slices.IndexFunc(list, func(s stand) bool { return s.site.ID == post.Site })
		if at < 0 {
			list = append(list, stand{site: o.site(post)})
			at = len(list) - 1
		}
		list[at].posts = append(list[at].posts, post)
	}
	return list
}

// title is the title of the plan, or one made of kind and period.
func (o *Order) title() string {
	if title := strings.TrimSpace(o.Plan.Request.Title); title != "" {
		return title
	}
	return o.words().kinds[o.Plan.Request.Kind]
}

// degrees writes a position as people read it: 48.12345 N, 1.23456 W.
func degrees(p orb.Point, w *words) string {
	hemisphere := func(v float64, positive, negative string) string {
		if v < 0 {
			return negative
		}
		return positive
	}
	return fmt.Sprintf("%.5f° %s, %.5f° %s", math.Abs(p.Lat()), hemisphere(p.Lat(), "N", "S"), math.Abs(p.Lon()), hemisphere(p.Lon(), "E", w.west))
}
