package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"vigie/geoengine"
)

// Units are the fixed means of the territory: brigades, motorised units, police and fire stations, message signs and
// speed cameras.
func (t *Territory) Units() []*geoengine.Unit {
	b := &unitBuilder{t: t, r: t.random(purposeUnits)}
	largest := t.bySize()
	for i, commune := range largest[:3] {
		b.inTown("police", "police.station", "Commissariat de police", commune, i)
	}
	for _, commune := range t.spread(largest[3:], 32) {
		b.inTown("bta", "gendarmerie.brigade", "Brigade de gendarmerie", commune, 0)
	}
	for _, commune := range t.spread(largest[:12], 5) {
		b.inTown("bmo", "gendarmerie.motorised", "Brigade motorisée", commune, 0)
	}
	b.inTown("pmo", "gendarmerie.motorised", "Peloton motorisé", largest[0], 0)
	for i := range 2 {
		b.inTown("csp", "fire.station", "Centre de secours principal", largest[0], i)
	}
	for _, commune := range t.spread(largest[1:], 40) {
		b.inTown("cis", "fire.station", "Centre d'incendie et de secours", commune, 0)
	}
	b.signs()
	b.radars()
	return b.units
}

// bySize lists the communes from the largest to the smallest.
func (t *Territory) bySize() []int {
	order := make([]int, len(t.Communes))
	for i := range t.Communes {
		order[t.Communes[i].rank-1] = i
	}
	return order
}

// spread chooses n communes one after another: each time the one that has most people far from those chosen.
func (t *Territory) spread(from []int, n int) []int {
	chosen := []int{from[0]}
	for len(chosen) < n {
		best, most := -1, 0.0
		for _, i := range from {
			near := math.Inf(1)
			for _, c := range chosen {
				near = math.Min(near, t.Communes[i].centre.to(t.Communes[c].centre))
			}
			if need := near * math.Pow(float64(t.Communes[i].Population), 0.3); need > most {
				best, most = i, need
			}
		}
		chosen = append(chosen, best)
	}
	return chosen
}

type unitBuilder struct {
	t     *Territory
	r     *rand.Rand
	units []*geoengine.Unit
}

func (b *unitBuilder) add(ref, kind, name string, at xy, attributes ...geoengine.Attribute) {
	b.units = append(b.units, &geoengine.Unit{
		Ref: ref, Kind: kind, Name: name, Position: at.point(), HasPosition: true, PrecisionM: 10,
		Attributes: geoengine.Attributes(attributes).Normalise(),
		Since:      time.Date(1985+b.r.IntN(35), time.Month(1+b.r.IntN(12)), 1, 0, 0, 0, 0, time.UTC),
	})
}

// inTown puts a unit near the centre of a town.
func (b *unitBuilder) inTown(prefix, kind, title string, commune, number int) {
	c := &b.t.Communes[commune]
	at := c.centre
	for range 8 {
		near := c.centre.plus(xy{b.r.NormFloat64(), b.r.NormFloat64()}.times(c.spread() * 0.5))
		if b.t.communeAt(near) == commune {
			at = near
			break
		}
	}
	name, ref := title+" de "+c.Name, prefix+"-"+c.Code
	if number > 0 {
		name, ref = fmt.Sprintf("%s %d", name, number+1), fmt.Sprintf("%s-%d", ref, number+1)
	}
	b.add(ref, kind, name, at, geoengine.Attribute{Key: "commune", Value: c.Code})
}

// signs puts message signs on the motorway before each interchange, in both directions, and on the national roads that
// lead to the largest town.
func (b *unitBuilder) signs() {
	t, number := b.t, 0
	put := func(road *Road, along float64, toward int) {
		number++
		direction := t.Communes[t.nearest(t.Nodes[toward].at)].Name
		b.add(fmt.Sprintf("pmv-%03d", number), "sign.vms", fmt.Sprintf("PMV %s vers %s", road.Name, direction), road.at(along),
			geoengine.Attribute{Key: "road", Value: road.Name}, geoengine.Attribute{Key: "direction", Value: direction},
			geoengine.Attribute{Key: "lines", Value: "3"}, geoengine.Attribute{Key: "characters", Value: "15"})
	}
	first := t.bySize()[0]
	for i := range t.Roads {
		road := &t.Roads[i]
		switch {
		case road.Class == Motorway && road.LengthM > 3000:
			put(road, road.LengthM-1500, road.To)
			put(road, 1500, road.From)
		case road.Class == National && road.To == first:
			put(road, road.LengthM*0.6, road.To)
		case road.Class == National && road.From == first:
			put(road, road.LengthM*0.4, road.From)
		}
	}
}

// nearest returns the commune whose centre is nearest among those of more than 2,000 inhabitants.
func (t *Territory) nearest(p xy) int {
	best := -1
	for i := range t.Communes {
		if t.Communes[i].Population > 2000 && (best < 0 || t.Communes[i].centre.to(p) < t.Communes[best].centre.to(p)) {
			best = i
		}
	}
	return best
}

// radars puts twenty fixed cameras on roads outside the towns, where there is most traffic and danger.
func (b *unitBuilder) radars() {
	var roads []int
	for i := range b.t.Roads {
		if road := &b.t.Roads[i]; !road.BuiltUp && road.LengthM > 1000 && road.Class <= Departmental {
			roads = append(roads, i)
		}
	}
	danger := func(i int) float64 { return float64(b.t.Roads[i].Traffic) * b.t.Roads[i].hot }
	slices.SortStableFunc(roads, func(i, j int) int {
		if danger(i) > danger(j) {
			return -1
		}
		return 1
	})
	for n, i := range roads[:min(20, len(roads))] {
		road := &b.t.Roads[i]
		b.add(fmt.Sprintf("radar-%02d", n+1), "radar.fixed", "Radar fixe "+road.Name, road.at(road.LengthM*(0.3+0.4*b.r.Float64())),
			geoengine.Attribute{Key: "road", Value: road.Name}, geoengine.Attribute{Key: "speed_limit", Value: strconv.Itoa(road.SpeedLimit)})
	}
}
