package solve

import (
	"encoding/binary"
	"slices"

	"vigie/modules/checkpoints/verify"
)

// write is a step of the proof with the multipliers of a dual where they differ from those before it, and what takes the
// step back.
func (s *search) write(d *dual) (*verify.Node, func()) {
	node := &verify.Node{}
	type old struct {
		in *[]int64 // not the slice: naming cliques moves it
		at int32
		of int64
	}
	var before []old
	set := func(in *[]int64, sparse *verify.Sparse, at int32, of int64) {
		if (*in)[at] != of {
			before = append(before, old{in, at, (*in)[at]})
			(*in)[at] = of
			sparse.At, sparse.Of = append(sparse.At, at), append(sparse.Of, of)
		}
	}
	for e, u := range d.u {
		for _, m := range d.c.members(int32(e)) { // the sum counts, so fill one after the other
			share := min(u, s.l.in.Weights[m]*s.l.scale)
			set(&s.u, &node.Multipliers, m, share)
			u -= share
		}
	}
	s.writeCliques(d, func(at int32, v int64) { set(&s.v, &node.Cliques, at, v) })
	for _, of := range d.c.duties {
		if of.rosters != nil {
			continue
		}
		prices := d.prices(&of)
		for _, g := range s.l.groups[of.id] {
			set(&s.price, &node.Prices, g, prices[g])
		}
	}
	node.Multipliers = sorted(node.Multipliers)
	node.Cliques = sorted(node.Cliques)
	node.Prices = sorted(node.Prices)
	return node, func() {
		for i := len(before) - 1; i >= 0; i-- {
			(*before[i].in)[before[i].at] = before[i].of
		}
	}
}

// writeCliques names the cliques that have a multiplier; those of other steps have none.
func (s *search) writeCliques(d *dual, set func(at int32, v int64)) {
	here := map[int32]bool{}
	for i := range d.cliques {
		q := &d.cliques[i]
		if q.v == 0 {
			continue
		}
		if !q.named {
			ids := make(verify.Set, len(q.options))
			for k, o := range q.options {
				ids[k] = d.c.option[o]
			}
			slices.Sort(ids)
			q.of, q.named = s.name(ids), true
		}
		if !here[q.of] {
			set(q.of, q.v)
		}
		here[q.of] = true
	}
	for at := range s.v {
		if !here[int32(at)] && s.v[at] != 0 {
			set(int32(at), 0)
		}
	}
}

func (s *search) name(ids verify.Set) int32 {
	var key []byte
	for _, id := range ids {
		key = binary.AppendUvarint(key, uint64(id))
	}
	at, known := s.known[string(key)]
	if !known {
		at = len(s.cliques)
		s.known[string(key)] = at
		s.cliques, s.v = append(s.cliques, ids), append(s.v, 0)
	}
	return int32(at)
}

func sorted(s verify.Sparse) verify.Sparse {
	if slices.IsSorted(s.At) {
		return s
	}
	order := make([]int, len(s.At))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(s.At[a]) - int(s.At[b]) })
	var n verify.Sparse
	for _, i := range order {
		n.At, n.Of = append(n.At, s.At[i]), append(n.Of, s.Of[i])
	}
	return n
}
