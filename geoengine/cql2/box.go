package cql2

import (
	"github.com/paulmach/orb"
)

// InCRS returns the expression with its geometries meant in another coordinate reference system: an EPSG code, and
// whether its axes are latitude, longitude.
func (e Expr) InCRS(srid int, latitudeFirst bool) Expr {
	const wgs84 = 4326
	if srid == wgs84 {
		srid = 0
	}
	return Expr{rewrite(e.root, func(g geometry) geometry {
		g.srid, g.latitudeFirst = srid, latitudeFirst
		return g
	}), e.grammar}
}

func rewrite(n node, change func(geometry) geometry) node {
	switch n := n.(type) {
	case geometry:
		return change(n)
	case call:
		args := make([]node, len(n.args))
		for i, arg := range n.args {
			args[i] = rewrite(arg, change)
		}
		return call{n.op, args}
	default:
		return n
	}
}

// flipped is the geometry with its axes in x, y order.
func (g geometry) flipped() geometry {
	if !g.latitudeFirst {
		return g
	}
	turned := geometry{kind: g.kind, srid: g.srid}
	for _, at := range g.positions {
		at = append(position{}, at...)
		at[0], at[1] = at[1], at[0]
		if g.kind == boxKind {
			half := len(at) / 2
			at[half], at[half+1] = at[half+1], at[half]
		}
		turned.positions = append(turned.positions, at)
	}
	for _, part := range g.nested {
		part.latitudeFirst = true
		turned.nested = append(turned.nested, part.flipped())
	}
	return turned
}

// Box returns a box, in WGS 84, outside of which nothing can match because of what the expression asks of the
// geometry property; false if there is none. It is for indexes: the condition itself must still be tested.
func (e Expr) Box(geometryProperty string) (orb.Bound, bool) {
	return boxOf(e.root, property(geometryProperty))
}

func boxOf(n node, name property) (orb.Bound, bool) {
	c, isCall := n.(call)
	if !isCall {
		return orb.Bound{}, false
	}
	switch c.op {
	case "and":
		return narrowest(c.args, name)
	case "or":
		return widest(c.args, name)
	case "s_contains", "s_crosses", "s_equals", "s_intersects", "s_overlaps", "s_touches", "s_within":
		for i := range c.args {
			if g, isShape := c.args[1-i].(geometry); isShape && c.args[i] == node(name) && g.srid == 0 {
				return g.bound()
			}
		}
	}
	return orb.Bound{}, false
}

// narrowest is the common part of what boxes there are; where they have none, the first: nothing matches either way.
func narrowest(args []node, name property) (found orb.Bound, any bool) {
	for _, arg := range args {
		box, ok := boxOf(arg, name)
		switch {
		case !ok:
		case !any:
			found, any = box, true
		case found.Intersects(box):
			found = orb.Bound{
				Min: orb.Point{max(found.Min[0], box.Min[0]), max(found.Min[1], box.Min[1])},
				Max: orb.Point{min(found.Max[0], box.Max[0]), min(found.Max[1], box.Max[1])},
			}
		}
	}
	return found, any
}

// widest holds every box, if each operand has one.
func widest(args []node, name property) (found orb.Bound, ok bool) {
	for i, arg := range args {
		box, has := boxOf(arg, name)
		if !has {
			return orb.Bound{}, false
		}
		if i == 0 {
			found = box
		} else {
			found = found.Union(box)
		}
	}
	return found, true
}

func (g geometry) bound() (orb.Bound, bool) {
	var found orb.Bound
	first := true
	g.flipped().each(func(at position) {
		p := orb.Point{at[0], at[1]}
		if first {
			found, first = orb.Bound{Min: p, Max: p}, false
		} else {
			found = found.Extend(p)
		}
	})
	return found, !first
}

// Properties lists the properties that the expression names, in order, each once.
func (e Expr) Properties() []string {
	var names []string
	seen := map[string]bool{}
	walk(e.root, func(p property) {
		if !seen[string(p)] {
			seen[string(p)] = true
			names = append(names, string(p))
		}
	})
	return names
}

func walk(n node, visit func(property)) {
	switch n := n.(type) {
	case property:
		visit(n)
	case interval:
		walk(n.start, visit)
		walk(n.end, visit)
	case list:
		for _, v := range n {
			walk(v, visit)
		}
	case call:
		for _, arg := range n.args {
			walk(arg, visit)
		}
	}
}
