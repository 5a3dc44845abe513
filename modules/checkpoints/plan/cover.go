package plan

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Coverage. A post deters by being seen, and less so farther away and later:
//
//   - over the road, half as much every 900 m (the distance halo of stationary enforcement, which reaches 2.4 to 8 km);
//     what is covered by less than the lowest level is left out, so that a post reaches about 3 km here;
//   - over the days, in the same two hours of the day, half as much every second day: nothing is left after about a
//     week, which is as long as effects of alcohol posts were seen (placement.md). Other hours of the day are not
//     counted, nor days after the plan: the halo is understated rather than overstated;
//   - by the share of the slot in which the post is held.
//
// The product is rounded to one of levels. A place in a slot is covered as by the best of the posts, not by their sum:
// a place and slot is one element of demand for each level, and an option covers those up to its own.
const (
	halvesEveryM    = 900
	halvesEveryDays = 2
	haloDays        = 7
	// reachM is where the coverage of a post held for a whole slot falls under the lowest level.
	reachM = 3600
	// cellM is the radius of a cell of demand: lixels that are so near on the network are covered alike.
	cellM = 900
)

// levels are the coverages that are told apart, and lowest is the least product that is rounded up to the first.
// Between two levels the geometric mean divides.
func levels() [5]float64 { return [5]float64{0.125, 0.25, 0.4, 0.65, 1} }

const lowest = 0.088

// level is the number of levels that a coverage holds, 0 to 5.
func level(c float64) uint8 {
	steps := levels()
	if c < lowest {
		return 0
	}
	n := 1
	for n < len(steps) && c*c >= steps[n-1]*steps[n] {
		n++
	}
	return uint8(n)
}

// fade is the coverage by distance alone.
func fade(metres float64) float64 { return math.Exp2(-metres / halvesEveryM) }

// Unit is what the weight 1 stands for: severity-weighted accidents a year.
const Unit = 1e-9

// demand is what there is to cover.
type demand struct {
	inside []bool    // of each lixel: it lies in the areas
	area   []string  // of each lixel inside: path of its commune
	own    []float64 // of each lixel inside: expected in all staffed slots, a year
	total  float64
	cell   []int32 // of each lixel; −1 outside
	lixels [][]int32
	// weight is, for each slot and cell (slot × cells + cell), the demand in Units; cum its parts up to each level.
	weight []float64
}

// assess finds the demand of each lixel and joins neighbours to cells.
func (p *Problem) assess() {
	lixels, s, d := p.world.Lixels, p.world.Surface, &p.demand
	n := lixels.Len()
	d.inside, d.area, d.own, d.cell = make([]bool, n), make([]string, n), make([]float64, n), make([]int32, n)
	staffed := make([]float64, len(s.Profiles))
	for _, slot := range p.staffedSlots() {
		for i, profile := range s.Profiles {
			for _, h := range p.slots[slot].hours {
				staffed[i] += profile[h]
			}
		}
	}
	order := make([]int32, 0, n)
	for i := range n {
		d.cell[i] = -1
		path := p.world.Areas(lixels.List[i].Centre.Position)
		if path == "" || !p.inside(path) {
			continue
		}
		d.inside[i], d.area[i] = true, path
		d.own[i] = s.Expected[i] * staffed[s.Profile[i]]
		d.total += d.own[i]
		if d.own[i] > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(d.own[b], d.own[a]), cmp.Compare(a, b)) })
	for _, i := range order {
		if d.cell[i] >= 0 {
			continue
		}
		c := int32(len(d.lixels))
		d.lixels = append(d.lixels, nil)
		for _, near := range lixels.Within(int(i), cellM) {
			if j := near.Lixel; d.inside[j] && d.cell[j] < 0 && d.own[j] > 0 {
				d.cell[j] = c
				d.lixels[c] = append(d.lixels[c], j)
			}
		}
	}
}

// staffedSlots are the slots in which some duty may work, ascending.
func (p *Problem) staffedSlots() []int {
	var slots []int
	for i := range p.duties {
		for _, start := range p.duties[i].starts {
			for k := range p.squads[p.duties[i].squad].Slots {
				slots = append(slots, start+k)
			}
		}
	}
	slices.Sort(slots)
	return slices.Compact(slots)
}

// cover finds what each site covers by distance, and the demand of each cell in each slot.
func (p *Problem) cover() {
	d, s := &p.demand, p.world.Surface
	all := make([]float64, len(d.lixels)) // demand of each cell over the staffed slots
	for c, lixels := range d.lixels {
		for _, i := range lixels {
			all[c] += d.own[i]
		}
	}
	parallel(len(p.sites), func(i int) {
		c := &p.sites[i]
		sums := make(map[int32]float64)
		for _, near := range p.world.Lixels.Within(int(c.lixel), reachM) {
			if cell := d.cell[near.Lixel]; cell >= 0 {
				sums[cell] += d.own[near.Lixel] * fade(float64(near.Metres))
			}
		}
		for cell, sum := range sums {
			if sum/all[cell] >= lowest {
				c.covers = append(c.covers, cell)
			}
		}
		slices.Sort(c.covers)
		for _, cell := range c.covers {
			c.fade = append(c.fade, float32(sums[cell]/all[cell]))
		}
	})
	d.weight = make([]float64, len(p.slots)*len(d.lixels))
	parallel(len(d.lixels), func(c int) {
		for _, i := range d.lixels[c] {
			profile := s.Profiles[s.Profile[i]]
			for k := range p.slots {
				for _, h := range p.slots[k].hours {
					d.weight[k*len(d.lixels)+c] += s.Expected[i] * profile[h] / Unit
				}
			}
		}
	})
}

// touch is a cell in a slot that a post covers up to a level.
type touch struct {
	place int32 // slot × cells + cell
	level uint8
}

// touches are what a post at a site in a slot covers if it is held for a share of it, ascending.
func (p *Problem) touches(list []touch, site int32, slot int, held float64) []touch {
	c := &p.sites[site]
	cells := len(p.demand.lixels)
	for day := 0; day <= haloDays && slot+day*slotsADay < len(p.slots); day++ {
		worn := held * math.Exp2(-float64(day)/halvesEveryDays)
		if worn < lowest {
			break
		}
		base := (slot + day*slotsADay) * cells
		for i, cell := range c.covers {
			if l := level(worn * float64(c.fade[i])); l > 0 {
				list = append(list, touch{int32(base + int(cell)), l})
			}
		}
	}
	return list
}

// upTo is the demand of a cell in a slot that a level covers, in Units.
func (p *Problem) upTo(place int32, level uint8) int64 {
	if level == 0 {
		return 0
	}
	return int64(math.Round(p.demand.weight[place] * levels()[level-1]))
}

// parallel calls f with 0 to n−1 on all processors.
func parallel(n int, f func(i int)) {
	var wait sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), n) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	wait.Wait()
}
