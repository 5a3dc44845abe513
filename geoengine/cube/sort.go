package cube

import "slices"

// sortBy returns the stable ascending order of keys, starting from the order given (nil is 0, 1, 2, …).
// It is a radix sort that skips the digits in which all keys agree, as most digits of H3 ids do.
func sortBy(keys []uint64, order []uint32) []uint32 {
	if order == nil {
		order = make([]uint32, len(keys))
		for i := range order {
			order[i] = uint32(i)
		}
	}
	if isSorted(keys, order) {
		return order
	}
	if len(keys) < 512 {
		slices.SortStableFunc(order, func(a, b uint32) int {
			switch {
			case keys[a] < keys[b]:
				return -1
			case keys[a] > keys[b]:
				return 1
			}
			return 0
		})
		return order
	}
	same, some := ^uint64(0), uint64(0)
	for _, k := range keys {
		same &= k
		some |= k
	}
	other := make([]uint32, len(order))
	for shift := 0; shift < 64; shift += digitBits {
		if (same^some)>>shift&(1<<digitBits-1) == 0 {
			continue
		}
		radixPass(keys, order, other, shift)
		order, other = other, order
	}
	return order
}

const digitBits = 11

func radixPass(keys []uint64, order, other []uint32, shift int) {
	var next [1 << digitBits]uint32
	for _, k := range keys {
		next[k>>shift&(1<<digitBits-1)]++
	}
	sum := uint32(0)
	for d, n := range next {
		next[d] = sum
		sum += n
	}
	for _, i := range order {
		d := keys[i] >> shift & (1<<digitBits - 1)
		other[next[d]] = i
		next[d]++
	}
}

func isSorted(keys []uint64, order []uint32) bool {
	for i := 1; i < len(order); i++ {
		if keys[order[i]] < keys[order[i-1]] {
			return false
		}
	}
	return true
}
