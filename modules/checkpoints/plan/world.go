package plan

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
	"vigie/modules/checkpoints/solve"
	"vigie/predict/roadrisk"
)

// World is what a plan is made in.
type World struct {
	Graph   *road.Graph
	Lixels  *road.Lixels
	Surface *roadrisk.Surface // of the request's kind
	Units   []Home            // every unit of the areas
	// Sites are the known sites of the network, and what people have said of sites: one that has the id of a stretch of
	// road ("lixel/…") lends it its status, light and note.
	Sites  []Site
	Zone   *time.Location
	Areas  func(orb.Point) string // path of the commune that holds a position; "" for none
	Names  func(path string) string
	Roads  string    // source and date of the network, for people
	Random io.Reader // draws the seed of a request without one; may be nil if it has one
	Effort float64   // of the draw, 1 if zero: its chains are that much longer
}

// Home is where a unit starts from.
type Home struct {
	Ref      string // "source/ref"
	Name     string
	Position orb.Point // longitude, latitude
	Area     string    // path
}

// Problem is a request laid out on the network: what it takes to propose a plan, and to price any other. Build makes it;
// it does not change, and many may use it at once.
type Problem struct {
	Request  Request // with its defaults
	world    World
	slots    []slot
	squads   []squad
	duties   []duty
	groups   []group
	sites    []candidate
	byID     map[string]int32
	near     [][]int32 // sites closer than the separation, themselves among them
	demand   demand
	instance *solve.Instance
	options  []option
	slotOf   map[int64]int // slot by the second at which it begins

	mutex sync.Mutex
	legs  map[[2]int32]float32 // seconds between sites, as far as they were asked for
}

// squad is one entry of Request.Teams.
type squad struct {
	Team
	home   road.Spot
	offM   float64 // from the unit to the network
	name   string
	before int // teams of the same unit in earlier entries: teams are numbered after them
	sites  []place
}

// place is a site that a squad may use.
type place struct {
	site    int32
	seconds float32 // from home
}

// duty is a squad on one day.
type duty struct {
	squad, day int
	// starts are the slots in which its shifts may begin.
	starts []int
}

// group is one duty in one slot; middle if the slot is the middle one of the shift, so that the break is taken off.
type group struct {
	duty, slot int
	middle     bool
}

// option is a duty's post at a site in a slot.
type option struct {
	group int32
	site  int32
}

// Build lays out a request. A *Refusal says what is wrong with it and what to change.
func Build(ctx context.Context, world World, request Request) (*Problem, error) {
	request, days, err := request.fill(world.Zone, world.Random)
	if err != nil {
		return nil, err
	}
	p := &Problem{Request: request, world: world, legs: make(map[[2]int32]float32)}
	if err := p.checkWorld(); err != nil {
		return nil, err
	}
	if err := p.muster(days); err != nil {
		return nil, err
	}
	p.schedule(days)
	if err := p.checkDuties(); err != nil {
		return nil, err
	}
	if err := p.gather(); err != nil {
		return nil, err
	}
	if err := p.choose(ctx); err != nil {
		return nil, err
	}
	p.cover()
	if err := p.layOut(); err != nil {
		return nil, err
	}
	if err := p.force(); err != nil {
		return nil, err
	}
	return p, ctx.Err()
}

// Sites are all sites that the plan may use, in no order of worth.
func (p *Problem) Sites() []Site {
	sites := make([]Site, len(p.sites))
	for i := range p.sites {
		sites[i] = p.sites[i].Site
	}
	return sites
}

// Instance is the problem as package solve takes it.
func (p *Problem) Instance() *solve.Instance { return p.instance }

func (p *Problem) checkWorld() error {
	s := p.world.Surface
	switch {
	case p.world.Graph == nil || p.world.Lixels == nil || p.world.Lixels.Len() == 0:
		return refuse("no_roads", "areas", "Aucune route n’est connue dans ce territoire : importez le réseau (vigie import osm).",
			"No road is known in these areas: import the network (vigie import osm).")
	case s == nil || s.Report.Accidents == 0:
		return refuse("no_accidents", "since", "Aucun accident localisé du %s au %s dans ce territoire : étendez la période ou le territoire, ou importez les accidents.",
			"No located accident from %s to %s in these areas: extend the period or the areas, or import the accidents.", p.Request.Since, p.Request.Until)
	case s.Report.WithoutHour >= s.Report.Accidents:
		return refuse("no_hours", "since", "Les %d accidents n’ont pas d’heure : sans heure, aucun créneau ne vaut mieux qu’un autre. Importez une source qui la donne.",
			"None of the %d accidents has a time of day: without it no slot is better than another. Import a source that gives it.", s.Report.Accidents)
	}
	return nil
}

// inside says whether a path lies in one of the areas of the request.
func (p *Problem) inside(path string) bool {
	for _, a := range p.Request.Areas {
		if path == a || strings.HasPrefix(path, a+".") {
			return true
		}
	}
	return false
}

// muster finds the homes of the units.
func (p *Problem) muster(days period) error {
	homes := make(map[string]*Home, len(p.world.Units))
	for i := range p.world.Units {
		homes[p.world.Units[i].Ref] = &p.world.Units[i]
	}
	before := make(map[string]int)
	for i, t := range p.Request.Teams {
		field := "teams." + itoa(i) + ".unit"
		home := homes[t.Unit]
		if home == nil {
			return refuse("unknown_unit", field, "L’unité « %.80s » n’est pas dans ce territoire : choisissez une unité de la liste.",
				"The unit %.80q is not in these areas: choose one of the list.", t.Unit)
		}
		spot, found := p.world.Graph.Snap(home.Position, road.SnapOptions{WithinM: farthestHomeM, SigmaM: 100, Driveable: true})
		if !found {
			return refuse("unit_off_network", field, "%s est à plus de %d m de toute route carrossable : corrigez sa position ou importez le réseau de ses environs.",
				"%s is more than %d m from every driveable road: correct its position or import the roads around it.", home.Name, farthestHomeM)
		}
		p.squads = append(p.squads, squad{Team: t, home: spot, offM: spot.DistanceM, name: home.Name, before: before[t.Unit]})
		before[t.Unit] += t.Teams
	}
	middle := orb.Point{}
	for _, s := range p.squads {
		middle[0] += s.home.Position[0] / float64(len(p.squads))
		middle[1] += s.home.Position[1] / float64(len(p.squads))
	}
	latest := 0
	for _, t := range p.Request.Teams {
		latest = max(latest, t.Latest)
	}
	p.slots = calendar(days.first, days.days+(latest+23)/24-1, p.world.Zone, middle)
	p.slotOf = make(map[int64]int, len(p.slots))
	for i := range p.slots {
		p.slotOf[p.slots[i].start.Unix()] = i
	}
	return nil
}

// farthestHomeM is how far a unit may lie from the road network.
const farthestHomeM = 2000

// schedule lists the duties: every squad on every day on which it works.
func (p *Problem) schedule(days period) {
	for d := range days.days {
		weekday := (int(days.first.AddDate(0, 0, d).Weekday())+6)%7 + 1
		for s := range p.squads {
			team := &p.squads[s].Team
			if len(team.Days) > 0 && !contains(team.Days, weekday) {
				continue
			}
			duty := duty{squad: s, day: d}
			for h := team.Earliest; h+2*team.Slots <= team.Latest; h += 2 {
				duty.starts = append(duty.starts, d*slotsADay+h/2)
			}
			p.duties = append(p.duties, duty)
		}
	}
}

func (p *Problem) checkDuties() error {
	if len(p.duties) == 0 {
		return refuse("no_duty", "teams", "Aucune équipe ne travaille pendant cette période : changez les jours des équipes ou la période.",
			"No team works in this period: change the days of the teams or the period.")
	}
	// A requisition under article 78-2-2 is for at most 24 hours.
	slots := p.staffedSlots()
	span := p.slots[slots[len(slots)-1]].end.Sub(p.slots[slots[0]].start)
	if p.Request.Basis == A7822 && span > 24*time.Hour {
		return refuse("basis_hours", "to", "Une réquisition de l’article 78-2-2 couvre au plus 24 heures, ce plan en demande %.0f : réduisez la période ou les horaires, ou faites un plan par réquisition.",
			"A requisition under article 78-2-2 covers at most 24 hours, this plan asks for %.0f: shorten the period or the hours, or make a plan for each requisition.", span.Hours())
	}
	return nil
}
