package checkpoints

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
	"vigie/geoengine/road"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
	"vigie/progress"
)

// shop makes problems out of the world, and keeps those of plans that are being changed: pricing is quick, building is
// not. After a restart they are built anew.
type shop struct {
	desk     *desk
	problems *cache[problemKey, bench]
}

// problemKey names the problem of a plan. Rights are part of it: who sees less, has a problem of their own.
type problemKey struct {
	plan    jobs.ID
	rights  string
	request string // what the problem is built from: the request without what changes of a plan leave to pricing
}

// maxProblems bounds the problems in memory.
const maxProblems = 8

func newShop(d *desk) *shop {
	return &shop{desk: d, problems: newCache[problemKey, bench](maxProblems)}
}

func (s *shop) key(of jobs.ID, rights geoengine.Rights, request plan.Request) (problemKey, error) {
	request.Title, request.Seed, request.Basis, request.Reference, request.Forbidden = "", "", "", "", nil
	raw, err := json.Marshal(&request)
	if err != nil {
		return problemKey{}, fmt.Errorf("problem of plan %s: %w", of, err)
	}
	q := rights.Limit(geoengine.Query{})
	return problemKey{of, q.Key(), string(raw)}, nil
}

// check refuses a request whose days or units are wrong.
func (s *shop) check(ctx context.Context, rights geoengine.Rights, request *plan.Request) error {
	if err := request.Check(s.desk.zone); err != nil {
		return told(err)
	}
	_, err := s.desk.homes(ctx, rights, request)
	return err
}

// build makes the problem of a request, and keeps it for its plan.
func (s *shop) build(ctx context.Context, rights geoengine.Rights, request plan.Request, of jobs.ID, tell telling) (bench, error) {
	made, err := s.make(ctx, rights, request, tell)
	if err != nil {
		return nil, err
	}
	key, err := s.key(of, rights, made.problem.Request)
	if err != nil {
		return nil, err
	}
	s.problems.put(key, made)
	return made, nil
}

// kept is the problem of a plan that is being changed.
func (s *shop) kept(ctx context.Context, rights geoengine.Rights, request plan.Request, of jobs.ID) (bench, error) {
	key, err := s.key(of, rights, request)
	if err != nil {
		return nil, err
	}
	return s.problems.get(ctx, key, func(ctx context.Context) (bench, error) {
		request.Forbidden = nil // pricing looks at those of the plan, which may lift them again
		if strings.HasPrefix(request.Seed, commitment) || request.Seed == "" {
			request.Seed = hex.EncodeToString([]byte("priced")) // erased by the retention; pricing draws nothing
		}
		return s.make(ctx, rights, request, nil)
	})
}

func (s *shop) forget() { s.problems.forget() }

// make gathers the world of a request and lays its problem out.
func (s *shop) make(ctx context.Context, rights geoengine.Rights, request plan.Request, tell telling) (*realBench, error) {
	d := s.desk
	since, until, err := d.span(&request)
	if err != nil {
		return nil, err
	}
	units, err := d.homes(ctx, rights, &request) // what is wrong with them is said before anything large is read
	if err != nil {
		return nil, err
	}
	l, err := d.lands.of(ctx, request.Areas, tell)
	if err != nil {
		return nil, err
	}
	surfaces, err := d.surfaces(ctx, rights, l, request.Areas, since, until, tell)
	if err != nil {
		return nil, err
	}
	world, err := d.world(ctx, rights, l, &request, surfaces, units)
	if err != nil {
		return nil, err
	}
	tell.say(45, "mise en place des postes possibles", "laying out the possible posts")
	problem, err := plan.Build(ctx, world, request)
	if err != nil {
		return nil, told(err)
	}
	return &realBench{problem}, nil
}

// homes are those of the units of a request; one that there is not, or not for these rights, is refused.
func (d *desk) homes(ctx context.Context, rights geoengine.Rights, request *plan.Request) ([]plan.Home, error) {
	refs := []string{}
	for i := range request.Teams {
		refs = append(refs, request.Teams[i].Unit)
	}
	units, err := d.readUnits(ctx, rights, selectUnits, refs)
	if err != nil {
		return nil, err
	}
	homes := make([]plan.Home, len(units))
	known := map[string]bool{}
	for i, u := range units {
		homes[i], known[u.ref] = plan.Home{Ref: u.ref, Name: u.name, Position: u.position, Area: u.area}, true
	}
	for i := range request.Teams {
		if unit := request.Teams[i].Unit; !known[unit] {
			return nil, wrong(fmt.Sprintf("teams.%d.unit", i), fmt.Sprintf("L'unité « %s » est inconnue ou n'a pas d'adresse : choisissez-en une de la liste.", unit),
				fmt.Sprintf("The unit “%s” is unknown or has no address: choose one of the list.", unit))
		}
	}
	return homes, nil
}

// world is what a plan of the request is made in.
func (d *desk) world(ctx context.Context, rights geoengine.Rights, l *land, request *plan.Request, surfaces map[roadrisk.Kind]*roadrisk.Surface, units []plan.Home) (plan.World, error) {
	w := plan.World{
		Units: units,
		Graph: l.graph, Lixels: l.lixels, Surface: surfaces[request.Kind], Zone: d.zone, Areas: l.locate.Locate, Random: d.random,
		Roads: fmt.Sprintf("%s, %s", strings.Join(l.info.Sources, ", "), l.info.Imported.In(d.zone).Format(time.DateOnly)),
	}
	var err error
	if w.Names, err = d.communes(ctx); err != nil {
		return w, err
	}
	said, err := d.store.judged(ctx, rights, request.Areas)
	if err != nil {
		return w, err
	}
	w.Sites = l.sites(request.Areas, said)
	return w, nil
}

// communes names areas by their paths.
func (d *desk) communes(ctx context.Context) (func(string) string, error) {
	list, err := d.db.AreaNames(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(list))
	for i := range list {
		names[list[i].Path] = list[i].Name
	}
	return func(path string) string { return names[path] }, nil
}

// sites are the known sites of areas with what people have said of them, and the stretches of road of which they have
// said something.
func (l *land) sites(areas []string, said []placeBody) []plan.Site {
	by := make(map[string]*placeBody, len(said))
	for i := range said {
		by[said[i].ID] = &said[i]
	}
	var list []plan.Site
	for _, placed := range l.graph.Sites() {
		area := l.locate.Locate(placed.Position)
		if !geoengine.Within(area, areas) {
			continue
		}
		s := plan.Site{
			ID: placed.Source + "/" + placed.Ref, Name: l.nameOf(&placed), Kind: placed.Kind, Position: placed.Position, Spot: placed.Spot, Area: area,
			Status: plan.Reconnoitre, Lit: placed.Lit.String(),
		}
		if p := by[s.ID]; p != nil {
			s.Status, s.Lit, s.Note = p.Status, p.Lit, p.Note
			delete(by, s.ID)
		}
		list = append(list, s)
	}
	for i := range said {
		if p := &said[i]; by[p.ID] != nil {
			list = append(list, plan.Site{ID: p.ID, Position: p.Position, Area: p.Area, Status: p.Status, Lit: p.Lit, Note: p.Note})
		}
	}
	return list
}

// nameOf is how people call a known site: its road and its name, or what it is.
func (l *land) nameOf(s *road.PlacedSite) string {
	what := s.Name
	if what == "" {
		what = map[road.SiteKind]string{
			road.LayBy: "refuge", road.CarPark: "parking", road.RestArea: "aire de repos", road.TollPlaza: "gare de péage", road.Weighbridge: "station de pesage",
		}[s.Kind]
	}
	if s.Spot.Edge < 0 || int(s.Spot.Edge) >= l.graph.Edges() {
		return what
	}
	section := l.graph.Section(s.Spot.Edge)
	switch {
	case section.Number != "":
		return section.Number + " – " + what
	case section.Name != "":
		return section.Name + " – " + what
	}
	return what
}

// realBench is a problem of package plan.
type realBench struct {
	problem *plan.Problem
}

// redraws is how many other plans of a draw are kept for its evaluation: enough for p-values in steps of 0.002.
const redraws = 499

func (b *realBench) propose(ctx context.Context, tell telling) (proposal, error) {
	made, solved, err := b.problem.Propose(ctx, func(u progress.Update) {
		if u.Total > 0 {
			tell.say(50+int(45*min(u.Done, u.Total)/u.Total), "recherche du meilleur plan, preuve et tirage", "searching the best plan, proving it and drawing")
		} else {
			tell.say(50, "recherche du meilleur plan", "searching the best plan")
		}
	})
	if err != nil {
		return proposal{}, told(err)
	}
	p := proposal{plan: *made}
	if p.certificate, err = json.Marshal(solved.Solution.Certificate); err != nil {
		return p, fmt.Errorf("keep the proof of a plan: %w", err)
	}
	if p.draws, err = pack(solved.Redraws(redraws)); err != nil {
		return p, err
	}
	tell.say(97, "enregistrement", "keeping the plan")
	return p, err
}

func (b *realBench) change(p plan.Plan, changes []plan.Change) (plan.Plan, error) {
	return b.problem.Change(p, changes)
}

func (b *realBench) alternatives(p plan.Plan, post string) ([]alternative, error) {
	list, err := b.problem.Alternatives(p, post)
	if err != nil {
		return nil, err
	}
	found := make([]alternative, len(list))
	for i, a := range list {
		found[i] = alternative{Site: a.Site, Value: a.Value, Adds: a.Adds, Reachable: true}
	}
	return found, nil
}

func (b *realBench) sites() []plan.Site { return b.problem.Sites() }
