package predict

import (
	"fmt"
	"math"
)

// Network is a road network as mathematics sees it: segments between nodes, without directions. It is immutable and safe
// for concurrent use.
type Network struct {
	ends   [][2]int32 // nodes of each segment
	length []float64  // metres
	start  []int32    // compressed rows: the half-segments at each node
	half   []int32    // 2·segment + the end (0 or 1) that is at the node
}

// NewNetwork makes a network of nodes 0 to nodes−1 and segments between them, of lengths in metres above 0. A segment may
// join a node to itself.
func NewNetwork(nodes int, ends [][2]int32, length []float64) (*Network, error) {
	if len(ends) != len(length) {
		return nil, fmt.Errorf("network: %d segments with %d lengths: %w", len(ends), len(length), ErrShape)
	}
	n := &Network{ends: ends, length: length, start: make([]int32, nodes+1), half: make([]int32, 2*len(ends))}
	for s, e := range ends {
		if !(length[s] > 0) || math.IsInf(length[s], 1) {
			return nil, fmt.Errorf("network: segment %d has the length %v: %w", s, length[s], ErrShape)
		}
		for _, node := range e {
			if node < 0 || int(node) >= nodes {
				return nil, fmt.Errorf("network: segment %d ends at node %d of %d: %w", s, node, nodes, ErrShape)
			}
			n.start[node+1]++
		}
	}
	for i := range nodes {
		n.start[i+1] += n.start[i]
	}
	next := append([]int32(nil), n.start[:nodes]...)
	for s, e := range ends {
		for end, node := range e {
			n.half[next[node]] = int32(2*s + end)
			next[node]++
		}
	}
	return n, nil
}

// Segments is how many segments there are.
func (n *Network) Segments() int { return len(n.length) }

// at are the half-segments at a node.
func (n *Network) at(node int32) []int32 { return n.half[n.start[node]:n.start[node+1]] }

// Event is something that happened on a network.
type Event struct {
	Segment int32
	Metres  float64 // from the first end of the segment
	Weight  float64 // what it counts, not negative; 1 for a plain count
	Serious float64 // seriously injured people (killed or hospitalised); only Stretches reads it
}

func (n *Network) check(events []Event) error {
	for i, e := range events {
		if e.Segment < 0 || int(e.Segment) >= len(n.length) || !(e.Metres >= 0 && e.Metres <= n.length[e.Segment]*(1+1e-9)) {
			return fmt.Errorf("network: event %d at %v m of segment %d is not on it: %w", i, e.Metres, e.Segment, ErrShape)
		}
		if !(e.Weight >= 0) || math.IsInf(e.Weight, 1) || !(e.Serious >= 0) {
			return fmt.Errorf("network: event %d weighs %v with %v seriously injured: %w", i, e.Weight, e.Serious, ErrShape)
		}
	}
	return nil
}
