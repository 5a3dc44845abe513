// Package plan turns what a commander asks for into a problem for package solve, and its solution into posts with
// times: the plan. Everything here is pure: network, risk, units and sites come in, a plan goes out.
package plan

import (
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
	"vigie/predict/roadrisk"
)

// SlotMinutes is the length of a slot: article L130-11 of the code de la route lets authorities mask a check of alcohol
// and drugs on navigation applications for two hours at most.
const SlotMinutes = 120

// Basis is the legal basis of the posts of a plan.
type Basis string

// The legal bases.
const (
	// L2349 is article L234-9 of the code de la route: preventive tests of alcohol on the order of an officier de police
	// judiciaire that names time and place.
	L2349 Basis = "L234-9"
	// R2331 is article R233-1 of the code de la route: the driver shows the documents of driver and vehicle.
	R2331 Basis = "R233-1"
	// A7822 is article 78-2-2 of the code de procédure pénale: written requisition of the procureur, places, at most 24 h.
	A7822 Basis = "78-2-2"
)

// Request is what a commander asks for.
type Request struct {
	Title string        `json:"title"`
	Areas []string      `json:"areas"` // area paths: posts stand in them, accidents in them count
	Kind  roadrisk.Kind `json:"kind"`
	From  string        `json:"from"`            // first local day, 2026-12-04; a night shift may end in the day after To
	To    string        `json:"to"`              // last local day, included; at most 31 days
	Since string        `json:"since,omitempty"` // accidents from this day on; "" is five years before From
	Until string        `json:"until,omitempty"` // accidents before this day; "" is From
	Teams []Team        `json:"teams"`

	MaxTravelMinutes int     `json:"max_travel_minutes,omitempty"` // from the unit's home to a post; 30 if zero
	SeparationM      int     `json:"separation_m,omitempty"`       // between posts held at the same time; 2,000 if zero
	OnlyKnownSites   bool    `json:"only_known_sites,omitempty"`   // no site "à reconnaître"
	Share            float64 `json:"share,omitempty"`              // of the certified optimum that the drawn plan keeps; 0.95 if zero, 1 is the optimum itself
	Seed             string  `json:"seed,omitempty"`               // hexadecimal; "" draws one

	Basis     Basis  `json:"basis"`
	Reference string `json:"reference,omitempty"` // of the requisition or of the order
	// Forbidden are sites where no post may stand, Forced are posts that the commander wants.
	Forbidden []string `json:"forbidden,omitempty"` // site ids
	Forced    []Forced `json:"forced,omitempty"`
}

// Team is a number of teams of one unit that are alike.
type Team struct {
	Unit  string `json:"unit"` // "source/ref" of the unit
	Teams int    `json:"teams"`
	Slots int    `json:"slots"` // slots of two hours in a shift, 1 to 5
	// Earliest and Latest bound the beginning and the end of a shift, in local even hours: 18 and 28 is from 18 h to 4 h of the
	// next day. Days are the weekdays on which the teams work, 1 is Monday; empty is every day.
	Earliest int   `json:"earliest"`
	Latest   int   `json:"latest"`
	Days     []int `json:"days,omitempty"`
	// BreakMinutes is taken off the middle slot of a shift of three slots or more; 30 if nil.
	BreakMinutes *int `json:"break_minutes,omitempty"`
}

// Forced is a post that a commander wants.
type Forced struct {
	Unit string    `json:"unit"`
	Slot time.Time `json:"slot"` // when it begins
	Site string    `json:"site"`
}

// Site is a place where a post could stand.
type Site struct {
	ID       string        `json:"id"`             // "osm/node/12" of a known site, "lixel/8a1…" of a stretch of road to be reconnoitred
	Name     string        `json:"name"`           // "D 606 – aire de repos", "D 12, Valmarne"
	Kind     road.SiteKind `json:"kind,omitempty"` // "" for a stretch of road
	Position orb.Point     `json:"position"`       // longitude, latitude
	Spot     road.Spot     `json:"-"`
	Area     string        `json:"area"` // path of the commune
	Status   SiteStatus    `json:"status"`
	Lit      string        `json:"lit"` // yes, no, unknown
	Note     string        `json:"note,omitempty"`
}

// SiteStatus says whether a site is safe to stand at.
type SiteStatus string

// The statuses of a site. People make a site safe or unsafe; what no one has looked at is to be reconnoitred.
const (
	Safe        SiteStatus = "safe"
	Unsafe      SiteStatus = "unsafe"
	Reconnoitre SiteStatus = "reconnoitre" // à reconnaître
)

// Plan is a proposal: posts with times, what they are worth, and how that is known.
type Plan struct {
	Request  Request   `json:"request"` // with the defaults filled in, and the seed
	Posts    []Post    `json:"posts"`   // by time, then unit and team
	Sites    []Site    `json:"sites"`   // those of the posts
	Price    Price     `json:"price"`
	Draw     Draw      `json:"draw"`
	Data     Data      `json:"data"`
	Warnings []Warning `json:"warnings"`
}

// Post is one team at one site in one slot.
type Post struct {
	ID     string    `json:"id"` // stable through changes of the plan: "p1"
	Unit   string    `json:"unit"`
	Team   int       `json:"team"`  // 1 to Team.Teams, of that unit on that day
	Slot   time.Time `json:"slot"`  // when the slot begins, in the local zone
	Shift  time.Time `json:"shift"` // when the shift of the team begins
	Site   string    `json:"site"`
	Arrive time.Time `json:"arrive"`
	Leave  time.Time `json:"leave"`
	// TravelSeconds is the way to it: from the unit, or from the post before in the same shift.
	TravelSeconds int     `json:"travel_seconds"`
	HeldMinutes   int     `json:"held_minutes"`
	Expected      float64 `json:"expected"` // severity-weighted accidents a year that it alone covers
	Adds          float64 `json:"adds"`     // what the plan would lose without it
	Origin        string  `json:"origin"`   // proposed, forced, moved, added
	Locked        bool    `json:"locked"`
	// BreakMinutes is the break of the shift, at the end of its middle slot; it is not held.
	BreakMinutes int `json:"break_minutes,omitempty"`
	// Bits is the entropy of the site of this post in the strategy it was drawn from, and Chance the probability of the
	// site it has; 0 bits and a chance of 1 for a post that a person chose.
	Bits   float64 `json:"bits"`
	Chance float64 `json:"chance"`
}

// Price says what a plan is worth against what could be proven possible. Values are severity-weighted accidents a year
// in the hours of the week that the posts cover, faded by distance and time; they are not accidents avoided.
type Price struct {
	Value   float64 `json:"value"`   // of this plan
	Optimum float64 `json:"optimum"` // of the best plan found under the request
	Bound   float64 `json:"bound"`   // proven: no plan under the request is worth more
	Gap     float64 `json:"gap"`     // (Bound − Optimum) / Bound
	Share   float64 `json:"share"`   // Value / Optimum
	// Proposed is the value of the plan as it was drawn, before people changed it.
	Proposed float64 `json:"proposed"`
	// Cost is what the commander's changes cost against the plan as it was proposed, as a share of the optimum.
	Cost float64 `json:"cost"`
	// Avoided are severity-weighted accidents avoided in the period if such posts prevent EffectLow to EffectHigh of what
	// they cover (Erke 2009: 14 % after correction for publication bias).
	AvoidedLow  float64 `json:"avoided_low"`
	AvoidedHigh float64 `json:"avoided_high"`
	Certificate string  `json:"certificate"` // SHA-256 of the certificate that package verify has accepted; "" without proof
	Options     int     `json:"options"`
}

// Draw says how predictable the plan is.
type Draw struct {
	Seed       string  `json:"seed"`
	Expected   float64 `json:"expected"`   // mean value of the mixed strategy, as a share of the optimum
	Bits       float64 `json:"bits"`       // mean entropy of the site of a post, over team-slots
	Top        float64 `json:"top"`        // highest probability of one site in one team-slot
	Plans      int     `json:"plans"`      // that were drawn to measure it
	Overridden int     `json:"overridden"` // posts that people have fixed since
}

// Data says what the plan was computed from.
type Data struct {
	Accidents int       `json:"accidents"`
	Unplaced  int       `json:"unplaced"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Lixels    int       `json:"lixels"`
	Roads     string    `json:"roads"` // source and date of the network
	Model     string    `json:"model"`
	Hash      string    `json:"hash"`
}

// Warning is something that the commander should know before signing. Code is for programs: predictable,
// reconnoitre, unlit, repeated_site, few_accidents, short_hold, idle_team, gap, unit_off_network, …
type Warning struct {
	Code  string   `json:"code"`
	FR    string   `json:"fr"`
	EN    string   `json:"en"`
	Posts []string `json:"posts,omitempty"`
}

// Change is one thing that a commander does to a plan.
type Change struct {
	Op   string     `json:"op"` // move, lock, unlock, forbid, allow, remove, add, swap
	Post string     `json:"post,omitempty"`
	With string     `json:"with,omitempty"` // the other post of a swap
	Site string     `json:"site,omitempty"`
	At   *orb.Point `json:"at,omitempty"` // where a post was dragged to, instead of a site: the nearest site that it may stand at
	Unit string     `json:"unit,omitempty"`
	Slot *time.Time `json:"slot,omitempty"`
}
