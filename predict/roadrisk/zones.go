package roadrisk

import (
	"context"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/predict"
)

// Zones explain a surface: where accidents have happened, before any model. All values are by lixel.
type Zones struct {
	// Density is severity-weighted accidents a kilometre and year, spread along the road by a quartic kernel that splits
	// evenly at junctions. Where no severity is known every accident weighs 1.
	Density []float64
	// Z is the local statistic Gi* of the accidents against what the length of road would have; P its chance by permutation, one-sided; Q the same after Benjamini–Hochberg.
	Z, P, Q []float64
	// Hot says that Q is at most 5 %.
	Hot []bool
	// ZAAC says that the lixel has an accident of a zone by the historic rule: on 500 m, in 5 years, 10 injury accidents
	// and 10 people killed or hospitalised, scaled to the years at hand.
	ZAAC []bool
	// Accidents are those of the kind on the lixel, each as far as the kind is about it.
	Accidents []float64
}

// ZoneOptions of Zones.
type ZoneOptions struct {
	Periods    []Period
	SnapM      float64
	Kind       Kind    // AnyKind if empty; the ZAAC rule knows no kinds
	BandwidthM float64 // of the kernel; 500 m if zero
	Seed       uint64  // of the permutations
}

// The neighbourhood of Gi*, and the bounds of its permutations: 20 for each lixel show one hot lixel among all at 5 %.
const (
	hotWithinM       = 500
	leastPermutation = 9_999
	mostPermutation  = 99_999
	hotShare         = 0.05
)

// Zones draws the zones of accidents with somebody hurt. It fails with ErrInvalid where there is no such accident.
func (n *Network) Zones(ctx context.Context, accidents []Accident, o ZoneOptions) (*Zones, error) {
	if o.Kind == "" {
		o.Kind = AnyKind
	}
	if o.BandwidthM <= 0 {
		o.BandwidthM = 500
	}
	periods, err := checkPeriods(o.Periods)
	if err != nil {
		return nil, err
	}
	placement := n.Place(accidents, periods, o.SnapM)
	if err := placement.check(accidents, periods); err != nil {
		return nil, err
	}
	lixels := n.Lixels.Len()
	z := &Zones{Density: make([]float64, lixels), Hot: make([]bool, lixels)}
	z.Accidents = byLixel(placement.Accidents, lixels, func(a *Placed) float64 { return a.about(o.Kind) })
	if err := n.spread(ctx, z, placement, periods, o); err != nil {
		return nil, err
	}
	hot, err := predict.Hot(ctx, n.residuals(z.Accidents), n.neighbours(hotWithinM),
		predict.LocalGOptions{Permutations: max(leastPermutation, min(20*lixels, mostPermutation)), Seed: o.Seed})
	if err != nil {
		return nil, fmt.Errorf("risk: hot stretches: %w: %w", err, geoengine.ErrInvalid)
	}
	z.Z, z.P, z.Q = hot.Z, hot.P, hot.Q
	for i, q := range hot.Q {
		z.Hot[i] = q <= hotShare
	}
	return z, nil
}

// spread computes what needs the place of each accident along the road: density and historic zones.
func (n *Network) spread(ctx context.Context, z *Zones, p *Placement, periods []Period, o ZoneOptions) error {
	segments, err := n.segments()
	if err != nil {
		return err
	}
	weights := pooledSeverity(p.Accidents, n.stratum)
	weighted, plain := make([]predict.Event, len(p.Accidents)), make([]predict.Event, len(p.Accidents))
	for i := range p.Accidents {
		a := &p.Accidents[i]
		plain[i] = predict.Event{Segment: int32(a.Lixel), Metres: n.along(a), Weight: 1, Serious: a.Serious}
		weighted[i] = plain[i]
		weighted[i].Weight = a.about(o.Kind) * weights.of(a)
	}
	mass, err := predict.Density(ctx, segments, weighted, o.BandwidthM, predict.Discontinuous)
	if err != nil {
		return fmt.Errorf("risk: density: %w: %w", err, geoengine.ErrInvalid)
	}
	length := years(periods)
	for i, m := range mass {
		z.Density[i] = m / (math.Max(n.Lixels.List[i].Metres, leastMetres) / 1000) / length
	}
	stretches, err := segments.Stretches(ctx, plain, predict.ZAAC(RuleYears(length)))
	if err != nil {
		return fmt.Errorf("risk: historic zones: %w: %w", err, geoengine.ErrInvalid)
	}
	z.ZAAC = stretches.In
	return nil
}

// ZAAC applies the historic rule to the accidents of a period on the network, by lixel: accidents with somebody hurt and
// people killed or hospitalised, on 500 m of road. It needs Graph and Lixels only: the network need not be prepared.
func (n *Network) ZAAC(ctx context.Context, accidents []Accident, period Period) (*predict.Stretches, *Placement, error) {
	periods, err := checkPeriods([]Period{period})
	if err != nil {
		return nil, nil, err
	}
	placement := n.Place(accidents, periods, 0)
	segments, err := n.segments()
	if err != nil {
		return nil, nil, err
	}
	events := make([]predict.Event, len(placement.Accidents))
	for i := range placement.Accidents {
		a := &placement.Accidents[i]
		events[i] = predict.Event{Segment: int32(a.Lixel), Metres: n.along(a), Weight: 1, Serious: a.Serious}
	}
	stretches, err := segments.Stretches(ctx, events, predict.ZAAC(RuleYears(years(periods))))
	if err != nil {
		return nil, nil, fmt.Errorf("risk: historic zones: %w: %w", err, geoengine.ErrInvalid)
	}
	return stretches, placement, nil
}

// RuleYears is the length of time that the historic rule is scaled to: whole years count as such, with a leap day more or less.
func RuleYears(years float64) float64 {
	const leap = 0.012 // four days of five years
	if whole := math.Round(years); whole > 0 && math.Abs(years-whole) <= leap {
		return whole
	}
	return years
}

// along is how far along its lixel an accident is, in metres.
func (n *Network) along(a *Placed) float64 {
	lixel := &n.Lixels.List[a.Lixel]
	return min(alongLine(lixel.Line, a.Spot.Position)*lixel.Metres, lixel.Metres)
}

// of is the weight of one accident: its own, or the mean where it is not known.
func (s *severity) of(a *Placed) float64 {
	if !s.weighted || a.Severity == geoengine.SeverityUnknown {
		return s.mean
	}
	return a.Weight
}

// leastMetres is how short a lixel may count: two junctions at one place have no length.
const leastMetres = 0.1

// segments is the network of lixels as predict sees it: ends at one position are one node.
func (n *Network) segments() (*predict.Network, error) {
	type place [2]int64
	nodes := map[place]int32{}
	number := func(p orb.Point) int32 {
		key := place{int64(math.Round(p.Lon() * 1e6)), int64(math.Round(p.Lat() * 1e6))}
		at, known := nodes[key]
		if !known {
			at = int32(len(nodes))
			nodes[key] = at
		}
		return at
	}
	ends, length := make([][2]int32, n.Lixels.Len()), make([]float64, n.Lixels.Len())
	for i := range ends {
		l := &n.Lixels.List[i]
		ends[i] = [2]int32{number(l.Line[0]), number(l.Line[len(l.Line)-1])}
		length[i] = math.Max(l.Metres, leastMetres)
	}
	network, err := predict.NewNetwork(len(nodes), ends, length)
	if err != nil {
		return nil, fmt.Errorf("risk: network of lixels: %w", err)
	}
	return network, nil
}

// alongLine is the share of a line's length before the point of it that is nearest to p.
func alongLine(line orb.LineString, p orb.Point) float64 {
	scale := math.Cos(p.Lat() * math.Pi / 180)
	best, at, gone := math.Inf(1), 0.0, 0.0
	for i := 1; i < len(line); i++ {
		x, y := (line[i].Lon()-line[i-1].Lon())*scale, line[i].Lat()-line[i-1].Lat()
		px, py := (p.Lon()-line[i-1].Lon())*scale, p.Lat()-line[i-1].Lat()
		length, share := math.Hypot(x, y), 0.0
		if length > 0 {
			share = math.Max(0, math.Min(1, (px*x+py*y)/(length*length)))
		}
		if d := math.Hypot(px-share*x, py-share*y); d < best {
			best, at = d, gone+share*length
		}
		gone += length
	}
	if gone == 0 {
		return 0
	}
	return at / gone
}

// residuals are accidents less what the lixel's length would have if all roads were alike, over the standard deviation
// of chance: comparable between short and long lixels.
func (n *Network) residuals(counts []float64) []float64 {
	accidents, metres := 0.0, 0.0
	for i, c := range counts {
		accidents += c
		metres += n.Lixels.List[i].Metres
	}
	values := make([]float64, len(counts))
	for i, c := range counts {
		if due := accidents * math.Max(n.Lixels.List[i].Metres, 1) / metres; due > 0 {
			values[i] = (c - due) / math.Sqrt(due)
		}
	}
	return values
}

// neighbours are the lixels within some metres of road, in compressed rows.
func (n *Network) neighbours(metres float32) predict.Neighbours {
	list := predict.Neighbours{Start: make([]int32, len(n.near)+1)}
	for i := range n.near {
		for _, other := range n.near[i] {
			if other.Metres <= metres {
				list.List = append(list.List, other.Lixel)
			}
		}
		list.Start[i+1] = int32(len(list.List))
	}
	return list
}
