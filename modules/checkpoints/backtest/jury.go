package backtest

import (
	"fmt"
	"math"
	"slices"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/predict/roadrisk"
)

// jury tells what posts would have covered of accidents that they did not know.
type jury struct {
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

func newJury(network *roadrisk.Network, accidents []roadrisk.Placed) (*jury, error) {
	j := &jury{network: network, onSection: map[*road.Section][]int32{}, known: map[int32][]seen{}}
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
func (j *jury) around(lixel int32) []seen {
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
func (j *jury) covered(posts []post, y Yardstick) []float64 {
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
func (j *jury) weights(measure string) []float64 {
	w := make([]float64, len(j.accidents))
	for i := range w {
		w[i] = 1
		if measure == bySeverity {
			w[i] = j.accidents[i].Weight
		}
	}
	return w
}

// within are the accidents within some metres of road of a lixel's centre.
func (j *jury) within(lixel int32, metres float64) []int32 {
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
