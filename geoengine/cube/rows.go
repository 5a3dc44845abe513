package cube

import (
	"encoding/binary"
	"math"
	"slices"
)

// rows are events as they arrive, by column, in any order; codes are those of the dictionaries.
type rows struct {
	starts   []uint64 // microseconds since 1970, the sign bit turned so that the order is that of time
	cells    []uint64
	category []uint16
	severity []uint8
	hour     []uint8 // geoengine.LocalHour
	source   []uint16
	area     []uint32
	weight   []float32
	attrs    [][]uint16 // by key; may be missing or shorter: the rest is 0
}

const signBit = 1 << 63

func (r *rows) len() int { return len(r.starts) }

// setAttr sets the code of an attribute of the last row.
func (r *rows) setAttr(key int, value uint16) {
	for len(r.attrs) <= key {
		r.attrs = append(r.attrs, nil)
	}
	n := r.len()
	r.attrs[key] = append(padded(r.attrs[key], n-1), value)
}

func padded[T any](values []T, n int) []T {
	if len(values) >= n {
		return values[:n]
	}
	if cap(values) < n {
		values = slices.Grow(values, n-len(values))
	}
	old := len(values)
	values = values[:n]
	clear(values[old:])
	return values
}

// add appends all of o.
func (r *rows) add(o *rows) {
	n := r.len()
	r.starts = append(r.starts, o.starts...)
	r.cells = append(r.cells, o.cells...)
	r.category = append(r.category, o.category...)
	r.severity = append(r.severity, o.severity...)
	r.hour = append(r.hour, o.hour...)
	r.source = append(r.source, o.source...)
	r.area = append(r.area, o.area...)
	r.weight = append(r.weight, o.weight...)
	for key, values := range o.attrs {
		if len(values) == 0 {
			continue
		}
		for len(r.attrs) <= key {
			r.attrs = append(r.attrs, nil)
		}
		r.attrs[key] = append(padded(r.attrs[key], n), values...)
	}
}

// key appends everything that tells row i from others. open keys are left out.
func (r *rows) key(dst []byte, i int, open []bool) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, r.starts[i])
	dst = binary.LittleEndian.AppendUint64(dst, r.cells[i])
	dst = binary.LittleEndian.AppendUint16(dst, r.category[i])
	dst = append(dst, r.severity[i], r.hour[i])
	dst = binary.LittleEndian.AppendUint16(dst, r.source[i])
	dst = binary.LittleEndian.AppendUint32(dst, r.area[i])
	dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(r.weight[i]))
	for key, values := range r.attrs {
		if i < len(values) && values[i] != 0 && !(key < len(open) && open[key]) {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(key))
			dst = binary.LittleEndian.AppendUint16(dst, values[i])
		}
	}
	return dst
}

// keep drops the rows for which keep is false.
func (r *rows) keep(keep []bool) {
	r.starts = compact(r.starts, keep)
	r.cells = compact(r.cells, keep)
	r.category = compact(r.category, keep)
	r.severity = compact(r.severity, keep)
	r.hour = compact(r.hour, keep)
	r.source = compact(r.source, keep)
	r.area = compact(r.area, keep)
	r.weight = compact(r.weight, keep)
	for key := range r.attrs {
		r.attrs[key] = compact(r.attrs[key], keep)
	}
}

func compact[T any](values []T, keep []bool) []T {
	n := 0
	for i, v := range values {
		if keep[i] {
			values[n] = v
			n++
		}
	}
	return values[:n]
}

func newRows(n int) *rows {
	return &rows{
		starts: make([]uint64, 0, n), cells: make([]uint64, 0, n), category: make([]uint16, 0, n),
		severity: make([]uint8, 0, n), hour: make([]uint8, 0, n), source: make([]uint16, 0, n),
		area: make([]uint32, 0, n), weight: make([]float32, 0, n),
	}
}
