package road

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// longestM is the longest section: what is longer is a mistake, and times are counted in 32 bits of milliseconds.
const longestM = 1_000_000

// New makes the graph of sections, in any order. Sections that may be driven in no direction are left out. Junctions are
// shared within a source, never between sources. Restrictions that name a section which is not there, or that do not fit the
// lines, are ignored: an extract cuts many. Errors wrap geoengine.ErrInvalid and name the section: a line with fewer
// than two positions, a position that is none, a section longer than 1,000 km, a natural identity told twice.
//
// The graph keeps the lines of the sections, which must not be changed any more.
func New(sections []Section, turns []Restriction, sites []Site) (*Graph, error) {
	g := &Graph{bound: orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}}
	if err := g.take(sections); err != nil {
		return nil, err
	}
	g.join()
	g.direct()
	g.turns = newTurns(g, turns)
	g.connect()
	g.index = newBoxes(len(g.sections), func(i int) orb.Bound { return g.sections[i].Line.Bound() })
	g.work.New = func() any { return newSearch(g.turns.states()) }
	g.walks.New = func() any { return newWalk(len(g.position), len(g.sections)) }
	g.place(sites)
	return g, nil
}

// take checks the sections and keeps those that may be driven, ordered along a curve.
func (g *Graph) take(sections []Section) error {
	type identity struct{ source, ref string }
	known := make(map[identity]struct{}, len(sections))
	empty := true
	for i := range sections {
		s := &sections[i]
		if err := s.check(); err != nil {
			return fmt.Errorf("road section %s %s: %w", s.Source, s.Ref, err)
		}
		id := identity{s.Source, s.Ref}
		if _, twice := known[id]; twice {
			return fmt.Errorf("road section %s %s is told twice: %w", s.Source, s.Ref, geoengine.ErrInvalid)
		}
		known[id] = struct{}{}
		if !s.Forward && !s.Backward {
			continue
		}
		g.sections = append(g.sections, *s)
		if empty {
			g.bound, empty = s.Line.Bound(), false
		}
		g.bound = g.bound.Union(s.Line.Bound())
	}
	keys := make([]uint64, len(g.sections))
	order := make([]int32, len(g.sections))
	for i := range g.sections {
		keys[i], order[i] = curve(g.bound, g.sections[i].Line[0]), int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
	sorted := make([]Section, len(order))
	for i, o := range order {
		sorted[i] = g.sections[o]
	}
	g.sections = sorted
	g.metres = make([]float64, len(sorted))
	for i := range sorted {
		g.metres[i] = Length(sorted[i].Line)
	}
	return nil
}

// check reports what is wrong with a section.
func (s *Section) check() error {
	if len(s.Line) < 2 {
		return fmt.Errorf("its line has %d positions, it needs 2: %w", len(s.Line), geoengine.ErrInvalid)
	}
	for _, p := range s.Line {
		if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
			return fmt.Errorf("longitude %v, latitude %v is no position: %w", p[0], p[1], geoengine.ErrInvalid)
		}
	}
	if metres := Length(s.Line); metres > longestM {
		return fmt.Errorf("%.0f km long, more than 1,000: %w", metres/1000, geoengine.ErrInvalid)
	}
	return nil
}

// curve is the place of a position on a curve that fills a box (Morton's, 2 × 16 bits).
func curve(box orb.Bound, p orb.Point) uint64 {
	scale := func(v, low, high float64) uint64 {
		if high <= low {
			return 0
		}
		return uint64(min(max((v-low)/(high-low), 0), 1) * 65535)
	}
	x, y := scale(p[0], box.Min[0], box.Max[0]), scale(p[1], box.Min[1], box.Max[1])
	key := uint64(0)
	for bit := range 16 {
		key |= (x>>bit&1)<<(2*bit) | (y>>bit&1)<<(2*bit+1)
	}
	return key
}

// junction is the identity of a node in its source.
type junction struct {
	source string
	number int64
}

// join numbers the nodes and lists the section ends at each.
func (g *Graph) join() {
	nodes := map[junction]Node{}
	at := make([][2]Node, len(g.sections))
	node := func(source string, number int64, p orb.Point) Node {
		n, known := nodes[junction{source, number}]
		if !known {
			n = Node(len(g.position))
			nodes[junction{source, number}] = n
			g.position = append(g.position, p)
		}
		return n
	}
	for i := range g.sections {
		s := &g.sections[i]
		at[i] = [2]Node{node(s.Source, s.From, s.Line[0]), node(s.Source, s.To, s.Line[len(s.Line)-1])}
	}
	g.firstEnd = make([]int32, len(g.position)+1)
	for _, ends := range at {
		g.firstEnd[ends[0]+1]++
		g.firstEnd[ends[1]+1]++
	}
	for n := range g.position {
		g.firstEnd[n+1] += g.firstEnd[n]
	}
	g.ends = make([]int32, 2*len(at))
	next := slices.Clone(g.firstEnd)
	for i, ends := range at {
		for side, n := range ends {
			g.ends[next[n]] = int32(2*i + side)
			next[n]++
		}
	}
}

// direct makes the edges: those out of a node follow one another, in the order of their sections.
func (g *Graph) direct() {
	g.both = make([][2]Edge, len(g.sections))
	g.first = make([]Edge, len(g.position)+1)
	tail := make([][2]Node, len(g.sections))
	for n := range g.position {
		g.first[n] = Edge(len(g.from))
		for _, end := range g.ends[g.firstEnd[n]:g.firstEnd[n+1]] {
			s := &g.sections[end>>1]
			tail[end>>1][end&1] = Node(n)
			g.both[end>>1][end&1] = NoEdge
			if (end&1 == 0 && s.Forward) || (end&1 == 1 && s.Backward) {
				g.both[end>>1][end&1] = Edge(len(g.from))
				g.from = append(g.from, Node(n))
				g.piece = append(g.piece, end)
			}
		}
	}
	g.first[len(g.position)] = Edge(len(g.from))
	g.to = make([]Node, len(g.from))
	g.twin = make([]Edge, len(g.from))
	g.millis = make([]uint32, len(g.from))
	for e, piece := range g.piece {
		s, back := &g.sections[piece>>1], piece&1
		g.to[e] = tail[piece>>1][1-back]
		g.twin[e] = g.both[piece>>1][1-back]
		allowed := s.SpeedForward
		if back == 1 {
			allowed = s.SpeedBackward
		}
		g.millis[e] = uint32(g.metres[piece>>1]*3600/speedKmh(s, allowed) + 0.5)
	}
}

// place puts the sites on the nearest edges.
func (g *Graph) place(sites []Site) {
	for _, site := range sites {
		spot, ok := g.nearest(site.Position, 200, true)
		if ok {
			g.sites = append(g.sites, PlacedSite{site, spot})
		}
	}
}
