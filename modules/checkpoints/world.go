package checkpoints

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

// years is the length of the accident records that a plan is made from where the request does not say.
const years = 5

// span is the time of the accidents of a request: [since, until).
func (d *desk) span(r *plan.Request) (since, until time.Time, err error) {
	day := func(field, given string, standard time.Time) (time.Time, error) {
		if given == "" {
			return standard, nil
		}
		t, err := time.ParseInLocation(time.DateOnly, given, d.zone)
		if err != nil || t.Before(geoengine.Earliest) || t.After(geoengine.Latest) {
			return t, wrong(field, "Donnez un jour (2026-12-04).", "Give a day (2026-12-04).")
		}
		return t, nil
	}
	from, err := day("from", r.From, time.Time{})
	if err != nil {
		return since, until, err
	}
	if from.IsZero() {
		return since, until, wrong("from", "Donnez le premier jour.", "Give the first day.")
	}
	if until, err = day("until", r.Until, from); err != nil {
		return since, until, err
	}
	if since, err = day("since", r.Since, from.AddDate(-years, 0, 0)); err != nil {
		return since, until, err
	}
	if !since.Before(until) {
		return since, until, wrong("since", "La période des accidents est vide : elle finit avant de commencer.",
			"The period of the accidents is empty: it ends before it begins.")
	}
	return since, until, nil
}

// surfaceKey names surfaces in the cache. Rights are part of it.
type surfaceKey struct {
	land    *land
	query   string // geoengine.Query.Key: areas, period, rights
	version uint64 // of the events
}

// maxSurfaces bounds the sets of surfaces in memory.
const maxSurfaces = 8

// surfaces are the expected accidents on the network of areas, by kind, as the rights allow to know them.
func (d *desk) surfaces(ctx context.Context, rights geoengine.Rights, l *land, areas []string, since, until time.Time, tell telling) (map[roadrisk.Kind]*roadrisk.Surface, error) {
	q := accidentsOf(rights, areas, since, until)
	key := surfaceKey{l, q.Key(), d.cube.Version()}
	return d.risks.get(ctx, key, func(ctx context.Context) (map[roadrisk.Kind]*roadrisk.Surface, error) {
		found, err := d.accidents(ctx, q, tell)
		if err != nil {
			return nil, err
		}
		tell.say(35, "estimation du risque", "estimating the risk")
		made, err := l.network.Build(ctx, found, roadrisk.Options{Periods: []roadrisk.Period{{From: since, To: until}}})
		return made, told(err)
	})
}

// accidentsOf asks for the accidents of areas that happened in [from, to), as far as the rights show them.
func accidentsOf(rights geoengine.Rights, areas []string, from, to time.Time) geoengine.Query {
	return rights.Limit(geoengine.Query{Areas: areas, From: from, To: to, Categories: []string{accidents}})
}

// accidents reads every accident of a query, page by page, under its rights.
func (d *desk) accidents(ctx context.Context, q geoengine.Query, tell telling) ([]roadrisk.Accident, error) {
	var found []roadrisk.Accident
	total := 0
	if extent, err := d.cube.Extent(q); err == nil {
		total = extent.Events
	}
	err := d.db.EachEvent(ctx, q, func(e *geoengine.LocatedEvent) {
		found = append(found, roadrisk.FromEvent(&e.Event))
		if total > 0 && len(found)%geoengine.MaxEvents == 0 {
			tell.say(25+min(10, 10*len(found)/total), "lecture des accidents", "reading the accidents")
		}
	})
	return found, err
}

const (
	selectUnits = `
		select s.name || '/' || u.ref, u.name, u.kind, st_x(u.geom), st_y(u.geom), u.area
		from unit u join source s on s.id = u.source
		where s.name || '/' || u.ref = any($1) and u.geom is not null
		order by 1`
	// selectUnitsNear finds those that can have teams. Cells would find them faster, but units are few.
	selectUnitsNear = `
		select s.name || '/' || u.ref, u.name, u.kind, st_x(u.geom), st_y(u.geom), u.area
		from unit u join source s on s.id = u.source
		where (u.kind like 'gendarmerie%' or u.kind like 'police%' or u.kind like 'brigade%')
		  and u.geom is not null and st_x(u.geom) between $1 and $3 and st_y(u.geom) between $2 and $4
		order by u.name, 1
		limit $5`
)

// unit is a unit with its home.
type unit struct {
	ref, name, kind, area string
	position              orb.Point
}

func (d *desk) readUnits(ctx context.Context, rights geoengine.Rights, sql string, args ...any) ([]unit, error) {
	var list []unit
	err := d.db.Read(ctx, rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (u unit, err error) {
			return u, row.Scan(&u.ref, &u.name, &u.kind, &u.position[0], &u.position[1], &u.area)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read units: %w", err)
	}
	return list, nil
}

// unitsOf are the units of a plan that the rights show; of another the plan's own words are told.
func (d *desk) unitsOf(ctx context.Context, rights geoengine.Rights, p *plan.Plan) (map[string]unitBody, error) {
	named := map[string]unitBody{}
	refs := []string{}
	note := func(ref string) {
		if _, there := named[ref]; !there {
			named[ref] = unitBody{Name: ref}
			refs = append(refs, ref)
		}
	}
	for i := range p.Request.Teams {
		note(p.Request.Teams[i].Unit)
	}
	for i := range p.Posts {
		note(p.Posts[i].Unit)
	}
	list, err := d.readUnits(ctx, rights, selectUnits, refs)
	if err != nil {
		return nil, err
	}
	for _, u := range list {
		named[u.ref] = unitBody{u.name, u.kind, u.position}
	}
	return named, nil
}

const selectNames = `select path, name from area where path = any($1)`

// namesOf are the names of the areas of a plan and of its sites: areas are public.
func (d *desk) namesOf(ctx context.Context, f *found) (map[string]string, error) {
	paths := append([]string{}, f.Areas...)
	for i := range f.Shown.Plan.Sites {
		paths = append(paths, f.Shown.Plan.Sites[i].Area)
	}
	return d.names(ctx, paths)
}

// names are the names of areas, by path.
func (d *desk) names(ctx context.Context, paths []string) (map[string]string, error) {
	rows, err := d.db.Pool.Query(ctx, selectNames, paths)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	names := map[string]string{}
	var path, name string
	if _, err := pgx.ForEachRow(rows, []any{&path, &name}, func() error { names[path] = name; return nil }); err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return names, nil
}

// AreasInput is embedded in inputs: the areas that the query names.
type AreasInput struct {
	Spoken
	Area []string `query:"area,explode" required:"true" minItems:"1" maxItems:"20" doc:"Paths of areas."`
}

// choice is something to choose, by its name in both languages.
type choice struct {
	ID string `json:"id"`
	FR string `json:"fr"`
	EN string `json:"en"`
}

type optionUnit struct {
	ID        string    `json:"id" doc:"source/ref."`
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Position  orb.Point `json:"position" doc:"Longitude, latitude."`
	Area      string    `json:"area"`
	OnNetwork bool      `json:"on_network" doc:"There is a road at its door."`
}

type optionsOutput struct {
	Body struct {
		Units     []optionUnit `json:"units" nullable:"false"`
		Kinds     []choice     `json:"kinds" nullable:"false"`
		Bases     []choice     `json:"bases" nullable:"false"`
		Accidents struct {
			Count int        `json:"count"`
			From  *time.Time `json:"from"`
			To    *time.Time `json:"to"`
		} `json:"accidents"`
		Roads struct {
			Sections int        `json:"sections" doc:"0 where no roads are imported."`
			Km       float64    `json:"km"`
			Imported *time.Time `json:"imported"`
			Sources  []string   `json:"sources" nullable:"false"`
		} `json:"roads"`
		Defaults plan.Request `json:"defaults"`
	}
}

// maxUnits bounds the units that are offered.
const maxUnits = 1000

// atDoor is how far from a road the home of a unit may be, in metres.
const atDoor = 500

// options says what a plan of areas can be made of.
func (d *desk) options(ctx context.Context, pass door.Pass, in *AreasInput) (*optionsOutput, error) {
	if err := d.covered(pass, in.Area); err != nil {
		return nil, err
	}
	for _, area := range in.Area {
		pass.Concerns("area:" + area)
	}
	out := &optionsOutput{}
	out.Body.Kinds, out.Body.Bases, out.Body.Roads.Sources = kinds(), bases(), []string{}
	extent, err := d.cube.Extent(pass.Query(geoengine.Query{Areas: in.Area, Categories: []string{accidents}}))
	if err != nil {
		return nil, err
	}
	if out.Body.Accidents.Count = extent.Events; extent.Events > 0 {
		out.Body.Accidents.From, out.Body.Accidents.To = &extent.From, &extent.To
	}
	l, err := d.lands.of(ctx, in.Area, nil)
	if err != nil && !errors.Is(err, errNoRoads) {
		return nil, err
	}
	box, err := d.box(ctx, in.Area)
	if err != nil {
		return nil, err
	}
	if l != nil {
		roads := &out.Body.Roads
		roads.Sections, roads.Imported, roads.Sources = l.info.Sections, &l.info.Imported, l.info.Sources
		roads.Km = l.km()
	}
	units, err := d.readUnits(ctx, pass.Rights(), selectUnitsNear, box.Min.Lon(), box.Min.Lat(), box.Max.Lon(), box.Max.Lat(), maxUnits)
	if err != nil {
		return nil, err
	}
	out.Body.Units = make([]optionUnit, len(units))
	for i, u := range units {
		out.Body.Units[i] = optionUnit{ID: u.ref, Name: u.name, Kind: u.kind, Position: u.position, Area: u.area, OnNetwork: l != nil && l.near(u.position)}
	}
	out.Body.Defaults = d.defaults(in.Area)
	return out, nil
}

const selectBox = `
	select st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e)
	from (select st_extent(p.geom) e from area a join area_part p on p.area = a.id where a.path || '.' like any($1)) extent`

// boxMargin is how far around the areas units are offered, in degrees: half an hour's drive.
const boxMargin = 0.3

// box is the box around areas, with a margin.
func (d *desk) box(ctx context.Context, areas []string) (orb.Bound, error) {
	var edges [4]*float64
	if err := d.db.Pool.QueryRow(ctx, selectBox, patterns(areas)).Scan(&edges[0], &edges[1], &edges[2], &edges[3]); err != nil {
		return orb.Bound{}, fmt.Errorf("box of areas: %w", err)
	}
	if edges[0] == nil {
		return orb.Bound{}, missing("areas")
	}
	return orb.Bound{Min: orb.Point{*edges[0] - boxMargin, *edges[1] - boxMargin}, Max: orb.Point{*edges[2] + boxMargin, *edges[3] + boxMargin}}, nil
}

// defaults is a request as most begin with: the next Friday and Saturday nights.
func (d *desk) defaults(areas []string) plan.Request {
	today := d.clock().In(d.zone)
	friday := today.AddDate(0, 0, (int(time.Friday)-int(today.Weekday())+7)%7)
	return plan.Request{
		Areas: areas, Kind: roadrisk.Alcohol, From: friday.Format(time.DateOnly), To: friday.AddDate(0, 0, 1).Format(time.DateOnly),
		Teams: []plan.Team{}, MaxTravelMinutes: 30, SeparationM: 2000, Share: 0.95, Basis: plan.L2349,
	}
}

func kinds() []choice {
	return []choice{
		{string(roadrisk.AnyKind), "Tous contrôles", "All controls"}, {string(roadrisk.Alcohol), "Alcool et stupéfiants", "Alcohol and drugs"},
		{string(roadrisk.Speed), "Vitesse", "Speed"}, {string(roadrisk.Belt), "Téléphone et ceinture", "Telephone and seat belt"},
		{string(roadrisk.Heavy), "Poids lourds", "Heavy vehicles"},
	}
}

func bases() []choice {
	return []choice{
		{string(plan.L2349), "Code de la route, art. L234-9 : dépistage préventif de l'alcoolémie sur ordre d'un OPJ",
			"Code de la route, art. L234-9: preventive alcohol tests on the order of an OPJ"},
		{string(plan.R2331), "Code de la route, art. R233-1 : présentation des documents", "Code de la route, art. R233-1: documents of driver and vehicle"},
		{string(plan.A7822), "Code de procédure pénale, art. 78-2-2 : réquisition écrite du procureur, 24 h au plus",
			"Code de procédure pénale, art. 78-2-2: written requisition of the procureur, 24 h at most"},
	}
}

// km is the length of the network.
func (l *land) km() float64 {
	metres := 0.0
	for i := range l.lixels.List {
		metres += l.lixels.List[i].Metres
	}
	return float64(int(metres/100)) / 10
}

// near tells whether a road leads to a position.
func (l *land) near(p orb.Point) bool {
	_, there := l.graph.Snap(p, road.SnapOptions{WithinM: atDoor, Driveable: true})
	return there
}
