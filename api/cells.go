package api

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
)

type cellsInput struct {
	Res   int    `query:"res" minimum:"3" maximum:"11" default:"7" doc:"H3 resolution."`
	Sort  string `query:"sort" enum:"count,weight" default:"count" doc:"Highest first."`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"500"`
}

type cellsBody struct {
	Cells     []cellRow `json:"cells" nullable:"false"`
	Truncated bool      `json:"truncated" doc:"There are more cells than limit."`
	Total     int       `json:"total" doc:"Cells with events."`
}

type cellRow struct {
	H3     string     `json:"h3"`
	Count  uint32     `json:"count"`
	Weight float64    `json:"weight"`
	Lon    float64    `json:"lon" doc:"Of the centre."`
	Lat    float64    `json:"lat"`
	Area   *placeName `json:"area" doc:"Deepest area that holds the centre."`
}

func (s *Server) cells(ctx context.Context, pass door.Pass, in *cellsInput) (*struct{ Body cellsBody }, error) {
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return nil, err
	}
	counts, err := s.config.Cube.Cells(pass.Query(q), in.Res)
	if err != nil {
		return nil, err
	}
	top := highest(counts, in.Limit, in.Sort == "weight")
	body := cellsBody{Cells: make([]cellRow, len(top)), Truncated: len(counts) > len(top), Total: len(counts)}
	centers := make([]orb.Point, len(top))
	for i, c := range top {
		centers[i] = hex.Center(c.Cell)
		body.Cells[i] = cellRow{H3: hex.String(c.Cell), Count: c.Count, Weight: rounded(c.Weight), Lon: centers[i].Lon(), Lat: centers[i].Lat()}
	}
	places, err := s.placesAt(ctx, centers)
	for i, place := range places {
		body.Cells[i].Area = place
	}
	return &struct{ Body cellsBody }{body}, err
}

// highest returns the n highest counts or weights, highest first, equal ones by cell. counts is not changed.
func highest(counts []cube.Count, n int, byWeight bool) []cube.Count {
	order := func(a, b cube.Count) int {
		if byWeight && a.Weight != b.Weight {
			return cmp.Compare(b.Weight, a.Weight)
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cell, b.Cell))
	}
	// Of a million cells only the first few hundred matter: sort whenever twice as many are kept.
	kept := make([]cube.Count, 0, 2*n+1)
	for _, c := range counts {
		if kept = append(kept, c); len(kept) > 2*n {
			slices.SortFunc(kept, order)
			kept = kept[:n]
		}
	}
	slices.SortFunc(kept, order)
	return kept[:min(n, len(kept))]
}

// rounded is a sum of weights to the thousandth: the smallest weights are 0.005, and sums of them are not exact.
func rounded(weight float64) float64 { return math.Round(weight*1000) / 1000 }

// placesAt names the deepest area at each point; nil where there is none.
func (s *Server) placesAt(ctx context.Context, points []orb.Point) ([]*placeName, error) {
	paths, err := s.config.Store.AreasAt(ctx, points)
	if err != nil {
		return nil, err
	}
	areas, err := s.places.read(ctx)
	if err != nil {
		return nil, err
	}
	places := make([]*placeName, len(points))
	for i, path := range paths {
		places[i] = nameOf(areas, path)
	}
	return places, nil
}

type cellInput struct {
	H3 string `path:"h3" minLength:"15" maxLength:"16" doc:"H3 index in hexadecimal, resolution 3 to 11."`
}

type cellBody struct {
	H3       string      `json:"h3"`
	Res      int         `json:"res"`
	Center   [2]float64  `json:"center" doc:"Longitude, latitude."`
	AreaM2   float64     `json:"area_m2"`
	Area     *placeName  `json:"area" doc:"Deepest area that holds the centre."`
	Total    uint32      `json:"total"`
	Weight   float64     `json:"weight"`
	Hours    [24]uint32  `json:"hours" doc:"By local hour, where it is known."`
	Weekdays [7]uint32   `json:"weekdays" doc:"From Monday, where it is known."`
	Months   [12]uint32  `json:"months" doc:"From January."`
	HourGrid [176]uint32 `json:"hour_grid"`
	Version  uint64      `json:"version"`
}

func (s *Server) cell(ctx context.Context, pass door.Pass, in *cellInput) (*struct{ Body cellBody }, error) {
	cell, err := parseCell(in.H3)
	if err != nil {
		return nil, err
	}
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return nil, err
	}
	version := s.config.Cube.Version()
	profile, err := s.config.Cube.Profile(pass.Query(q), cell)
	if err != nil {
		return nil, err
	}
	center := hex.Center(cell)
	places, err := s.placesAt(ctx, []orb.Point{center})
	if err != nil {
		return nil, err
	}
	return &struct{ Body cellBody }{cellBody{
		H3: hex.String(cell), Res: hex.Resolution(cell), Center: center, AreaM2: hex.AreaM2(cell), Area: places[0],
		Total: profile.Total.Count, Weight: rounded(profile.Total.Weight), Hours: profile.Hours, Weekdays: profile.Weekdays,
		Months: profile.Months, HourGrid: profile.HourGrid, Version: version,
	}}, nil
}

// parseCell reads an H3 index of a resolution that is counted.
func parseCell(text string) (uint64, error) {
	cell, err := hex.Parse(text)
	if err != nil || !hex.Valid(cell) {
		return 0, fmt.Errorf("cell %.20q: must be an H3 index in hexadecimal: %w", text, geoengine.ErrInvalid)
	}
	if res := hex.Resolution(cell); res < coarsest || res > finest {
		return 0, fmt.Errorf("cell %s has resolution %d: must be %d to %d: %w", text, res, coarsest, finest, geoengine.ErrInvalid)
	}
	return cell, nil
}

type areaCountsInput struct {
	Level string `query:"level" pattern:"^[a-z_]{1,40}$" default:"commune" doc:"country, region, departement, commune, circonscription, brigade, or a level of your own."`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"500"`
}

type areaCountsBody struct {
	Areas     []areaCount `json:"areas" nullable:"false" doc:"Highest count first."`
	Truncated bool        `json:"truncated"`
	Total     int         `json:"total" doc:"Areas with events."`
}

type areaCount struct {
	Path   string  `json:"path"`
	Name   string  `json:"name"`
	Level  string  `json:"level"`
	Code   string  `json:"code"`
	Count  uint32  `json:"count"`
	Weight float64 `json:"weight"`
}

func (s *Server) areaCounts(ctx context.Context, pass door.Pass, in *areaCountsInput) (*struct{ Body areaCountsBody }, error) {
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return nil, err
	}
	deepest, err := s.config.Cube.Areas(pass.Query(q))
	if err != nil {
		return nil, err
	}
	areas, err := s.places.read(ctx)
	if err != nil {
		return nil, err
	}
	rows := rollUp(deepest, areas, in.Level)
	slices.SortFunc(rows, func(a, b areaCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Path, b.Path))
	})
	kept := rows[:min(in.Limit, len(rows))]
	return &struct{ Body areaCountsBody }{areaCountsBody{Areas: kept, Truncated: len(kept) < len(rows), Total: len(rows)}}, nil
}

// rollUp adds the counts of the deepest areas to their ancestors (or themselves) of one level.
func rollUp(deepest map[string]cube.Count, areas *geoengine.Gazetteer, level string) []areaCount {
	sums := map[string]areaCount{}
	for path, count := range deepest {
		for at := path; at != ""; {
			if area, ok := areas.Name(at); ok && area.Level == level {
				sum := sums[at]
				sum.Count += count.Count
				sum.Weight += count.Weight
				sums[at] = sum
				break
			}
			at = at[:max(strings.LastIndexByte(at, '.'), 0)]
		}
	}
	rows := make([]areaCount, 0, len(sums))
	for path, sum := range sums {
		area, _ := areas.Name(path)
		sum.Path, sum.Name, sum.Level, sum.Code = path, area.Name, area.Level, area.Code
		sum.Weight = rounded(sum.Weight)
		rows = append(rows, sum)
	}
	return rows
}
