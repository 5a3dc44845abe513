package backtest

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"vigie/geoengine/road"
	"vigie/predict/roadrisk"
	"vigie/progress"
)

const (
	// slots are the slots of two hours in a week.
	slots     = roadrisk.HoursOfWeek / slotHours
	slotHours = 2
	// separationM is how far apart two posts at the same time must be, along the road: the default of a plan.
	separationM = 2000
	// halfM is the distance along the road at which what a post does halves, reachM where it is taken to end.
	halfM  = 900
	reachM = 3000
)

// post is a post held every week: at a lixel, in a slot.
type post struct {
	lixel int32
	slot  int32
}

// Yardstick is how far a post covers an accident: faded by the distance along the road and by the hours between.
type Yardstick struct {
	Name string `json:"name"`
	// HalfM is the distance that halves; 0 counts everything within ReachM fully.
	HalfM  float64 `json:"half_m,omitempty"`
	ReachM float64 `json:"reach_m"`
	// Hours are the factors of the slot's own hours, of the hour before and after, of the next ones.
	Hours []float64 `json:"hours"`
}

// yardsticks are those that everybody is judged by. The first is what plans maximise; the others are plain.
func yardsticks() []Yardstick {
	return []Yardstick{
		{Name: "halo", HalfM: halfM, ReachM: reachM, Hours: []float64{1, 0.5}},
		{Name: "500 m, ±1 h", ReachM: 500, Hours: []float64{1, 1}},
		{Name: "1 km, ±1 h", ReachM: 1000, Hours: []float64{1, 1}},
	}
}

// distance is the factor at so many metres.
func (y *Yardstick) distance(metres float64) float64 {
	switch {
	case metres > y.ReachM:
		return 0
	case y.HalfM == 0:
		return 1
	}
	return math.Exp2(-metres / y.HalfM)
}

// hour is the factor of an hour of the week for a post in a slot.
func (y *Yardstick) hour(slot, hour int) float64 {
	first := slot * slotHours
	away := min(gap(hour, first), gap(hour, first+slotHours-1))
	if away < len(y.Hours) {
		return y.Hours[away]
	}
	return 0
}

// gap is the number of hours between two hours of the week, round the week.
func gap(a, b int) int {
	d := (a - b + roadrisk.HoursOfWeek) % roadrisk.HoursOfWeek
	return min(d, roadrisk.HoursOfWeek-d)
}

// week is what posts on a network can cover, by the first yardstick.
type week struct {
	network *roadrisk.Network
	sites   []int32     // lixels where our posts may stand: about every 250 m of road
	near    [][]reached // of each site: the lixels that a post at its centre reaches
	number  []int32     // of a lixel among the sites; -1
	hours   [slots][]hourShare
	mutex   sync.Mutex
	close   map[int32][]int32 // lixels nearer than separationM, for lixels asked for before; guarded by mutex
}

// reached is a lixel that a post reaches, at a distance.
type reached struct {
	lixel  int32
	factor float32
}

type hourShare struct {
	hour   int
	factor float32
}

// siteM is how far apart sites are at least.
const siteM = 250

func newWeek(ctx context.Context, network *roadrisk.Network, report progress.Func) (*week, error) {
	w := &week{network: network, close: map[int32][]int32{}}
	w.chooseSites()
	w.near = make([][]reached, len(w.sites))
	y := yardsticks()[0]
	for s, site := range w.sites {
		if s%64 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			report.Report(progress.Update{Task: "reach of posts", Unit: "sites", Done: int64(s), Total: int64(len(w.sites))})
		}
		within := network.Lixels.Within(int(site), reachM)
		w.near[s] = make([]reached, len(within))
		for k, other := range within {
			metres := float64(other.Metres)
			if other.Lixel == site {
				metres = inside(&network.Lixels.List[site])
			}
			w.near[s][k] = reached{other.Lixel, float32(y.distance(metres))}
		}
	}
	for slot := range w.hours {
		for hour := range roadrisk.HoursOfWeek {
			if f := y.hour(slot, hour); f > 0 {
				w.hours[slot] = append(w.hours[slot], hourShare{hour, float32(f)})
			}
		}
	}
	return w, nil
}

// chooseSites takes lixels, higher classes and longer ones first, that are not within 250 m of one taken before.
func (w *week) chooseSites() {
	list := w.network.Lixels.List
	order := make([]int32, len(list))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		if list[a].Class != list[b].Class {
			return int(list[a].Class) - int(list[b].Class)
		}
		return cmp.Compare(list[b].Metres, list[a].Metres)
	})
	w.number = make([]int32, len(list))
	taken := make([]bool, len(list))
	for i := range w.number {
		w.number[i] = -1
	}
	for _, i := range order {
		if taken[i] {
			continue
		}
		w.number[i] = int32(len(w.sites))
		w.sites = append(w.sites, i)
		for _, other := range w.network.Lixels.Within(int(i), siteM) {
			taken[other.Lixel] = true
		}
	}
}

// closeTo are the lixels at which no other post may stand at the same time.
func (w *week) closeTo(lixel int32) []int32 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	list, known := w.close[lixel]
	if !known {
		for _, other := range w.network.Lixels.Within(int(lixel), separationM) {
			list = append(list, other.Lixel)
		}
		w.close[lixel] = list
	}
	return list
}

// inside is the mean distance of a lixel's points from its centre.
func inside(l *road.Lixel) float64 { return l.Metres / 4 }

// demand is what there is to cover: by lixel and hour of the week. A lixel without any is nil.
type demand [][]float32

// demandOf is what a surface expects.
func demandOf(s *roadrisk.Surface) demand {
	d := make(demand, len(s.Expected))
	for i := range d {
		d[i] = make([]float32, roadrisk.HoursOfWeek)
		for h := range d[i] {
			d[i][h] = float32(s.At(i, h))
		}
	}
	return d
}

// product is what a density by lixel and one profile for all expect.
func product(density, profile []float64) demand {
	d := make(demand, len(density))
	for i, v := range density {
		if v == 0 {
			continue
		}
		d[i] = make([]float32, roadrisk.HoursOfWeek)
		for h, share := range profile {
			d[i][h] = float32(v * share)
		}
	}
	return d
}

// apart tells whether a post can be added to others: far enough from those at the same time.
type apart struct {
	week    *week
	none    bool // no minimum distance: only not twice at one place
	blocked [slots]map[int32]bool
}

func newApart(w *week, separated bool) *apart { return &apart{week: w, none: !separated} }

func (a *apart) allows(p post) bool { return !a.blocked[p.slot][p.lixel] }

func (a *apart) add(p post) {
	if a.blocked[p.slot] == nil {
		a.blocked[p.slot] = map[int32]bool{}
	}
	a.blocked[p.slot][p.lixel] = true
	if a.none {
		return
	}
	for _, lixel := range a.week.closeTo(p.lixel) {
		a.blocked[p.slot][lixel] = true
	}
}

// ranked takes the best options by score one after another, at the minimum distance at the same time if separated.
func (w *week) ranked(scores []float64, n int, separated bool) []post {
	order := make([]int32, 0, len(scores))
	for i, score := range scores {
		if score > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(scores[b], scores[a]) })
	blocked := newApart(w, separated)
	var posts []post
	for _, option := range order {
		p := post{lixel: option / slots, slot: option % slots}
		if len(posts) == n {
			break
		}
		if blocked.allows(p) {
			blocked.add(p)
			posts = append(posts, p)
		}
	}
	return posts
}
