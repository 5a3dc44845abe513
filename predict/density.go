package predict

import (
	"context"
	"fmt"
	"math"
	"sync"
)

// Split says how a kernel goes on where roads meet.
type Split int

// The kernels of Okabe, Satoh & Sugihara (A kernel density estimation method for networks, International Journal of
// Geographical Information Science 23, 2009; Okabe & Sugihara, Spatial Analysis along Networks, 2012, chapter 9). Both are
// unbiased where the density is even and keep the mass of every event.
const (
	// Discontinuous splits a kernel that arrives at a node of n segments evenly over the n−1 others. It is never negative,
	// and fast; the density jumps at nodes.
	Discontinuous Split = iota
	// Continuous gives 2/n to each of the n−1 others and sends 2/n − 1, which is negative, back where it came from: the
	// density is continuous at nodes. Its paths go to and fro; it is meant for bandwidths of a few segments.
	Continuous
)

const (
	// leastShare is the share of an event below which a path is not followed any more.
	leastShare = 1e-4
	// mostPaths limits the pieces of road that one event may reach.
	mostPaths = 4_000_000
)

// Density spreads each event along the network with the quartic kernel K(d) = 15/16h·(1−(d/h)²)² of bandwidth h in metres,
// and gives the mass that each segment gets: divided by its length it is the density. Masses are integrals, not values at
// centres, so they sum to the events' weights (but for paths below 1/10,000 of an event). At a dead end the kernel turns
// back, so nothing is lost at the rim of a territory. Bandwidths of 1 to 10 segments are meant; an event that reaches more
// than four million pieces of road gives ErrDiverged.
func Density(ctx context.Context, n *Network, events []Event, bandwidth float64, split Split) ([]float64, error) {
	if !(bandwidth > 0) || math.IsInf(bandwidth, 1) {
		return nil, fmt.Errorf("density: a bandwidth of %v m: %w", bandwidth, ErrShape)
	}
	if err := n.check(events); err != nil {
		return nil, err
	}
	// Blocks of fixed size are summed in order, so the result does not depend on how many cores there are.
	const block = 4096
	blocks := (len(events) + block - 1) / block
	masses, errs := make([][]float64, blocks), make([]error, blocks)
	each(blocks, func(b int) {
		spread := &spreading{n: n, h: bandwidth, split: split, mass: make([]float64, len(n.length))}
		for _, e := range events[b*block : min((b+1)*block, len(events))] {
			if errs[b] == nil {
				errs[b] = ctx.Err()
			}
			if errs[b] == nil {
				errs[b] = spread.event(e)
			}
		}
		masses[b] = spread.mass
	})
	total := make([]float64, len(n.length))
	for b, mass := range masses {
		if errs[b] != nil {
			return nil, errs[b]
		}
		for s, m := range mass {
			total[s] += m
		}
	}
	return total, nil
}

// spreading is the work on the events of one block.
type spreading struct {
	n     *Network
	h     float64
	split Split
	mass  []float64
	stack []front
}

// front is a kernel that leaves an end of a segment inwards.
type front struct {
	half  int32   // 2·segment + the end it comes in by
	gone  float64 // metres from the event
	share float64 // of the event's weight, signed
}

func (s *spreading) event(e Event) error {
	length := s.n.length[e.Segment]
	along := min(e.Metres, length)
	s.mass[e.Segment] += e.Weight * (s.part(0, along) + s.part(0, length-along))
	s.stack = s.stack[:0]
	s.arrive(2*e.Segment, along, 1)
	s.arrive(2*e.Segment+1, length-along, 1)
	for pieces := 0; len(s.stack) > 0; pieces++ {
		if pieces == mostPaths {
			return fmt.Errorf("density: an event reaches more than %d pieces within %v m; take a shorter bandwidth or the discontinuous kernel: %w", mostPaths, s.h, ErrDiverged)
		}
		f := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		segment := f.half / 2
		s.mass[segment] += e.Weight * f.share * s.part(f.gone, f.gone+s.n.length[segment])
		s.arrive(f.half^1, f.gone+s.n.length[segment], f.share)
	}
	return nil
}

// arrive sends on what comes out of a segment at an end.
func (s *spreading) arrive(half int32, gone, share float64) {
	if gone >= s.h {
		return
	}
	around := s.n.at(s.n.ends[half/2][half%2])
	degree := float64(len(around))
	on, back := 1/(degree-1), 0.0
	switch {
	case degree == 1:
		on, back = 0, 1
	case s.split == Continuous:
		on, back = 2/degree, 2/degree-1
	}
	for _, next := range around {
		part := share * on
		if next == half {
			part = share * back
		}
		if math.Abs(part) >= leastShare {
			s.stack = append(s.stack, front{next, gone, part})
		}
	}
}

// part is the integral of the kernel from a to b metres on one side of the event; the whole side is ½.
func (s *spreading) part(a, b float64) float64 { return s.side(b) - s.side(a) }

func (s *spreading) side(d float64) float64 {
	u := min(d/s.h, 1)
	u2 := u * u
	return 15.0 / 16 * u * (1 - 2*u2/3 + u2*u2/5)
}

// each does work 0 to n−1 on two cores.
func each(n int, work func(i int)) {
	const workers = 2
	var group sync.WaitGroup
	next := make(chan int)
	for range min(workers, n) {
		group.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}
