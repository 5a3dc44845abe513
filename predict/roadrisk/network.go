package roadrisk

import (
	"context"
	"fmt"
	"math"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/progress"
)

// reachM is how far the neighbourhoods of lixels go.
const reachM = 1500

// Network is what of a network does not depend on accidents. It is prepared once and serves any number of surfaces; it
// does not change, and many may use it at once.
type Network struct {
	Graph  *road.Graph
	Lixels *road.Lixels

	near       [][]road.Near // lixels within reachM, without the lixel itself
	centrality []float64     // see betweenness
	density    []float64     // km of road within 1 km
	stratum    []int32       // see strata
}

// Prepare computes neighbourhoods and centrality of a network. ErrInvalid says that there is no road.
func Prepare(ctx context.Context, graph *road.Graph, lixels *road.Lixels, report progress.Func) (*Network, error) {
	if graph == nil || lixels == nil || lixels.Len() == 0 {
		return nil, fmt.Errorf("risk: the network has no roads: import them with vigie import osm or vigie import roads: %w", geoengine.ErrInvalid)
	}
	n := &Network{Graph: graph, Lixels: lixels, near: make([][]road.Near, lixels.Len())}
	for i := range n.near {
		if i%512 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			report.Report(progress.Update{Task: "neighbourhoods", Done: int64(i), Total: int64(len(n.near))})
		}
		n.near[i] = without(lixels.Within(i, reachM), int32(i))
	}
	n.density = n.roadsAround(1000)
	flow, err := betweenness(ctx, graph)
	if err != nil {
		return nil, err
	}
	n.centrality = make([]float64, lixels.Len())
	for i := range lixels.List {
		edge := lixels.List[i].Centre.Edge
		n.centrality[i] = flow[edge]
		if twin := graph.Twin(edge); twin != road.NoEdge {
			n.centrality[i] += flow[twin]
		}
	}
	n.stratum = n.strata()
	return n, nil
}

// without drops the lixel itself from its neighbours.
func without(near []road.Near, self int32) []road.Near {
	kept := make([]road.Near, 0, len(near))
	for _, other := range near {
		if other.Lixel != self {
			kept = append(kept, other)
		}
	}
	return kept
}

// roadsAround is the length of road, in km, whose lixels' centres lie within a network distance, the own one included.
func (n *Network) roadsAround(metres float32) []float64 {
	around := make([]float64, len(n.near))
	for i := range n.near {
		around[i] = n.Lixels.List[i].Metres / 1000
		for _, other := range n.near[i] {
			if other.Metres <= metres {
				around[i] += n.Lixels.List[other.Lixel].Metres / 1000
			}
		}
	}
	return around
}

// The classes of roads that share an hourly profile and a mean severity, each inside and outside towns.
const (
	fastRoads = iota // motorways and trunk roads
	mainRoads        // primary and secondary
	smallRoads
	roadGroups
)

func groupOf(c road.Class) int {
	switch c {
	case road.Motorway, road.Trunk:
		return fastRoads
	case road.Primary, road.Secondary:
		return mainRoads
	default:
		return smallRoads
	}
}

// strata numbers the stratum of each lixel: group of classes × inside or outside towns. Where no source says what is
// built up, the half of the road length with most roads around stands for inside.
func (n *Network) strata() []int32 {
	middle := n.middleDensity()
	stratum := make([]int32, len(n.near))
	for i := range stratum {
		lixel := &n.Lixels.List[i]
		inside := n.density[i] > middle
		if lixel.BuiltUp != road.Unknown {
			inside = lixel.BuiltUp == road.Yes
		}
		stratum[i] = int32(groupOf(lixel.Class))
		if inside {
			stratum[i] += roadGroups
		}
	}
	return stratum
}

// middleDensity is the density that half of the road length is below.
func (n *Network) middleDensity() float64 {
	low, high, total := 0.0, 0.0, 0.0
	for i, d := range n.density {
		high = math.Max(high, d)
		total += n.Lixels.List[i].Metres
	}
	for range 40 {
		middle, below := (low+high)/2, 0.0
		for i, d := range n.density {
			if d <= middle {
				below += n.Lixels.List[i].Metres
			}
		}
		if below < total/2 {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// areaM is the width of the cells by which wide neighbourhoods are summed.
const (
	areaM       = 500
	metresOfLat = 111_195 // of one degree, on the sphere
)

// smoothWide is smooth over straight distances, for widths that hold too many lixels to list: by cells of 500 m, the
// lixel itself left out.
func (n *Network) smoothWide(values []float64, metres float64) []float64 {
	type cell struct{ east, north int }
	origin := n.Graph.Bounds().Center()
	scale := metresOfLat * math.Cos(origin.Lat()*math.Pi/180)
	at := func(i int) cell {
		p := n.Lixels.List[i].Centre.Position
		return cell{int(math.Floor((p.Lon() - origin.Lon()) * scale / areaM)), int(math.Floor((p.Lat() - origin.Lat()) * metresOfLat / areaM))}
	}
	sums := map[cell]float64{}
	for i, v := range values {
		if v != 0 {
			sums[at(i)] += v
		}
	}
	wide := map[cell]float64{}
	reach := int(math.Ceil(metres / areaM))
	result := make([]float64, len(values))
	for i := range values {
		c := at(i)
		around, known := wide[c]
		if !known {
			for e := -reach; e <= reach; e++ {
				for o := -reach; o <= reach; o++ {
					if u := math.Hypot(float64(e), float64(o)) * areaM / metres; u < 1 {
						around += (1 - u*u) * (1 - u*u) * sums[cell{c.east + e, c.north + o}]
					}
				}
			}
			wide[c] = around
		}
		result[i] = around - values[i]
	}
	return result
}

// smooth is the sum over a lixel's neighbours of their values, weighted by the quartic kernel of the network distance
// up to metres; the lixel itself is left out, so that what is smoothed may predict it.
func (n *Network) smooth(values []float64, metres float64) []float64 {
	if metres > reachM {
		return n.smoothWide(values, metres)
	}
	sums := make([]float64, len(values))
	for i := range n.near {
		for _, other := range n.near[i] {
			if u := float64(other.Metres) / metres; u < 1 && values[other.Lixel] != 0 {
				sums[i] += (1 - u*u) * (1 - u*u) * values[other.Lixel]
			}
		}
	}
	return sums
}
