package road

// Stretch is a piece of an edge that is driven on the way to a place.
type Stretch struct {
	Edge       Edge
	FromM, ToM float64 // along the edge, in the direction of driving
	// TogoM is the length of the way from ToM to the place.
	TogoM float64
	// Next is the number of the stretch that is driven after this one; −1 for the last, which ends at the place.
	Next int32
}

// Upstream are the pieces of road that are driven before a place is reached, in the direction of its edge, within some
// metres of way: what the drivers who pass a road sign come along. It walks against the traffic and keeps turn restrictions
// and one-way streets. The stretch that ends at the place comes first, the others by growing distance; they branch like a
// tree, each edge once, by its shortest way. Where the road leads round to the place again, the rest of its edge comes as a
// stretch of its own.
func (g *Graph) Upstream(s Spot, metres float64) []Stretch {
	if !g.on(s) || !(metres >= 0) {
		return nil
	}
	along := min(max(s.AlongM, 0), g.Metres(s.Edge))
	u := upstream{g: g, togo: map[int32]float64{}, next: map[int32]int32{}}
	list := []Stretch{{Edge: s.Edge, FromM: max(along-metres, 0), ToM: along, Next: -1}}
	g.turns.of(s.Edge, func(state int32) { u.before(state, along, 0) })
	number := map[Edge]int32{}
	for {
		state, togo, ok := u.pop()
		if !ok || togo >= metres {
			return list
		}
		e := g.turns.edge(state)
		if _, known := number[e]; !known {
			from := max(g.Metres(e)-(metres-togo), 0)
			if e == s.Edge {
				from = max(from, along)
			}
			number[e] = int32(len(list))
			list = append(list, Stretch{Edge: e, FromM: from, ToM: g.Metres(e), TogoM: togo, Next: u.next[state]})
		}
		if e != s.Edge {
			u.before(state, togo+g.Metres(e), number[e])
		}
	}
}

// upstream is a search against the traffic by metres. It keeps what it reaches in maps: its neighbourhoods are small.
type upstream struct {
	g    *Graph
	togo map[int32]float64 // of each state, from the end of its edge
	next map[int32]int32   // stretch after it
	heap []uint64          // millimetres << 32 | state
}

// before offers the states from which one turns into a state.
func (u *upstream) before(state int32, togo float64, next int32) {
	for _, p := range u.g.turns.ahead(state) {
		if known, ok := u.togo[p]; (!ok || togo < known) && togo < horizon/1000 {
			u.togo[p], u.next[p] = togo, next
			u.heap = push(u.heap, uint64(togo*1000)<<32|uint64(uint32(p)))
		}
	}
}

// pop settles the next state.
func (u *upstream) pop() (state int32, togo float64, ok bool) {
	for len(u.heap) > 0 {
		var top uint64
		top, u.heap = popped(u.heap)
		state = int32(uint32(top))
		if togo = u.togo[state]; uint64(togo*1000) == top>>32 {
			return state, togo, true
		}
	}
	return 0, 0, false
}
