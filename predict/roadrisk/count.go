package roadrisk

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/predict"
)

// The scales, in metres of road, at which the accidents around a lixel say something of it.
var scalesM = [...]float64{500, 1200, 3000}

// pseudo is how many accidents of the mean are mixed with those around: few say little.
const pseudo = 1.0

// eventsPerTerm is how many accidents the model needs for each term; with fewer, it has fewer terms.
const eventsPerTerm = 10

// rates are accidents on the lixels of a network, as the model sees them.
type rates struct {
	mean      []float64 // μ of the safety performance function in the whole period
	posterior []predict.Gamma
	fit       *predict.Fit
	terms     []string
}

// table gathers the columns of the regression.
type table struct {
	names   []string
	columns [][]float64
}

func (t *table) add(name string, column []float64) {
	t.names, t.columns = append(t.names, name), append(t.columns, column)
}

// flag adds a column of ones and zeros, unless it would tell too few from too many: a group without accidents has no
// finite effect.
func (t *table) flag(name string, counts []float64, holds func(i int) bool) {
	column := make([]float64, len(counts))
	var in, out, rowsIn float64
	for i, n := range counts {
		if holds(i) {
			column[i] = 1
			in, rowsIn = in+n, rowsIn+1
		} else {
			out += n
		}
	}
	if in >= eventsPerTerm && out >= eventsPerTerm && rowsIn >= eventsPerTerm && float64(len(counts))-rowsIn >= eventsPerTerm {
		t.add(name, column)
	}
}

// amount adds the logarithm of a quantity, centred, unless it is the same everywhere.
func (t *table) amount(name string, values []float64, floor float64) {
	column := make([]float64, len(values))
	mean := 0.0
	for i, v := range values {
		column[i] = math.Log(v + floor)
		mean += column[i] / float64(len(values))
	}
	spread := 0.0
	for i := range column {
		column[i] -= mean
		spread += column[i] * column[i]
	}
	if spread > 1e-6*float64(len(values)) {
		t.add(name, column)
	}
}

// regression is the table in rows, with the first terms only, of the places that are inside; nil is all.
func (t *table) regression(y, offset []float64, terms int, inside []bool) predict.Regression {
	r := predict.Regression{Columns: terms, Names: t.names[:terms]}
	for i := range y {
		if inside != nil && !inside[i] {
			continue
		}
		r.Y, r.Offset = append(r.Y, y[i]), append(r.Offset, offset[i])
		for _, column := range t.columns[:terms] {
			r.X = append(r.X, column[i])
		}
	}
	return r
}

// everywhere gives a fit on the places inside its mean for all places.
func (t *table) everywhere(fit *predict.Fit, offset []float64, inside []bool) {
	if inside == nil {
		return
	}
	fit.Mean = make([]float64, len(offset))
	row := make([]float64, len(fit.Coefficients))
	for i := range offset {
		for j := range row {
			row[j] = t.columns[j][i]
		}
		fit.Mean[i] = fit.At(row, offset[i])
	}
}

// fit estimates; a term that the others already say, or whose effect the data do not bound, is left out, from the last on.
func (t *table) fit(y, offset []float64, inside []bool) (*predict.Fit, []string, error) {
	events := 0.0
	for _, n := range y {
		events += n
	}
	for terms := min(len(t.columns), 1+int(events/eventsPerTerm)); ; terms-- {
		fit, err := predict.NegativeBinomial(t.regression(y, offset, terms, inside))
		if err == nil {
			t.everywhere(fit, offset, inside)
			return fit, t.names[:terms], nil
		}
		lost := errors.Is(err, predict.ErrCollinear) || errors.Is(err, predict.ErrSeparated) || errors.Is(err, predict.ErrDiverged)
		if !lost || terms == 1 {
			return nil, nil, fmt.Errorf("risk: %w: %w", err, geoengine.ErrInvalid)
		}
	}
}

// roadTable holds what is known of a road without any accident: class, town, junction, slip road, traffic to be expected.
func (n *Network) roadTable(counts []float64, model Model) *table {
	t := &table{}
	list := n.Lixels.List
	ones := make([]float64, len(list))
	for i := range ones {
		ones[i] = 1
	}
	t.add("intercept", ones)
	if !model.NoCentrality {
		t.amount("log centrality", n.centrality, leastFlow(n.centrality))
		t.amount("log roads within 1 km", n.density, 0.05)
	}
	for class := road.Motorway; class <= road.Track; class++ {
		if class != commonest(list) {
			t.flag(class.String(), counts, func(i int) bool { return list[i].Class == class })
		}
	}
	t.flag("junction", counts, func(i int) bool { return list[i].Junction })
	t.flag("built-up", counts, func(i int) bool { return list[i].BuiltUp == road.Yes })
	t.flag("not built-up", counts, func(i int) bool { return list[i].BuiltUp == road.No })
	t.flag("slip road", counts, func(i int) bool { return n.Graph.Section(list[i].Centre.Edge).Link })
	return t
}

// commonest is the class of most lixels: the one that the others are compared with.
func commonest(list []road.Lixel) road.Class {
	var counts [int(road.Track) + 1]int
	best := road.Motorway
	for i := range list {
		counts[list[i].Class]++
	}
	for c := range counts {
		if counts[c] > counts[best] {
			best = road.Class(c)
		}
	}
	return best
}

// leastFlow keeps dead ends, which no trip passes, in the range of the others.
func leastFlow(flow []float64) float64 {
	sum, n := 0.0, 0.0
	for _, f := range flow {
		if f > 0 {
			sum, n = sum+math.Log(f), n+1
		}
	}
	if n == 0 {
		return 1
	}
	return math.Exp(sum/n) / 10
}

// rates estimates the accidents of each lixel in a period of so many years, in two steps. First a safety performance
// function of the road alone. Then the same with how many more or fewer accidents than that happened around the lixel,
// itself left out, at three scales: roads that follow one another share a traffic and a danger that no attribute tells.
// The regression says how far each scale is to be believed. Last, each lixel's own accidents, by Empirical Bayes.
//
// Where only the accidents of a territory are at hand, the lixels outside it teach nothing: they are not in the regression,
// and nothing is expected of them around others.
func (n *Network) rates(counts, damage []float64, years float64, model Model, inside []bool) (*rates, error) {
	offset := make([]float64, len(counts))
	for i := range offset {
		offset[i] = math.Log(math.Max(n.Lixels.List[i].Metres, 1) / 1000 * years)
	}
	t := n.roadTable(counts, model)
	fit, terms, err := t.fit(counts, offset, inside)
	if err != nil {
		return nil, err
	}
	if !model.NoNeighbours {
		t.names, t.columns = t.names[:len(terms)], t.columns[:len(terms)]
		expected := slices.Clone(fit.Mean)
		for i := range inside {
			if !inside[i] {
				expected[i] = 0
			}
		}
		n.addNeighbours(t, counts, damage, expected, model)
		if fit, terms, err = t.fit(counts, offset, inside); err != nil {
			return nil, err
		}
	}
	return posteriors(fit, terms, counts, model), nil
}

// posteriors brings each place's own accidents in, by Empirical Bayes.
func posteriors(fit *predict.Fit, terms []string, counts []float64, model Model) *rates {
	r := &rates{mean: fit.Mean, fit: fit, terms: terms, posterior: make([]predict.Gamma, len(counts))}
	for i, mu := range fit.Mean {
		r.posterior[i] = predict.Posterior(mu, counts[i], fit.Phi())
		if model.NoBayes {
			r.posterior[i] = predict.Posterior(mu, mu, fit.Phi())
		}
	}
	return r
}

// addNeighbours adds the terms of the accidents around: log of (accidents + 1) / (expected + 1) in a kernel. Accidents with
// damage only count on the lixel itself too: they are not what is expected there.
func (n *Network) addNeighbours(t *table, counts, damage, expected []float64, model Model) {
	for _, metres := range scalesM {
		t.amount(fmt.Sprintf("log accidents within %.0f m", metres), n.excess(counts, expected, metres, false), 0)
	}
	total, ofDamage := 0.0, 0.0
	for i := range counts {
		total += counts[i]
		ofDamage += damage[i]
	}
	if ofDamage < total/2 { // too few are recorded to say more than the injuries do
		return
	}
	scaled, own := make([]float64, len(expected)), make([]float64, len(expected))
	for i := range scaled {
		scaled[i] = expected[i] * ofDamage / total
		own[i] = (damage[i] + pseudo) / (scaled[i] + pseudo)
	}
	if !model.NoOwnDamage {
		t.amount("log damage on the lixel", own, 0)
	}
	for _, metres := range scalesM {
		t.amount(fmt.Sprintf("log damage within %.0f m", metres), n.excess(damage, scaled, metres, true), 0)
	}
}

// excess is how many more accidents there are around than expected; with self, the lixel's own count too.
func (n *Network) excess(counts, expected []float64, metres float64, self bool) []float64 {
	seen, due := n.smooth(counts, metres), n.smooth(expected, metres)
	ratio := make([]float64, len(counts))
	for i := range ratio {
		if self {
			seen[i] += counts[i]
			due[i] += expected[i]
		}
		ratio[i] = (seen[i] + pseudo) / (due[i] + pseudo)
	}
	return ratio
}
