package road

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"vigie/geoengine"
	"vigie/progress"
)

// Info says what a Graph was made of.
type Info struct {
	Sources  []string  // that have a network, by name
	Imported time.Time // the latest import of these
	Sections int       // loaded
	// Hash names what was loaded: the same for the same content of the networks and the same areas and margin.
	Hash string
}

// Network is what Read found.
type Network struct {
	Sections []Section
	Turns    []Restriction
	Sites    []Site
}

// Load reads the road network of the areas and makes a Graph of it: see Read. ErrMissing says that no roads are imported,
// or none there, and how to import some.
func Load(ctx context.Context, store *geoengine.Store, areas []string, marginM float64, tell progress.Func) (*Graph, Info, error) {
	network, info, err := Read(ctx, store, areas, marginM, tell)
	if err != nil {
		return nil, info, err
	}
	graph, err := New(network.Sections, network.Turns, network.Sites)
	if err != nil {
		return nil, info, fmt.Errorf("make the road graph: %w", err)
	}
	return graph, info, nil
}

const (
	activeNetworks = `
		select n.generation, s.name, n.imported, n.sections, n.hash
		from road_network n join source s on s.id = n.source
		where n.state = 'active' order by s.name`
	// The areas' parts grown by the margin, as boxes, united and cut into disjoint pieces of few corners.
	selectPieces = `
		with part as (
			select p.geom, least(85, greatest(abs(st_ymin(p.geom)), abs(st_ymax(p.geom)))) lat
			from area a join area_part p on p.area = a.id
			where a.path = any($1) or a.path like any($2)),
		box as (
			select st_expand(st_envelope(geom), $3 / (111195 * cos(radians(lat))), $3 / 111195) geom from part)
		select st_asbinary(piece) from (select st_subdivide(st_union(geom), 32) piece from box) pieces`
	selectSections = `
		select generation, ref, from_junction, to_junction, class, name, number, forward, backward, speed_forward,
			speed_backward, access, link, roundabout, bridge, tunnel, lit, built_up, lanes, st_asbinary(geom)
		from road_section where generation = any($1)`
	selectTurns = `
		select generation, ref, from_ref, via, to_ref, junction, only_to from road_restriction where generation = any($1)`
	selectSites = `
		select generation, ref, kind, name, st_asbinary(geom), area_m2, lit, access from road_site where generation = any($1)`
	within = ` and geom && st_geomfromwkb($2, 4326) and st_intersects(geom, st_geomfromwkb($2, 4326))`
)

// Read reads the sections within marginM metres of the areas (paths; nil is everywhere), the restrictions among them,
// and the sites there. The areas count by the boxes of their parts, so that some more lies around them, never less.
//
// Every source that has a network gives its own: where two overlap their roads lie beside one another and are not joined.
func Read(ctx context.Context, store *geoengine.Store, areas []string, marginM float64, tell progress.Func) (*Network, Info, error) {
	if !(marginM >= 0 && marginM <= 1e6) {
		return nil, Info{}, fmt.Errorf("load roads: margin %v m: must be 0 to 1,000 km: %w", marginM, geoengine.ErrInvalid)
	}
	r := &reading{network: &Network{}, sources: map[int64]string{}, refs: map[reference]bool{}, sites: map[reference]bool{}, tell: tell}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, store.Pool, snapshot, func(tx pgx.Tx) error { return r.read(ctx, tx, areas, marginM) })
	if err != nil {
		return nil, Info{}, fmt.Errorf("load roads: %w", err)
	}
	return r.network, r.info, nil
}

// reference names a row of one of several networks.
type reference struct {
	generation int64
	ref        string
}

type reading struct {
	network     *Network
	info        Info
	generations []int64
	sources     map[int64]string
	total       int64
	refs, sites map[reference]bool // of what is read
	tell        progress.Func
}

func (r *reading) read(ctx context.Context, tx pgx.Tx, areas []string, marginM float64) error {
	if err := r.networks(ctx, tx, areas, marginM); err != nil {
		return err
	}
	if areas == nil {
		if err := r.rows(ctx, tx, "", nil); err != nil {
			return err
		}
	} else {
		pieces, err := piecesOf(ctx, tx, areas, marginM)
		if err != nil {
			return err
		}
		for _, piece := range pieces {
			if err := r.rows(ctx, tx, within, piece); err != nil {
				return err
			}
		}
	}
	if len(r.network.Sections) == 0 {
		return fmt.Errorf("no road of %s lies in %s: import the roads of that region: %w",
			strings.Join(r.info.Sources, ", "), strings.Join(areas, ", "), geoengine.ErrMissing)
	}
	r.report(true)
	return r.turns(ctx, tx)
}

// networks reads which networks are active.
func (r *reading) networks(ctx context.Context, tx pgx.Tx, areas []string, marginM float64) error {
	rows, err := tx.Query(ctx, activeNetworks)
	if err != nil {
		return err
	}
	sum := fnv.New64a()
	var generation, sections, hash int64
	var name string
	var imported time.Time
	_, err = pgx.ForEachRow(rows, []any{&generation, &name, &imported, &sections, &hash}, func() error {
		r.generations = append(r.generations, generation)
		r.sources[generation] = name
		r.info.Sources = append(r.info.Sources, name)
		r.total += sections
		if imported.After(r.info.Imported) {
			r.info.Imported = imported
		}
		fmt.Fprintf(sum, "%q %x\n", name, uint64(hash))
		return nil
	})
	if err != nil {
		return err
	}
	if len(r.generations) == 0 {
		return fmt.Errorf("no road network is imported: vigie import osm FILE, or vigie import roads FILE: %w", geoengine.ErrMissing)
	}
	fmt.Fprintf(sum, "%q %x", areas, math.Float64bits(marginM))
	r.info.Hash = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// piecesOf are the polygons that cover the areas with the margin, in WKB.
func piecesOf(ctx context.Context, tx pgx.Tx, areas []string, marginM float64) ([][]byte, error) {
	below := make([]string, len(areas))
	for i, path := range areas {
		below[i] = strings.NewReplacer(`\`, `\\`, `_`, `\_`, `%`, `\%`).Replace(path) + ".%"
	}
	rows, err := tx.Query(ctx, selectPieces, areas, below, marginM)
	if err != nil {
		return nil, err
	}
	pieces, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err == nil && len(pieces) == 0 {
		err = fmt.Errorf("none of the areas %s has a boundary: import the areas: %w", strings.Join(areas, ", "), geoengine.ErrMissing)
	}
	return pieces, err
}

// rows reads sections and sites, of one piece if there is one.
func (r *reading) rows(ctx context.Context, tx pgx.Tx, condition string, piece []byte) error {
	args := []any{r.generations}
	if condition != "" {
		args = append(args, piece)
	}
	if err := r.sections(ctx, tx, selectSections+condition+` order by generation, ref`, args); err != nil {
		return err
	}
	return r.placed(ctx, tx, selectSites+condition+` order by generation, ref`, args)
}

func (r *reading) sections(ctx context.Context, tx pgx.Tx, sql string, args []any) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	var s Section
	var generation int64
	var geometry []byte
	fields := []any{&generation, &s.Ref, &s.From, &s.To, &s.Class, &s.Name, &s.Number, &s.Forward, &s.Backward, &s.SpeedForward,
		&s.SpeedBackward, &s.Access, &s.Link, &s.Roundabout, &s.Bridge, &s.Tunnel, &s.Lit, &s.BuiltUp, &s.Lanes, &geometry}
	_, err = pgx.ForEachRow(rows, fields, func() error {
		if !first(r.refs, reference{generation, s.Ref}) {
			return nil
		}
		read, err := wkb.Unmarshal(geometry)
		line, isLine := read.(orb.LineString)
		if err != nil || !isLine {
			return errors.Join(fmt.Errorf("section %s: its geometry cannot be read", s.Ref), err)
		}
		s.Source, s.Line = r.sources[generation], line
		r.network.Sections = append(r.network.Sections, s)
		if len(r.network.Sections)%4096 == 0 {
			r.report(false)
		}
		return nil
	})
	return err
}

// first tells whether the row was not read before, in another piece.
func first(seen map[reference]bool, row reference) bool {
	if seen[row] {
		return false
	}
	seen[row] = true
	return true
}

func (r *reading) report(finished bool) {
	r.info.Sections = len(r.network.Sections)
	u := progress.Update{Task: "load roads", Unit: "sections", Done: int64(r.info.Sections), Finished: finished}
	if finished {
		u.Total = u.Done
	}
	r.tell.Report(u)
}

func (r *reading) placed(ctx context.Context, tx pgx.Tx, sql string, args []any) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	var s Site
	var generation int64
	var geometry []byte
	_, err = pgx.ForEachRow(rows, []any{&generation, &s.Ref, &s.Kind, &s.Name, &geometry, &s.AreaM2, &s.Lit, &s.Access}, func() error {
		if !first(r.sites, reference{generation, s.Ref}) {
			return nil
		}
		read, err := wkb.Unmarshal(geometry)
		position, isPoint := read.(orb.Point)
		if err != nil || !isPoint {
			return errors.Join(fmt.Errorf("site %s: its position cannot be read", s.Ref), err)
		}
		s.Source, s.Position = r.sources[generation], position
		r.network.Sites = append(r.network.Sites, s)
		return nil
	})
	return err
}

// turns reads the restrictions whose sections are all there.
func (r *reading) turns(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, selectTurns+` order by generation, ref`, r.generations)
	if err != nil {
		return err
	}
	for rows.Next() {
		var t Restriction
		var generation int64
		if err := rows.Scan(&generation, &t.Ref, &t.From, &t.Via, &t.To, &t.Junction, &t.Only); err != nil {
			return err
		}
		t.Source = r.sources[generation]
		whole := true
		for _, ref := range append([]string{t.From, t.To}, t.Via...) {
			whole = whole && r.refs[reference{generation, ref}]
		}
		if whole {
			r.network.Turns = append(r.network.Turns, t)
		}
	}
	return rows.Err()
}
