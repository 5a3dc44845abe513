package backtest

import (
	"container/heap"
	"context"
)

// coverage is how far each lixel and hour is covered so far: the most that any post does.
type coverage struct {
	week    *week
	demand  demand
	covered [][]float32
}

func newCoverage(w *week, d demand) *coverage {
	return &coverage{week: w, demand: d, covered: make([][]float32, len(d))}
}

// reach is what a post at one of the sites reaches.
func (w *week) reach(p post) []reached { return w.near[w.number[p.lixel]] }

// gain is what a post adds.
func (c *coverage) gain(p post) float64 {
	sum := 0.0
	for _, r := range c.week.reach(p) {
		wanted := c.demand[r.lixel]
		if wanted == nil {
			continue
		}
		covered := c.covered[r.lixel]
		for _, h := range c.week.hours[p.slot] {
			more := r.factor * h.factor
			if covered != nil {
				more -= covered[h.hour]
			}
			if more > 0 {
				sum += float64(more * wanted[h.hour])
			}
		}
	}
	return sum
}

// add puts a post.
func (c *coverage) add(p post) {
	for _, r := range c.week.reach(p) {
		if c.demand[r.lixel] == nil {
			continue
		}
		if c.covered[r.lixel] == nil {
			c.covered[r.lixel] = make([]float32, len(c.demand[r.lixel]))
		}
		for _, h := range c.week.hours[p.slot] {
			c.covered[r.lixel][h.hour] = max(c.covered[r.lixel][h.hour], r.factor*h.factor)
		}
	}
}

// alone is what each option covers by itself, by site × slot.
func (w *week) alone(d demand) []float64 {
	bySlot := make([][]float32, len(d))
	for i, wanted := range d {
		if wanted == nil {
			continue
		}
		bySlot[i] = make([]float32, slots)
		for slot := range w.hours {
			for _, h := range w.hours[slot] {
				bySlot[i][slot] += h.factor * wanted[h.hour]
			}
		}
	}
	scores := make([]float64, len(w.sites)*slots)
	for s := range w.sites {
		row := scores[s*slots : (s+1)*slots]
		for _, r := range w.near[s] {
			for slot, v := range bySlot[r.lixel] {
				row[slot] += float64(r.factor * v)
			}
		}
	}
	return scores
}

// best chooses up to n posts, each the one that adds most to those before (lazy greedy; Leskovec et al. 2007), at the
// minimum distance from those at the same time. A prefix is the choice for a smaller budget. Bound is more than any n
// posts without the minimum distance can cover: what is covered, and the n best gains on top of it (Minoux 1978).
func (w *week) best(ctx context.Context, d demand, n int) (posts []post, bound float64, err error) {
	queue := lazyQueue{}
	for option, score := range w.alone(d) {
		if score > 0 {
			queue = append(queue, lazy{score, post{w.sites[option/slots], int32(option % slots)}, 0})
		}
	}
	heap.Init(&queue)
	c, blocked, value := newCoverage(w, d), newApart(w, true), 0.0
	for len(posts) < n && len(queue) > 0 {
		top := &queue[0]
		if !blocked.allows(top.post) {
			heap.Pop(&queue)
			continue
		}
		if int(top.seen) < len(posts) {
			top.gain, top.seen = c.gain(top.post), int32(len(posts))
			heap.Fix(&queue, 0)
			continue
		}
		if top.gain <= 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		chosen := heap.Pop(&queue).(lazy)
		value += chosen.gain
		c.add(chosen.post)
		blocked.add(chosen.post)
		posts = append(posts, chosen.post)
	}
	bound = value
	for i := 0; i < n && len(queue) > 0; i++ {
		bound += heap.Pop(&queue).(lazy).gain // a gain that has not been computed anew can only be too high
	}
	return posts, bound, nil
}

type lazy struct {
	gain float64
	post post
	seen int32 // posts chosen when gain was computed
}

// lazyQueue is a heap with the greatest gain first; ties by place and slot.
type lazyQueue []lazy

func (q lazyQueue) Len() int { return len(q) }
func (q lazyQueue) Less(i, j int) bool {
	a, b := &q[i], &q[j]
	switch {
	case a.gain != b.gain:
		return a.gain > b.gain
	case a.post.lixel != b.post.lixel:
		return a.post.lixel < b.post.lixel
	}
	return a.post.slot < b.post.slot
}
func (q lazyQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *lazyQueue) Push(x any)   { *q = append(*q, x.(lazy)) }
func (q *lazyQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
