package predict

import "math/rand/v2"

// Resample draws n things again with replacement, draws times, and hands each draw to visit as indices; the slice is used
// again for the next draw. With block 1 each thing is drawn on its own (Efron 1979). With a greater block runs of so many
// neighbours are drawn, the last run cut short, the end followed by the beginning: so what neighbours in time share stays
// together and all have the same chance (the circular block bootstrap of Politis & Romano 1992, which unlike the moving
// blocks of Künsch 1989 leaves the mean where it is). Same random source, same draws.
func Resample(random *rand.Rand, n, block, draws int, visit func(draw int, sample []int)) {
	if n <= 0 {
		return
	}
	block = min(max(block, 1), n)
	sample := make([]int, n)
	for draw := range draws {
		if block == 1 {
			for i := range sample {
				sample[i] = random.IntN(n)
			}
			visit(draw, sample)
			continue
		}
		for at := 0; at < n; at += block {
			start := random.IntN(n)
			for k := at; k < min(at+block, n); k++ {
				sample[k] = (start + k - at) % n
			}
		}
		visit(draw, sample)
	}
}

// Everything is the sample that is all of n things, once each.
func Everything(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
