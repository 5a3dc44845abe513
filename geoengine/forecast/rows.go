package forecast

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/geoengine/jobs"
)

// rows are the values of a result on their way into the table.
type rows struct {
	result *Result
	needs  string      // see openPattern
	at     []orb.Point // the middle of each value's place; NaN where it is not known
	kinds  []string
	places int
	bound  orb.Bound
	placed bool
	reach  float64
	step   string // of the longest values
	first  time.Time
}

func (s *Store) rows(ctx context.Context, tx pgx.Tx, r *Result, needs string) (*rows, error) {
	w := &rows{result: r, needs: needs, at: make([]orb.Point, len(r.Values)), kinds: []string{}}
	known, err := positions(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	var last *Value
	for i := range r.Values {
		v := &r.Values[i]
		if last != nil && last.Cell == v.Cell && last.Place == v.Place {
			w.at[i] = w.at[i-1]
		} else {
			w.places++
			w.at[i] = w.locate(v, known)
		}
		if last == nil || last.Kind != v.Kind {
			w.kinds = append(w.kinds, v.Kind)
		}
		last = v
	}
	slices.Sort(w.kinds)
	w.begin()
	w.kinds = slices.Compact(w.kinds)
	return w, nil
}

// begin finds the longest values, and the first of them.
func (w *rows) begin() {
	w.step, w.first = w.result.Spec.Horizon, w.result.From
	var longest *Value
	for i := range w.result.Values {
		v := &w.result.Values[i]
		if longest == nil || v.To.Sub(v.From) > longest.To.Sub(longest.From) || v.To.Sub(v.From) == longest.To.Sub(longest.From) && v.From.Before(longest.From) {
			longest = v
		}
	}
	if longest != nil {
		w.step, w.first = w.result.StepOf(longest), longest.From
	}
}

// locate is a point in the middle of a value's place, and widens what is known of all places.
func (w *rows) locate(v *Value, known map[string]orb.Point) orb.Point {
	var at orb.Point
	switch found, there := known[v.Place]; {
	case v.Cell != 0:
		at = hex.Center(v.Cell)
		var ring [16]orb.Point
		for _, corner := range hex.Boundary(ring[:0], v.Cell) {
			w.widen(at, corner)
		}
	case v.Geometry != nil:
		bound := v.Geometry.Bound()
		at = bound.Center()
		w.widen(at, bound.Max)
	case there:
		at = found
	default:
		return orb.Point{math.NaN(), math.NaN()}
	}
	if !w.placed {
		w.bound, w.placed = orb.Bound{Min: at, Max: at}, true
	}
	w.bound = w.bound.Extend(at)
	return at
}

func (w *rows) widen(at, corner orb.Point) {
	const meridian = 180 // a cell across it is no reason to look everywhere
	for axis := range at {
		if d := math.Abs(corner[axis] - at[axis]); d < meridian {
			w.reach = max(w.reach, d)
		}
	}
}

func (w *rows) box() []float64 {
	if !w.placed {
		return []float64{}
	}
	return []float64{w.bound.Min[0], w.bound.Min[1], w.bound.Max[0], w.bound.Max[1]}
}

const (
	selectUnitPositions = `
		select s.name || '/' || u.ref, st_x(u.geom), st_y(u.geom) from unit u join source s on s.id = u.source
		where u.geom is not null and s.name = any($1) and u.ref = any($2)`
	selectAreaPositions = `
		select path, st_x(at), st_y(at) from (
			select path, st_pointonsurface(coalesce(geom, outline)) at from area where path = any($1) and coalesce(geom, outline) is not null) a`
)

// positions are those of units and areas that are named by the values and have no shape of their own.
func positions(ctx context.Context, tx pgx.Tx, r *Result) (map[string]orb.Point, error) {
	var sources, refs, paths []string
	for i := range r.Values {
		v := &r.Values[i]
		if v.Cell != 0 || v.Geometry != nil || i > 0 && v.Place == r.Values[i-1].Place {
			continue
		}
		if source, ref, unit := strings.Cut(v.Place, "/"); unit {
			sources, refs = append(sources, source), append(refs, ref)
		} else {
			paths = append(paths, v.Place)
		}
	}
	known := map[string]orb.Point{}
	read := func(sql string, args ...any) error {
		found, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		var id string
		var at orb.Point
		_, err = pgx.ForEachRow(found, []any{&id, &at[0], &at[1]}, func() error {
			known[id] = at
			return nil
		})
		return err
	}
	if len(refs) > 0 {
		slices.Sort(sources)
		if err := read(selectUnitPositions, slices.Compact(sources), refs); err != nil {
			return nil, err
		}
	}
	if len(paths) > 0 {
		if err := read(selectAreaPositions, paths); err != nil {
			return nil, err
		}
	}
	return known, nil
}

const (
	copyValues = `copy forecast_value (run, seq, area, needs, cell, place, label, kind, step, begins, ends, expected, median, low50, high50, low80, high80, low95, high95,
		last_year, past, rank, profile, lon, lat, spot, geom) from stdin (format binary)`
	valueFields = 27
	copyAtOnce  = 20_000
)

// copy writes the values of a run.
func (w *rows) copy(ctx context.Context, tx pgx.Tx, id jobs.ID) error {
	for first := 0; first < len(w.result.Values); first += copyAtOnce {
		var c geoengine.CopyRows
		for i := first; i < min(first+copyAtOnce, len(w.result.Values)); i++ {
			c.Row(valueFields)
			if err := w.write(&c, id, i); err != nil {
				return err
			}
		}
		if err := c.Send(ctx, tx, copyValues); err != nil {
			return err
		}
	}
	return nil
}

func (w *rows) write(c *geoengine.CopyRows, id jobs.ID, i int) error {
	v := &w.result.Values[i]
	c.UUID(id)
	c.Int32(int32(i + 1))
	c.Text(v.Area)
	c.Text(w.needs)
	c.Int64(int64(v.Cell))
	c.Text(v.Place)
	c.Text(v.Label)
	c.Text(v.Kind)
	c.Text(w.result.StepOf(v))
	c.Time(v.From)
	c.Time(v.To)
	for _, number := range []float64{v.Expected, v.Median, v.Low50, v.High50, v.Low80, v.High80, v.Low95, v.High95, v.LastYear, v.Count} {
		c.Float64(number)
	}
	c.Int32(int32(v.Rank))
	c.Int32(int32(v.Profile))
	if at := w.at[i]; math.IsNaN(at[0]) {
		c.Null()
		c.Null()
		c.Int64(0)
	} else {
		c.Float64(at[0])
		c.Float64(at[1])
		c.Int64(int64(hex.Cell(at[0], at[1], geoengine.CellResolution)))
	}
	if v.Geometry == nil {
		c.Null()
		return nil
	}
	return c.Geometry(v.Geometry)
}
