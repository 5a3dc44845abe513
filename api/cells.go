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
	"vigie/geoengine/disclosure"
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

	Protected *disclosure.Note `json:"protected,omitempty" doc:"What the answer holds of protected families."`
}

type cellRow struct {
	H3     string     `json:"h3"`
	Count  *uint32    `json:"count" doc:"Events that may be told; null where none may be, and some are hidden."`
	Weight *float64   `json:"weight" doc:"Null where protected events are counted or hidden."`
	Hidden string     `json:"hidden,omitempty" enum:"below,withheld" doc:"What is missing beside count: fewer than k events, or a number that is withheld."`
	K      int        `json:"k,omitempty" doc:"The threshold of what is hidden."`
	Lon    float64    `json:"lon" doc:"Of the centre."`
	Lat    float64    `json:"lat"`
	Area   *placeName `json:"area" doc:"Deepest area that holds the centre."`
}

func (s *Server) cells(ctx context.Context, pass door.Pass, in *cellsInput) (*struct{ Body cellsBody }, error) {
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return nil, err
	}
	counts, note, err := s.counted(ctx, pass, q, nil, in.Res)
	if err != nil {
		return nil, err
	}
	top := highest(counts, in.Limit, in.Sort == "weight")
	body := cellsBody{
		Cells: make([]cellRow, len(top)), Truncated: len(counts) > len(top), Total: len(counts), Protected: note.OrNil(),
	}
	centers := make([]orb.Point, len(top))
	for i, c := range top {
		centers[i] = hex.Center(c.Cell)
		count, weight := told(c)
		body.Cells[i] = cellRow{
			H3: hex.String(c.Cell), Count: count, Weight: weight, Hidden: c.Hidden.String(), K: c.K,
			Lon: centers[i].Lon(), Lat: centers[i].Lat(),
		}
	}
	places, err := s.placesAt(ctx, centers)
	for i, place := range places {
		body.Cells[i].Area = place
	}
	return &struct{ Body cellsBody }{body}, err
}

// counted counts by cell of a resolution what the caller may know of q, as the filters say it: open events, and
// protected families as they are published. cells, ascending, are those that are meant; nil is all.
func (s *Server) counted(ctx context.Context, pass door.Pass, q geoengine.Query, cells []uint64, res int) ([]disclosure.Cell, disclosure.Note, error) {
	q = pass.Query(q)
	if cells == nil {
		return s.releases.With(ctx, s.config.Cube, pass.Policy(), q, res)
	}
	open, err := s.config.Cube.CellsIn(q, cells, res)
	if err != nil {
		return nil, disclosure.Note{}, err
	}
	protected, note, err := s.releases.CellsIn(ctx, pass.Policy(), q, cells, res)
	return disclosure.Merge(open, protected), note, err
}

// told are the numbers of a cell as answers have them.
func told(c disclosure.Cell) (count *uint32, weight *float64) {
	if c.Count > 0 || c.Hidden == disclosure.None {
		count = &c.Count
	}
	if !c.Protected {
		w := rounded(c.Weight)
		weight = &w
	}
	return count, weight
}

// highest returns the n highest counts or weights, highest first, equal ones by cell. counts is not changed.
func highest(counts []disclosure.Cell, n int, byWeight bool) []disclosure.Cell {
	order := func(a, b disclosure.Cell) int {
		if byWeight && a.Weight != b.Weight {
			return cmp.Compare(b.Weight, a.Weight)
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cell, b.Cell))
	}
	// Of a million cells only the first few hundred matter: sort whenever twice as many are kept.
	kept := make([]disclosure.Cell, 0, 2*n+1)
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
	Total    *uint32     `json:"total" doc:"Events that may be told; null where none may be, and some are hidden. What follows is of the open ones."`
	Weight   *float64    `json:"weight" doc:"Null where protected events are counted or hidden."`
	Hidden   string      `json:"hidden,omitempty" enum:"below,withheld"`
	K        int         `json:"k,omitempty"`
	Hours    [24]uint32  `json:"hours" doc:"By local hour, where it is known."`
	Weekdays [7]uint32   `json:"weekdays" doc:"From Monday, where it is known."`
	Months   [12]uint32  `json:"months" doc:"From January."`
	HourGrid [176]uint32 `json:"hour_grid"`
	Version  uint64      `json:"version"`

	Protected *disclosure.Note `json:"protected,omitempty"`
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
	one, note, err := s.counted(ctx, pass, withoutBox(q), []uint64{cell}, hex.Resolution(cell))
	if err != nil {
		return nil, err
	}
	whole := disclosure.Cell{}
	if len(one) > 0 {
		whole = one[0]
	}
	center := hex.Center(cell)
	places, err := s.placesAt(ctx, []orb.Point{center})
	if err != nil {
		return nil, err
	}
	count, weight := told(whole)
	return &struct{ Body cellBody }{cellBody{
		H3: hex.String(cell), Res: hex.Resolution(cell), Center: center, AreaM2: hex.AreaM2(cell), Area: places[0],
		Total: count, Weight: weight, Hidden: whole.Hidden.String(), K: whole.K,
		Hours: profile.Hours, Weekdays: profile.Weekdays,
		Months: profile.Months, HourGrid: profile.HourGrid, Version: version, Protected: note.OrNil(),
	}}, nil
}

// withoutBox is the query wherever it is asked.
func withoutBox(q geoengine.Query) geoengine.Query {
	q.Box = nil
	return q
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

	Protected *disclosure.Note `json:"protected,omitempty"`
}

type areaCount struct {
	Path   string   `json:"path"`
	Name   string   `json:"name"`
	Level  string   `json:"level"`
	Code   string   `json:"code"`
	Count  *uint32  `json:"count" doc:"Events that may be told; null where none may be, and some are hidden."`
	Weight *float64 `json:"weight" doc:"Null where protected events are counted or hidden."`
	Hidden string   `json:"hidden,omitempty" enum:"below,withheld"`
	K      int      `json:"k,omitempty"`
}

func (s *Server) areaCounts(ctx context.Context, pass door.Pass, in *areaCountsInput) (*struct{ Body areaCountsBody }, error) {
	q, err := s.filters.Parse(pass.Values())
	if err != nil {
		return nil, err
	}
	q = pass.Query(q)
	deepest, err := s.config.Cube.Areas(q)
	if err != nil {
		return nil, err
	}
	areas, err := s.places.read(ctx)
	if err != nil {
		return nil, err
	}
	protected, note, err := s.releases.Areas(ctx, pass.Policy(), q, in.Level, func(path string) string {
		area, _ := areas.Name(path)
		return area.Level
	})
	if err != nil {
		return nil, err
	}
	rows := areaRows(rollUp(deepest, areas, in.Level), protected, areas)
	kept := rows[:min(in.Limit, len(rows))]
	return &struct{ Body areaCountsBody }{areaCountsBody{
		Areas: kept, Truncated: len(kept) < len(rows), Total: len(rows), Protected: note.OrNil(),
	}}, nil
}

// rollUp adds the counts of the deepest areas to their ancestors (or themselves) of one level.
func rollUp(deepest map[string]cube.Count, areas *geoengine.Gazetteer, level string) map[string]cube.Count {
	sums := map[string]cube.Count{}
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
	return sums
}

// areaRows names the areas with open or protected events, the highest count first.
func areaRows(open map[string]cube.Count, protected map[string]disclosure.Amount, areas *geoengine.Gazetteer) []areaCount {
	sums := make(map[string]disclosure.Cell, len(open)+len(protected))
	for path, count := range open {
		sums[path] = disclosure.Cell{Count: count.Count, Weight: count.Weight}
	}
	for path, amount := range protected {
		sum := sums[path]
		sums[path] = disclosure.Cell{Count: sum.Count + amount.Count, Weight: sum.Weight, Hidden: amount.Hidden, K: amount.K, Protected: true}
	}
	rows := make([]areaCount, 0, len(sums))
	for path, sum := range sums {
		area, _ := areas.Name(path)
		count, weight := told(sum)
		rows = append(rows, areaCount{
			Path: path, Name: area.Name, Level: area.Level, Code: area.Code,
			Count: count, Weight: weight, Hidden: sum.Hidden.String(), K: sum.K,
		})
	}
	slices.SortFunc(rows, func(a, b areaCount) int {
		return cmp.Or(cmp.Compare(sums[b.Path].Count, sums[a.Path].Count), strings.Compare(a.Path, b.Path))
	})
	return rows
}
