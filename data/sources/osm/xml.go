package osm

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

	"vigie/data"
	"vigie/geoengine"
)

// maxXMLToken bounds the bytes between two tags of an XML file.
const maxXMLToken = 1 << 20

// tokenLimit fails when one token becomes too long: the decoder holds a token in memory.
type tokenLimit struct {
	in     io.Reader
	left   int
	failed bool // reading did, so that what comes of it is not the fault of the text
}

var errLongToken = fmt.Errorf("more than %d bytes without a tag: %w", maxXMLToken, geoengine.ErrInvalid)

// Read reads while the token is not too long.
func (t *tokenLimit) Read(p []byte) (int, error) {
	if t.left <= 0 {
		return 0, errLongToken
	}
	n, err := t.in.Read(p[:min(len(p), t.left)])
	t.left -= n
	t.failed = t.failed || err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// xmlScanner reads OSM XML: https://wiki.openstreetmap.org/wiki/OSM_XML.
type xmlScanner struct {
	decoder  *xml.Decoder
	limit    *tokenLimit
	file     string
	want     *wanted
	inside   string // node, way or relation; "" between them
	wanted   bool
	visible  bool
	node     node
	way      way
	relation relation
}

// scanXML reads the file and gives the wanted elements in its order.
func scanXML(ctx context.Context, in io.Reader, file string, want wanted) error {
	limit := &tokenLimit{in: in, left: maxXMLToken}
	s := &xmlScanner{decoder: xml.NewDecoder(limit), limit: limit, file: file, want: &want}
	s.decoder.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("its encoding is %.40q, must be UTF-8: %w", charset, geoengine.ErrInvalid)
	}
	if err := s.run(ctx); err != nil {
		line, column := s.decoder.InputPos()
		return fmt.Errorf("read %s, line %d, column %d: %w", file, line, column, err)
	}
	return nil
}

func (s *xmlScanner) run(ctx context.Context) error {
	depth := 0
	for count := 0; ; count++ {
		if count%8192 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.limit.left = maxXMLToken
		token, err := s.decoder.Token()
		if errors.Is(err, io.EOF) {
			if depth > 0 || count == 0 {
				return fmt.Errorf("the file ends in the middle (a broken download?): %w", geoengine.ErrInvalid)
			}
			return nil
		}
		if err != nil && !s.limit.failed && !errors.Is(err, geoengine.ErrInvalid) {
			return fmt.Errorf("%w: %w", err, geoengine.ErrInvalid)
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			if depth > 8 {
				return fmt.Errorf("elements inside one another %d deep: not an OSM file: %w", depth, geoengine.ErrInvalid)
			}
			if err := s.start(t, depth); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
			if depth == 1 {
				if err := s.end(); err != nil {
					return err
				}
			}
		}
	}
}

func (s *xmlScanner) start(t xml.StartElement, depth int) error {
	switch {
	case depth == 1:
		return checkRoot(t)
	case depth == 2:
		return s.begin(t)
	case depth == 3 && s.wanted:
		return s.part(t)
	}
	return nil
}

func checkRoot(t xml.StartElement) error {
	switch t.Name.Local {
	case "osm":
		return nil
	case "osmChange":
		return fmt.Errorf("is a file of changes, not an extract: %w", geoengine.ErrInvalid)
	}
	return fmt.Errorf("is XML, but begins with <%.40s>, not with <osm>: %w", t.Name.Local, geoengine.ErrInvalid)
}

func (s *xmlScanner) at() data.Position {
	line, _ := s.decoder.InputPos()
	return data.Position{File: s.file, Line: int64(line)}
}

// begin begins a node, a way or a relation.
func (s *xmlScanner) begin(t xml.StartElement) (err error) {
	s.inside, s.visible = t.Name.Local, attribute(t, "visible") != "false"
	switch s.inside {
	case "node":
		if s.wanted = s.want.node != nil; s.wanted {
			s.node = node{at: s.at()}
			if s.node.id, err = integer(t, "id"); err == nil && s.visible {
				s.node.position[0], err = degrees(t, "lon")
			}
			if err == nil && s.visible {
				s.node.position[1], err = degrees(t, "lat")
			}
		}
	case "way":
		if s.wanted = s.want.way != nil; s.wanted {
			s.way = way{at: s.at()}
			s.way.id, err = integer(t, "id")
		}
	case "relation":
		if s.wanted = s.want.relation != nil; s.wanted {
			s.relation = relation{at: s.at()}
			s.relation.id, err = integer(t, "id")
		}
	default: // bounds, note, meta, changeset
		s.inside, s.wanted = "", false
	}
	return err
}

// part adds a tag, a node or a member to what is begun.
func (s *xmlScanner) part(t xml.StartElement) error {
	switch t.Name.Local {
	case "tag":
		return s.tag(tag{attribute(t, "k"), attribute(t, "v")})
	case "nd":
		ref, err := integer(t, "ref")
		if err != nil {
			return err
		}
		if s.way.refs = append(s.way.refs, ref); len(s.way.refs) > maxNodesOfWay {
			return fmt.Errorf("way %d: more than %d nodes: %w", s.way.id, maxNodesOfWay, geoengine.ErrInvalid)
		}
	case "member":
		ref, err := integer(t, "ref")
		if err != nil {
			return err
		}
		m := member{ref: ref, role: attribute(t, "role")}
		switch kind := attribute(t, "type"); kind {
		case "node":
			m.kind = memberNode
		case "way":
			m.kind = memberWay
		case "relation":
			m.kind = memberRelation
		default:
			return fmt.Errorf("relation %d: a member of the unknown type %.40q: %w", s.relation.id, kind, geoengine.ErrInvalid)
		}
		if s.relation.members = append(s.relation.members, m); len(s.relation.members) > maxMembers {
			return fmt.Errorf("relation %d: more than %d members: %w", s.relation.id, maxMembers, geoengine.ErrInvalid)
		}
	}
	return nil
}

func (s *xmlScanner) tag(t tag) error {
	to := &s.node.tags
	switch s.inside {
	case "way":
		to = &s.way.tags
	case "relation":
		to = &s.relation.tags
	}
	if *to = append(*to, t); len(*to) > maxTags {
		return fmt.Errorf("a %s with more than %d tags: %w", s.inside, maxTags, geoengine.ErrInvalid)
	}
	return nil
}

// end gives what is complete.
func (s *xmlScanner) end() error {
	inside := s.inside
	s.inside = ""
	switch {
	case !s.wanted || !s.visible:
		return nil
	case inside == "node":
		return s.want.node(&s.node)
	case inside == "way":
		if s.want.keepWay != nil && !s.want.keepWay(s.way.tags) {
			return nil
		}
		return s.want.way(&s.way)
	case inside == "relation" && s.relation.tags.get("type") == "restriction":
		return s.want.relation(&s.relation)
	}
	return nil
}

func attribute(t xml.StartElement, name string) string {
	for i := range t.Attr {
		if t.Attr[i].Name.Local == name {
			return t.Attr[i].Value
		}
	}
	return ""
}

func integer(t xml.StartElement, name string) (int64, error) {
	v, err := strconv.ParseInt(attribute(t, name), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("<%s>: %s %.40q is not a whole number: %w", t.Name.Local, name, attribute(t, name), geoengine.ErrInvalid)
	}
	return v, nil
}

func degrees(t xml.StartElement, name string) (float64, error) {
	v, err := strconv.ParseFloat(attribute(t, name), 64)
	if err != nil {
		return 0, fmt.Errorf("<%s>: %s %.40q is not a number of degrees: %w", t.Name.Local, name, attribute(t, name), geoengine.ErrInvalid)
	}
	return v, nil
}
