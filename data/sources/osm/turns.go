package osm

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vigie/data"
	"vigie/geoengine/road"
)

// turn is a restriction relation, by its ways.
type turn struct {
	at       data.Position
	id       int64
	only     bool
	from, to []int64 // ways; several for no_entry and no_exit
	node     int64   // where they meet, if via is empty
	via      []int64 // ways in between
}

// piece is a section of a way that a restriction names.
type piece struct {
	ref               string
	from, to          int64
	forward, backward bool
}

func (p *piece) touches(node int64) bool { return p.from == node || p.to == node }
func (p *piece) reaches(node int64) bool {
	return p.to == node && p.forward || p.from == node && p.backward
}
func (p *piece) leaves(node int64) bool {
	return p.from == node && p.forward || p.to == node && p.backward
}

func (r *relation) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "relation %d", r.id)
	for _, t := range r.tags {
		fmt.Fprintf(&b, " %s=%s", t.key, t.value)
	}
	return b.String()
}

// forCars returns what the restriction says to cars; "" if nothing that always holds.
func forCars(t tags) string {
	for _, vehicle := range strings.Split(t.get("except"), ";") {
		switch strings.TrimSpace(vehicle) {
		case "motorcar", "motor_vehicle", "vehicle":
			return ""
		}
	}
	if t.first("day_on", "day_off", "hour_on", "hour_off") != "" {
		return ""
	}
	return t.first("restriction:motorcar", "restriction:motor_vehicle", "restriction:vehicle", "restriction")
}

// errNotForCars says that a restriction does not bind cars, or not at all times.
var errNotForCars = errors.New("does not bind cars at all times")

// parseTurn reads a restriction. The error is errNotForCars, or a reject.
func parseTurn(r *relation) (*turn, error) {
	reject := func(reason, format string, args ...any) (*turn, error) {
		return nil, data.Rejectf(r.at, []byte(r.text()), reason, "relation %d: "+format, append([]any{r.id}, args...)...)
	}
	value := forCars(r.tags)
	switch value {
	case "":
		return nil, errNotForCars
	case "no_left_turn", "no_right_turn", "no_straight_on", "no_u_turn", "no_entry", "no_exit",
		"only_left_turn", "only_right_turn", "only_straight_on", "only_u_turn":
	default:
		return reject("unknown_value", "restriction %.40q", value)
	}
	t := &turn{at: r.at, id: r.id, only: strings.HasPrefix(value, "only_")}
	nodes := 0
	for _, m := range r.members {
		switch {
		case m.role == "from" && m.kind == memberWay:
			t.from = append(t.from, m.ref)
		case m.role == "to" && m.kind == memberWay:
			t.to = append(t.to, m.ref)
		case m.role == "via" && m.kind == memberWay:
			t.via = append(t.via, m.ref)
		case m.role == "via" && m.kind == memberNode:
			t.node = m.ref
			nodes++
		}
	}
	if len(t.from) == 0 || len(t.to) == 0 || (nodes == 1) == (len(t.via) > 0) || nodes > 1 {
		return reject("broken_restriction", "has %d ways from, %d ways to, and via %d nodes and %d ways: must have at least one, one, and either one node or ways",
			len(t.from), len(t.to), nodes, len(t.via))
	}
	if len(t.from) > 1 && value != "no_entry" || len(t.to) > 1 && value != "no_exit" {
		return reject("broken_restriction", "%s from %d ways to %d ways", value, len(t.from), len(t.to))
	}
	return t, nil
}

// resolve finds the sections that the restriction is about: none if not all of its ways are roads that the input holds,
// or if nobody may drive that way anyhow. The error says why it fits no sections.
func (t *turn) resolve(pieces map[int64][]piece) ([]road.Restriction, error) {
	var found []road.Restriction
	for _, way := range t.via {
		if len(pieces[way]) == 0 {
			return nil, nil
		}
	}
	for _, from := range t.from {
		for _, to := range t.to {
			if len(pieces[from]) == 0 || len(pieces[to]) == 0 {
				continue
			}
			var err error
			if len(t.via) == 0 {
				found, err = t.atNode(found, pieces[from], pieces[to], from == to)
			} else {
				found, err = t.alongWays(found, pieces, from, to)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for i := range found {
		found[i].Ref, found[i].Only = strconv.FormatInt(t.id, 10), t.only
		if len(found) > 1 {
			found[i].Ref += "/" + strconv.Itoa(i+1)
		}
	}
	return found, nil
}

// atNode adds the turns from one way into another at the via node.
func (t *turn) atNode(found []road.Restriction, from, to []piece, same bool) ([]road.Restriction, error) {
	on := func(all []piece) bool {
		return slices.ContainsFunc(all, func(p piece) bool { return p.touches(t.node) })
	}
	if !on(from) || !on(to) {
		return nil, fmt.Errorf("its via node %d ends no section of both its ways", t.node)
	}
	arriving := which(from, func(p *piece) bool { return p.reaches(t.node) })
	leaving := which(to, func(p *piece) bool { return p.leaves(t.node) })
	if same { // back into the section that was driven
		for _, p := range arriving {
			if p.leaves(t.node) {
				found = append(found, road.Restriction{From: p.ref, To: p.ref, Junction: t.node})
			}
		}
		return found, nil
	}
	if len(arriving) > 1 || len(leaving) > 1 {
		return nil, fmt.Errorf("its via node %d is in the middle of a way, so that either side may be meant", t.node)
	}
	if len(arriving) == 1 && len(leaving) == 1 {
		found = append(found, road.Restriction{From: arriving[0].ref, To: leaving[0].ref, Junction: t.node})
	}
	return found, nil
}

func which(all []piece, is func(*piece) bool) (found []*piece) {
	for i := range all {
		if is(&all[i]) {
			found = append(found, &all[i])
		}
	}
	return found
}

// step is a way through the via ways: the node reached, and the pieces driven.
type step struct {
	node  int64
	refs  []string
	ways  int // bits of the via ways driven
	start int64
}

// alongWays adds the shortest drive from one way over all via ways into another.
func (t *turn) alongWays(found []road.Restriction, pieces map[int64][]piece, from, to int64) ([]road.Restriction, error) {
	if len(t.via) > 16 {
		return nil, fmt.Errorf("goes over %d via ways, more than 16", len(t.via))
	}
	var queue []step
	for i := range pieces[from] {
		p := &pieces[from][i]
		for _, node := range [...]int64{p.to, p.from} {
			if p.reaches(node) && !slices.ContainsFunc(queue, func(s step) bool { return s.node == node }) {
				queue = append(queue, step{node: node, start: node})
			}
		}
	}
	const patience = 10_000
	all := 1<<len(t.via) - 1
	for i := 0; i < len(queue) && i < patience; i++ {
		s := queue[i]
		if s.ways == all {
			arriving := which(pieces[from], func(p *piece) bool { return p.reaches(s.start) && !slices.Contains(s.refs, p.ref) })
			leaving := which(pieces[to], func(p *piece) bool { return p.leaves(s.node) && !slices.Contains(s.refs, p.ref) })
			if len(arriving) > 1 || len(leaving) > 1 {
				return nil, fmt.Errorf("its via ways end in the middle of a way, so that either side may be meant")
			}
			if len(arriving) == 1 && len(leaving) == 1 {
				return append(found, road.Restriction{From: arriving[0].ref, Via: s.refs, To: leaving[0].ref, Junction: s.start}), nil
			}
		}
		queue = t.onward(queue, s, pieces)
	}
	return found, nil
}

// onward adds the pieces of via ways that can be driven next.
func (t *turn) onward(queue []step, s step, pieces map[int64][]piece) []step {
	for number, way := range t.via {
		for i := range pieces[way] {
			p := &pieces[way][i]
			if slices.Contains(s.refs, p.ref) {
				continue
			}
			next := step{refs: append(slices.Clone(s.refs), p.ref), ways: s.ways | 1<<number, start: s.start}
			if p.from == s.node && p.forward {
				next.node = p.to
				queue = append(queue, next)
			} else if p.to == s.node && p.backward {
				next.node = p.from
				queue = append(queue, next)
			}
		}
	}
	return queue
}
