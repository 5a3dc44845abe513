package roadrisk

import (
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"vigie/geoengine/road"
)

const (
	// tripSeconds is by how much longer a trip is e times as rare: most trips are short.
	tripSeconds = 900
	// tripWork bounds the sampled trips: nodes settled in all.
	tripWork = 4_000_000
	// leastSources is how many places trips start from at least.
	leastSources = 64
)

// betweenness is how much of the trips between junctions goes over each directed edge: shortest paths in free-flow
// time from a sample of junctions to all others, a trip of t seconds weighted by exp(−t/900 s). It stands for traffic
// where nothing counts it. Brandes (2001), from a sample of sources that is the same each time.
func betweenness(ctx context.Context, g *road.Graph) ([]float64, error) {
	sources := sampleNodes(g.Nodes())
	workers := max(1, min(runtime.GOMAXPROCS(0), len(sources)))
	parts := make([][]float64, workers)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			walker := newWalker(g)
			for i := w; i < len(sources) && ctx.Err() == nil; i += workers {
				walker.from(sources[i])
			}
			parts[w] = walker.flow
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	flow := make([]float64, g.Edges())
	for _, part := range parts {
		for e, f := range part {
			flow[e] += f / float64(len(sources))
		}
	}
	return flow, nil
}

// sampleNodes draws the junctions from which trips start.
func sampleNodes(nodes int) []road.Node {
	n := min(nodes, max(leastSources, tripWork/max(1, nodes)))
	order := rand.New(rand.NewPCG(1, 0x7219)).Perm(nodes)
	sources := make([]road.Node, n)
	for i := range sources {
		sources[i] = road.Node(order[i])
	}
	return sources
}

// walker finds the shortest paths from one node after another and adds up what flows over each edge.
type walker struct {
	graph   *road.Graph
	flow    []float64
	seconds []float64
	via     []road.Edge
	carried []float64
	order   []road.Node
	queue   nodeQueue
}

func newWalker(g *road.Graph) *walker {
	n := g.Nodes()
	return &walker{graph: g, flow: make([]float64, g.Edges()), seconds: make([]float64, n),
		via: make([]road.Edge, n), carried: make([]float64, n)}
}

func (w *walker) from(source road.Node) {
	for i := range w.seconds {
		w.seconds[i], w.via[i], w.carried[i] = math.Inf(1), road.NoEdge, 0
	}
	w.order = w.order[:0]
	w.seconds[source] = 0
	w.queue = append(w.queue[:0], queued{0, source})
	for len(w.queue) > 0 {
		next := heap.Pop(&w.queue).(queued)
		if next.seconds > w.seconds[next.node] {
			continue
		}
		w.order = append(w.order, next.node)
		w.relax(next)
	}
	for i := len(w.order) - 1; i > 0; i-- {
		node := w.order[i]
		load := w.carried[node] + math.Exp(-w.seconds[node]/tripSeconds)
		edge := w.via[node]
		w.flow[edge] += load
		before, _ := w.graph.Ends(edge)
		w.carried[before] += load
	}
}

func (w *walker) relax(at queued) {
	first, end := w.graph.Out(at.node)
	for edge := first; edge < end; edge++ {
		_, to := w.graph.Ends(edge)
		if s := at.seconds + w.graph.Seconds(edge); s < w.seconds[to] && s < 4*tripSeconds {
			w.seconds[to], w.via[to] = s, edge
			heap.Push(&w.queue, queued{s, to})
		}
	}
}

type queued struct {
	seconds float64
	node    road.Node
}

// nodeQueue is a heap by time, then number, so that ties fall the same way each time.
type nodeQueue []queued

func (q nodeQueue) Len() int { return len(q) }
func (q nodeQueue) Less(i, j int) bool {
	return q[i].seconds < q[j].seconds || q[i].seconds == q[j].seconds && q[i].node < q[j].node
}
func (q nodeQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *nodeQueue) Push(x any)   { *q = append(*q, x.(queued)) }
func (q *nodeQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
