package plan

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"vigie/geoengine/hex"
	"vigie/geoengine/road"
)

// candidate is a site with what it covers.
type candidate struct {
	Site
	lixel  int32
	covers []int32   // cells, ascending
	fade   []float32 // of each of covers, by distance alone
	worth  float64   // demand of all staffed slots around it, faded by distance
}

const (
	// apartM is the least way on the network between stretches of road that are candidates: nearer ones are the same
	// choice to a commander, and cover the same.
	apartM = 800
	// besideM is how near to a known site no stretch of road becomes a candidate.
	besideM = 300
	// mostSites is the number of sites that one squad chooses from, the best of those that it reaches; where the
	// options of all squads would be more than mostOptions, there are fewer, but fewestSites at least.
	mostSites, fewestSites, mostOptions = 120, 40, 60_000
)

// gather collects every site where a post may stand: known ones, then stretches of road. The order is of no meaning yet.
func (p *Problem) gather() error {
	p.assess()
	if p.demand.total <= 0 {
		return refuse("no_demand", "areas", "Aucun accident n’est attendu sur les routes de ce territoire : vérifiez le territoire, la période des accidents et le réseau.",
			"No accident is to be expected on the roads of these areas: check the areas, the period of the accidents and the network.")
	}
	p.byID = make(map[string]int32)
	p.gatherStretches(p.gatherKnown())
	switch {
	case len(p.sites) > 0:
		return nil
	case p.Request.OnlyKnownSites:
		return refuse("no_site", "only_known_sites", "Aucun site reconnu sûr dans ce territoire : déclarez des sites sûrs, ou acceptez les sites « à reconnaître ».",
			"No site in these areas is known to be safe: declare sites safe, or accept sites to be reconnoitred.")
	}
	return refuse("no_site", "areas", "Aucune route de ce territoire ne peut recevoir un poste : choisissez un territoire qui a des routes publiques hors autoroute.",
		"No road of these areas can take a post: choose areas with public roads that are not motorways.")
}

// gatherKnown offers the known sites and returns the lixels beside them.
func (p *Problem) gatherKnown() map[int32]bool {
	beside := make(map[int32]bool)
	for i := range p.world.Sites {
		s := &p.world.Sites[i]
		if strings.HasPrefix(s.ID, stretchPrefix) || !p.allowed(s) || !p.inside(s.Area) {
			continue
		}
		lixel := p.world.Lixels.Of(s.Spot)
		p.offer(candidate{Site: *s, lixel: int32(lixel)})
		for _, n := range p.world.Lixels.Within(lixel, besideM) {
			beside[n.Lixel] = true
		}
	}
	return beside
}

// gatherStretches offers stretches of road, with what people have said of them. Those beside known sites are left out,
// unless they are known to be safe or the commander names them.
func (p *Problem) gatherStretches(beside map[int32]bool) {
	judged := make(map[string]*Site, len(p.world.Sites))
	for i := range p.world.Sites {
		judged[p.world.Sites[i].ID] = &p.world.Sites[i]
	}
	wanted := p.wanted()
	for i := range p.world.Lixels.List {
		if !p.demand.inside[i] || !p.standable(i) {
			continue
		}
		s := p.stretch(i)
		if j := judged[s.ID]; j != nil {
			s.Status, s.Lit, s.Note = cmp.Or(j.Status, s.Status), cmp.Or(j.Lit, s.Lit), j.Note
		}
		if p.allowed(&s) && (!beside[int32(i)] || wanted[s.ID] || s.Status == Safe) {
			p.offer(candidate{Site: s, lixel: int32(i)})
		}
	}
}

// allowed says whether the status of a site lets posts stand there.
func (p *Problem) allowed(s *Site) bool {
	return s.Status == Safe || s.Status != Unsafe && !p.Request.OnlyKnownSites
}

func (p *Problem) offer(c candidate) {
	if _, twice := p.byID[c.ID]; twice {
		return
	}
	p.byID[c.ID] = int32(len(p.sites))
	p.sites = append(p.sites, c)
}

// wanted are the sites that the commander names.
func (p *Problem) wanted() map[string]bool {
	ids := make(map[string]bool)
	for _, f := range p.Request.Forced {
		ids[f.Site] = true
	}
	return ids
}

// standable says whether a post may stand on a stretch of road that is no known site: not on motorways, slip roads,
// bridges, in tunnels, on tracks, service roads or roads that are not public.
func (p *Problem) standable(lixel int) bool {
	l := &p.world.Lixels.List[lixel]
	s := p.world.Graph.Section(l.Centre.Edge)
	return l.Class != road.Motorway && l.Class <= road.LivingStreet && s.Class != road.Motorway &&
		!s.Link && !s.Bridge && !s.Tunnel && s.Access == road.Public
}

const stretchPrefix = "lixel/"

// stretch is the site of a lixel: its centre. Its id is the H3 cell of 1 m that holds it, so that it stays the same from
// one import of the network to the next as long as the road does.
func (p *Problem) stretch(lixel int) Site {
	l := &p.world.Lixels.List[lixel]
	at := l.Centre.Position
	name := l.Name
	if name == "" {
		name = map[bool]string{true: "rue", false: "route"}[l.BuiltUp == road.Yes || l.Class >= road.Residential]
	}
	area := p.demand.area[lixel]
	if p.world.Names != nil {
		if commune := p.world.Names(area); commune != "" {
			name += ", " + commune
		}
	}
	return Site{ID: stretchPrefix + hex.String(hex.Cell(at[0], at[1], stretchResolution)), Name: name, Position: at, Spot: l.Centre,
		Area: area, Status: Reconnoitre, Lit: p.world.Graph.Section(l.Centre.Edge).Lit.String()}
}

// stretchResolution is the H3 resolution of cells of about 1 m.
const stretchResolution = 14

// choose keeps of all sites those that the squads may use: reachable in time, apart from one another, the best first.
func (p *Problem) choose(ctx context.Context) error {
	p.thin()
	spots, homes := make([]road.Spot, len(p.sites)), make([]road.Spot, len(p.squads))
	for i := range p.sites {
		spots[i] = p.sites[i].Spot
	}
	for i := range p.squads {
		homes[i] = p.squads[i].home
	}
	travel, err := p.world.Graph.Matrix(ctx, homes, spots)
	if err != nil {
		return err
	}
	order := make([]int32, len(p.sites))
	wanted := p.wanted()
	rank := func(s *candidate) int {
		switch {
		case wanted[s.ID]:
			return 0
		case s.Status == Safe:
			return 1
		}
		return 2
	}
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &p.sites[a], &p.sites[b]
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(y.worth, x.worth), cmp.Compare(a, b))
	})
	most := p.mostSites()
	for i := range p.squads {
		if err := p.reach(i, order, travel[i], most); err != nil {
			return err
		}
	}
	p.keepUsed()
	return nil
}

// mostSites is how many sites each squad chooses from.
func (p *Problem) mostSites() int {
	groups := 0
	for i := range p.duties {
		d := &p.duties[i]
		team := &p.squads[d.squad].Team
		slots := d.starts[len(d.starts)-1] + team.Slots - d.starts[0]
		groups += slots
		if team.Slots >= 3 && *team.BreakMinutes > 0 {
			groups += len(d.starts)
			if len(d.starts) == 1 {
				groups--
			}
		}
	}
	return max(fewestSites, min(mostSites, mostOptions/max(groups, 1)))
}

// reach gives a squad its sites.
func (p *Problem) reach(i int, order []int32, seconds []float32, most int) error {
	sq := &p.squads[i]
	nearest, connected := float32(math.Inf(1)), false
	for _, s := range order {
		t := seconds[s]
		nearest = min(nearest, t)
		connected = connected || !math.IsInf(float64(t), 1)
		if float64(t) <= float64(p.Request.MaxTravelMinutes)*60 && len(sq.sites) < most {
			sq.sites = append(sq.sites, place{s, t})
		}
	}
	field := "teams." + itoa(i) + ".unit"
	switch {
	case !connected:
		return refuse("disconnected", field, "Aucune route ne mène de %s aux sites du territoire : le réseau est coupé. Importez un réseau qui les relie, ou choisissez une autre unité.",
			"No road leads from %s to the sites of these areas: the network is cut. Import one that joins them, or choose another unit.", sq.name)
	case len(sq.sites) == 0:
		return refuse("too_far", "max_travel_minutes", "%[1]s n’atteint aucun site en %[2]d minutes ; le plus proche est à %[3]d minutes. Allongez le trajet ou choisissez une autre unité.",
			"%[1]s reaches no site in %[2]d minutes; the nearest is %[3]d minutes away. Allow a longer way or choose another unit.",
			sq.name, p.Request.MaxTravelMinutes, int(math.Ceil(float64(nearest)/60)))
	}
	return nil
}

// keepUsed forgets the sites that no squad uses, and numbers the others anew by id, so that the same request gives the
// same numbers whatever the order in which sites came.
func (p *Problem) keepUsed() {
	used := make(map[int32]bool)
	for i := range p.squads {
		for _, s := range p.squads[i].sites {
			used[s.site] = true
		}
	}
	p.renumber(func(i int32) bool { return used[i] })
}

// renumber keeps the sites that keep accepts, sorted by id.
func (p *Problem) renumber(keep func(int32) bool) {
	var order []int32
	for i := range p.sites {
		if keep(int32(i)) {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return strings.Compare(p.sites[a].ID, p.sites[b].ID) })
	fresh := make(map[int32]int32, len(order))
	sites := make([]candidate, len(order))
	p.byID = make(map[string]int32, len(order))
	for i, old := range order {
		sites[i], fresh[old] = p.sites[old], int32(i)
		p.byID[sites[i].ID] = int32(i)
	}
	p.sites = sites
	for i := range p.squads {
		list := p.squads[i].sites
		for j := range list {
			list[j].site = fresh[list[j].site]
		}
		slices.SortFunc(list, func(a, b place) int { return cmp.Compare(a.site, b.site) })
	}
}

// thin finds what each site is worth, and keeps of the stretches of road those that are apart, the best first.
func (p *Problem) thin() {
	wanted := p.wanted()
	order := make([]int32, len(p.sites))
	for i := range order {
		order[i] = int32(i)
	}
	first := func(c *candidate) int {
		if wanted[c.ID] || !strings.HasPrefix(c.ID, stretchPrefix) || c.Status == Safe {
			return 0
		}
		return 1
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &p.sites[a], &p.sites[b]
		return cmp.Or(cmp.Compare(first(x), first(y)), cmp.Compare(p.demand.own[y.lixel], p.demand.own[x.lixel]), strings.Compare(x.ID, y.ID))
	})
	closed, kept := make(map[int32]bool), make(map[int32]bool)
	for _, i := range order {
		c := &p.sites[i]
		if first(c) == 1 && closed[c.lixel] {
			continue
		}
		kept[i] = true
		if strings.HasPrefix(c.ID, stretchPrefix) {
			for _, n := range p.world.Lixels.Within(int(c.lixel), apartM) {
				closed[n.Lixel] = true
			}
		}
	}
	p.renumber(func(i int32) bool { return kept[i] })
	parallel(len(p.sites), func(i int) {
		c := &p.sites[i]
		for _, n := range p.world.Lixels.Within(int(c.lixel), worthM) {
			c.worth += p.demand.own[n.Lixel] * fade(float64(n.Metres))
		}
	})
}

// worthM is how far the demand counts by which sites are compared before coverage is computed.
const worthM = 1800

func itoa(i int) string { return strconv.Itoa(i) }

func contains[T comparable](list []T, x T) bool { return slices.Contains(list, x) }

// apart is the distance between two positions as the crow flies, in metres.
func apart(a, b orb.Point) float64 { return road.Distance(a, b) }
