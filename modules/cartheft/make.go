package cartheft

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
	"vigie/predict/hotspot"
	"vigie/predict/judge"
	"vigie/progress"
)

// Limits of the resolutions that are tried.
const (
	mostCells  = 300_000   // of a grid
	mostCover  = 1_500_000 // cells in the box around a territory, which are looked at to find those within
	leastFound = 0.95      // share of the thefts whose position must be known well enough for the cells
)

// fit is a forecast at one resolution.
type fit struct {
	resolution int
	*hotspot.Fitted
	imprecise int     // thefts left out
	share     float64 // of the thefts that the budget held, in the rehearsals, that resolutions are compared by; −1 without any
}

// absolute is the budget by which resolutions are compared where nobody has drawn the territory.
const absolute = "0.75 mi²"

// makeRun is the run: a pure function of what was read and the spec.
func makeRun(ctx context.Context, in *input, spec forecast.Spec, report progress.Func) (*forecast.Result, error) {
	forecaster, err := Forecaster()
	if err != nil {
		return nil, err
	}
	r := &forecast.Result{From: spec.Until}
	for _, h := range forecaster.Horizons {
		if h.Name == spec.Horizon {
			r.To = h.End(spec.Until)
		}
	}
	if r.To.IsZero() {
		return nil, fmt.Errorf("horizon %q: %w", spec.Horizon, geoengine.ErrInvalid)
	}
	first, length := period(r.From, r.To, in.Offset)
	fits, err := in.fits(ctx, spec, first, report)
	if err != nil {
		return nil, err
	}
	chosen := best(fits)
	h, err := learnHours(in.List)
	if err != nil {
		return nil, err
	}
	r.Profiles = h.profiles
	r.Values = in.values(chosen, h, r, spec, first, length)
	flagged := flag(r.Values)
	r.Card, err = in.card(chosen, fits, h, r.Values, flagged)
	return r, err
}

// fits are forecasts at each resolution that is asked for and can be had, the coarsest first.
func (in *input) fits(ctx context.Context, spec forecast.Spec, first int32, report progress.Func) ([]fit, error) {
	var fits []fit
	var last error
	for _, resolution := range in.tried(spec) {
		one, err := in.fit(ctx, resolution, spec, first, report)
		switch {
		case errors.Is(err, hotspot.ErrFew):
			last = wrong("areas", "Trop peu de vols déclarés sur ce territoire pour une prévision : "+err.Error()+". Choisissez un territoire plus grand.",
				"Too few thefts are reported in this territory to forecast from: "+err.Error()+". Choose a larger territory.")
		case errors.Is(err, errTooMany):
			last = wrong("areas", "Ce territoire a trop de cellules pour une prévision : choisissez-en un plus petit.", "This territory has too many cells for a forecast: choose a smaller one.")
		case errors.Is(err, hotspot.ErrInvalid):
			last = wrong("areas", "Aucune prévision n'est possible sur ce territoire : "+err.Error()+".", "No forecast is possible in this territory: "+err.Error()+".")
		case err != nil:
			return nil, err
		default:
			fits = append(fits, one)
		}
	}
	if len(fits) > 0 {
		return fits, nil
	}
	if last == nil {
		last = wrong("options."+optionResolution, "Les positions des vols ne sont pas assez précises pour cette finesse : choisissez auto.",
			"The positions of thefts are not precise enough for this resolution: choose auto.")
	}
	return nil, last
}

// errTooMany says that a territory has too many cells.
var errTooMany = errors.New("too many cells")

// tried are the resolutions to try: the one asked for, or those for which nearly all thefts are located well enough.
func (in *input) tried(spec forecast.Spec) []int {
	var list []int
	for _, name := range resolutions()[1:] {
		if asked := spec.Options[optionResolution]; asked != "" && asked != automatic && asked != name {
			continue
		}
		resolution, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		found := 0
		for i := range in.List {
			if precise(&in.List[i], resolution) {
				found++
			}
		}
		if float64(found) >= leastFound*float64(len(in.List)) {
			list = append(list, resolution)
		}
	}
	return list
}

// fit fits at one resolution.
func (in *input) fit(ctx context.Context, resolution int, spec forecast.Spec, first int32, report progress.Func) (fit, error) {
	one := fit{resolution: resolution, share: -1}
	var events []hotspot.Event
	for i := range in.List {
		t := &in.List[i]
		if !precise(t, resolution) {
			one.imprecise++
			continue
		}
		events = append(events, hotspot.Event{Point: t.Point, Day: t.Day, Reported: t.Reported})
	}
	if boxM2(in.Territory.Bound()) > mostCover*cellM2(resolution) {
		return one, errTooMany
	}
	if len(events) == 0 {
		return one, fmt.Errorf("%w: none is reported before %s", hotspot.ErrFew, spec.Until.Format(time.DateOnly))
	}
	grid, err := hotspot.NewHex(resolution, in.Territory, hotspot.Positions(events, first))
	if err != nil {
		return one, fmt.Errorf("resolution %d: %w", resolution, err)
	}
	if len(grid.IDs) > mostCells {
		return one, errTooMany
	}
	telling := func(u progress.Update) {
		u.Task = fmt.Sprintf("%s, resolution %d", u.Task, resolution)
		report.Report(u)
	}
	if one.Fitted, err = hotspot.Fit(ctx, events, grid, first, hotspot.Options{Seed: spec.Seed, Report: telling}); err != nil {
		return one, fmt.Errorf("resolution %d: %w", resolution, err)
	}
	compared := hotspot.Headline
	if grid.Open {
		compared = absolute // what a share of the surface is depends on the cells there
	}
	for _, c := range one.Choices {
		if c.Budget == compared && c.Origins > 0 {
			one.share = c.Share
		}
	}
	return one, nil
}

// boxM2 is the area of a box of longitudes and latitudes, in square metres; 0 of none.
func boxM2(b orb.Bound) float64 {
	if b.IsEmpty() {
		return 0
	}
	return geo.Area(b.ToPolygon())
}

// best is the fit whose places held most in the rehearsals, among those that beat the count of the past if there are any;
// of equals the coarsest. The budget is the same area whatever the resolution, so that shares can be compared.
func best(fits []fit) *fit {
	chosen := &fits[0]
	for i := range fits[1:] {
		one := &fits[i+1]
		if one.Usable != chosen.Usable {
			if one.Usable {
				chosen = one
			}
			continue
		}
		if one.share > chosen.share {
			chosen = one
		}
	}
	return chosen
}

// values are the values of all cells, by cell.
func (in *input) values(f *fit, h *hours, r *forecast.Result, spec forecast.Spec, first int32, length int) []forecast.Value {
	cells := f.Forecast(length)
	lastYear := in.lastYear(f, first, length)
	values := make([]forecast.Value, len(cells))
	for i, c := range cells {
		quantile := func(p float64) float64 { return float64(hotspot.Quantile(c.Mean, c.Shape, p)) }
		area := in.areaOf(c.Cell, spec.Areas)
		values[i] = forecast.Value{
			Cell: c.Cell, Area: area, From: r.From, To: r.To, Expected: c.Mean, Median: quantile(0.5),
			Low80: quantile(0.1), High80: quantile(0.9), Low95: quantile(0.025), High95: quantile(0.975), Low50: quantile(0.25), High50: quantile(0.75),
			LastYear: -1, Count: c.Count, Profile: h.profileOf(area),
		}
		if lastYear != nil {
			values[i].LastYear = lastYear[i]
		}
	}
	rank(values, f.Grid.Areas)
	return values
}

// rank numbers the places by what is expected per area, from 1. What the border leaves of a cell counts as half a cell at
// least: a sliver in which hardly anything is expected must not come first because it is small.
func rank(values []forecast.Value, areas []float64) {
	order := make([]int, len(values))
	density := make([]float64, len(values))
	for i := range values {
		order[i], density[i] = i, values[i].Expected/max(areas[i], hex.AreaM2(values[i].Cell)/2)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(density[b], density[a]) })
	for k, i := range order {
		values[i].Rank = k + 1
	}
}

// lastYear counts, by cell of the grid, what happened in the same days a year before; nil where the data do not reach so
// far back.
func (in *input) lastYear(f *fit, first int32, length int) []float64 {
	start := judge.DayOf(judge.DateOf(first).AddDate(-1, 0, 0))
	if f.First > start {
		return nil
	}
	counts := make([]float64, len(f.Grid.IDs))
	for i := range in.List {
		t := &in.List[i]
		if t.Day < start || t.Day >= start+int32(length) || !precise(t, f.resolution) {
			continue
		}
		if k := f.Grid.Locate(t.Point); k >= 0 {
			counts[k]++
		}
	}
	return counts
}

// areaOf is the deepest area of a run's territory that holds a cell: its middle, or else a corner of it. The first area
// of the run is that of slivers of which neither is within.
func (in *input) areaOf(cell uint64, areas []string) string {
	area := in.Locate(hex.Center(cell))
	if len(areas) == 0 || geoengine.Within(area, areas) {
		return area
	}
	for _, p := range hex.Boundary(nil, cell) {
		if area := in.Locate(p); geoengine.Within(area, areas) {
			return area
		}
	}
	return slices.Min(areas)
}
