package accidents

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	h3 "vigie/geoengine/hex"
	"vigie/geoengine/road"
	"vigie/predict/roadrisk"
	"vigie/progress"
)

// place is one place of a forecast: a lixel or a cell.
type place struct {
	id    string // of a lixel
	cell  uint64
	label string
	area  string // path of the deepest area that holds it
	size  float64
}

// ground is the places of a territory, in the order of the surface's. It does not change.
type ground struct {
	network *roadrisk.Network // nil without roads
	cells   *roadrisk.Cells   // nil with roads
	list    []place
	inside  []bool // of the territory; nil is all
	hash    string // of the roads and areas that it was made of
}

// input is what a run learns from.
type input struct {
	*ground
	accidents []roadrisk.Accident // by time, then place; reported and begun before until
	zone      *time.Location
	hash      string
}

// Hash names everything that is in it.
func (in *input) Hash() string { return in.hash }

// read gets accidents and places of a territory.
func read(ctx context.Context, db *geoengine.Store, spec forecast.Spec, zone *time.Location, report progress.Func) (*input, error) {
	g, err := groundOf(ctx, db, &spec, report)
	if err != nil {
		return nil, err
	}
	in := &input{ground: g, zone: zone}
	since := spec.Until.In(zone).AddDate(-yearsBack, 0, 0)
	if in.accidents, err = accidentsOf(ctx, db, spec.Areas, since, spec.Until, spec.Until); err != nil {
		return nil, err
	}
	in.hash = hashOf(g.hash, in.accidents)
	return in, nil
}

// accidentsOf reads the accidents of areas that began in [from, to) and were reported before a time.
func accidentsOf(ctx context.Context, db *geoengine.Store, areas []string, from, to, reported time.Time) ([]roadrisk.Accident, error) {
	q := geoengine.AllRights().Limit(geoengine.Query{Areas: areas, From: from, To: to, Categories: []string{category}})
	if len(areas) == 0 {
		q.Areas = nil
	}
	var found []roadrisk.Accident
	err := db.EachEvent(ctx, q, func(e *geoengine.LocatedEvent) {
		if e.Reported.Before(reported) {
			found = append(found, roadrisk.FromEvent(&e.Event))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read accidents: %w", err)
	}
	slices.SortStableFunc(found, func(a, b roadrisk.Accident) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Position[0], b.Position[0]), cmp.Compare(a.Position[1], b.Position[1]),
			cmp.Compare(a.Weight, b.Weight), cmp.Compare(a.Severity, b.Severity))
	})
	return found, nil
}

func hashOf(ground string, accidents []roadrisk.Accident) string {
	sum := sha256.New()
	sum.Write([]byte(ground))
	var row [58]byte
	for i := range accidents {
		a := &accidents[i]
		for j, v := range [...]float64{a.Position[0], a.Position[1], a.PrecisionM, a.Weight, a.Serious} {
			binary.LittleEndian.PutUint64(row[8*j:], math.Float64bits(v))
		}
		binary.LittleEndian.PutUint64(row[40:], uint64(a.Start.Unix()))
		binary.LittleEndian.PutUint64(row[48:], uint64(int64(a.Hour())))
		row[56], row[57] = byte(a.Severity), 0
		if a.HasPosition {
			row[57] = 1
		}
		sum.Write(row[:])
		sum.Write([]byte(a.Road))
		sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Lixels as in SIG DCA; roads are loaded some way beyond the territory, for ways to lead through.
const (
	shortestLixel = 250
	longestLixel  = 500
	marginM       = 3000
)

// groundOf makes the places that a run asks for: lixels where roads are imported, else cells.
func groundOf(ctx context.Context, db *geoengine.Store, spec *forecast.Spec, report progress.Func) (*ground, error) {
	want, err := chosen(spec, optionGround, onWhatThereIs, onRoads, onCells)
	if err != nil {
		return nil, err
	}
	locate, err := db.LoadLocator(ctx)
	if err != nil {
		return nil, err
	}
	if want != onCells {
		g, err := roadGround(ctx, db, spec.Areas, locate, report)
		if err == nil || want == onRoads || !errors.Is(err, geoengine.ErrMissing) {
			return g, err
		}
	}
	res, err := chosen(spec, optionResolution, "8", "7", "9")
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(res)
	if err != nil {
		return nil, fmt.Errorf("resolution %q: %w", res, geoengine.ErrInvalid)
	}
	return cellGround(ctx, db, spec.Areas, n, locate)
}

// roadGround loads and cuts the roads of areas. ErrMissing says that there are none.
func roadGround(ctx context.Context, db *geoengine.Store, areas []string, locate *geoengine.Locator, report progress.Func) (*ground, error) {
	graph, info, err := road.Load(ctx, db, scopeOf(areas), marginM, report)
	if err != nil {
		return nil, fmt.Errorf("roads of %v: %w", areas, err)
	}
	network, err := roadrisk.Prepare(ctx, graph, graph.Lixels(shortestLixel, longestLixel), report)
	if err != nil {
		return nil, err
	}
	g := &ground{network: network, list: make([]place, network.Lixels.Len()), inside: make([]bool, network.Lixels.Len())}
	seen := map[string]int{}
	for i := range g.list {
		l := &network.Lixels.List[i]
		at := l.Centre.Position
		id := "lixel/" + h3.String(h3.Cell(at.Lon(), at.Lat(), h3.MaxResolution))
		if seen[id]++; seen[id] > 1 {
			id += "-" + strconv.Itoa(seen[id])
		}
		g.list[i] = place{id: id, label: l.Name, area: locate.Locate(at), size: l.Metres / 1000}
		g.inside[i] = len(areas) == 0 || geoengine.Within(g.list[i].area, areas)
	}
	if !slices.Contains(g.inside, true) {
		return nil, fmt.Errorf("roads of %v: none lies in them: %w", areas, geoengine.ErrMissing)
	}
	g.seal("roads " + info.Hash)
	return g, nil
}

// scopeOf is nil, which is everywhere, for no areas.
func scopeOf(areas []string) []string {
	if len(areas) == 0 {
		return nil
	}
	return areas
}

// seal names the ground: what it was made of, and the areas of its places.
func (g *ground) seal(of string) {
	sum := sha256.New()
	sum.Write([]byte(of))
	for i := range g.list {
		fmt.Fprintf(sum, "\n%s %x %s", g.list[i].id, g.list[i].cell, g.list[i].area)
	}
	g.hash = hex.EncodeToString(sum.Sum(nil))
}

const (
	// selectBoxes are the boxes of the pieces of areas: cells are looked for in them.
	selectBoxes = `
		select st_xmin(p.geom), st_ymin(p.geom), st_xmax(p.geom), st_ymax(p.geom)
		from area a join area_part p on p.area = a.id
		where $1::text[] is null or a.path || '.' like any($1)`
	// mostCells bounds a territory of cells: a région at resolution 8.
	mostCells = 400_000
)

func boxesOf(ctx context.Context, db *geoengine.Store, areas []string) ([]orb.Bound, error) {
	var like []string
	for _, path := range areas {
		like = append(like, below(path))
	}
	rows, err := db.Pool.Query(ctx, selectBoxes, like)
	if err != nil {
		return nil, fmt.Errorf("boxes of areas: %w", err)
	}
	boxes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b orb.Bound, err error) {
		return b, row.Scan(&b.Min[0], &b.Min[1], &b.Max[0], &b.Max[1])
	})
	if err != nil {
		return nil, fmt.Errorf("boxes of areas: %w", err)
	}
	return boxes, nil
}

// areaOf is the area of a cell: that of its centre, or of its first corner that lies in the areas; "" for none.
func areaOf(cell uint64, areas []string, locate *geoengine.Locator) string {
	for _, p := range h3.Boundary([]orb.Point{h3.Center(cell)}, cell) {
		if area := locate.Locate(p); area != "" && (len(areas) == 0 || geoengine.Within(area, areas)) {
			return area
		}
	}
	return ""
}

// cellGround lists the cells of which the centre or a corner lies in areas.
func cellGround(ctx context.Context, db *geoengine.Store, areas []string, res int, locate *geoengine.Locator) (*ground, error) {
	boxes, err := boxesOf(ctx, db, areas)
	if err != nil {
		return nil, err
	}
	found := map[uint64]string{}
	for _, box := range boxes {
		for _, cell := range h3.Holders(box, res) {
			if _, known := found[cell]; known {
				continue
			}
			area := areaOf(cell, areas, locate)
			if area == "" {
				continue
			}
			if found[cell] = area; len(found) > mostCells {
				return nil, fmt.Errorf("accidents: more than %d cells of resolution %d in %v: choose a coarser resolution or smaller areas: %w", mostCells, res, areas, geoengine.ErrInvalid)
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("accidents: no cell of resolution %d lies in %v: import the outlines of the areas, or roads: %w", res, areas, geoengine.ErrMissing)
	}
	list := make([]uint64, 0, len(found))
	for cell := range found {
		list = append(list, cell)
	}
	cells, err := roadrisk.NewCells(list)
	if err != nil {
		return nil, err
	}
	g := &ground{cells: cells, list: make([]place, cells.Len())}
	for i, cell := range cells.List {
		g.list[i] = place{cell: cell, area: found[cell], size: h3.AreaM2(cell) / 1e6}
	}
	g.seal("cells " + strconv.Itoa(res))
	return g, nil
}

// build makes the surface of all accidents in some periods.
func (g *ground) build(ctx context.Context, accidents []roadrisk.Accident, periods []roadrisk.Period, model roadrisk.Model) (*roadrisk.Surface, error) {
	options := roadrisk.Options{Periods: periods, Kinds: []roadrisk.Kind{roadrisk.AnyKind}, Model: model, Inside: g.inside}
	if g.network == nil {
		return g.cells.Build(ctx, accidents, options)
	}
	surfaces, err := g.network.Build(ctx, accidents, options)
	return surfaces[roadrisk.AnyKind], err
}

// place puts accidents of a period on places.
func (g *ground) place(accidents []roadrisk.Accident, p roadrisk.Period) *roadrisk.Placement {
	if g.network == nil {
		return g.cells.Place(accidents, []roadrisk.Period{p})
	}
	return g.network.Place(accidents, []roadrisk.Period{p}, 0)
}
