package road

import (
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"
	"github.com/paulmach/orb"
)

func (r Record) ref() string {
	switch {
	case r.Section != nil:
		return r.Section.Ref
	case r.Turn != nil:
		return r.Turn.Ref
	default:
		return r.Site.Ref
	}
}

// identity is the ref with the kind: a section and a site may share a ref.
func (r Record) identity() string {
	switch {
	case r.Section != nil:
		return "section " + r.Section.Ref
	case r.Turn != nil:
		return "turn " + r.Turn.Ref
	default:
		return "site " + r.Site.Ref
	}
}

// fingerprint is the xxhash64 of everything that the source says about the record.
func (r Record) fingerprint() uint64 {
	b := printer(append(make([]byte, 0, 512), r.identity()...))
	b = append(b, 0)
	switch {
	case r.Section != nil:
		b.section(r.Section)
	case r.Turn != nil:
		t := r.Turn
		b.texts(t.From, t.To)
		b.texts(t.Via...)
		b.numbers(t.Junction)
		b.flags(t.Only)
	default:
		s := r.Site
		b.texts(string(s.Kind), s.Name)
		b.line(orb.LineString{s.Position})
		b.numbers(int64(math.Float64bits(s.AreaM2)), int64(s.Lit), int64(s.Access))
	}
	return xxhash.Sum64(b)
}

// printer collects what is fingerprinted.
type printer []byte

func (b *printer) section(s *Section) {
	b.numbers(s.From, s.To)
	b.texts(s.Name, s.Number)
	b.line(s.Line)
	*b = append(*b, byte(s.Class), s.SpeedForward, s.SpeedBackward, byte(s.Access), byte(s.Lit), byte(s.BuiltUp), s.Lanes)
	b.flags(s.Forward, s.Backward, s.Link, s.Roundabout, s.Bridge, s.Tunnel)
}

func (b *printer) numbers(values ...int64) {
	for _, v := range values {
		*b = binary.LittleEndian.AppendUint64(*b, uint64(v))
	}
}

func (b *printer) texts(values ...string) {
	for _, v := range values {
		*b = append(binary.AppendUvarint(*b, uint64(len(v))), v...)
	}
}

func (b *printer) flags(values ...bool) {
	for _, v := range values {
		*b = append(*b, 0)
		if v {
			(*b)[len(*b)-1] = 1
		}
	}
}

func (b *printer) line(line orb.LineString) {
	b.numbers(int64(len(line)))
	for _, p := range line {
		b.numbers(int64(math.Float64bits(p[0])), int64(math.Float64bits(p[1])))
	}
}
