package tiles

import (
	"encoding/binary"
	"math"
)

// The fields of a Mapbox vector tile, version 2.1: number of the field in protobuf << 3 | wire type.
const (
	tileLayer      = 3<<3 | 2
	layerName      = 1<<3 | 2
	layerFeature   = 2<<3 | 2
	layerKey       = 3<<3 | 2
	layerValue     = 4<<3 | 2
	layerExtent    = 5 << 3
	layerVersion   = 15 << 3
	featureID      = 1 << 3
	featureTags    = 2<<3 | 2
	featureType    = 3 << 3
	featureShape   = 4<<3 | 2
	valueString    = 1<<3 | 2
	valueDouble    = 3<<3 | 1
	valueUint      = 5 << 3
	shapePolygon   = 3
	commandMove    = 1<<3 | 1
	commandLine    = 2
	commandClose   = 1<<3 | 7
	mvtVersion     = 2
	cellNameLength = 15
	nameBytes      = cellNameLength + 4
)

// appendRing appends a closed ring, starting from the cursor; it returns the cursor after it.
func appendRing(commands []uint32, ring [][2]int32, x, y int32) (extended []uint32, cursorX, cursorY int32) {
	for i, at := range ring {
		switch i {
		case 0:
			commands = append(commands, commandMove)
		case 1:
			commands = append(commands, uint32(len(ring)-1)<<3|commandLine)
		}
		commands = append(commands, zigzag(at[0]-x), zigzag(at[1]-y))
		x, y = at[0], at[1]
	}
	return append(commands, commandClose), x, y
}

func zigzag(v int32) uint32 { return uint32(v<<1) ^ uint32(v>>31) }

// appendFeature appends what does not change of a polygon feature.
func appendFeature(dst []byte, id uint64, geometry []uint32) []byte {
	dst = binary.AppendUvarint(append(dst, featureID), id)
	dst = append(dst, featureType, shapePolygon, featureShape)
	length := 0
	for _, command := range geometry {
		length += varintLength(uint64(command))
	}
	dst = binary.AppendUvarint(dst, uint64(length))
	for _, command := range geometry {
		dst = binary.AppendUvarint(dst, uint64(command))
	}
	return dst
}

func varintLength(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

func appendStringValue(dst []byte, s string) []byte {
	return append(append(dst, layerValue, byte(len(s)+2), valueString, byte(len(s))), s...)
}

func appendBytes(dst []byte, field byte, s string) []byte {
	return append(append(dst, field, byte(len(s))), s...)
}

// values are the numbers of a layer's features, few of them twice.
type values struct {
	encoded []byte
	next    uint64 // index in the layer of the next value
	// recent holds, by a hash of the number, the last of each with its index.
	recentCounts  [256]struct{ number, index uint32 }
	recentWeights [256]struct {
		bits  uint64
		index uint32
	}
}

// count returns the index of an unsigned number that is not 0.
func (v *values) count(number uint32) uint64 {
	recent := &v.recentCounts[number&255]
	if recent.number != number {
		recent.number, recent.index = number, uint32(v.next)
		v.encoded = append(v.encoded, layerValue, byte(1+varintLength(uint64(number))), valueUint)
		v.encoded = binary.AppendUvarint(v.encoded, uint64(number))
		v.next++
	}
	return uint64(recent.index)
}

// weight returns the index of a weight.
func (v *values) weight(number float64) uint64 {
	bits := math.Float64bits(number) + 1 // 0 is an empty place
	recent := &v.recentWeights[bits*0x9e3779b97f4a7c15>>56]
	if recent.bits != bits {
		recent.bits, recent.index = bits, uint32(v.next)
		v.encoded = append(v.encoded, layerValue, 9, valueDouble)
		v.encoded = binary.LittleEndian.AppendUint64(v.encoded, math.Float64bits(number))
		v.next++
	}
	return uint64(recent.index)
}

// appendTags writes the tags h3, count and weight of a feature as indexes of values.
func appendTags(dst []byte, name, count, weight uint64) []byte {
	if name|count|weight < 0x80 {
		return append(dst, featureTags, 6, 0, byte(name), 1, byte(count), 2, byte(weight))
	}
	length := 3 + varintLength(name) + varintLength(count) + varintLength(weight)
	dst = append(dst, featureTags, byte(length), 0)
	dst = append(binary.AppendUvarint(dst, name), 1)
	dst = append(binary.AppendUvarint(dst, count), 2)
	return binary.AppendUvarint(dst, weight)
}
