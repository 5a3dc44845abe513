package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"vigie/data"
	"vigie/geoengine"
	"vigie/predict/hotspot"
	"vigie/predict/judge"
)

// theftOf makes a theft of the texts of its fields; false if the day or the position is none. Days begin with YYYY-MM-DD.
func theftOf(day, reported, lon, lat string) (hotspot.Event, bool) {
	when, err := dayOf(day)
	x, errX := strconv.ParseFloat(lon, 64)
	y, errY := strconv.ParseFloat(lat, 64)
	if err != nil || errX != nil || errY != nil || !(math.Abs(x) <= 180 && math.Abs(y) < 90) || x == 0 && y == 0 {
		return hotspot.Event{}, false
	}
	e := hotspot.Event{Point: orb.Point{x, y}, Day: when, Reported: when}
	if known, err := dayOf(reported); err == nil {
		e.Reported = max(known, when)
	}
	return e, true
}

func dayOf(text string) (judge.Day, error) {
	if len(text) > len(time.DateOnly) {
		text = text[:len(time.DateOnly)]
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, err
	}
	if t.Year() < 1900 || t.Year() > 2200 {
		return 0, fmt.Errorf("year %d: %w", t.Year(), geoengine.ErrInvalid)
	}
	return judge.DayOf(t), nil
}

// mostBoundary bounds the size of a boundary file.
const mostBoundary = 64 << 20

// readBoundary reads a territory: GeoJSON, or a CSV of the corners of one ring.
func readBoundary(ctx context.Context, a *app, path string) (orb.MultiPolygon, error) {
	files, cleanup, err := data.OpenInput(ctx, []string{path}, data.Limits{MaxBytes: mostBoundary, Progress: a.progress})
	if err != nil {
		return nil, err
	}
	defer cleanup()
	if len(files) != 1 {
		return nil, fmt.Errorf("%s holds %d files: give one: %w", path, len(files), geoengine.ErrInvalid)
	}
	stream, err := files[0].Open()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return parseBoundary(stream, files[0].Name)
}

func parseBoundary(r io.Reader, name string) (orb.MultiPolygon, error) {
	in := bufio.NewReader(r)
	if head, _ := in.Peek(512); bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff"))), []byte("{")) {
		return boundaryJSON(in, name)
	}
	rows := csv.NewReader(in)
	rows.ReuseRecord = true
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: neither GeoJSON nor a CSV of corners: %w: %w", name, geoengine.ErrInvalid, err)
	}
	names := make([]string, len(head))
	for i, h := range head {
		names[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))
	}
	feet := slices.Contains(names, "x") && slices.Contains(names, "y")
	x, y := slices.Index(names, "lon"), slices.Index(names, "lat")
	if feet {
		x, y = slices.Index(names, "x"), slices.Index(names, "y")
	}
	if x < 0 || y < 0 {
		return nil, fmt.Errorf("%s has the columns %s: lon and lat, or x and y in feet of EPSG:2913, are needed: %w", name, strings.Join(names, ", "), geoengine.ErrInvalid)
	}
	plane := hotspot.OregonNorth()
	var ring orb.Ring
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, geoengine.ErrInvalid, err)
		}
		u, errU := strconv.ParseFloat(strings.TrimSpace(row[x]), 64)
		v, errV := strconv.ParseFloat(strings.TrimSpace(row[y]), 64)
		if err := errors.Join(errU, errV); err != nil {
			return nil, fmt.Errorf("%s, corner %d: %w: %w", name, len(ring)+1, geoengine.ErrInvalid, err)
		}
		p := orb.Point{u, v}
		if feet {
			const foot = 0.3048 // metres, international
			p = plane.Off(orb.Point{u * foot, v * foot})
		}
		ring = append(ring, p)
	}
	return checkBoundary(orb.MultiPolygon{{ring}}, name)
}

func boundaryJSON(r io.Reader, name string) (orb.MultiPolygon, error) {
	raw, err := io.ReadAll(io.LimitReader(r, mostBoundary))
	if err != nil {
		return nil, err
	}
	var kind struct{ Type string }
	if err := json.Unmarshal(raw, &kind); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, geoengine.ErrInvalid, err)
	}
	var shapes []orb.Geometry
	switch kind.Type {
	case "FeatureCollection":
		c, err := geojson.UnmarshalFeatureCollection(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, geoengine.ErrInvalid, err)
		}
		for _, f := range c.Features {
			shapes = append(shapes, f.Geometry)
		}
	case "Feature":
		f, err := geojson.UnmarshalFeature(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, geoengine.ErrInvalid, err)
		}
		shapes = append(shapes, f.Geometry)
	default:
		g, err := geojson.UnmarshalGeometry(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, geoengine.ErrInvalid, err)
		}
		shapes = append(shapes, g.Geometry())
	}
	var out orb.MultiPolygon
	for _, s := range shapes {
		switch s := s.(type) {
		case orb.Polygon:
			out = append(out, s)
		case orb.MultiPolygon:
			out = append(out, s...)
		}
	}
	return checkBoundary(out, name)
}

// checkBoundary refuses what encloses nothing or is not in degrees.
func checkBoundary(territory orb.MultiPolygon, name string) (orb.MultiPolygon, error) {
	corners := 0
	for _, polygon := range territory {
		for _, ring := range polygon {
			if len(ring) < 3 {
				return nil, fmt.Errorf("%s: a ring of %d corners: %w", name, len(ring), geoengine.ErrInvalid)
			}
			corners += len(ring)
			for _, p := range ring {
				if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) < 89) {
					return nil, fmt.Errorf("%s: the corner %v is not longitude and latitude in degrees: %w", name, p, geoengine.ErrInvalid)
				}
			}
		}
	}
	if corners == 0 {
		return nil, fmt.Errorf("%s holds no polygon: %w", name, geoengine.ErrInvalid)
	}
	return territory, nil
}
