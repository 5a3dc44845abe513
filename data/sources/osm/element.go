package osm

import (
	"github.com/paulmach/orb"

	"vigie/data"
)

// tags are the tags of an element, in the order of the file.
type tags []tag

type tag struct{ key, value string }

// get returns the value of a key, "" if it has none.
func (t tags) get(key string) string {
	for i := range t {
		if t[i].key == key {
			return t[i].value
		}
	}
	return ""
}

// first returns the value of the first of the keys that is there.
func (t tags) first(keys ...string) string {
	for _, key := range keys {
		if v := t.get(key); v != "" {
			return v
		}
	}
	return ""
}

type node struct {
	at       data.Position
	id       int64
	position orb.Point
	tags     tags
}

type way struct {
	at   data.Position
	id   int64
	refs []int64 // of its nodes
	tags tags
}

type memberKind uint8

const (
	memberNode memberKind = iota
	memberWay
	memberRelation
)

type member struct {
	kind memberKind
	ref  int64
	role string
}

type relation struct {
	at      data.Position
	id      int64
	members []member
	tags    tags
}

// wanted says which elements a pass is about. A nil function wants none of its kind. What they get is theirs only until
// they return, but for the strings.
type wanted struct {
	node     func(*node) error
	way      func(*way) error
	relation func(*relation) error
	keepWay  func(tags) bool // tells early which ways are wanted; called by several at once
}

// Limits against files made to exhaust memory; far beyond what editors of the map may make.
const (
	maxNodesOfWay = 100_000
	maxTags       = 5_000
	maxMembers    = 200_000
)
