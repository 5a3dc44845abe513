package hotspot

import (
	"math"
	"slices"
)

// forest is a sum of small regression trees fitted to the Poisson deviance one after another (Friedman 2001, with second
// derivatives and a penalty as Chen & Guestrin 2016), with log link. It begins where the mixture ends, so that it has only
// to learn what a sum cannot say.
type forest struct {
	from  *mixture
	trees []tree
	cuts  [columns][]float64 // ascending
}

// tree is complete: node i has the children 2i+1 and 2i+2, and a leaf for each way down.
type tree struct {
	column [1<<treeDepth - 1]int8 // −1: all go left
	bin    [1<<treeDepth - 1]uint8
	leaf   [1 << treeDepth]float64
}

const (
	treeDepth = 3
	treeBins  = 32
	treePace  = .15 // share of a step that is taken
	treeRidge = 5.  // expected events that pull a leaf towards 0
	treeLeast = 10. // expected events that a leaf needs
)

func fitForest(s *sample, from *mixture, trees int) *forest {
	f := &forest{from: from}
	n := s.rows()
	bins := make([]uint8, n*columns) // column-major
	for c := range columns {
		f.cuts[c] = cutsOf(s, c)
		for i := range n {
			bins[c*n+i] = bin(f.cuts[c], s.raw[i*columns+c])
		}
	}
	eta := make([]float64, n)
	for i := range eta {
		mu := from.even * math.Exp(s.offset[i])
		for c, w := range from.weight {
			mu += w * s.steady[i*columns+c]
		}
		eta[i] = math.Log(max(mu, 1e-9))
	}
	gh, node := make([][2]float64, n), make([]uint8, n)
	for range trees {
		for i := range n {
			mu := math.Exp(min(eta[i], 20))
			gh[i] = [2]float64{s.weight[i] * (s.y[i] - mu), s.weight[i] * mu}
			node[i] = 0
		}
		t := grow(bins, gh, node, n)
		f.trees = append(f.trees, t)
		for i := range n {
			eta[i] += t.leaf[node[i]]
		}
	}
	return f
}

// cutsOf are the borders of the bins of a column: quantiles of the values above the least.
func cutsOf(s *sample, c int) []float64 {
	var values []float64
	step := max(s.rows()/20000, 1)
	for i := 0; i < s.rows(); i += step {
		values = append(values, s.raw[i*columns+c])
	}
	slices.Sort(values)
	least := values[0]
	from, _ := slices.BinarySearch(values, math.Nextafter(least, math.Inf(1)))
	values = values[from:]
	cuts := []float64{least}
	for k := 0; k < treeBins-2 && len(values) > 0; k++ {
		// Finer towards the highest values, where the events are.
		share := 1 - math.Pow(1-float64(k+1)/(treeBins-1), 2)
		v := values[min(int(share*float64(len(values))), len(values)-1)]
		if v > cuts[len(cuts)-1] {
			cuts = append(cuts, v)
		}
	}
	return cuts
}

// bin is how many cuts lie below a value.
func bin(cuts []float64, v float64) uint8 {
	if v <= cuts[0] { // most values are the least
		return 0
	}
	low, high := 1, len(cuts)
	for low < high {
		if middle := (low + high) / 2; cuts[middle] < v {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return uint8(low)
}

// grow fits one tree to gradients and curvatures. Node is, at the end, the leaf of each row.
func grow(bins []uint8, gh [][2]float64, node []uint8, n int) tree {
	var t tree
	for depth := range treeDepth {
		nodes := 1 << depth
		type split struct {
			gain   float64
			column int8
			bin    uint8
		}
		best := make([]split, nodes)
		for k := range best {
			best[k].column = -1
		}
		var sums [treeBins << (treeDepth - 1)][2]float64
		for c := range columns {
			sums = [len(sums)][2]float64{}
			for i, b := range bins[c*n : (c+1)*n] {
				k := &sums[int(node[i])*treeBins+int(b)]
				k[0] += gh[i][0]
				k[1] += gh[i][1]
			}
			for k := range nodes {
				if gain, at := bestCut(sums[k*treeBins : (k+1)*treeBins]); gain > best[k].gain+1e-9 {
					best[k] = split{gain, int8(c), at}
				}
			}
		}
		first := nodes - 1
		for k, b := range best {
			t.column[first+k], t.bin[first+k] = b.column, b.bin
		}
		for i := range n {
			k := node[i]
			node[i] = 2 * k
			if b := best[k]; b.column >= 0 && bins[int(b.column)*n+i] > b.bin {
				node[i]++
			}
		}
	}
	var sum [1 << treeDepth][2]float64
	for i, k := range node[:n] {
		sum[k][0] += gh[i][0]
		sum[k][1] += gh[i][1]
	}
	for k, s := range sum {
		t.leaf[k] = treePace * min(max(s[0]/(s[1]+treeRidge), -4), 4)
	}
	return t
}

// bestCut is the last bin that goes left, with the most gain; 0 gain where there is none.
func bestCut(sums [][2]float64) (gain float64, at uint8) {
	var g, h float64
	for _, s := range sums {
		g, h = g+s[0], h+s[1]
	}
	value := func(g, h float64) float64 { return g * g / (h + treeRidge) }
	var left [2]float64
	for b := range treeBins - 1 {
		left[0], left[1] = left[0]+sums[b][0], left[1]+sums[b][1]
		if left[1] < treeLeast || h-left[1] < treeLeast {
			continue
		}
		if v := value(left[0], left[1]) + value(g-left[0], h-left[1]) - value(g, h); v > gain {
			gain, at = v, uint8(b)
		}
	}
	return gain, at
}

// daily is what is expected in each place on a day.
func (f *forest) daily(g *Grid, seen *surfaces) []float64 {
	out := f.from.daily(g, seen)
	bins := make([]uint8, columns)
	for i := range out {
		for c := range columns {
			bins[c] = bin(f.cuts[c], seen.column[c][i])
		}
		eta := 0.
		for k := range f.trees {
			eta += f.trees[k].value(bins)
		}
		out[i] *= math.Exp(min(eta, 5))
	}
	return out
}

func (t *tree) value(bins []uint8) float64 {
	node := 0
	for range treeDepth {
		c := t.column[node]
		if c >= 0 && bins[c] > t.bin[node] {
			node = 2*node + 2
		} else {
			node = 2*node + 1
		}
	}
	return t.leaf[node-(1<<treeDepth-1)]
}
