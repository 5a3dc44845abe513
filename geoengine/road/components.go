package road

import (
	"cmp"
	"slices"
)

// connect finds the strongly connected components (Tarjan 1972, without recursion) and numbers them by falling size.
func (g *Graph) connect() {
	n := len(g.position)
	g.part = make([]int32, n)
	index := make([]int32, n) // order of discovery, from 1
	low := make([]int32, n)
	next := slices.Clone(g.first[:n])
	var stack, path []Node
	var sizes []int32
	count := int32(0)
	for root := range Node(n) {
		if index[root] != 0 {
			continue
		}
		path = append(path, root)
		for len(path) > 0 {
			v := path[len(path)-1]
			if index[v] == 0 {
				count++
				index[v], low[v], g.part[v] = count, count, -1
				stack = append(stack, v)
			}
			if next[v] < g.first[v+1] {
				w := g.to[next[v]]
				next[v]++
				if index[w] == 0 {
					path = append(path, w)
				} else if g.part[w] < 0 {
					low[v] = min(low[v], index[w])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				low[path[len(path)-1]] = min(low[path[len(path)-1]], low[v])
			}
			if low[v] == index[v] {
				from := len(stack) - 1
				for stack[from] != v {
					from--
				}
				for _, w := range stack[from:] {
					g.part[w] = int32(len(sizes))
				}
				sizes = append(sizes, int32(len(stack)-from))
				stack = stack[:from]
			}
		}
	}
	g.rank(sizes)
}

// rank renumbers the components by falling size, and in the order of their first nodes where they are alike.
func (g *Graph) rank(sizes []int32) {
	least := make([]int32, len(sizes))
	order := make([]int32, len(sizes))
	for n := len(g.part) - 1; n >= 0; n-- {
		least[g.part[n]] = int32(n)
	}
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(least[a], least[b]))
	})
	renamed := make([]int32, len(sizes))
	g.size = make([]int32, len(sizes))
	for i, o := range order {
		renamed[o], g.size[i] = int32(i), sizes[o]
	}
	for n := range g.part {
		g.part[n] = renamed[g.part[n]]
	}
}

// driveable reports whether one can go on from an edge: both its ends lie in one component, of 500 nodes or of a
// twentieth of the largest.
func (g *Graph) driveable(e Edge) bool {
	part := g.part[g.from[e]]
	return part == g.part[g.to[e]] && (part == 0 || g.size[part] >= min(500, max(g.size[0]/20, 2)))
}
