package processes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/geoengine/jobs"
)

// Outlines to some 50 m: enough to colour areas by their counts.
const selectOutlines = `
	select path, st_asgeojson(st_simplifypreservetopology(coalesce(geom, outline), 0.0005), 5) from area
	where path = any($1) and coalesce(geom, outline) is not null`

// writeGeoJSON writes the counts as features; cells are hexagons.
func (b *counts) writeGeoJSON(ctx context.Context, from *Sources, call *jobs.Call) error {
	outline := func(r *countRow) (json.RawMessage, error) { return hexagon(r.cell) }
	switch b.By {
	case byTime:
		return fmt.Errorf("output result: counts by time have no GeoJSON: ask for application/json or text/csv: %w", geoengine.ErrInvalid)
	case byArea:
		outlines, err := b.outlines(ctx, from, call)
		if err != nil {
			return err
		}
		outline = func(r *countRow) (json.RawMessage, error) { return outlines[r.Path], nil }
	}
	w, err := call.Output("result", mediaGeoJSON)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString(`{"type":"FeatureCollection","features":[`)
	for i := range b.Rows {
		r := &b.Rows[i]
		geometry, err := outline(r)
		if err != nil {
			return err
		}
		feature, err := json.Marshal(struct {
			Type       string          `json:"type"`
			ID         string          `json:"id"`
			Geometry   json.RawMessage `json:"geometry"`
			Properties *countRow       `json:"properties"`
		}{"Feature", r.H3 + r.Path, geometry, r})
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(feature)
		if out.Len() > 64<<10 {
			if _, err := out.WriteTo(w); err != nil {
				return err
			}
		}
	}
	if b.Protected != nil {
		note, err := json.Marshal(b.Protected)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, `],"protected":%s}`, note)
	} else {
		out.WriteString("]}")
	}
	_, err = out.WriteTo(w)
	return err
}

// hexagon is the outline of a cell.
func hexagon(cell uint64) (json.RawMessage, error) {
	ring := hex.Boundary(nil, cell)
	return json.Marshal(struct {
		Type        string        `json:"type"`
		Coordinates [][]orb.Point `json:"coordinates"`
	}{"Polygon", [][]orb.Point{append(ring, ring[0])}})
}

func (b *counts) outlines(ctx context.Context, from *Sources, call *jobs.Call) (map[string]json.RawMessage, error) {
	paths := make([]string, len(b.Rows))
	for i, r := range b.Rows {
		paths[i] = r.Path
	}
	outlines := make(map[string]json.RawMessage, len(paths))
	err := from.Store.Read(ctx, call.Rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectOutlines, paths)
		if err != nil {
			return err
		}
		var (
			path, text string
		)
		_, err = pgx.ForEachRow(rows, []any{&path, &text}, func() error {
			outlines[path] = json.RawMessage(text)
			return nil
		})
		return err
	})
	return outlines, err
}
