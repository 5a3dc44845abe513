package cube

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"vigie/geoengine"
)

// The columns of an event as decodeRow takes them; binary, but attributes may be text.
const eventColumns = "starts, ends, utc_offset, cell, category, severity, source, area, weight, attributes"

const (
	fieldStarts = iota
	fieldEnds
	fieldOffset
	fieldCell
	fieldCategory
	fieldSeverity
	fieldSource
	fieldArea
	fieldWeight
	fieldAttributes
	fieldCount
)

// postgresEpoch is 2000-01-01 in microseconds since 1970.
const postgresEpoch = 946684800e6

// errReference says that an event has a category or source that the dictionaries have not read yet.
var errReference = errors.New("unknown category or source")

var fieldSizes = [fieldCount]int{
	fieldStarts: 8, fieldEnds: 8, fieldOffset: 4, fieldCell: 8, fieldCategory: 2, fieldSeverity: 2, fieldSource: 4, fieldWeight: 4,
	fieldAttributes: 0,
}

// decodeRow appends one event to r. The caller holds d.mu. After errReference, r is as before.
func (d *dictionaries) decodeRow(row [][]byte, r *rows) error {
	if len(row) < fieldCount {
		return fmt.Errorf("event of %d fields, want %d", len(row), fieldCount)
	}
	fields := (*[fieldCount][]byte)(row)
	for i, size := range fieldSizes {
		if size > 0 && len(fields[i]) != size {
			return fmt.Errorf("event field %d of %d bytes, want %d", i, len(fields[i]), size)
		}
	}
	category, okCategory := d.categories[int16(binary.BigEndian.Uint16(fields[fieldCategory]))]
	source, okSource := d.sources[int32(binary.BigEndian.Uint32(fields[fieldSource]))]
	if !okCategory || !okSource {
		return errReference
	}
	starts := int64(binary.BigEndian.Uint64(fields[fieldStarts])) + postgresEpoch
	ends := int64(binary.BigEndian.Uint64(fields[fieldEnds])) + postgresEpoch
	offset := int32(binary.BigEndian.Uint32(fields[fieldOffset]))
	hour := geoengine.LocalHour(floorDiv(starts, 1e6), -floorDiv(starts-ends, 1e6), int(offset))
	attributes := fields[fieldAttributes]
	if len(attributes) > 0 && attributes[0] == 1 { // the version byte of binary jsonb
		attributes = attributes[1:]
	}
	r.starts = append(r.starts, uint64(starts)^signBit)
	r.cells = append(r.cells, binary.BigEndian.Uint64(fields[fieldCell]))
	r.category = append(r.category, category)
	r.severity = append(r.severity, uint8(binary.BigEndian.Uint16(fields[fieldSeverity])))
	r.hour = append(r.hour, uint8(hour))
	r.source = append(r.source, source)
	r.area = append(r.area, d.area(fields[fieldArea]))
	r.weight = append(r.weight, math.Float32frombits(binary.BigEndian.Uint32(fields[fieldWeight])))
	return d.attributes(attributes, r)
}

// bigint reads a binary bigint that is not negative.
func bigint(field []byte) uint64 {
	if len(field) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(field)
}
