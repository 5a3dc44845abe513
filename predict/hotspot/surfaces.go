package hotspot

import (
	"fmt"
	"math"

	"vigie/predict/judge"
)

// What models see: counts of the place itself at several memories (half-lives in days), and Gaussian kernels around its
// middle at several memories and widths (in sides of a place). Widths from the third on are reached by averaging over
// a ring, which costs the same for any number of events.
var (
	memories     = [...]float64{14, 90, 365, 1000, math.Inf(1)}
	kernelAges   = [...]int{1, 2, 4} // of memories: 90, 365, all
	kernelWidths = [...]float64{.65, 1.3}
	spreads      = [...]int{1, 3} // times averaged over a ring three sides wide after the widest kernel: 2.6 and 4.1 sides
)

const (
	forever   = len(memories) - 1
	kernels   = len(kernelAges) * (len(kernelWidths) + len(spreads))
	nearFirst = len(memories) + kernels // near repeats: two weeks, around
	columns   = nearFirst + 1
)

// columnNames say in words what a column is, for what is disclosed.
func columnNames() []string {
	var names []string
	life := func(m int) string {
		if m == forever {
			return "all history"
		}
		return fmt.Sprintf("half-life %g d", memories[m])
	}
	for m := range memories {
		names = append(names, "count, "+life(m))
	}
	for _, m := range kernelAges {
		for _, w := range kernelWidths {
			names = append(names, fmt.Sprintf("kernel of %g sides, %s", w, life(m)))
		}
		for _, s := range spreads {
			names = append(names, fmt.Sprintf("kernel of %.1f sides, %s", math.Sqrt(kernelWidths[len(kernelWidths)-1]*kernelWidths[len(kernelWidths)-1]+float64(s)*ringRadius*ringRadius/2), life(m)))
		}
	}
	return append(names, "near repeats, "+life(0))
}

// kernelColumn is the column of a kernel: age of kernelAges; width counts kernelWidths, then spreads.
func kernelColumn(age, width int) int {
	return len(memories) + age*(len(kernelWidths)+len(spreads)) + width
}

// surfaces are the columns at one origin, one value for each place.
type surfaces struct {
	origin judge.Day
	days   float64 // from the first event to the origin
	events int     // known
	column [columns][]float64
	// scale brings a column to what a steady past would give however long it is: else a sum of counts would expect more
	// from the same city a year later.
	scale [columns]float64
}

// foreverDays are the days that counts of all history are brought to.
const foreverDays = 1500

// steady is the scale of a memory with a history of so many days.
func steady(memory int, days float64) float64 {
	if memory == forever {
		return foreverDays / days
	}
	return memories[memory] / math.Ln2 / effective(memories[memory], days)
}

// at computes what could be seen on the morning of a day.
func (p *past) at(origin judge.Day) *surfaces {
	n, cells := p.knownAt(origin), len(p.grid.IDs)
	s := &surfaces{origin: origin, days: float64(max(origin-p.first, 1)), events: n}
	flat := make([]float64, columns*cells)
	for c := range s.column {
		s.column[c] = flat[c*cells : (c+1)*cells]
	}
	for m := range memories {
		s.scale[m] = steady(m, s.days)
		out, weight := s.column[m], p.days[m]
		for i, cell := range p.cell[:n] {
			out[cell] += weight[origin-p.day[i]]
		}
	}
	bySpot := make([]float64, len(p.near[0].start)-1)
	buffer := make([]float64, cells)
	for k, m := range kernelAges {
		for w := range len(kernelWidths) + len(spreads) {
			s.scale[kernelColumn(k, w)] = s.scale[m]
		}
		p.gather(bySpot, m, n, origin)
		for w := range kernelWidths {
			p.near[w].spread(s.column[kernelColumn(k, w)], bySpot)
		}
		from, done := s.column[kernelColumn(k, len(kernelWidths)-1)], 0
		for w, times := range spreads {
			to := s.column[kernelColumn(k, len(kernelWidths)+w)]
			copy(to, from)
			p.ring.average(to, buffer, times-done)
			from, done = to, times
		}
	}
	s.scale[nearFirst] = s.scale[0]
	p.gather(bySpot, 0, n, origin)
	p.near[len(kernelWidths)-1].spread(s.column[nearFirst], bySpot)
	return s
}

// gather sums the weights of events by spot.
func (p *past) gather(out []float64, memory, n int, origin judge.Day) {
	clear(out)
	weight := p.days[memory]
	for i, spot := range p.spot[:n] {
		out[spot] += weight[origin-p.day[i]]
	}
}

func (t *tieList) spread(out, bySpot []float64) {
	for s, v := range bySpot {
		if v == 0 {
			continue
		}
		from, to := t.start[s], t.start[s+1]
		for k, c := range t.cell[from:to] {
			out[c] += v * t.weight[from+int32(k)]
		}
	}
}

// average replaces each value by the mean over its neighbours, several times. Places that are missing around a
// border count as nothing, as no event of theirs is known.
func (n *neighbours) average(values, buffer []float64, times int) {
	most := 1
	for i := range values {
		most = max(most, int(n.start[i+1]-n.start[i]))
	}
	scale := 1 / float64(most)
	for range times {
		copy(buffer, values)
		for i := range values {
			sum := 0.
			for _, j := range n.list[n.start[i]:n.start[i+1]] {
				sum += buffer[j]
			}
			values[i] = sum * scale
		}
	}
}

// sample is a table to learn from: rows are places at past origins, y what happened there in the days after.
type sample struct {
	logs   bool      // x is wanted
	x      []float64 // row-major, columns each: log(1+value)
	raw    []float64 // the same without logarithm
	steady []float64 // raw times the scale of its origin
	y      []float64
	weight []float64 // how many rows a row stands for
	offset []float64 // log of area over that of a whole place
	days   float64   // over which y was counted
}

func (s *sample) rows() int { return len(s.y) }

// take adds rows of an origin: of the places where something happened one in some; of the others, by chance, the more
// likely the more is near as a row tells the more the more it expects. A row stands for as many
// as it was likely to be taken. Chance is a hash of place and origin: the same rows are taken whoever asks.
func (s *sample) take(p *past, seen *surfaces, y []float64, some uint64, none, floor float64) {
	near := seen.column[kernelColumn(len(kernelAges)-1, len(kernelWidths)-1)]
	for i := range p.grid.IDs {
		chance := 1 / float64(some)
		if y[i] == 0 {
			chance = min(none*(near[i]+floor), 1)
		}
		if chance < 1 && float64(hash(p.grid.IDs[i]^uint64(seen.origin)<<40)>>11)/(1<<53) >= chance {
			continue
		}
		for c := range columns {
			v := seen.column[c][i]
			s.raw, s.steady = append(s.raw, v), append(s.steady, v*seen.scale[c])
			if s.logs {
				s.x = append(s.x, math.Log1p(v))
			}
		}
		s.y, s.weight = append(s.y, y[i]), append(s.weight, 1/chance)
		s.offset = append(s.offset, math.Log(p.grid.Areas[i]/(p.grid.side*p.grid.side)))
	}
}

// hash scatters bits (the finaliser of SplitMix64, Steele, Lea & Flood 2014).
func hash(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
