package cube

import (
	"math/bits"
	"slices"
)

// maxPlanes is the number of distinct codes up to which a column is stored as one bitmap per code: filters and
// facets then work on 64 events at a time.
const maxPlanes = 64

// column is one dictionary-coded value per event, stored by how many distinct codes there are: one, a bitmap
// each, or plain numbers. The zero column has the code 0 everywhere.
type column struct {
	codes  []uint32 // the distinct codes, ascending; empty is {0}; only codes[0] where nothing else is set
	planes []uint64 // for each code one bitmap of words(n)
	u8     []uint8
	u16    []uint16
	u32    []uint32
}

func words(n int) int { return (n + 63) >> 6 }

type code interface{ ~uint8 | ~uint16 | ~uint32 }

// newColumn stores the codes of values[order[i]].
func newColumn[T code](values []T, order []uint32) column {
	codes := distinct(values)
	c := column{codes: codes}
	switch n := len(order); {
	case len(codes) <= 1:
		if len(codes) == 1 && codes[0] == 0 {
			c.codes = nil
		}
	case len(codes) <= maxPlanes:
		c.planes = newPlanes(values, order, codes)
	case codes[len(codes)-1] <= 0xff:
		c.u8 = gather[T, uint8](make([]uint8, n), values, order)
	case codes[len(codes)-1] <= 0xffff:
		c.u16 = gather[T, uint16](make([]uint16, n), values, order)
	default:
		c.u32 = gather[T, uint32](make([]uint32, n), values, order)
	}
	return c
}

func gather[T, U code](dst []U, values []T, order []uint32) []U {
	for i, from := range order {
		dst[i] = U(values[from])
	}
	return dst
}

func distinct[T code](values []T) []uint32 {
	if len(values) == 0 {
		return nil
	}
	seen := make([]bool, int(slices.Max(values))+1)
	for _, v := range values {
		seen[v] = true
	}
	var codes []uint32
	for v, is := range seen {
		if is {
			codes = append(codes, uint32(v))
		}
	}
	return codes
}

func newPlanes[T code](values []T, order, codes []uint32) []uint64 {
	stride := words(len(order))
	planes := make([]uint64, stride*len(codes))
	start := make([]int, codes[len(codes)-1]+1)
	for i, c := range codes {
		start[c] = i * stride
	}
	for i, from := range order {
		planes[start[values[from]]+i>>6] |= 1 << (i & 63)
	}
	return planes
}

// plane returns the bitmap of the i-th distinct code.
func (c *column) plane(i int) []uint64 {
	stride := len(c.planes) / len(c.codes)
	return c.planes[i*stride : (i+1)*stride]
}

// constant returns the one code of a column that stores nothing per event.
func (c *column) constant() (uint32, bool) {
	switch {
	case c.planes != nil || c.u8 != nil || c.u16 != nil || c.u32 != nil:
		return 0, false
	case len(c.codes) == 0:
		return 0, true
	}
	return c.codes[0], true
}

// expand writes the code of every event to dst.
func expand[T code](c *column, dst []T) {
	switch {
	case c.planes != nil:
		for i, value := range c.codes {
			for w, word := range c.plane(i) {
				for ; word != 0; word &= word - 1 {
					dst[w<<6+bits.TrailingZeros64(word)] = T(value)
				}
			}
		}
	case c.u8 != nil:
		for i, v := range c.u8 {
			dst[i] = T(v)
		}
	case c.u16 != nil:
		for i, v := range c.u16 {
			dst[i] = T(v)
		}
	case c.u32 != nil:
		for i, v := range c.u32 {
			dst[i] = T(v)
		}
	default:
		v, _ := c.constant()
		for i := range dst {
			dst[i] = T(v)
		}
	}
}

// count adds to counts[code] the number of selected events with that code; words are those from word w0 on.
func (c *column) count(counts []int64, selected []uint64, w0 int, sign int64) {
	switch {
	case c.planes != nil:
		for i, value := range c.codes {
			plane, n := c.plane(i)[w0:w0+len(selected)], 0
			for w, word := range selected {
				n += bits.OnesCount64(word & plane[w])
			}
			counts[value] += sign * int64(n)
		}
	case c.u8 != nil:
		countPlain(counts, c.u8, selected, w0, sign)
	case c.u16 != nil:
		countPlain(counts, c.u16, selected, w0, sign)
	case c.u32 != nil:
		countPlain(counts, c.u32, selected, w0, sign)
	default:
		v, _ := c.constant()
		counts[v] += sign * int64(popcount(selected))
	}
}

func countPlain[T code](counts []int64, values []T, selected []uint64, w0 int, sign int64) {
	for w, word := range selected {
		block := values[(w0+w)<<6:]
		for ; word != 0; word &= word - 1 {
			counts[block[bits.TrailingZeros64(word)]] += sign
		}
	}
}

func (c *column) bytes() int {
	return 4*len(c.codes) + 8*len(c.planes) + len(c.u8) + 2*len(c.u16) + 4*len(c.u32)
}
