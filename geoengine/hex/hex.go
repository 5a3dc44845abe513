// Package hex indexes positions on the H3 hexagon grid, bit for bit as Uber's H3 4.5 does, in pure Go.
//
// A cell is a uint64: resolution in bits 52–55, base cell in bits 45–51, fifteen digits of three bits below, the
// unused ones 7. Cells of one resolution sort so that the descendants of a coarser cell are contiguous.
// Read index.go for position → cell, hex.go for the bits, shape.go for cell → geometry.
package hex

import (
	"fmt"
	"math/bits"
	"strconv"

	"vigie/geoengine"
)

// MaxResolution is the finest H3 resolution; an edge is about 0.5 m long there.
const MaxResolution = 15

const (
	resolutionShift = 52
	baseShift       = 45
	digitBits       = 3
	digitMask       = 1<<baseShift - 1
	cellMode        = 1 << 59
	modeMask        = 0xff<<56 | 1<<63 // reserved bits and mode; everything above the resolution
	baseCells       = 122
	lowBits         = 0o111111111111111 // the lowest bit of each digit
)

// unused returns the all-ones digits finer than res.
func unused(res int) uint64 { return 1<<(digitBits*(MaxResolution-res)) - 1 }

// Resolution returns the resolution of cell, 0 to 15.
func Resolution(cell uint64) int { return int(cell >> resolutionShift & 15) }

// Parent returns the cell of resolution res that holds cell in the hierarchy; cell itself if it is not finer.
// About 7 % of the positions of a cell lie geometrically outside its parent: roll up by Parent, so that sums agree.
func Parent(cell uint64, res int) uint64 {
	if res < 0 || res >= Resolution(cell) {
		return cell
	}
	return cell&^(15<<resolutionShift) | uint64(res)<<resolutionShift | unused(res)
}

// Range returns the first and the last possible descendant of cell at resolution res, both inclusive, in the order
// of ids; (cell, cell) if res is not finer than cell. Every id of resolution res between them is a descendant.
func Range(cell uint64, res int) (first, last uint64) {
	own := Resolution(cell)
	if res <= own || res > MaxResolution {
		return cell, cell
	}
	between := unused(own) &^ unused(res)
	first = cell&^(15<<resolutionShift|between) | uint64(res)<<resolutionShift
	return first, first | between&(6*lowBits)
}

// Valid tells whether cell is an existing H3 cell.
func Valid(cell uint64) bool {
	res := Resolution(cell)
	base := int(cell >> baseShift & 127)
	if cell&modeMask != cellMode || base >= baseCells || cell&unused(res) != unused(res) {
		return false
	}
	used := cell & digitMask &^ unused(res)
	if used&(used>>1)&(used>>2)&lowBits != 0 { // a digit 7
		return false
	}
	return !pentagonBase(base) || used == 0 || leadingDigit(used) != 1
}

// leadingDigit returns the first digit that is not 0 of digits, which must not all be 0.
func leadingDigit(digits uint64) uint64 {
	shift := (bits.Len64(digits) - 1) / digitBits * digitBits
	return digits >> shift & 7
}

// pentagonBase tells whether the base cell, 0 to 121, is one of the twelve pentagons.
func pentagonBase(base int) bool {
	const (
		low  uint64 = 1<<4 | 1<<14 | 1<<24 | 1<<38 | 1<<49 | 1<<58 | 1<<63
		high uint64 = 1<<(72-64) | 1<<(83-64) | 1<<(97-64) | 1<<(107-64) | 1<<(117-64)
	)
	if base < 64 {
		return low>>base&1 == 1
	}
	return high>>(base-64)&1 == 1
}

// FeatureID returns cell without mode, resolution and unused digits: at most 52 bits, so that map clients keep it
// exact (2^53), and reversible by FromFeatureID as long as the resolution is known.
func FeatureID(cell uint64) uint64 {
	return cell & (1<<resolutionShift - 1) >> (digitBits * (MaxResolution - Resolution(cell)))
}

// FromFeatureID returns the cell of resolution res whose FeatureID is id.
func FromFeatureID(id uint64, res int) uint64 {
	return cellMode | uint64(res)<<resolutionShift | id<<(digitBits*(MaxResolution-res)) | unused(res)
}

// String returns the 15 lower-case hexadecimal digits by which people know the cell.
func String(cell uint64) string { return strconv.FormatUint(cell, 16) }

// Parse reads what String writes, in either case; ErrInvalid if it is not an existing cell.
func Parse(s string) (uint64, error) {
	if len(s) == 15 {
		if cell, err := strconv.ParseUint(s, 16, 64); err == nil && Valid(cell) {
			return cell, nil
		}
	}
	return 0, fmt.Errorf("cell %.40q: not an H3 cell: %w", s, geoengine.ErrInvalid)
}
