package hotspot

import "math"

// mixture is a sum of columns with weights that are not negative: an even part, counts (the exact places of the past) and
// kernels (their surroundings). Weights maximise the Poisson likelihood, by the EM steps of a mixture, as those of a
// self-exciting process (Mohler et al. 2011) whose kernels are given.
type mixture struct {
	even   float64
	weight [columns]float64
	days   float64
}

const mixtureSteps = 60

// fitMixture uses the columns for which use is true.
func fitMixture(s *sample, use func(column int) bool) *mixture {
	m := &mixture{even: s.rate() / 2, days: s.days}
	var total [columns]float64
	area := 0.
	var used []int
	for i, w := range s.weight {
		area += w * math.Exp(s.offset[i])
		for c := range columns {
			total[c] += w * s.steady[i*columns+c]
		}
	}
	happened := s.rate() * area
	for c := range columns {
		if use(c) && total[c] > 0 {
			used = append(used, c)
		}
	}
	for _, c := range used {
		m.weight[c] = happened / 2 / float64(len(used)) / total[c]
	}
	for range mixtureSteps {
		var got [columns]float64
		even := 0.
		for i, y := range s.y {
			if y == 0 {
				continue
			}
			row := s.steady[i*columns : (i+1)*columns]
			ground := m.even * math.Exp(s.offset[i])
			mu := ground
			for _, c := range used {
				mu += m.weight[c] * row[c]
			}
			part := s.weight[i] * y / max(mu, 1e-12)
			even += part * ground
			for _, c := range used {
				got[c] += part * m.weight[c] * row[c]
			}
		}
		m.even = even / max(area, 1e-12)
		for _, c := range used {
			m.weight[c] = got[c] / total[c]
		}
	}
	return m
}

// daily is what is expected in each place on a day.
func (m *mixture) daily(g *Grid, seen *surfaces) []float64 {
	out := make([]float64, len(g.IDs))
	for i := range out {
		out[i] = m.even * g.Areas[i] / (g.side * g.side)
	}
	for c, w := range m.weight {
		if w == 0 {
			continue
		}
		w *= seen.scale[c]
		for i, v := range seen.column[c] {
			out[i] += w * v
		}
	}
	for i := range out {
		out[i] /= m.days
	}
	return out
}
