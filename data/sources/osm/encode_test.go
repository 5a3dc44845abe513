package osm

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"testing"
)

// message writes a protobuf message, for files that tests make.
type message struct{ b []byte }

func (m *message) varint(field int, v uint64) *message {
	m.b = binary.AppendUvarint(binary.AppendUvarint(m.b, uint64(field)<<3), v)
	return m
}

func (m *message) signed(field int, v int64) *message { return m.varint(field, zigzag(v)) }

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func (m *message) bytes(field int, b []byte) *message {
	m.b = binary.AppendUvarint(m.b, uint64(field)<<3|2)
	m.b = append(binary.AppendUvarint(m.b, uint64(len(b))), b...)
	return m
}

func (m *message) text(field int, s string) *message { return m.bytes(field, []byte(s)) }

// packed writes a packed field of numbers; deltas of signed ones.
func (m *message) packed(field int, values []uint64) *message {
	var b []byte
	for _, v := range values {
		b = binary.AppendUvarint(b, v)
	}
	return m.bytes(field, b)
}

func (m *message) deltas(field int, values []int64) *message {
	encoded := make([]uint64, len(values))
	last := int64(0)
	for i, v := range values {
		encoded[i], last = zigzag(v-last), v
	}
	return m.packed(field, encoded)
}

// extract is what a test file holds.
type extract struct {
	nodes     []node
	ways      []way
	relations []relation
}

// strings is the table of a block.
type stringTableWriter struct {
	texts []string
	index map[string]uint64
}

func (s *stringTableWriter) of(text string) uint64 {
	if s.index == nil {
		s.index, s.texts = map[string]uint64{}, []string{""}
	}
	if _, ok := s.index[text]; !ok {
		s.index[text] = uint64(len(s.texts))
		s.texts = append(s.texts, text)
	}
	return s.index[text]
}

func (s *stringTableWriter) tags(m *message, t tags) {
	var keys, values []uint64
	for _, one := range t {
		keys, values = append(keys, s.of(one.key)), append(values, s.of(one.value))
	}
	m.packed(2, keys).packed(3, values)
}

// block encodes the extract; dense says in which form the nodes are.
func (e *extract) block(dense bool) []byte {
	table := &stringTableWriter{}
	table.of("highway")
	group := &message{}
	e.encodeNodes(group, table, dense)
	for _, w := range e.ways {
		m := (&message{}).varint(1, uint64(w.id))
		table.tags(m, w.tags)
		m.deltas(8, w.refs)
		group.bytes(3, m.b)
	}
	for _, r := range e.relations {
		m := (&message{}).varint(1, uint64(r.id))
		table.tags(m, r.tags)
		var roles, kinds []uint64
		var refs []int64
		for _, one := range r.members {
			roles, kinds, refs = append(roles, table.of(one.role)), append(kinds, uint64(one.kind)), append(refs, one.ref)
		}
		m.packed(8, roles).deltas(9, refs).packed(10, kinds)
		group.bytes(4, m.b)
	}
	strings := &message{}
	for _, s := range table.texts {
		strings.text(1, s)
	}
	return (&message{}).bytes(1, strings.b).bytes(2, group.b).b
}

func (e *extract) encodeNodes(group *message, table *stringTableWriter, dense bool) {
	degrees := func(v float64) int64 { return int64(v*1e7 + .5) }
	var ids, lats, lons []int64
	var keys []uint64
	for _, n := range e.nodes {
		if !dense {
			m := (&message{}).signed(1, n.id)
			table.tags(m, n.tags)
			group.bytes(1, m.signed(8, degrees(n.position.Lat())).signed(9, degrees(n.position.Lon())).b)
			continue
		}
		ids, lats, lons = append(ids, n.id), append(lats, degrees(n.position.Lat())), append(lons, degrees(n.position.Lon()))
		for _, t := range n.tags {
			keys = append(keys, table.of(t.key), table.of(t.value))
		}
		keys = append(keys, 0)
	}
	if dense {
		group.bytes(2, (&message{}).deltas(1, ids).deltas(8, lats).deltas(9, lons).packed(10, keys).b)
	}
}

// blobOf frames data: raw, or packed by zlib.
func blobOf(kind string, data []byte, packed bool) []byte {
	m := &message{}
	if packed {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write(data) // to memory
		_ = w.Close()
		m.varint(2, uint64(len(data))).bytes(3, b.Bytes())
	} else {
		m.bytes(1, data)
	}
	return framed(kind, m.b)
}

func framed(kind string, body []byte) []byte {
	header := (&message{}).text(1, kind).varint(3, uint64(len(body)))
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(header.b))), header.b...), body...)
}

func headerOf(features ...string) []byte {
	m := &message{}
	for _, f := range features {
		m.text(4, f)
	}
	return blobOf("OSMHeader", m.b, false)
}

// pbf is a file with the extract in one block.
func (e *extract) pbf(t testing.TB, dense, packed bool) []byte {
	t.Helper()
	return append(headerOf("OsmSchema-V0.6", "DenseNodes"), blobOf("OSMData", e.block(dense), packed)...)
}
