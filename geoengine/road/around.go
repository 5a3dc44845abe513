package road

// walk is the workspace of searches by metres over nodes, both ways on every road.
type walk struct {
	metres []float64
	stamp  []uint32
	seen   []uint32 // round in which a section was visited
	round  uint32
	heap   []mark
	nodes  []Node // settled, in order
}

// mark is a node with its distance.
type mark struct {
	metres float64
	node   Node
}

func newWalk(nodes, sections int) *walk {
	return &walk{metres: make([]float64, nodes), stamp: make([]uint32, nodes), seen: make([]uint32, sections)}
}

func (w *walk) reset() {
	w.heap, w.nodes = w.heap[:0], w.nodes[:0]
	w.round++
	if w.round == 0 {
		clear(w.stamp)
		clear(w.seen)
		w.round = 1
	}
}

func (w *walk) reach(n Node, metres float64) {
	if w.stamp[n] == w.round && w.metres[n] <= metres {
		return
	}
	w.stamp[n], w.metres[n] = w.round, metres
	w.heap = append(w.heap, mark{metres, n})
	i := len(w.heap) - 1
	for i > 0 && w.heap[(i-1)/2].metres > metres {
		w.heap[i] = w.heap[(i-1)/2]
		i = (i - 1) / 2
	}
	w.heap[i] = mark{metres, n}
}

func (w *walk) pop() (mark, bool) {
	for len(w.heap) > 0 {
		top, last := w.heap[0], w.heap[len(w.heap)-1]
		w.heap = w.heap[:len(w.heap)-1]
		if n := len(w.heap); n > 0 {
			i := 0
			for c := 1; c < n; c = 2*i + 1 {
				if c+1 < n && w.heap[c+1].metres < w.heap[c].metres {
					c++
				}
				if w.heap[c].metres >= last.metres {
					break
				}
				w.heap[i] = w.heap[c]
				i = c
			}
			w.heap[i] = last
		}
		if w.metres[top.node] == top.metres {
			w.nodes = append(w.nodes, top.node)
			return top, true
		}
	}
	return mark{}, false
}

// Around visits every piece of road within some metres of a place, by the shortest way on the network in both directions of
// every road, one-way or not, turns aside: the reach of a post, or of a kernel. Each piece of road comes once, as
// lengths along one of the edges of its section. The distance is distanceM at fromM and grows from there to toM; toM is
// less than fromM where it grows against the edge.
func (g *Graph) Around(s Spot, metres float64, visit func(e Edge, fromM, toM, distanceM float64)) {
	if !g.on(s) || !(metres > 0) {
		return
	}
	w := g.walks.Get().(*walk)
	defer g.walks.Put(w)
	w.reset()
	own := g.piece[s.Edge] >> 1
	e := g.edgeOf(own)
	length := g.metres[own]
	along := min(max(s.AlongM, 0), length)
	if s.Edge != e {
		along = length - along
	}
	w.reach(g.from[e], along)
	w.reach(g.to[e], length-along)
	for {
		m, ok := w.pop()
		if !ok || m.metres >= metres {
			break
		}
		for _, end := range g.ends[g.firstEnd[m.node]:g.firstEnd[m.node+1]] {
			w.reach(g.far(end), m.metres+g.metres[end>>1])
		}
	}
	fill := func(e Edge, lowM, highM, low, high float64) {
		middle := min(max((highM+lowM+high-low)/2, lowM), highM) // where the ways from both ends meet
		if to := min(middle, lowM+metres-low); to > lowM {
			visit(e, lowM, to, low)
		}
		if to := max(middle, highM-(metres-high)); to < highM {
			visit(e, highM, to, high)
		}
	}
	fill(e, 0, along, w.at(g.from[e], metres), 0)
	fill(e, along, length, 0, w.at(g.to[e], metres))
	w.seen[own] = w.round
	for _, n := range w.nodes {
		for _, end := range g.ends[g.firstEnd[n]:g.firstEnd[n+1]] {
			if c := end >> 1; w.seen[c] != w.round {
				w.seen[c] = w.round
				e := g.edgeOf(c)
				fill(e, 0, g.metres[c], w.at(g.from[e], metres), w.at(g.to[e], metres))
			}
		}
	}
}

// at is the distance of a node, or a length that is beyond the limit.
func (w *walk) at(n Node, limit float64) float64 {
	if w.stamp[n] != w.round {
		return 2*limit + longestM
	}
	return w.metres[n]
}

// far is the node at the other end of a section than one of its ends.
func (g *Graph) far(end int32) Node {
	e := g.edgeOf(end >> 1)
	if (end&1 == 1) == g.Reverse(e) {
		return g.to[e]
	}
	return g.from[e]
}
