package checkpoints

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/modules/checkpoints/plan"
)

// placeBody is what is known of a place where a post could stand.
type placeBody struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Kind     string          `json:"kind" doc:"lay_by, car_park, rest_area, toll_plaza, weighbridge; empty for a stretch of road."`
	Position orb.Point       `json:"position" doc:"Longitude, latitude."`
	Area     string          `json:"area"`
	Status   plan.SiteStatus `json:"status" enum:"safe,unsafe,reconnoitre"`
	Lit      string          `json:"lit" enum:"yes,no,unknown"`
	Note     string          `json:"note"`
	Author   string          `json:"author" doc:"Empty if nobody has said anything."`
	At       *time.Time      `json:"at" doc:"Null if nobody has said anything."`
}

type placesInput struct {
	Spoken
	Area  []string `query:"area,explode" required:"true" minItems:"1" maxItems:"20" doc:"Paths of areas."`
	Limit int      `query:"limit" minimum:"1" maximum:"5000" default:"2000"`
}

type placesOutput struct {
	Body struct {
		Places []placeBody       `json:"places" nullable:"false" doc:"Known sites, and stretches of road that people have judged."`
		Names  map[string]string `json:"names" nullable:"false" doc:"Names of their areas, by path."`
	}
}

const (
	selectJudged = `
		select id, areas[1], lon, lat, status, lit, note, author, at from checkpoints_place
		where areas[1] || '.' like any($1) order by id`
	// selectKnown finds the sites of the road networks in areas: open geography.
	selectKnown = `
		select distinct on (1) s.name || '/' || r.ref, r.kind, r.name, st_x(r.geom), st_y(r.geom), r.lit, a.path
		from road_site r
		join road_network n on n.generation = r.generation and n.state = 'active'
		join source s on s.id = n.source
		join area_part part on st_intersects(part.geom, r.geom)
		join area a on a.id = part.area
		where a.path || '.' like any($1)
		order by 1, length(a.path) - length(replace(a.path, '.', '')) desc, a.path`
	selectSite = `
		select st_x(r.geom), st_y(r.geom) from road_site r
		join road_network n on n.generation = r.generation and n.state = 'active'
		join source s on s.id = n.source
		where s.name || '/' || r.ref = $1 limit 1`
	upsertPlace = `
		insert into checkpoints_place (id, areas, lon, lat, status, lit, note, author, at) values ($1, array[$2], $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set areas = excluded.areas, lon = excluded.lon, lat = excluded.lat, status = excluded.status, lit = excluded.lit,
			note = excluded.note, author = excluded.author, at = excluded.at`
)

// judged reads what people have said of places in areas.
func (s *store) judged(ctx context.Context, rights geoengine.Rights, areas []string) ([]placeBody, error) {
	var list []placeBody
	err := s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectJudged, patterns(areas))
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p placeBody, err error) {
			return p, row.Scan(&p.ID, &p.Area, &p.Position[0], &p.Position[1], &p.Status, &p.Lit, &p.Note, &p.Author, &p.At)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	return list, nil
}

// known reads the sites of the road networks in areas, each as nobody has judged it.
func (s *store) known(ctx context.Context, areas []string) ([]placeBody, error) {
	rows, err := s.db.Pool.Query(ctx, selectKnown, patterns(areas))
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (placeBody, error) {
		p := placeBody{Status: plan.Reconnoitre, Lit: "unknown"}
		var lit int
		err := row.Scan(&p.ID, &p.Kind, &p.Name, &p.Position[0], &p.Position[1], &lit, &p.Area)
		if words := []string{"unknown", "no", "yes"}; lit > 0 && lit < len(words) {
			p.Lit = words[lit]
		}
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	return list, nil
}

// places lists what is known of the places of areas.
func (d *desk) places(ctx context.Context, pass door.Pass, in *placesInput) (*placesOutput, error) {
	if err := d.covered(pass, in.Area); err != nil {
		return nil, err
	}
	list, err := d.placesIn(ctx, pass.Rights(), in.Area)
	if err != nil {
		return nil, err
	}
	for _, area := range in.Area {
		pass.Concerns("area:" + area)
	}
	out := &placesOutput{}
	out.Body.Places = list[:min(len(list), in.Limit)]
	paths := []string{}
	for i := range out.Body.Places {
		paths = append(paths, out.Body.Places[i].Area)
	}
	slices.Sort(paths)
	out.Body.Names, err = d.names(ctx, slices.Compact(paths))
	return out, err
}

// placesIn joins the known sites with what people say.
func (d *desk) placesIn(ctx context.Context, rights geoengine.Rights, areas []string) ([]placeBody, error) {
	said, err := d.store.judged(ctx, rights, areas)
	if err != nil {
		return nil, err
	}
	list, err := d.store.known(ctx, areas)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(list))
	for i := range list {
		at[list[i].ID] = i
	}
	for _, p := range said {
		if i, there := at[p.ID]; there {
			p.Name, p.Kind = list[i].Name, list[i].Kind
			list[i] = p
			continue
		}
		list = append(list, p)
	}
	return list, nil
}

// covered refuses areas of which a part is not the caller's.
func (d *desk) covered(pass door.Pass, areas []string) error {
	if err := checkAreas("area", areas); err != nil {
		return err
	}
	if !geoengine.Covers(pass.Scope(), areas) {
		return missing("areas")
	}
	return nil
}

type placeInput struct {
	Spoken
	ID   string `path:"id" maxLength:"200"`
	Body struct {
		Status plan.SiteStatus `json:"status" enum:"safe,unsafe,reconnoitre"`
		Lit    string          `json:"lit" enum:"yes,no,unknown"`
		Note   string          `json:"note,omitempty" maxLength:"500"`
	}
}

type placeOutput struct{ Body placeBody }

// judge keeps what somebody knows of a place in the caller's territory.
func (d *desk) judge(ctx context.Context, pass door.Pass, in *placeInput) (*placeOutput, error) {
	if err := line("note", in.Body.Note, 0, longestNote, true); err != nil {
		return nil, err
	}
	position, err := d.store.placeAt(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	areas, err := d.db.AreasAt(ctx, []orb.Point{position})
	if err != nil {
		return nil, err
	}
	if areas[0] == "" || !geoengine.Covers(pass.Scope(), areas) {
		return nil, missing("place")
	}
	pass.Concerns("place:" + in.ID)
	at := d.now()
	body := placeBody{
		ID: in.ID, Position: position, Area: areas[0], Status: in.Body.Status, Lit: in.Body.Lit, Note: strings.TrimSpace(in.Body.Note),
		Author: pass.Caller().Name, At: &at,
	}
	if _, err := d.db.Pool.Exec(ctx, upsertPlace, body.ID, body.Area, position.Lon(), position.Lat(), body.Status, body.Lit, body.Note, body.Author, at); err != nil {
		return nil, fmt.Errorf("keep a place: %w", err)
	}
	d.shop.forget()
	return &placeOutput{body}, nil
}

// lixelPrefix begins the ids of stretches of road: it is followed by the H3 cell of their middle.
const lixelPrefix = "lixel/"

// placeAt is the position of a site by its id.
func (s *store) placeAt(ctx context.Context, id string) (orb.Point, error) {
	if name, is := strings.CutPrefix(id, lixelPrefix); is {
		cell, err := hex.Parse(name)
		if err != nil || hex.String(cell) != name {
			return orb.Point{}, missing("place")
		}
		return hex.Center(cell), nil
	}
	var p orb.Point
	err := s.db.Pool.QueryRow(ctx, selectSite, id).Scan(&p[0], &p[1])
	if errors.Is(err, pgx.ErrNoRows) {
		return p, missing("place")
	}
	if err != nil {
		return p, fmt.Errorf("find place: %w", err)
	}
	return p, nil
}
