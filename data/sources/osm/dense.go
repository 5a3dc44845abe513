package osm

import (
	"fmt"

	"github.com/paulmach/protoscan"
)

// denseNodes are the columns of a DenseNodes message.
type denseNodes struct {
	ids, lats, lons []int64 // each less the one before
	tags            []int32 // of each node keys and values in turn, then 0; empty if no node has tags
}

func (d *blockDecoder) dense(body []byte) error {
	var columns denseNodes
	m := protoscan.New(body)
	for m.Next() {
		var err error
		switch m.FieldNumber() {
		case 1:
			columns.ids, err = m.RepeatedSint64(columns.ids)
		case 8:
			columns.lats, err = m.RepeatedSint64(columns.lats)
		case 9:
			columns.lons, err = m.RepeatedSint64(columns.lons)
		case 10:
			columns.tags, err = m.RepeatedInt32(columns.tags)
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
	if len(columns.lats) != len(columns.ids) || len(columns.lons) != len(columns.ids) {
		return fmt.Errorf("%d numbers, %d latitudes and %d longitudes", len(columns.ids), len(columns.lats), len(columns.lons))
	}
	var id, lat, lon int64
	rest := columns.tags
	for i := range columns.ids {
		id, lat, lon = id+columns.ids[i], lat+columns.lats[i], lon+columns.lons[i]
		n := node{id: id, position: d.position(lat, lon)}
		var err error
		if n.tags, rest, err = d.denseTags(rest); err != nil {
			return fmt.Errorf("node %d: %w", id, err)
		}
		d.block.nodes = append(d.block.nodes, n)
	}
	return nil
}

// denseTags takes the tags of one node from the front of the column.
func (d *blockDecoder) denseTags(column []int32) (found tags, rest []int32, err error) {
	for len(column) > 0 && column[0] != 0 {
		if len(column) < 2 {
			return nil, nil, fmt.Errorf("a key without a value")
		}
		var t tag
		if t.key, err = d.string(uint32(column[0])); err != nil {
			return nil, nil, err
		}
		if t.value, err = d.string(uint32(column[1])); err != nil {
			return nil, nil, err
		}
		if len(found) == maxTags {
			return nil, nil, fmt.Errorf("more than %d tags", maxTags)
		}
		found, column = append(found, t), column[2:]
	}
	if len(column) > 0 {
		column = column[1:]
	}
	return found, column, nil
}

func (d *blockDecoder) way(body []byte) error {
	d.keys, d.values, d.refs = d.keys[:0], d.values[:0], d.refs[:0]
	var id int64
	m := protoscan.New(body)
	for m.Next() {
		var err error
		switch m.FieldNumber() {
		case 1:
			id, err = m.Int64()
		case 2:
			d.keys, err = m.RepeatedUint32(d.keys)
		case 3:
			d.values, err = m.RepeatedUint32(d.values)
		case 8:
			d.refs, err = m.RepeatedSint64(d.refs)
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
		return fmt.Errorf("way %d: %w", id, err)
	}
	if d.want.keepWay != nil && !d.want.keepWay(found) {
		return nil
	}
	if len(d.refs) > maxNodesOfWay {
		return fmt.Errorf("way %d: %d nodes, more than %d", id, len(d.refs), maxNodesOfWay)
	}
	w := way{id: id, tags: append(tags(nil), found...), refs: make([]int64, len(d.refs))}
	var ref int64
	for i, delta := range d.refs {
		ref += delta
		w.refs[i] = ref
	}
	d.block.ways = append(d.block.ways, w)
	return nil
}

// relationColumns are the members of a Relation message.
type relationColumns struct {
	roles, kinds []int32
	refs         []int64 // each less the one before
}

func (d *blockDecoder) relation(body []byte) error {
	d.keys, d.values = d.keys[:0], d.values[:0]
	r := relation{}
	var columns relationColumns
	m := protoscan.New(body)
	for m.Next() {
		var err error
		switch m.FieldNumber() {
		case 1:
			r.id, err = m.Int64()
		case 2:
			d.keys, err = m.RepeatedUint32(d.keys)
		case 3:
			d.values, err = m.RepeatedUint32(d.values)
		case 8:
			columns.roles, err = m.RepeatedInt32(columns.roles)
		case 9:
			columns.refs, err = m.RepeatedSint64(columns.refs)
		case 10:
			columns.kinds, err = m.RepeatedInt32(columns.kinds)
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
		return fmt.Errorf("relation %d: %w", r.id, err)
	}
	if found.get("type") != "restriction" {
		return nil
	}
	r.tags = append(tags(nil), found...)
	if r.members, err = d.members(columns); err != nil {
		return fmt.Errorf("relation %d: %w", r.id, err)
	}
	d.block.relations = append(d.block.relations, r)
	return nil
}

func (d *blockDecoder) members(columns relationColumns) ([]member, error) {
	n := len(columns.refs)
	if len(columns.roles) != n || len(columns.kinds) != n {
		return nil, fmt.Errorf("%d members, %d roles and %d kinds", n, len(columns.roles), len(columns.kinds))
	}
	if n > maxMembers {
		return nil, fmt.Errorf("%d members, more than %d", n, maxMembers)
	}
	members := make([]member, n)
	var ref int64
	for i := range members {
		ref += columns.refs[i]
		role, err := d.string(uint32(columns.roles[i]))
		if err != nil {
			return nil, err
		}
		if columns.kinds[i] < 0 || columns.kinds[i] > int32(memberRelation) {
			return nil, fmt.Errorf("a member of the unknown kind %d", columns.kinds[i])
		}
		members[i] = member{memberKind(columns.kinds[i]), ref, role}
	}
	return members, nil
}
