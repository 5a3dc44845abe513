package backtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/predict/roadrisk"
)

// judge tells what posts would have covered of accidents that they did not know.
type judge struct {
	network   *roadrisk.Network
	accidents []roadrisk.Placed // with an hour, of which somebody was hurt
	onSection map[*road.Section][]int32
	known     map[int32][]seen // accidents around a lixel's centre, for lixels asked for before
	hourless  int
}

// seen is an accident at a distance from a post.
type seen struct {
	accident int32
	metres   float32
}

func newJudge(network *roadrisk.Network, accidents []roadrisk.Placed) (*judge, error) {
	j := &judge{network: network, onSection: map[*road.Section][]int32{}, known: map[int32][]seen{}}
	weight := 0.0
	for i := range accidents {
		if accidents[i].Hour < 0 {
			j.hourless++
			continue
		}
		j.accidents = append(j.accidents, accidents[i])
		weight += accidents[i].Weight
	}
	for i := range j.accidents {
		section := network.Graph.Section(j.accidents[i].Spot.Edge)
		j.onSection[section] = append(j.onSection[section], int32(i))
	}
	if len(j.accidents) == 0 {
		return nil, fmt.Errorf("no accident with an hour on the network to be judged by: %w", geoengine.ErrInvalid)
	}
	return j, nil
}

// around are the accidents within reach of a post at a lixel's centre, by the way on the network to where each happened.
func (j *judge) around(lixel int32) []seen {
	if found, has := j.known[lixel]; has {
		return found
	}
	g := j.network.Graph
	nearest := map[int32]float32{}
	g.Around(j.network.Lixels.List[lixel].Centre, reachM, func(e road.Edge, fromM, toM, distanceM float64) {
		for _, a := range j.onSection[g.Section(e)] {
			along := alongEdge(g, e, j.accidents[a].Spot)
			if along < min(fromM, toM)-0.01 || along > max(fromM, toM)+0.01 {
				continue
			}
			metres := float32(distanceM + math.Abs(along-fromM))
			if before, has := nearest[a]; !has || metres < before {
				nearest[a] = metres
			}
		}
	})
	found := make([]seen, 0, len(nearest))
	for a, metres := range nearest {
		found = append(found, seen{a, metres})
	}
	slices.SortFunc(found, func(a, b seen) int { return int(a.accident - b.accident) })
	j.known[lixel] = found
	return found
}

// alongEdge is a spot's position along an edge of the same section.
func alongEdge(g *road.Graph, e road.Edge, s road.Spot) float64 {
	if s.Edge == e {
		return s.AlongM
	}
	return g.Metres(e) - s.AlongM
}

// covered is how far each accident is covered by the best of the posts.
func (j *judge) covered(posts []post, y Yardstick) []float64 {
	cover := make([]float64, len(j.accidents))
	for _, p := range posts {
		for _, s := range j.around(p.lixel) {
			if hour := y.hour(int(p.slot), j.accidents[s.accident].Hour); hour > 0 {
				cover[s.accident] = max(cover[s.accident], hour*y.distance(float64(s.metres)))
			}
		}
	}
	return cover
}

// The measures of what is covered: the official weights of the victims, and accidents with somebody hurt.
const (
	bySeverity = "severity"
	byAccident = "accidents"
)

// weights are those of the accidents by a measure.
func (j *judge) weights(measure string) []float64 {
	w := make([]float64, len(j.accidents))
	for i := range w {
		w[i] = 1
		if measure == bySeverity {
			w[i] = j.accidents[i].Weight
		}
	}
	return w
}

// Interval is an estimate with the bounds of its 95 % interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// paired are the covered shares of several contenders and the ratios of the first to each, with intervals from the same
// draws of accidents with replacement: whoever is drawn counts for all.
func paired(cover [][]float64, weights []float64, draws int, seed uint64) (shares, ratios []Interval) {
	n := len(weights)
	random := rand.New(rand.NewPCG(seed, 0xBAC7))
	sums := make([][]float64, len(cover)) // by contender and draw; draw 0 is the sample itself
	for c := range sums {
		sums[c] = make([]float64, draws+1)
	}
	totals := make([]float64, draws+1)
	add := func(draw, i int) {
		totals[draw] += weights[i]
		for c := range cover {
			sums[c][draw] += weights[i] * cover[c][i]
		}
	}
	for i := range n {
		add(0, i)
	}
	for draw := 1; draw <= draws; draw++ {
		for range n {
			add(draw, random.IntN(n))
		}
	}
	for c := range cover {
		shares = append(shares, intervalOf(sums[c], totals))
		ratios = append(ratios, intervalOf(sums[0], sums[c]))
	}
	return shares, ratios
}

// intervalOf is the ratio of two sums, with percentiles over the draws.
func intervalOf(above, below []float64) Interval {
	var values []float64
	for draw := 1; draw < len(above); draw++ {
		if below[draw] > 0 {
			values = append(values, above[draw]/below[draw])
		}
	}
	var v Interval
	if below[0] > 0 {
		v.Value = above[0] / below[0]
	}
	if len(values) > 0 {
		slices.Sort(values)
		at := func(p float64) float64 { return values[int(p*float64(len(values)-1)+0.5)] }
		v.Low, v.High = at(0.025), at(0.975)
	}
	return v
}

// within are the accidents within some metres of road of a lixel's centre.
func (j *judge) within(lixel int32, metres float64) []int32 {
	g := j.network.Graph
	var found []int32
	g.Around(j.network.Lixels.List[lixel].Centre, metres, func(e road.Edge, fromM, toM, _ float64) {
		for _, a := range j.onSection[g.Section(e)] {
			along := alongEdge(g, e, j.accidents[a].Spot)
			if along >= min(fromM, toM) && along <= max(fromM, toM) && !slices.Contains(found, a) {
				found = append(found, a)
			}
		}
	})
	return found
}
