package hotspot

import (
	"slices"

	"vigie/predict/judge"
)

// compact forgets what calibration does not need: values become their classes of each place.
func (s *scored) compact() {
	for name, values := range s.daily {
		out := make([]float32, len(values))
		for i, v := range values {
			out[i] = float32(v)
		}
		if s.kept == nil {
			s.kept = map[string][]float32{}
		}
		s.kept[name] = out
	}
	s.daily = nil
}

// calibrated compares what the nested choice of the headline budget expected, calibrated by what had passed at each
// origin, with what happened; and how often its intervals held it.
func (p *past) calibrated(h *Horizon, steps []step, trials []*trial, from int, headline []string) {
	var forecast, observed []float64
	var inside [2]float64
	var hot []bool
	var held [2][]bool
	n := 0.
	every := max((len(trials)-from)*len(p.grid.IDs)/2_000_000, 1) // enough pairs
	for i := from; i < len(trials); i++ {
		t := trials[i]
		if (i-from)%every != 0 {
			continue
		}
		name := headline[i]
		if steps[i].scored.kept[name] == nil { // it could not be learnt for this origin
			name = Count
		}
		values := steps[i].scored.kept[name]
		cal := calibrate(finished(trials[:i], t.origin), name, t.origin)
		happened, _ := p.happened(t.origin, t.days)
		bands := newBands(1 / cal.alpha)
		for c, v := range values {
			mean := cal.apply(float64(v)) * float64(t.days)
			forecast, observed = append(forecast, mean), append(observed, happened[c])
			n++
			b := bands.of(mean)
			for k := range inside {
				in := happened[c] >= b[k][0] && happened[c] <= b[k][1]
				held[k] = append(held[k], in)
				if in {
					inside[k]++
				}
			}
			h.Expected += mean * float64(every)
		}
	}
	h.Deciles = deciles(judge.Reliability(forecast, observed, 10))
	h.Masses = deciles(judge.ReliabilityByMass(forecast, observed, 10))
	if n == 0 {
		return
	}
	h.Cover80, h.Cover95 = inside[0]/n, inside[1]/n
	sorted := slices.Clone(forecast)
	slices.Sort(sorted)
	least := sorted[int(.95*float64(len(sorted)))]
	hot = make([]bool, len(forecast))
	count := 0.
	var got [2]float64
	for i, f := range forecast {
		if hot[i] = f >= least; hot[i] {
			count++
			for k := range got {
				if held[k][i] {
					got[k]++
				}
			}
		}
	}
	h.Hot80, h.Hot95 = got[0]/count, got[1]/count
}

// bands are prediction intervals by mean, kept for means of about the same height.
type bands struct {
	shape float64
	known map[int][2][2]float64
}

func newBands(shape float64) *bands { return &bands{shape, map[int][2][2]float64{}} }

func (b *bands) of(mean float64) [2][2]float64 {
	key := int(mean * 1e4)
	if got, ok := b.known[key]; ok {
		return got
	}
	var out [2][2]float64
	for k, tail := range [...]float64{.1, .025} {
		out[k] = [2]float64{float64(Quantile(mean, b.shape, tail)), float64(Quantile(mean, b.shape, 1-tail))}
	}
	b.known[key] = out
	return out
}
