package hex

// Descendants appends the cells of resolution res, not coarser than the cell's, that come from a cell by H3's
// hierarchy, ascending; the cell itself at its own resolution.
func Descendants(dst []uint64, cell uint64, res int) []uint64 {
	if Resolution(cell) >= res {
		return append(dst, cell)
	}
	for child := range children(cell) {
		dst = Descendants(dst, child, res)
	}
	return dst
}
