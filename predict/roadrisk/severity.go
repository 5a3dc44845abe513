package roadrisk

import "vigie/geoengine"

// blocks are the parts of the week whose accidents differ in severity: night (22 h to 6 h) and day, in the week and on
// weekends. unknownBlock is that of accidents without an hour.
const (
	blocks       = 4
	unknownBlock = blocks
)

// blockOf is the block of an hour of the week.
func blockOf(hour int) int {
	if hour < 0 {
		return unknownBlock
	}
	day, clock := hour/24, hour%24
	night := clock >= 22 || clock < 6
	weekend := day >= 5
	if night {
		evening := day
		if clock < 6 {
			evening = (day + 6) % 7
		}
		weekend = evening >= 4 && evening <= 5 // Friday and Saturday nights
	}
	block := 0
	if night {
		block++
	}
	if weekend {
		block += 2
	}
	return block
}

// severity is the mean weight of an accident by stratum and block of hours. Few deaths hold most of the weight: where
// people died is mostly chance, and is not believed place by place. The weights are pooled: overall mean × factor of the
// stratum × factor of the block, each factor shrunk towards 1 as far as chance alone would explain it.
type severity struct {
	mean    float64
	stratum []float64
	block   [blocks + 1]float64
	// spread is the relative variance of a stratum's mean, for intervals.
	spread   []float64
	weighted bool
}

// pooledSeverity estimates from accidents whose severity is known. Without any, every accident weighs 1.
func pooledSeverity(accidents []Placed, stratum []int32) *severity {
	s := &severity{mean: 1, stratum: make([]float64, 2*roadGroups), spread: make([]float64, 2*roadGroups)}
	known := make([]*Placed, 0, len(accidents))
	sum, squares := 0.0, 0.0
	for i := range accidents {
		if a := &accidents[i]; a.Severity != geoengine.SeverityUnknown {
			known = append(known, a)
			sum += a.Weight
			squares += a.Weight * a.Weight
		}
	}
	for i := range s.stratum {
		s.stratum[i] = 1
	}
	for i := range s.block {
		s.block[i] = 1
	}
	if sum <= 0 {
		return s
	}
	n := float64(len(known))
	s.weighted, s.mean = true, sum/n
	variance := max(squares/n-s.mean*s.mean, 0) / (s.mean * s.mean) // of one accident, relative
	inStratum := func(a *Placed) int { return int(stratum[a.Lixel]) }
	inBlock := func(a *Placed) int { return blockOf(a.Hour) }
	for range 5 { // one factor after the other until both have settled
		s.factors(known, s.stratum, inStratum, inBlock, s.block[:], variance)
		s.factors(known, s.block[:], inBlock, inStratum, s.stratum, variance)
	}
	s.block[unknownBlock] = 1
	for g := range s.spread {
		s.spread[g] = variance / n // the overall mean's; a stratum's own factor adds to it below
	}
	counts := make([]float64, len(s.stratum))
	for _, a := range known {
		counts[inStratum(a)]++
	}
	for g := range s.spread {
		if counts[g] > 0 {
			s.spread[g] += min(variance/counts[g], (s.stratum[g]-1)*(s.stratum[g]-1)) / 4
		}
	}
	return s
}

// factors re-estimates the factors of one grouping, given those of the other. The variance between groups is that of
// DerSimonian & Laird (1986): what chance does not explain of their differences, at least 0.
func (s *severity) factors(known []*Placed, factors []float64, group, other func(*Placed) int, others []float64, variance float64) {
	seen, due := make([]float64, len(factors)), make([]float64, len(factors))
	for _, a := range known {
		seen[group(a)] += a.Weight
		due[group(a)] += s.mean * others[other(a)]
	}
	// The relative variance of the ratio seen/due of a group: variance of one accident over their number.
	var q, weights, squares, groups float64
	for g := range factors {
		if due[g] > 0 {
			w := due[g] / s.mean / variance
			q += w * (seen[g]/due[g] - 1) * (seen[g]/due[g] - 1)
			weights, squares, groups = weights+w, squares+w*w, groups+1
		}
	}
	between := 0.0
	if groups > 1 && weights > 0 {
		between = max(0, (q-(groups-1))/(weights-squares/weights))
	}
	for g := range factors {
		factors[g] = 1
		if due[g] > 0 && between > 0 {
			factors[g] += between / (between + variance*s.mean/due[g]) * (seen[g]/due[g] - 1)
		}
	}
}
