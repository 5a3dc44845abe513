package roadrisk

import (
	"fmt"

	"vigie/geoengine"
	"vigie/predict"
)

// profiles are the shares of the hours of the week for each stratum: counts, and the same weighted by the severity of
// the hours.
type profiles struct {
	shares [][]float64
	// graver is the mean factor of severity over a stratum's week.
	graver []float64
}

// weekProfiles pools the accidents of each stratum over the hours of the week, each as far as the kind is about it.
func weekProfiles(accidents []Placed, stratum []int32, s *severity, kind Kind, model Model) (*profiles, error) {
	counts := make([][]float64, 2*roadGroups)
	for g := range counts {
		counts[g] = make([]float64, HoursOfWeek)
	}
	for i := range accidents {
		if a := &accidents[i]; a.Hour >= 0 {
			counts[stratum[a.Lixel]][a.Hour] += a.about(kind)
		}
	}
	week, err := predict.WeekProfiles(counts)
	if err != nil {
		return nil, fmt.Errorf("risk: hours of the week: %w: %w", err, geoengine.ErrInvalid)
	}
	p := &profiles{shares: week.Groups, graver: make([]float64, len(counts))}
	for g := range p.shares {
		if model.OneProfile {
			p.shares[g] = append([]float64(nil), week.All...)
		}
		for h := range p.shares[g] {
			p.shares[g][h] *= s.block[blockOf(h)]
			p.graver[g] += p.shares[g][h]
		}
		for h := range p.shares[g] {
			p.shares[g][h] /= p.graver[g]
		}
	}
	return p, nil
}

// about is how far a kind of control is about the accident.
func (a *Accident) about(kind Kind) float64 {
	if kind == AnyKind {
		return 1
	}
	return min(max(a.Relevance[kind], 0), 1)
}
