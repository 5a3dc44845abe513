package checkpoints

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"vigie/api"
	"vigie/api/door"
	"vigie/geoengine"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

// collection is a GeoJSON feature collection.
type collection struct {
	Type     string    `json:"type" enum:"FeatureCollection"`
	Features []feature `json:"features" nullable:"false"`
}

type feature struct {
	Type       string         `json:"type" enum:"Feature"`
	ID         string         `json:"id,omitempty"`
	Geometry   geometry       `json:"geometry"`
	Properties map[string]any `json:"properties"`
}

type geometry struct {
	Type        string `json:"type"`
	Coordinates any    `json:"coordinates" doc:"Longitude, latitude."`
}

func newCollection() collection { return collection{Type: "FeatureCollection", Features: []feature{}} }

func (c *collection) add(id string, shape orb.Geometry, properties map[string]any) {
	g := geojson.NewGeometry(shape)
	c.Features = append(c.Features, feature{"Feature", id, geometry{g.Type, g.Coordinates}, properties})
}

type collectionOutput struct {
	ContentType string `header:"Content-Type"`
	Body        collection
}

func shown(c collection) *collectionOutput { return &collectionOutput{"application/geo+json", c} }

type sitesInput struct {
	PlanInput
	Post string    `query:"post" maxLength:"40" doc:"The post that would stand there; without it and a unit every candidate site is listed."`
	Unit string    `query:"unit" maxLength:"200" doc:"The unit of a further post, source/ref, with slot."`
	Slot time.Time `query:"slot" doc:"Begin of the slot, RFC 3339: that of the post, if both are given."`
}

// sites lists where a post of a draft could stand.
func (d *desk) sites(ctx context.Context, pass door.Pass, in *sitesInput) (*collectionOutput, error) {
	f, err := d.plan(ctx, pass, in.ID, 0)
	if err != nil {
		return nil, err
	}
	if err := inState(f.State, Draft); err != nil {
		return nil, err
	}
	work, err := d.shop.kept(ctx, pass.Rights(), f.Shown.Plan.Request, f.ID)
	if err != nil {
		return nil, err
	}
	c := newCollection()
	if in.Post == "" && in.Unit != "" {
		return d.further(ctx, pass, &f, work, in)
	}
	if in.Post == "" {
		for _, s := range work.sites() {
			c.add(s.ID, s.Position, map[string]any{"id": s.ID, "name": s.Name, "status": s.Status, "lit": s.Lit})
		}
		return shown(c), nil
	}
	i := slices.IndexFunc(f.Shown.Plan.Posts, func(p plan.Post) bool { return p.ID == in.Post })
	if i < 0 || !in.Slot.IsZero() && !in.Slot.Equal(f.Shown.Plan.Posts[i].Slot) {
		return nil, missing("post")
	}
	list, err := work.alternatives(f.Shown.Plan, in.Post)
	if err != nil {
		return nil, told(err)
	}
	c.offer(list)
	return shown(c), nil
}

// further lists where a further post of a unit could stand.
func (d *desk) further(ctx context.Context, pass door.Pass, f *found, work bench, in *sitesInput) (*collectionOutput, error) {
	units, err := d.readUnits(ctx, pass.Rights(), selectUnits, []string{in.Unit})
	if err != nil {
		return nil, err
	}
	if len(units) == 0 {
		return nil, missing("unit")
	}
	with, err := work.change(f.Shown.Plan, []plan.Change{{Op: "add", Unit: in.Unit, Slot: &in.Slot, At: &units[0].position}})
	if err != nil {
		return nil, told(err)
	}
	c := newCollection()
	for i := range with.Posts {
		if !slices.ContainsFunc(f.Shown.Plan.Posts, func(p plan.Post) bool { return p.ID == with.Posts[i].ID }) {
			list, err := work.alternatives(with, with.Posts[i].ID)
			if err != nil {
				return nil, told(err)
			}
			c.offer(list)
		}
	}
	return shown(c), nil
}

// offer adds sites where a post could stand.
func (c *collection) offer(list []alternative) {
	for _, a := range list {
		c.add(a.Site.ID, a.Site.Position, map[string]any{
			"id": a.Site.ID, "name": a.Site.Name, "status": a.Site.Status, "lit": a.Site.Lit, "value": rounded(a.Value), "adds": rounded(a.Adds), "reachable": a.Reachable,
		})
	}
}

// rounded keeps six digits: more are noise.
func rounded(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	scale := math.Pow(10, 6-math.Ceil(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

type riskInput struct {
	AreasInput
	Kind  roadrisk.Kind `query:"kind" enum:"any,alcohol,speed,phone_belt,heavy" default:"any"`
	Hour  int           `query:"hour" minimum:"-1" maximum:"167" default:"-1" doc:"Local hour of the week, 0 is Monday 00 h; -1 is the whole week."`
	Since string        `query:"since" maxLength:"10" doc:"Accidents from this day on; five years before until if empty."`
	Until string        `query:"until" maxLength:"10" doc:"Accidents before this day; today if empty."`
	Limit int           `query:"limit" minimum:"1" maximum:"5000" default:"1000"`
}

// ground is the network that a request for risk or zones means, and the time of its accidents.
func (d *desk) ground(ctx context.Context, pass door.Pass, areas []string, since, until string) (l *land, from, to time.Time, err error) {
	if err = d.covered(pass, areas); err != nil {
		return nil, from, to, err
	}
	for _, area := range areas {
		pass.Concerns("area:" + area)
	}
	if from, to, err = d.span(&plan.Request{From: d.clock().In(d.zone).Format(time.DateOnly), Since: since, Until: until}); err != nil {
		return nil, from, to, err
	}
	l, err = d.lands.of(ctx, areas, nil)
	return l, from, to, err
}

type zonesInput struct {
	AreasInput
	Kind  roadrisk.Kind `query:"kind" enum:"any,alcohol,speed,phone_belt,heavy" default:"any"`
	Since string        `query:"since" maxLength:"10" doc:"Accidents from this day on; five years before until if empty."`
	Until string        `query:"until" maxLength:"10" doc:"Accidents before this day; today if empty."`
	Limit int           `query:"limit" minimum:"1" maximum:"5000" default:"1000"`
}

// zoneKey names zones in the cache. Rights are part of it.
type zoneKey struct {
	surfaceKey
	kind roadrisk.Kind
}

// zonesOf shows where accidents cluster: for explanation, no plan is made of it. Hot stretches and ZAAC come first, then the densest.
func (d *desk) zonesOf(ctx context.Context, pass door.Pass, in *zonesInput) (*collectionOutput, error) {
	l, since, until, err := d.ground(ctx, pass, in.Area, in.Since, in.Until)
	if err != nil {
		return nil, err
	}
	q := accidentsOf(pass.Rights(), in.Area, since, until)
	z, err := d.zones.get(ctx, zoneKey{surfaceKey{l, q.Key(), d.cube.Version()}, in.Kind}, func(ctx context.Context) (*roadrisk.Zones, error) {
		found, err := d.accidents(ctx, q, nil)
		if err != nil {
			return nil, err
		}
		return l.network.Zones(ctx, found, roadrisk.ZoneOptions{Periods: []roadrisk.Period{{From: since, To: until}}, Kind: in.Kind, Seed: 1})
	})
	if err != nil {
		return nil, err
	}
	ranked := l.inside(in.Area)
	slices.SortStableFunc(ranked, func(a, b int) int {
		return cmp.Or(cmp.Compare(marks(z, b), marks(z, a)), cmp.Compare(z.Density[b], z.Density[a]))
	})
	c := newCollection()
	for _, i := range ranked[:min(in.Limit, len(ranked))] {
		if marks(z, i) == 0 && z.Density[i] <= 0 {
			break
		}
		x := &l.lixels.List[i]
		c.add("", x.Line, map[string]any{
			"density": rounded(z.Density[i]), "p": rounded(z.P[i]), "q": rounded(z.Q[i]), "hot": z.Hot[i], "zaac": z.ZAAC[i], "name": x.Name, "class": x.Class.String(),
		})
	}
	return shown(c), nil
}

// marks counts why a stretch of road is a zone.
func marks(z *roadrisk.Zones, i int) (n int) {
	for _, is := range []bool{z.Hot[i], z.ZAAC[i]} {
		if is {
			n++
		}
	}
	return n
}

// inside are the lixels in areas.
func (l *land) inside(areas []string) []int {
	list := make([]int, 0, len(l.lixels.List))
	for i := range l.lixels.List {
		if geoengine.Within(l.locate.Locate(l.lixels.List[i].Centre.Position), areas) {
			list = append(list, i)
		}
	}
	return list
}

// riskOf shows the stretches of road with the highest expectation.
func (d *desk) riskOf(ctx context.Context, pass door.Pass, in *riskInput) (*collectionOutput, error) {
	l, since, until, err := d.ground(ctx, pass, in.Area, in.Since, in.Until)
	if err != nil {
		return nil, err
	}
	surfaces, err := d.surfaces(ctx, pass.Rights(), l, in.Area, since, until, nil)
	if err != nil {
		return nil, err
	}
	s := surfaces[in.Kind]
	if s == nil {
		return nil, missing("kind")
	}
	at := func(i int) float64 {
		if in.Hour < 0 {
			return s.Expected[i]
		}
		return s.At(i, in.Hour)
	}
	ranked := l.inside(in.Area)
	slices.SortStableFunc(ranked, func(a, b int) int { return cmp.Compare(at(b), at(a)) })
	c := newCollection()
	for rank, i := range ranked[:min(in.Limit, len(ranked))] {
		x, share := &l.lixels.List[i], 1.0
		if s.Expected[i] > 0 {
			share = at(i) / s.Expected[i]
		}
		c.add("", x.Line, map[string]any{
			"expected": rounded(at(i)), "low": rounded(s.Low[i] * share), "high": rounded(s.High[i] * share), "rank": rank + 1, "name": x.Name,
			"class": x.Class.String(), "metres": math.Round(x.Metres),
		})
	}
	return shown(c), nil
}

// showing are the operations that explain.
func (d *desk) showing() []api.Operation {
	list := []api.Operation{
		{Operation: read("risk", "/risk", "The stretches of road with the highest expectation of accidents", normally()), Handler: handle(d.riskOf)},
		{Operation: read("zones", "/zones", "Where accidents cluster: density, local statistic with its p and q, ZAAC", heavily()), Handler: handle(d.zonesOf)},
	}
	return append(list, d.evaluating()...)
}
