package roadrisk

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/uber/h3-go/v4"

	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/predict"
)

// CellModelName is the name and version of the model where there is no network.
const CellModelName = "cell-nb-eb/1"

// Cells are the H3 cells of a territory without a road network, all of one resolution, ascending.
type Cells struct {
	List   []uint64
	number map[uint64]int32
	res    int
}

// NewCells sorts cells of one resolution, without those that come twice. ErrInvalid names a cell that does not belong.
func NewCells(list []uint64) (*Cells, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("risk: no cells: %w", geoengine.ErrInvalid)
	}
	c := &Cells{List: slices.Compact(slices.Sorted(slices.Values(list))), res: hex.Resolution(list[0])}
	c.number = make(map[uint64]int32, len(c.List))
	for i, cell := range c.List {
		if !hex.Valid(cell) || hex.Resolution(cell) != c.res {
			return nil, fmt.Errorf("risk: %x is no H3 cell of resolution %d: %w", cell, c.res, geoengine.ErrInvalid)
		}
		c.number[cell] = int32(i)
	}
	return c, nil
}

// CellsAround are the cells of the accidents with so many rings around each: the ground where no territory is known. What
// lies beyond is not said to be safe; it is not spoken of.
func CellsAround(accidents []Accident, res, rings int) (*Cells, error) {
	seen := map[uint64]bool{}
	for i := range accidents {
		if accidents[i].HasPosition {
			seen[hex.Cell(accidents[i].Position.Lon(), accidents[i].Position.Lat(), res)] = true
		}
	}
	if len(seen) == 0 {
		return nil, fmt.Errorf("risk: of %d accidents to lay cells around none has a position: choose other years: %w", len(accidents), geoengine.ErrInvalid)
	}
	all := map[uint64]bool{}
	for cell := range seen {
		disk, err := h3.GridDisk(h3.Cell(cell), rings)
		if err != nil {
			return nil, fmt.Errorf("risk: rings around %x: %w: %w", cell, err, geoengine.ErrInvalid)
		}
		for _, near := range disk {
			all[uint64(near)] = true
		}
	}
	list := make([]uint64, 0, len(all))
	for cell := range all {
		list = append(list, cell)
	}
	return NewCells(list)
}

// Len is the number of cells.
func (c *Cells) Len() int { return len(c.List) }

// Resolution is that of all cells.
func (c *Cells) Resolution() int { return c.res }

// Of is the number of the cell that holds an accident, -1 for none.
func (c *Cells) Of(a *Accident) int {
	if !a.HasPosition {
		return -1
	}
	if i, ok := c.number[hex.Cell(a.Position.Lon(), a.Position.Lat(), c.res)]; ok {
		return int(i)
	}
	return -1
}

// Place puts accidents that happened in the periods into cells; Placed.Lixel is the number of the cell.
func (c *Cells) Place(accidents []Accident, periods []Period) *Placement {
	return place(accidents, periods, func(a *Accident) (Placed, bool) {
		cell := c.Of(a)
		return Placed{Accident: *a, Lixel: cell, Hour: a.Hour()}, cell >= 0
	})
}

// Build makes the surface of all accidents on cells: gamma–Poisson Empirical Bayes around a negative-binomial regression
// on the size of the cell and on the accidents around it at three scales, the cell itself left out. Of the options, Kinds
// does not count: without roads no kind of control is told apart.
func (c *Cells) Build(ctx context.Context, accidents []Accident, options Options) (*Surface, error) {
	periods, err := checkPeriods(options.Periods)
	if err != nil {
		return nil, err
	}
	options.Periods = periods
	p := c.Place(accidents, periods)
	if err := p.check(accidents, periods); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := c.rates(p, years(periods), options.Model)
	if err != nil {
		return nil, err
	}
	stratum := c.strata(p, r.mean)
	weights := pooledSeverity(p.Accidents, stratum)
	if options.Model.Counts {
		weights = pooledSeverity(nil, stratum)
	}
	s, err := assemble(p, AnyKind, r, weights, stratum, options)
	if err != nil {
		return nil, err
	}
	s.Cells, s.Report = c.List, p.report(options, r, weights)
	s.Report.Model, s.Report.Hash = CellModelName, hashOf(accidents)
	return s, nil
}

// scales are how many resolutions coarser the neighbourhoods of cells are: each is a cell with its six neighbours.
func (c *Cells) scales() []int {
	var list []int
	for up := range 3 {
		if c.res-up >= 0 {
			list = append(list, c.res-up)
		}
	}
	return list
}

// rates estimates the accidents of each cell in a period of so many years.
func (c *Cells) rates(p *Placement, years float64, model Model) (*rates, error) {
	cells := c.Len()
	counts, damage := byLixel(p.Accidents, cells, one), byLixel(p.Damage, cells, one)
	areas, offset := make([]float64, cells), make([]float64, cells)
	accidents, surface := 0.0, 0.0
	for i, cell := range c.List {
		areas[i] = hex.AreaM2(cell) / 1e6
		offset[i] = math.Log(areas[i] * years)
		accidents, surface = accidents+counts[i], surface+areas[i]
	}
	t := &table{}
	ones := make([]float64, cells)
	for i := range ones {
		ones[i] = 1
	}
	t.add("intercept", ones)
	if !model.NoNeighbours {
		expected := make([]float64, cells)
		for i := range expected {
			expected[i] = accidents * areas[i] / surface
		}
		if err := c.addNeighbours(t, "accidents", counts, expected, false); err != nil {
			return nil, err
		}
		if ofDamage := sum(damage); ofDamage >= accidents/2 {
			scaled := make([]float64, cells)
			for i := range scaled {
				scaled[i] = ofDamage * areas[i] / surface
			}
			if err := c.addNeighbours(t, "damage", damage, scaled, true); err != nil {
				return nil, err
			}
		}
	}
	if cells <= len(t.columns) { // too few cells for a regression: they all have the common rate
		return pooled(counts, areas, accidents, surface), nil
	}
	fit, terms, err := t.fit(counts, offset, nil)
	if err != nil {
		return nil, err
	}
	return posteriors(fit, terms, counts, model), nil
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

// pooled gives every cell the common rate by its surface; what is known of that rate is a gamma of all accidents.
func pooled(counts, areas []float64, accidents, surface float64) *rates {
	r := &rates{mean: make([]float64, len(counts)), posterior: make([]predict.Gamma, len(counts)), terms: []string{"intercept"},
		fit: &predict.Fit{Coefficients: []float64{math.Log(accidents / surface)}, Errors: []float64{1 / math.Sqrt(accidents)}}}
	for i := range r.mean {
		r.mean[i] = accidents * areas[i] / surface
		r.posterior[i] = predict.Gamma{Shape: accidents, Rate: accidents / r.mean[i]}
	}
	return r
}

// addNeighbours adds log (around + 1) / (expected around + 1), at each scale; with self, the cell's own count is in it.
func (c *Cells) addNeighbours(t *table, name string, counts, expected []float64, self bool) error {
	for _, res := range c.scales() {
		seen, due, err := c.around(counts, expected, res, self)
		if err != nil {
			return err
		}
		for i := range seen {
			seen[i] = (seen[i] + pseudo) / (due[i] + pseudo)
		}
		t.amount(fmt.Sprintf("log %s around at resolution %d", name, res), seen, 0)
	}
	return nil
}

// around sums two values of cells over the parent at a resolution and its neighbours.
func (c *Cells) around(a, b []float64, res int, self bool) (sumA, sumB []float64, err error) {
	type pair struct{ a, b float64 }
	parents := map[uint64]pair{}
	for i, cell := range c.List {
		parent := hex.Parent(cell, res)
		have := parents[parent]
		parents[parent] = pair{have.a + a[i], have.b + b[i]}
	}
	disks := make(map[uint64]pair, len(parents))
	for parent := range parents {
		near, err := h3.GridDisk(h3.Cell(parent), 1)
		if err != nil {
			return nil, nil, fmt.Errorf("risk: around %x: %w: %w", parent, err, geoengine.ErrInvalid)
		}
		slices.Sort(near)
		total := pair{}
		for _, n := range near {
			have := parents[uint64(n)]
			total.a, total.b = total.a+have.a, total.b+have.b
		}
		disks[parent] = total
	}
	sumA, sumB = make([]float64, len(a)), make([]float64, len(a))
	for i, cell := range c.List {
		have := disks[hex.Parent(cell, res)]
		sumA[i], sumB[i] = have.a, have.b
		if !self {
			sumA[i], sumB[i] = max(have.a-a[i], 0), max(have.b-b[i], 0)
		}
	}
	return sumA, sumB, nil
}

// strata are thirds of the accidents, from the quietest cells to the busiest: each has its hours and its severity.
func (c *Cells) strata(p *Placement, mean []float64) []int32 {
	const thirds = 3
	order := make([]int32, len(mean))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(mean[a], mean[b]), cmp.Compare(a, b)) })
	counts := byLixel(p.Accidents, len(mean), one)
	total, gone := sum(counts), 0.0
	stratum := make([]int32, len(mean))
	for _, i := range order {
		stratum[i] = int32(min(thirds-1, math.Floor(thirds*gone/total)))
		gone += counts[i]
	}
	return stratum
}
