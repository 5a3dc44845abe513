package cube

import (
	"fmt"
	"slices"
	"strings"

	"vigie/geoengine"
)

// errNoKey is a question about an attribute that no event has.
var errNoKey = fmt.Errorf("no event has it: %w", geoengine.ErrInvalid)

// view is an immutable state of the dictionaries: codes are indexes.
type view struct {
	categories []string
	sources    []sourceInfo
	areas      []string // paths
	byPath     []uint32 // area codes in the order of their paths
	keys       []keyView
}

type sourceInfo struct {
	name      string
	synthetic bool
}

type keyView struct {
	name string
	open bool       // too many combinations: not held
	sets [][]string // by code: the sorted values; code 0 has none
}

// open tells for every key whether it is not held.
func (v *view) open() []bool {
	open := make([]bool, len(v.keys))
	for i := range v.keys {
		open[i] = v.keys[i].open
	}
	return open
}

// within marks in accepted, by area code, the descendants of the paths.
func (v *view) within(paths []string) []uint8 {
	accepted := make([]uint8, len(v.areas))
	find := func(path string) int {
		i, _ := slices.BinarySearchFunc(v.byPath, path, func(code uint32, p string) int {
			return strings.Compare(v.areas[code], p)
		})
		return i
	}
	for _, path := range paths {
		if i := find(path); i < len(v.byPath) && v.areas[v.byPath[i]] == path {
			accepted[v.byPath[i]] = 1
		}
		for _, code := range v.byPath[find(path+"."):find(path+"/")] { // '/' follows '.'
			accepted[code] = 1
		}
	}
	return accepted
}

func (v *view) key(name string) (int, error) {
	i := slices.IndexFunc(v.keys, func(k keyView) bool { return k.name == name })
	switch {
	case i < 0:
		return 0, fmt.Errorf("attribute %.80q: %w", name, errNoKey)
	case v.keys[i].open:
		return 0, fmt.Errorf("attribute %.80q: is not filterable, it has more than %d different values: %w",
			name, maxCombinations, geoengine.ErrInvalid)
	}
	return i, nil
}
