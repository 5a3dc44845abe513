package osm

import (
	"fmt"

	"github.com/paulmach/orb"
	"github.com/paulmach/protoscan"

	"vigie/geoengine"
)

// block is what is decoded of one blob.
type block struct {
	holds     contents
	nodes     []node
	ways      []way
	relations []relation
}

// blockDecoder decodes one PrimitiveBlock.
type blockDecoder struct {
	want         *wanted
	block        block
	strings      []string
	groups       [][]byte
	granularity  int64
	latOff       int64
	lonOff       int64
	keys, values []uint32 // scratch
	refs         []int64  // scratch
	tags         tags     // scratch
}

// decode unpacks and decodes a blob.
func decode(b blob, want *wanted) (block, error) {
	if b.kind != "OSMData" && b.kind != "OSMHeader" {
		return block{}, nil // the format allows others, to be passed over
	}
	body, err := unpack(b.body)
	if err != nil {
		return block{}, err
	}
	if b.kind == "OSMHeader" {
		return block{holds: holdsHeader}, checkHeader(body)
	}
	d := &blockDecoder{want: want, granularity: 100}
	if err := d.run(body); err != nil {
		return block{}, fmt.Errorf("%w: %w", err, geoengine.ErrInvalid)
	}
	return d.block, nil
}

func (d *blockDecoder) run(body []byte) error {
	m := protoscan.New(body)
	for m.Next() {
		var err error
		switch m.FieldNumber() {
		case 1:
			var table []byte
			if table, err = m.MessageData(); err == nil {
				d.strings, err = stringTable(table)
			}
		case 2:
			var group []byte
			group, err = m.MessageData()
			d.groups = append(d.groups, group)
		case 17:
			var granularity int32
			granularity, err = m.Int32()
			d.granularity = int64(granularity)
		case 19:
			d.latOff, err = m.Int64()
		case 20:
			d.lonOff, err = m.Int64()
		default:
			m.Skip()
		}
		if err != nil {
			return fmt.Errorf("the block: %w", err)
		}
	}
	if err := m.Err(); err != nil {
		return fmt.Errorf("the block: %w", err)
	}
	for _, group := range d.groups { // after the granularity, which stands behind them
		if err := d.group(group); err != nil {
			return err
		}
	}
	return nil
}

// stringTable cuts one copy of the table, so that a block costs few allocations.
func stringTable(table []byte) ([]string, error) {
	text := string(table)
	var found []string
	m := protoscan.New(table)
	for m.Next() {
		if m.FieldNumber() != 1 {
			m.Skip()
			continue
		}
		s, err := m.Bytes()
		if err != nil {
			return nil, fmt.Errorf("the strings: %w", err)
		}
		found = append(found, text[m.Index-len(s):m.Index])
	}
	return found, m.Err()
}

func (d *blockDecoder) group(group []byte) error {
	m := protoscan.New(group)
	for m.Next() {
		var kind contents
		var name string
		read := func([]byte) error { return nil }
		switch m.FieldNumber() {
		case 1:
			kind, name, read = holdsNodes, "a node", d.node
		case 2:
			kind, name, read = holdsNodes, "dense nodes", d.dense
		case 3:
			kind, name, read = holdsWays, "a way", d.way
		case 4:
			kind, name, read = holdsRelations, "a relation", d.relation
		}
		d.block.holds |= kind
		if kind&d.want.contents() == 0 {
			m.Skip()
			continue
		}
		body, err := m.MessageData()
		if err == nil {
			err = read(body)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return m.Err()
}

func (d *blockDecoder) position(lat, lon int64) orb.Point {
	return orb.Point{
		1e-9 * float64(d.lonOff+d.granularity*lon),
		1e-9 * float64(d.latOff+d.granularity*lat),
	}
}

func (d *blockDecoder) string(index uint32) (string, error) {
	if int64(index) >= int64(len(d.strings)) {
		return "", fmt.Errorf("names string %d of %d", index, len(d.strings))
	}
	return d.strings[index], nil
}

// takeTags makes tags of the keys and values read, in scratch memory.
func (d *blockDecoder) takeTags() (tags, error) {
	if len(d.keys) != len(d.values) {
		return nil, fmt.Errorf("has %d keys and %d values", len(d.keys), len(d.values))
	}
	if len(d.keys) > maxTags {
		return nil, fmt.Errorf("has %d tags, more than %d", len(d.keys), maxTags)
	}
	d.tags = d.tags[:0]
	for i := range d.keys {
		key, err := d.string(d.keys[i])
		if err != nil {
			return nil, err
		}
		value, err := d.string(d.values[i])
		if err != nil {
			return nil, err
		}
		d.tags = append(d.tags, tag{key, value})
	}
	return d.tags, nil
}

func (d *blockDecoder) node(body []byte) error {
	d.keys, d.values = d.keys[:0], d.values[:0]
	var id, lat, lon int64
	m := protoscan.New(body)
	for m.Next() {
		var err error
		switch m.FieldNumber() {
		case 1:
			id, err = m.Sint64()
		case 2:
			d.keys, err = m.RepeatedUint32(d.keys)
		case 3:
			d.values, err = m.RepeatedUint32(d.values)
		case 8:
			lat, err = m.Sint64()
		case 9:
			lon, err = m.Sint64()
		default:
			m.Skip()
		}
		if err != nil {
			return err
		}
	}
	if err := m.Err(); err != nil {
		return err
	}
	found, err := d.takeTags()
	if err != nil {
		return fmt.Errorf("node %d: %w", id, err)
	}
	d.block.nodes = append(d.block.nodes, node{id: id, position: d.position(lat, lon), tags: append(tags(nil), found...)})
	return nil
}
