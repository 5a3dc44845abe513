package hotspot

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"vigie/predict/judge"
)

// Squares is the rolling back-test of the challenge's smallest legal cells: squares of 250 feet, 0.25 mi² in all.
type Squares struct {
	Origins  int       `json:"origins"`
	Offsets  int       `json:"offsets"`
	Cells    int       `json:"cells"` // pointed out each time
	WholeMi2 float64   `json:"whole_mi2"`
	Rows     []Rolling `json:"rows"`
	// Open: without a boundary the whole is the area of the cells of Report, so that PAI compares with nothing else.
	Open bool `json:"open"`
}

// Rolling is one way over all origins and offsets of the grid.
type Rolling struct {
	Name    string  `json:"name"`
	Days    int     `json:"days"`
	Share   float64 `json:"share"` // n/N, median over offsets
	PAI     float64 `json:"pai"`   // median over offsets
	Low     float64 `json:"quartile1"`
	High    float64 `json:"quartile3"`
	IQR     float64 `json:"iqr_over_median"`
	PEI     float64 `json:"pei"` // median over offsets
	DiffLow float64 `json:"low"` // 95 % of the difference in PAI from the count on the same offsets
	DiffTop float64 `json:"high"`
	P       float64 `json:"p"`
}

// ChallengeSide is the side in metres of the smallest square that the challenge allows: 250 feet.
const ChallengeSide = 250 * foot

// shifts is by how many parts of a side squares may be shifted each way when their start is chosen by the past.
const shifts = 4

// lattice are events on squares, only those squares that hold any.
type lattice struct {
	layout Rectangle
	cell   []int32 // of each event
	areas  []float64
}

// flat are events on a plane by the day on which they happened.
type flat struct {
	at     []orb.Point
	day    []judge.Day
	known  []judge.Day
	order  []int32 // by known
	within *border // nil: all squares are whole
}

func newFlat(events []Event, plane Plane, territory orb.MultiPolygon) *flat {
	f := &flat{}
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Point[0], b.Point[0]), cmp.Compare(a.Point[1], b.Point[1]))
	})
	for i, e := range sorted {
		f.at, f.day, f.known = append(f.at, plane.On(e.Point)), append(f.day, e.Day), append(f.known, e.known())
		f.order = append(f.order, int32(i))
	}
	slices.SortStableFunc(f.order, func(a, b int32) int { return cmp.Compare(f.known[a], f.known[b]) })
	if len(territory) > 0 {
		f.within = newBorder(plane, territory)
	}
	return f
}

func (f *flat) lattice(layout Rectangle) *lattice {
	l := &lattice{layout: layout, cell: make([]int32, len(f.at))}
	ids := make([]uint64, len(f.at))
	for i, p := range f.at {
		ids[i] = layout.id(p)
	}
	unique := slices.Clone(ids)
	slices.Sort(unique)
	unique = slices.Compact(unique)
	l.areas = make([]float64, len(unique))
	for i, id := range unique {
		l.areas[i] = layout.Width * layout.Height
		if f.within != nil {
			l.areas[i] *= max(f.within.share(layout.outline(id)), .02) // an event on the line is in the territory
		}
	}
	for i, id := range ids {
		k, _ := slices.BinarySearch(unique, id)
		l.cell[i] = int32(k)
	}
	return l
}

// outing is one origin of one lattice: hits of the best squares over each horizon, and how much of the past they held.
type outing struct {
	hits  []float64
	best  []float64
	total []float64
	past  float64
}

// roll spends a budget from each origin by counts with a half-life. Origins ascend. Horizons whose period is not over
// have a total below 0.
func (f *flat) roll(l *lattice, origins []judge.Day, horizons []int, last judge.Day, life, budget float64, best bool) []outing {
	out := make([]outing, len(origins))
	counts := make([]float64, len(l.areas))
	observed := make([]float64, len(l.areas))
	taken, at := 0, judge.Day(0)
	for k, o := range origins {
		if k > 0 && !math.IsInf(life, 1) {
			fade := decay(float64(o-at), life)
			for i := range counts {
				counts[i] *= fade
			}
		}
		at = o
		for ; taken < len(f.order) && f.known[f.order[taken]] < o; taken++ {
			i := f.order[taken]
			counts[l.cell[i]] += decay(float64(o-f.day[i]), life)
		}
		order := firstByRate(counts, l.areas, budget)
		chosen := spent(order, l.areas, budget)
		for _, i := range chosen {
			out[k].past += counts[i]
		}
		for _, days := range horizons {
			first, _ := slices.BinarySearch(f.day, o)
			end, _ := slices.BinarySearch(f.day, o+judge.Day(days))
			total := float64(end - first)
			if o+judge.Day(days) > last+1 {
				total = -1
			}
			clear(observed)
			for _, c := range l.cell[first:end] {
				observed[c]++
			}
			hits := 0.
			for _, i := range chosen {
				hits += observed[i]
			}
			most := 0.
			if best && total > 0 {
				most = judge.Best(l.areas, observed, budget)
			}
			out[k].hits, out[k].total, out[k].best = append(out[k].hits, hits), append(out[k].total, total), append(out[k].best, most)
		}
	}
	return out
}

// spent are the first places that fit into a budget; a hair more is a rounding error.
func spent(order []int32, areas []float64, budget float64) []int32 {
	used := 0.
	for k, i := range order {
		if used += areas[i]; used > budget*(1+1e-9) {
			return order[:k]
		}
	}
	return order
}

// squareBudget is 0.25 mi² rounded up to whole squares, as the challenge asks for at least that.
func squareBudget() float64 {
	return math.Ceil(.25*SquareMile/(ChallengeSide*ChallengeSide)-1e-9) * ChallengeSide * ChallengeSide
}

// BacktestSquares rolls over weekly origins for many offsets of the grid: the count on squares as they lie, the long
// count, and the count on squares whose start was chosen at each origin among 16 by what their best squares had held so
// far.
func BacktestSquares(ctx context.Context, events []Event, o BacktestOptions) (*Squares, error) {
	o.fill()
	events, _ = withoutStrays(events)
	if len(events) == 0 {
		return nil, fmt.Errorf("%w: no events", ErrFew)
	}
	var plane Plane
	positions := make([]orb.Point, 0, len(events))
	last := judge.Day(math.MinInt32)
	for _, e := range events {
		positions, last = append(positions, e.Point), max(last, e.Day)
	}
	plane = LocalPlane(orb.MultiPoint(positions).Bound().Center())
	f := newFlat(events, plane, o.Territory)
	budget := squareBudget()
	s := &Squares{Offsets: o.Offsets, Cells: int(math.Round(budget / ChallengeSide / ChallengeSide)), Open: len(o.Territory) == 0}
	whole := o.Whole
	if whole == 0 {
		whole = f.whole(events, o)
	}
	s.WholeMi2 = whole / SquareMile
	horizons := []int{7, 14, 30, 60, 90}
	origins := judge.Origins(f.day[0]+2*leastDays, last+1-week, week, o.Origins)
	s.Origins = len(origins)
	if s.Origins < 8 {
		return nil, fmt.Errorf("%w: only %d weekly origins for squares; at least 8 are needed", ErrFew, s.Origins)
	}
	laid := make([]judge.Day, o.Offsets)
	for i := range laid {
		laid[i] = judge.Day(i)
	}
	// Offsets lie evenly by the golden ratio and its square (Kronecker's sequence): no draw, no repeat.
	results, err := judge.Walk(ctx, laid, o.Workers, o.Report, "offsets of squares", func(_ context.Context, i judge.Day) ([3][]outing, error) {
		_, east := math.Modf(float64(i) * .7548776662466927)
		_, north := math.Modf(float64(i) * .5698402909980532)
		return f.offset(east, north, origins, horizons, last, budget), nil
	})
	if err != nil {
		return nil, err
	}
	for k, days := range horizons {
		for v, name := range []string{Count, LongCount, PlacedCount} {
			s.Rows = append(s.Rows, rolling(name, results, v, k, days, budget/whole, o.Seed))
		}
	}
	return s, nil
}

// PlacedCount is the count on squares whose start is chosen by the past.
const PlacedCount = "count, start of the squares chosen by the past"

// offset rolls over one way to lay the grid: count, long count, count on the best of 16 starts.
func (f *flat) offset(east, north float64, origins []judge.Day, horizons []int, last judge.Day, budget float64) [3][]outing {
	at := func(i, j int) *lattice {
		return f.lattice(Rectangle{Width: ChallengeSide, Height: ChallengeSide,
			East: (east + float64(i)/shifts) * ChallengeSide, North: (north + float64(j)/shifts) * ChallengeSide})
	}
	var out [3][]outing
	plain := at(0, 0)
	out[0] = f.roll(plain, origins, horizons, last, math.Inf(1), budget, true)
	out[1] = f.roll(plain, origins, horizons, last, memories[3], budget, true)
	out[2] = slices.Clone(out[0])
	for i := range shifts {
		for j := range shifts {
			if i+j == 0 {
				continue
			}
			for k, x := range f.roll(at(i, j), origins, horizons, last, math.Inf(1), budget, false) {
				if x.past > out[2][k].past {
					x.best = out[0][k].best // n* of the squares as they lie
					out[2][k] = x
				}
			}
		}
	}
	return out
}

// whole is the area of the territory, or of the squares that stand for it.
func (f *flat) whole(events []Event, o BacktestOptions) float64 {
	if f.within != nil {
		area := 0.
		for _, polygon := range f.within.polygons {
			for i, ring := range polygon {
				a := math.Abs(planar.Area(ring))
				if i > 0 {
					a = -a
				}
				area += a
			}
		}
		return area
	}
	grid, err := NewHex(o.Resolution, nil, Positions(events, math.MaxInt32))
	if err != nil {
		return SquareMile
	}
	return grid.Whole()
}

func rolling(name string, results [][3][]outing, variant, horizon, days int, share float64, seed uint64) Rolling {
	var pai, pei, n, diffs, zero []float64
	origins := len(results[0][0])
	perOrigin := make([]float64, origins)
	base := make([]float64, origins)
	for _, r := range results {
		var hits, total, best float64
		for k, x := range r[variant] {
			if x.total[horizon] <= 0 {
				continue
			}
			hits, total, best = hits+x.hits[horizon], total+x.total[horizon], best+x.best[horizon]
			perOrigin[k] += x.hits[horizon] / x.total[horizon] / share / float64(len(results))
			base[k] += r[0][k].hits[horizon] / x.total[horizon] / share / float64(len(results))
		}
		pai, pei, n = append(pai, judge.PAI(hits, total, share, 1)), append(pei, judge.PEI(hits, best)), append(n, hits/max(total, 1))
	}
	out := Rolling{Name: name, Days: days, P: -1}
	_, out.Share, _ = judge.Quartiles(n)
	out.Low, out.PAI, out.High = judge.Quartiles(pai)
	_, out.PEI, _ = judge.Quartiles(pei)
	if out.PAI > 0 {
		out.IQR = (out.High - out.Low) / out.PAI
	}
	for k, x := range results[0][variant] {
		if x.total[horizon] > 0 {
			diffs, zero = append(diffs, perOrigin[k]), append(zero, base[k])
		}
	}
	if variant > 0 && len(diffs) > 8 {
		d := judge.Paired(diffs, zero, max(2*days/week, 4), choiceDraws, seed)
		out.DiffLow, out.DiffTop, out.P = d.Low, d.High, d.P
	}
	return out
}
