package roadrisk

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/predict"
	"vigie/progress"
)

// ModelName is the name and version of the model with all its parts.
const ModelName = "lixel-nb-eb/2"

// Level is that of the intervals of surfaces.
const Level = 0.90

// Options of Build.
type Options struct {
	Periods []Period // of which all accidents are at hand; gaps between them are allowed
	SnapM   float64  // farthest road of an accident; 100 m if zero
	Kinds   []Kind   // the surfaces wanted; all if empty
	Model   Model
	// Inside says of which lixels the accidents are at hand; nil is all. The others are left out of what is learnt.
	Inside []bool
}

// Model takes parts out of the model, for comparison. The zero value is the model in use.
type Model struct {
	NoCentrality bool // no proxy of traffic
	NoNeighbours bool // nothing of the accidents around
	NoBayes      bool // nothing of the lixel's own accidents
	NoOwnDamage  bool // nothing of the damage on the lixel itself
	OneProfile   bool // the same hours everywhere
	OwnSeverity  bool // each accident with its own weight instead of the pooled one: single deaths are believed
	Counts       bool // every accident weighs the same
}

// String names the model; parts taken out follow.
func (m Model) String() string {
	name := ModelName
	for _, part := range []struct {
		out  bool
		name string
	}{{m.NoCentrality, "no-centrality"}, {m.NoNeighbours, "no-neighbours"}, {m.NoBayes, "no-bayes"}, {m.NoOwnDamage, "no-own-damage"}, {m.OneProfile, "one-profile"},
		{m.OwnSeverity, "own-severity"}, {m.Counts, "counts"}} {
		if part.out {
			name += " " + part.name
		}
	}
	return name
}

// Build makes a surface for each kind of control. It fails with ErrInvalid where there are no roads, no periods, or no
// accident on the network.
func Build(ctx context.Context, network *road.Graph, lixels *road.Lixels, accidents []Accident, options Options, report progress.Func) (map[Kind]*Surface, error) {
	prepared, err := Prepare(ctx, network, lixels, report)
	if err != nil {
		return nil, err
	}
	return prepared.Build(ctx, accidents, options)
}

// Build is Build on a network that has been prepared.
func (n *Network) Build(ctx context.Context, accidents []Accident, options Options) (map[Kind]*Surface, error) {
	periods, err := checkPeriods(options.Periods)
	if err != nil {
		return nil, err
	}
	if options.Inside != nil && len(options.Inside) != n.Lixels.Len() {
		return nil, fmt.Errorf("risk: %d marks for %d lixels: %w", len(options.Inside), n.Lixels.Len(), geoengine.ErrInvalid)
	}
	options.Periods = periods
	placement := n.Place(accidents, periods, options.SnapM).inside(options.Inside)
	if err := placement.check(accidents, periods); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return n.surfaces(placement, options, hashOf(accidents))
}

// check refuses a placement without accidents, and says why it has none.
func (p *Placement) check(accidents []Accident, periods []Period) error {
	if len(p.Accidents) > 0 {
		return nil
	}
	from, to := extent(periods)
	return fmt.Errorf("risk: of %d accidents none can be used: %d lie outside %s to %s, %d have no position or no road near, %d are of damage only; "+
		"import accidents of the territory, or widen the period: %w",
		len(accidents), p.Outside, from.Format("2006-01-02"), to.Format("2006-01-02"), p.Unplaced, len(p.Damage), geoengine.ErrInvalid)
}

// surfaces estimates, on accidents that have been placed.
func (n *Network) surfaces(p *Placement, options Options, hash string) (map[Kind]*Surface, error) {
	length := years(options.Periods)
	lixels := n.Lixels.Len()
	counts, damage := byLixel(p.Accidents, lixels, one), byLixel(p.Damage, lixels, one)
	rates, err := n.rates(counts, damage, length, options.Model, options.Inside)
	if err != nil {
		return nil, err
	}
	weights := n.severity(p, options.Model)
	report := p.report(options, rates, weights)
	report.Hash = hash
	kinds := options.Kinds
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	surfaces := make(map[Kind]*Surface, len(kinds))
	for _, kind := range kinds {
		if !slices.Contains(Kinds(), kind) {
			return nil, fmt.Errorf("risk: %q is not a kind of control; there are %v: %w", kind, Kinds(), geoengine.ErrInvalid)
		}
		s, err := n.surface(p, kind, rates, weights, options)
		if err != nil {
			return nil, err
		}
		s.Report = report
		surfaces[kind] = s
	}
	return surfaces, nil
}

// severity is the pooled one, or that of a variant.
func (n *Network) severity(p *Placement, m Model) *severity {
	if m.Counts {
		return pooledSeverity(nil, n.stratum)
	}
	return pooledSeverity(p.Accidents, n.stratum)
}

// surface puts rate, kind, severity and hours of one kind together.
func (n *Network) surface(p *Placement, kind Kind, r *rates, w *severity, options Options) (*Surface, error) {
	s, err := assemble(p, kind, r, w, n.stratum, options)
	if err == nil {
		s.Lixels = n.Lixels
	}
	return s, err
}

// assemble puts rate, kind, severity and hours of one kind together, place by place.
func assemble(p *Placement, kind Kind, r *rates, w *severity, stratum []int32, options Options) (*Surface, error) {
	places, length := len(r.mean), years(options.Periods)
	about, err := kindShares(p.Accidents, stratum, places, kind)
	if err != nil {
		return nil, err
	}
	hours, err := weekProfiles(p.Accidents, stratum, w, kind, options.Model)
	if err != nil {
		return nil, err
	}
	s := &Surface{
		Kind: kind, Profile: stratum, Profiles: hours.shares,
		Expected: make([]float64, places), Low: make([]float64, places), High: make([]float64, places), Counts: make([]float64, places),
		Model: make([]float64, places), Shape: make([]float64, places),
	}
	own := ownWeights(p.Accidents, places, options.Model)
	for i := range s.Expected {
		g := stratum[i]
		s.Counts[i] = r.posterior[i].Mean() / length * about.share[i]
		s.Model[i] = r.mean[i] / length * about.share[i]
		s.Shape[i] = shape(r.posterior[i], about.spread[i])
		s.Expected[i] = s.Counts[i] * w.mean * w.stratum[g] * hours.graver[g]
		if own != nil {
			s.Expected[i] *= own[i] / (w.mean * w.stratum[g] * hours.graver[g])
		}
		s.Low[i], s.High[i] = interval(s.Expected[i], r.posterior[i], about.spread[i]+w.spread[g])
	}
	return s, nil
}

// shape is that of a gamma with the relative variance of a rate and of its share together; +Inf where both are known.
func shape(rate predict.Gamma, spread float64) float64 {
	if !math.IsInf(rate.Shape, 1) {
		spread += 1 / rate.Shape
	}
	return 1 / spread
}

// ownWeights is the mean weight of each lixel's own accidents, with five of the mean, for the variant that believes them.
func ownWeights(accidents []Placed, lixels int, m Model) []float64 {
	if !m.OwnSeverity || m.Counts || len(accidents) == 0 {
		return nil
	}
	count, weight := byLixel(accidents, lixels, one), byLixel(accidents, lixels, func(a *Placed) float64 { return a.Weight })
	total := 0.0
	for _, w := range weight {
		total += w
	}
	mean := total / float64(len(accidents))
	const prior = 5
	for i := range weight {
		weight[i] = (weight[i] + prior*mean) / (count[i] + prior)
	}
	return weight
}

// interval is that of a gamma distribution with the mean, and the relative variance of the rate and of its factors
// together.
func interval(mean float64, rate predict.Gamma, spread float64) (low, high float64) {
	if mean <= 0 {
		return 0, 0
	}
	if !math.IsInf(rate.Shape, 1) {
		spread += 1 / rate.Shape
	}
	if spread <= 0 {
		return mean, mean
	}
	low, high = predict.Gamma{Shape: 1 / spread, Rate: 1 / spread / mean}.Interval(Level)
	return low, max(high, mean) // where next to nothing is known the distribution is so skew that its mean lies above
}

// report says what the surfaces are made of.
func (p *Placement) report(options Options, r *rates, w *severity) Report {
	from, to := extent(options.Periods)
	report := Report{
		Accidents: len(p.Accidents), Unplaced: p.Unplaced, WithoutHour: hourless(p.Accidents), Outside: p.Outside, Damage: len(p.Damage),
		From: from, To: to, Years: years(options.Periods), Model: options.Model.String(), Terms: r.terms, Coefficients: r.fit.Coefficients,
		Errors: r.fit.Errors, Dispersion: min(r.fit.Phi(), 1e9), MeanWeight: w.mean, Weighted: w.weighted,
	}
	for i := range p.Accidents {
		if p.Accidents[i].Severity == geoengine.SeverityFatal {
			report.Fatal++
		}
	}
	return report
}

// hashOf names the accidents, in the order in which they came.
func hashOf(accidents []Accident) string {
	sum := sha256.New()
	var row [33]byte
	for i := range accidents {
		a := &accidents[i]
		binary.LittleEndian.PutUint64(row[0:], math.Float64bits(a.Position[0]))
		binary.LittleEndian.PutUint64(row[8:], math.Float64bits(a.Position[1]))
		binary.LittleEndian.PutUint64(row[16:], uint64(a.Start.Unix()))
		binary.LittleEndian.PutUint64(row[24:], math.Float64bits(a.Weight))
		row[32] = byte(a.Severity)
		sum.Write(row[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
