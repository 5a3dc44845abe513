package cube

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Limits of the dictionaries: what lies beyond is not held in memory and cannot be filtered by.
const (
	maxCombinations = 4096 // distinct value combinations of an attribute key; beyond, it is free text
	maxKeys         = 512  // attribute keys
)

// dictionaries turn what the store says into codes. They only grow; readers use the views taken of them.
type dictionaries struct {
	mu         sync.Mutex
	categories map[int16]uint16 // by the store's id
	sources    map[int32]uint16 // by the store's id
	areas      map[string]uint32
	keys       map[string]int // -1: over the limit
	attrs      []*attribute
	v          view
	newAreas   []uint32
	last       *view // the last view taken
	changed    bool  // since then
}

// attribute is the dictionary of one key; code 0 is absence.
type attribute struct {
	known map[string]uint16 // value combination, as JSON → code
}

func newDictionaries() *dictionaries {
	return &dictionaries{
		categories: map[int16]uint16{}, sources: map[int32]uint16{}, areas: map[string]uint32{}, keys: map[string]int{},
	}
}

// view returns the present state. Slices are only ever appended to behind what a view can see.
func (d *dictionaries) view() *view {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last != nil && !d.changed {
		return d.last
	}
	d.v.byPath = mergeByPath(d.v.byPath, d.newAreas, d.v.areas)
	d.newAreas, d.changed = nil, false
	v := d.v
	v.keys = slices.Clone(v.keys)
	d.last = &v
	return &v
}

func mergeByPath(sorted, added []uint32, paths []string) []uint32 {
	if len(added) == 0 {
		return sorted
	}
	byPath := func(a, b uint32) int { return strings.Compare(paths[a], paths[b]) }
	slices.SortFunc(added, byPath)
	merged := make([]uint32, 0, len(sorted)+len(added))
	for len(sorted) > 0 && len(added) > 0 {
		if byPath(sorted[0], added[0]) < 0 {
			merged, sorted = append(merged, sorted[0]), sorted[1:]
		} else {
			merged, added = append(merged, added[0]), added[1:]
		}
	}
	return append(append(merged, sorted...), added...)
}

func (d *dictionaries) addCategory(id int16, slug string) {
	if _, ok := d.categories[id]; !ok {
		d.categories[id] = uint16(len(d.v.categories))
		d.v.categories = append(d.v.categories, slug)
		d.changed = true
	}
}

func (d *dictionaries) addSource(id int32, info sourceInfo) {
	if _, ok := d.sources[id]; !ok {
		d.sources[id] = uint16(len(d.v.sources))
		d.v.sources = append(d.v.sources, info)
		d.changed = true
	}
}

func (d *dictionaries) area(path []byte) uint32 {
	if code, ok := d.areas[string(path)]; ok {
		return code
	}
	code := uint32(len(d.v.areas))
	d.areas[string(path)] = code
	d.v.areas = append(d.v.areas, string(path))
	d.newAreas = append(d.newAreas, code)
	d.changed = true
	return code
}

// attributes codes a jsonb object into the last row; anything but an object says nothing.
func (d *dictionaries) attributes(object []byte, r *rows) error {
	if start := trimmed(object); len(start) == 0 || start[0] != '{' {
		return nil
	}
	return eachMember(object, func(rawKey, value []byte) error {
		key, err := d.key(rawKey)
		if err != nil || key < 0 || d.v.keys[key].open {
			return err
		}
		code, ok := d.attrs[key].known[string(value)]
		if !ok {
			if code, err = d.combination(key, value); err != nil {
				return err
			}
		}
		if code != 0 {
			r.setAttr(key, code)
		}
		return nil
	})
}

// key returns the number of an attribute key given as a JSON string, -1 beyond the limit.
func (d *dictionaries) key(raw []byte) (int, error) {
	if key, ok := d.keys[string(raw)]; ok {
		return key, nil
	}
	if len(d.attrs) >= maxKeys {
		return -1, nil
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return 0, fmt.Errorf("attribute key %.40q: %w", raw, err)
	}
	key := slices.IndexFunc(d.v.keys, func(k keyView) bool { return k.name == name })
	if key < 0 {
		key = len(d.attrs)
		d.attrs = append(d.attrs, &attribute{known: map[string]uint16{}})
		d.v.keys = append(d.v.keys, keyView{name: name, sets: [][]string{nil}})
		d.changed = true
	}
	d.keys[string(raw)] = key
	return key, nil
}

// combination adds a JSON value seen for the first time to the dictionary of a key. 0 if it says nothing, or is one
// too many.
func (d *dictionaries) combination(key int, value []byte) (uint16, error) {
	set, err := valueSet(value)
	if err != nil {
		return 0, fmt.Errorf("attribute %q: %w", d.v.keys[key].name, err)
	}
	k, known := &d.v.keys[key], d.attrs[key].known
	code := 0
	if len(set) > 0 {
		canonical, err := json.Marshal(set)
		if err != nil {
			return 0, fmt.Errorf("attribute %q: %w", k.name, err)
		}
		c, ok := known[string(canonical)]
		if code = int(c); !ok {
			if code = len(k.sets); code > maxCombinations {
				k.open, d.attrs[key].known, d.changed = true, nil, true
				k.sets = nil
				return 0, nil
			}
			k.sets = append(k.sets, set)
			known[string(canonical)] = uint16(code)
			d.changed = true
		}
	}
	if len(known) < 16*maxCombinations {
		known[string(value)] = uint16(code)
	}
	return uint16(code), nil
}

// valueSet returns the sorted distinct values of a JSON string, number, boolean, or array of these.
func valueSet(value []byte) ([]string, error) {
	var raw []json.RawMessage
	if len(value) > 0 && value[0] == '[' {
		if err := json.Unmarshal(value, &raw); err != nil {
			return nil, err
		}
	} else {
		raw = []json.RawMessage{value}
	}
	var set []string
	for _, v := range raw {
		text := string(v)
		switch {
		case len(v) > 0 && v[0] == '"':
			if err := json.Unmarshal(v, &text); err != nil {
				return nil, err
			}
		case text == "null" || (len(v) > 0 && (v[0] == '{' || v[0] == '[')):
			continue // nothing that a filter could name
		}
		if text != "" {
			set = append(set, text)
		}
	}
	slices.Sort(set)
	return slices.Compact(set), nil
}
