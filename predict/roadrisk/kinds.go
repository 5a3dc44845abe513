package roadrisk

import (
	"fmt"

	"vigie/geoengine"
	"vigie/predict"
)

// shares is how far a kind of control is about the accidents of each lixel: the share of the stratum, moved by the
// lixel's own accidents as far as lixels differ by more than chance (beta–binomial).
type shares struct {
	share  []float64
	spread []float64 // relative variance
}

func kindShares(accidents []Placed, stratum []int32, lixels int, kind Kind) (*shares, error) {
	s := &shares{share: make([]float64, lixels), spread: make([]float64, lixels)}
	if kind == AnyKind {
		for i := range s.share {
			s.share[i] = 1
		}
		return s, nil
	}
	all := byLixel(accidents, lixels, one)
	about := byLixel(accidents, lixels, func(a *Placed) float64 { return a.about(kind) })
	ofStratum, err := strataShares(all, about, stratum)
	if err != nil {
		return nil, err
	}
	own, err := lixelConcentration(all, about, stratum, ofStratum)
	if err != nil {
		return nil, err
	}
	for i := range s.share {
		prior := ofStratum[stratum[i]]
		s.share[i] = (about[i] + own*prior) / (all[i] + own)
		if s.share[i] > 0 {
			s.spread[i] = (1 - s.share[i]) / s.share[i] / (all[i] + own + 1)
		}
	}
	return s, nil
}

// strataShares are the shares of the strata, shrunk towards that of all.
func strataShares(all, about []float64, stratum []int32) ([]float64, error) {
	counts := make([][]float64, 2*roadGroups)
	for g := range counts {
		counts[g] = make([]float64, 2)
	}
	prior := []float64{0.5, 0.5} // of the overall share, by Jeffreys
	for i, n := range all {
		counts[stratum[i]][0] += about[i]
		counts[stratum[i]][1] += n - about[i]
		prior[0] += about[i]
		prior[1] += n - about[i]
	}
	total := prior[0] + prior[1]
	prior[0], prior[1] = prior[0]/total, prior[1]/total
	concentration, err := predict.Concentration(counts, prior)
	if err != nil {
		return nil, fmt.Errorf("risk: shares of a kind: %w: %w", err, geoengine.ErrInvalid)
	}
	shares := make([]float64, len(counts))
	for g, row := range predict.Shrink(counts, prior, concentration) {
		shares[g] = row[0]
	}
	return shares, nil
}

// lixelConcentration is how many accidents of the stratum's share a lixel's own are mixed with. One concentration for
// all: they are compared with the overall share after taking the stratum's effect out of the counts.
func lixelConcentration(all, about []float64, stratum []int32, ofStratum []float64) (float64, error) {
	best, most := 0.0, -1.0
	for g := range ofStratum { // the stratum with most accidents tells
		n := 0.0
		for i := range all {
			if int(stratum[i]) == g {
				n += all[i]
			}
		}
		if n > most {
			best, most = float64(g), n
		}
	}
	g := int(best)
	var counts [][]float64
	for i, n := range all {
		if n > 0 && int(stratum[i]) == g {
			counts = append(counts, []float64{about[i], n - about[i]})
		}
	}
	if len(counts) == 0 {
		return 1, nil
	}
	concentration, err := predict.Concentration(counts, []float64{ofStratum[g], 1 - ofStratum[g]})
	if err != nil {
		return 0, fmt.Errorf("risk: shares of a kind by lixel: %w: %w", err, geoengine.ErrInvalid)
	}
	return concentration, nil
}
