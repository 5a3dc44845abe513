package cql2

// wkt reads a geometry in well-known text after its keyword: POINT (1 2), POLYGON Z ((…)), ….
func (p *parser) wkt(kind string) (geometry, error) {
	s, _ := shapeOf(kind)
	p.keyword("z")
	return p.shape(s)
}

// shape reads the parentheses of one kind of geometry.
func (p *parser) shape(s shape) (geometry, error) {
	g := geometry{kind: s.kind}
	offset := p.peek().offset
	if err := p.expect("("); err != nil {
		return g, err
	}
	leave, err := p.deeper()
	if err != nil {
		return g, err
	}
	defer leave()
	for first := true; first || p.symbol(","); first = false {
		if err := p.part(&g, s); err != nil {
			return g, err
		}
	}
	if err := p.expect(")"); err != nil {
		return g, err
	}
	if err := g.check(); err != nil {
		return g, &Error{Offset: offset, Message: err.Error()}
	}
	return g, nil
}

// part reads one position, ring or member.
func (p *parser) part(g *geometry, s shape) error {
	switch {
	case s.parts == "":
		at, err := p.position()
		g.positions = append(g.positions, at)
		return err
	case s.parts == "*":
		t := p.peek()
		member, known := shapeOf(t.value)
		if t.kind != tokenName || !known || member.kind == ring {
			return p.fail("a geometry is expected, not %s", p.here())
		}
		p.next++
		part, err := p.wkt(t.value)
		g.nested = append(g.nested, part)
		return err
	case s.parts == "Point" && !p.at(tokenSymbol, "("): // MULTIPOINT (1 2, 3 4), as older writers have it
		at, err := p.position()
		g.nested = append(g.nested, geometry{kind: "Point", positions: []position{at}})
		return err
	default:
		inner, _ := shapeOf(s.parts)
		part, err := p.shape(inner)
		g.nested = append(g.nested, part)
		return err
	}
}

// position reads two or three numbers.
func (p *parser) position() (position, error) {
	at := position{}
	for len(at) < 3 && (len(at) < 2 || p.at(tokenNumber, "") || p.at(tokenSymbol, "-") || p.at(tokenSymbol, "+")) {
		v, err := p.coordinate()
		if err != nil {
			return nil, err
		}
		at = append(at, v)
	}
	return at, nil
}

func (p *parser) coordinate() (float64, error) {
	negative := p.symbol("-")
	if !negative {
		p.symbol("+")
	}
	t := p.peek()
	if !p.take(tokenNumber, "") {
		return 0, p.fail("a number is expected, not %s", p.here())
	}
	n, ok := parseNumber(t.value)
	if !ok {
		return 0, &Error{Offset: t.offset, Message: "the number is too large"}
	}
	if negative {
		return -n.value, nil
	}
	return n.value, nil
}

// bbox reads (west, south, east, north) after BBOX.
func (p *parser) bbox(offset int) (node, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	edges := position{}
	for first := true; first || p.symbol(","); first = false {
		v, err := p.coordinate()
		if err != nil {
			return nil, err
		}
		edges = append(edges, v)
	}
	g := geometry{kind: boxKind, positions: []position{edges}}
	if err := g.check(); err != nil {
		return nil, &Error{Offset: offset, Message: err.Error()}
	}
	return g, p.expect(")")
}
