package bench

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"vigie/modules/checkpoints/solve"
)

// placementSpec is a kind of synthetic territory: how large, how many teams, and how much an option covers.
type placementSpec struct {
	Name    string
	WidthKM float64 // of a square
	Lixels  int     // stretches of road with demand
	Towns   int     // about which half of them lie
	Units   int     // homes of teams
	Teams   int     // of each unit, alike
	Slots   int     // of two hours in the period
	Shift   int     // slots that a team works; all of them unless shifts are to be chosen
	Choose  bool    // the teams may work any Shift slots in a row
	Options int     // in all; as many sites for each unit and slot, the nearest to its home
	Entries int     // elements that options cover, in all, about
	ApartKM float64 // posts closer than this at the same time exclude one another; 0 for no such rule
	Cases   int     // seeds
}

// placementSpecs are of the sizes that the goals speak of, then the same with identical teams, then with shifts to
// choose and conflicts.
func placementSpecs() []placementSpec {
	return []placementSpec{
		{Name: "departement", WidthKM: 90, Lixels: 2600, Towns: 25, Units: 20, Teams: 1, Slots: 4, Shift: 4, Options: 11162, Entries: 189000, Cases: 3},
		{Name: "departement identical teams", WidthKM: 90, Lixels: 2600, Towns: 25, Units: 4, Teams: 5, Slots: 4, Shift: 4, Options: 11162, Entries: 189000, Cases: 2},
		{Name: "departement shifts and conflicts", WidthKM: 90, Lixels: 2600, Towns: 25, Units: 10, Teams: 4, Slots: 6, Shift: 2, Choose: true, Options: 11162, Entries: 189000, ApartKM: 2, Cases: 2},
		{Name: "region", WidthKM: 200, Lixels: 12000, Towns: 90, Units: 60, Teams: 1, Slots: 6, Shift: 6, Options: 94424, Entries: 4700000, Cases: 1},
	}
}

type placementPoint struct{ x, y float64 }

func (p placementPoint) distance(q placementPoint) float64 { return math.Hypot(p.x-q.x, p.y-q.y) }

// placementLevels is into how many levels a coverage is cut that fades with distance.
const placementLevels = 4

// instance builds the territory of a seed. Demand is that of stretches of road in slots, heavy in few places, with a
// profile over the day. A post covers the stretches about it, by half less every so many metres, and by half of that in
// the slot after it: so that slots are not problems of their own.
func (s placementSpec) instance(seed uint64) *solve.Instance {
	r := rand.New(rand.NewPCG(seed, 19))
	towns := make([]placementPoint, s.Towns)
	for i := range towns {
		towns[i] = placementPoint{r.Float64() * s.WidthKM, r.Float64() * s.WidthKM}
	}
	place := func(spread float64) placementPoint {
		t := towns[r.IntN(s.Towns)]
		clip := func(v float64) float64 { return min(max(v, 0), s.WidthKM) }
		return placementPoint{clip(t.x + r.NormFloat64()*spread), clip(t.y + r.NormFloat64()*spread)}
	}
	lixels, demand := make([]placementPoint, s.Lixels), make([]float64, s.Lixels)
	for i := range lixels {
		lixels[i] = placementPoint{r.Float64() * s.WidthKM, r.Float64() * s.WidthKM}
		if r.IntN(2) == 0 {
			lixels[i] = place(3)
		}
		demand[i] = math.Exp(r.NormFloat64() * 1.2)
	}
	in := &solve.Instance{Start: []int32{0}, Weights: s.weights(r, demand)}
	homes := make([]placementPoint, s.Units)
	for i := range homes {
		homes[i] = place(1)
	}
	s.rosters(in)
	s.options(in, r, homes, lixels)
	return in
}

// weights are those of each lixel, slot and level, in millionths.
func (s placementSpec) weights(r *rand.Rand, demand []float64) []int64 {
	weights := make([]int64, 0, len(demand)*s.Slots*placementLevels)
	for _, d := range demand {
		peak := r.Float64() * float64(s.Slots)
		for slot := range s.Slots {
			hour := d * (0.3 + math.Exp(-math.Pow(float64(slot)-peak, 2)/4))
			for level := range placementLevels {
				share := math.Pow(0.5, float64(placementLevels-1-level)) // the last level is the nearest half
				weights = append(weights, int64(1e6*hour*share/2))
			}
		}
	}
	return weights
}

func (s placementSpec) rosters(in *solve.Instance) {
	in.Groups = s.Units * s.Slots
	for u := range s.Units {
		d := solve.Duty{Teams: s.Teams}
		for from := 0; from+s.Shift <= s.Slots; from++ {
			var shift []int32
			for i := range s.Shift {
				shift = append(shift, int32(u*s.Slots+from+i))
			}
			d.Shifts = append(d.Shifts, shift)
		}
		in.Duties = append(in.Duties, d)
	}
}

// options gives each unit and slot the sites nearest to its home, and each of them what it covers within the radius that
// makes as many entries as asked for.
func (s placementSpec) options(in *solve.Instance, r *rand.Rand, homes, lixels []placementPoint) {
	type site struct {
		lixel, group int
	}
	var sites []site
	for g := range in.Groups {
		count := s.Options*(g+1)/in.Groups - s.Options*g/in.Groups
		home := homes[g/s.Slots]
		order := make([]int, len(lixels))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(home.distance(lixels[a]), home.distance(lixels[b])) })
		near := order[:min(len(order), 2*count)] // of which every second one or so is safe to stand at
		r.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
		for _, l := range near[:min(count, len(near))] {
			sites = append(sites, site{l, g})
		}
	}
	near := newPlacementGrid(lixels)
	row := func(x site, radius float64) []int32 {
		var covers []int32
		slot := x.group % s.Slots
		near.visit(lixels[x.lixel], radius, func(l int, distance float64) {
			levels := placementLevels - int(float64(placementLevels)*distance/radius)
			for later := range 2 {
				for level := range levels - later {
					if slot+later < s.Slots {
						covers = append(covers, int32((l*s.Slots+slot+later)*placementLevels+level))
					}
				}
			}
		})
		slices.Sort(covers)
		return covers
	}
	low, high := 0.0, s.WidthKM
	for range 24 {
		radius, entries := (low+high)/2, 0
		for i := 0; i < len(sites); i += 17 {
			entries += 17 * len(row(sites[i], radius))
			if entries > s.Entries {
				break
			}
		}
		if entries > s.Entries {
			high = radius
		} else {
			low = radius
		}
	}
	for _, x := range sites {
		in.Group = append(in.Group, int32(x.group))
		in.Covers = append(in.Covers, row(x, low)...)
		in.Start = append(in.Start, int32(len(in.Covers)))
	}
	if s.ApartKM > 0 {
		s.conflicts(in, func(option int) placementPoint { return lixels[sites[option].lixel] })
	}
}

// conflicts are the pairs of options of one slot that stand too close.
func (s placementSpec) conflicts(in *solve.Instance, at func(option int) placementPoint) {
	for b := range in.Group {
		for a := range b {
			if int(in.Group[a])%s.Slots == int(in.Group[b])%s.Slots && at(a).distance(at(b)) < s.ApartKM {
				in.Conflicts = append(in.Conflicts, [2]int32{int32(a), int32(b)})
			}
		}
	}
}

// placementGrid finds the points near to one.
type placementGrid struct {
	points []placementPoint
	cells  map[[2]int][]int
}

func newPlacementGrid(points []placementPoint) *placementGrid {
	g := &placementGrid{points, map[[2]int][]int{}}
	for i, p := range points {
		cell := [2]int{int(p.x), int(p.y)}
		g.cells[cell] = append(g.cells[cell], i)
	}
	return g
}

func (g *placementGrid) visit(p placementPoint, radius float64, each func(i int, distance float64)) {
	for x := int(max(0, p.x-radius)); x <= int(p.x+radius); x++ {
		for y := int(max(0, p.y-radius)); y <= int(p.y+radius); y++ {
			for _, i := range g.cells[[2]int{x, y}] {
				if d := p.distance(g.points[i]); d < radius {
					each(i, d)
				}
			}
		}
	}
}
