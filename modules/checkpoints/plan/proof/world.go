// Package proof tries to break package plan: it makes small random worlds and requests, good and bad, has plans proposed
// and changed, and holds every plan against the words of its request, with no part of the builder's code. It is run by
// a test, and on many worlds by `vigie bench placement --check`.
package proof

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

// Where random worlds lie: near the middle of France, where clocks change.
const (
	originLon, originLat = 2.5, 47.0
	metresNorth          = 111_195.0
	metresEast           = 75_835.0 // at 47°
)

// maker makes one random world.
type maker struct {
	rng           *rand.Rand
	wide, high    int
	step          float64 // metres between junctions
	at            []orb.Point
	sections      []road.Section
	world         plan.World
	request       plan.Request
	border, limit float64 // longitudes: west of border is commune 1, east of limit is no area
}

// World makes the random world and request of a seed. Some requests cannot be met.
func World(seed uint64, zone *time.Location) (plan.World, plan.Request, error) {
	m := &maker{rng: rand.New(rand.NewPCG(seed, 4))}
	m.network()
	graph, err := road.New(m.sections, nil, nil)
	if err != nil {
		return plan.World{}, plan.Request{}, fmt.Errorf("world %d: %w", seed, err)
	}
	m.world = plan.World{Graph: graph, Lixels: graph.Lixels(250, 500), Zone: zone, Roads: "hasard", Effort: 0.02}
	m.border = originLon + float64(m.wide)*m.step/2/metresEast
	m.limit = originLon + (float64(m.wide)*0.9)*m.step/metresEast
	border, limit := m.border, m.limit
	m.world.Areas = func(p orb.Point) string {
		switch {
		case p[0] > limit:
			return ""
		case p[0] < border:
			return "fr.1.a"
		}
		return "fr.1.b"
	}
	m.surface()
	m.units()
	m.sites()
	m.ask()
	return m.world, m.request, nil
}

func (m *maker) chance(p float64) bool { return m.rng.Float64() < p }

// network is a lattice with holes, moved corners and roads of every sort.
func (m *maker) network() {
	m.wide, m.high = 3+m.rng.IntN(5), 3+m.rng.IntN(5)
	m.step = 400 + m.rng.Float64()*1600
	for i := range m.wide * m.high {
		x := (float64(i%m.wide) + m.rng.Float64()*0.4) * m.step
		y := (float64(i/m.wide) + m.rng.Float64()*0.4) * m.step
		m.at = append(m.at, orb.Point{originLon + x/metresEast, originLat + y/metresNorth})
	}
	cut := m.chance(0.1) // an island in the east
	for i := range m.at {
		x := i % m.wide
		if x+1 < m.wide && !(cut && x == m.wide/2) {
			m.join(i, i+1)
		}
		if i+m.wide < len(m.at) {
			m.join(i, i+m.wide)
		}
	}
	if len(m.sections) == 0 {
		m.sections = append(m.sections, road.Section{Source: "t", Ref: "only", From: 0, To: 1, Line: orb.LineString{m.at[0], m.at[1]},
			Class: road.Tertiary, Forward: true, Backward: true})
	}
}

func (m *maker) join(a, b int) {
	if m.chance(0.1) {
		return
	}
	s := road.Section{Source: "t", Ref: fmt.Sprintf("%d/%d", a, b), From: int64(a), To: int64(b), Line: orb.LineString{m.at[a], m.at[b]},
		Class: road.Class(m.rng.IntN(10)), Forward: true, Backward: !m.chance(0.1), Lit: road.Known(m.rng.IntN(3)),
		BuiltUp: road.Known(m.rng.IntN(3)), Link: m.chance(0.08), Bridge: m.chance(0.08), Tunnel: m.chance(0.05)}
	if m.chance(0.08) {
		s.Access = road.Destination
	}
	if m.chance(0.5) {
		s.Number = fmt.Sprintf("D %d", 1+m.rng.IntN(20))
	}
	m.sections = append(m.sections, s)
}

// surface is a risk of no model: random, with zeros.
func (m *maker) surface() {
	n := m.world.Lixels.Len()
	s := &roadrisk.Surface{Kind: roadrisk.AnyKind, Lixels: m.world.Lixels, Expected: make([]float64, n), Low: make([]float64, n), High: make([]float64, n),
		Profile: make([]int32, n), Report: roadrisk.Report{Accidents: 20 + m.rng.IntN(500), Model: "hasard", Years: 5}}
	for range 1 + m.rng.IntN(3) {
		profile, sum := make([]float64, roadrisk.HoursOfWeek), 0.0
		for h := range profile {
			profile[h] = m.rng.ExpFloat64()
			sum += profile[h]
		}
		for h := range profile {
			profile[h] /= sum
		}
		s.Profiles = append(s.Profiles, profile)
	}
	for i := range s.Expected {
		if m.chance(0.9) {
			s.Expected[i] = m.rng.ExpFloat64() * 0.05
		}
		s.Profile[i] = int32(m.rng.IntN(len(s.Profiles)))
	}
	switch m.pick(94, 2, 2, 2) {
	case 1:
		s.Report.Accidents = 0
	case 2:
		s.Report.WithoutHour = s.Report.Accidents
	case 3:
		clear(s.Expected)
	}
	m.world.Surface = s
}

func (m *maker) somewhere(spread float64) orb.Point {
	p := m.at[m.rng.IntN(len(m.at))]
	return orb.Point{p[0] + (m.rng.Float64()-0.5)*spread/metresEast, p[1] + (m.rng.Float64()-0.5)*spread/metresNorth}
}

func (m *maker) units() {
	for i := range 1 + m.rng.IntN(3) {
		home := plan.Home{Ref: fmt.Sprintf("t/u%d", i), Name: fmt.Sprintf("Brigade %d", i), Position: m.somewhere(300), Area: "fr.1.a"}
		if m.chance(0.03) {
			home.Position[0] += 1 // far from every road
		}
		m.world.Units = append(m.world.Units, home)
	}
}

// sites are places beside roads that people know, and some stretches of road that they have judged.
func (m *maker) sites() {
	words := []plan.SiteStatus{plan.Safe, plan.Unsafe, plan.Reconnoitre}
	for i := range m.rng.IntN(8) {
		p := m.somewhere(100)
		spot, found := m.world.Graph.Snap(p, road.SnapOptions{WithinM: 500, Driveable: true})
		if !found {
			continue
		}
		m.world.Sites = append(m.world.Sites, plan.Site{ID: fmt.Sprintf("t/node/%d", i), Name: fmt.Sprintf("Aire %d", i), Kind: road.LayBy,
			Position: p, Spot: spot, Area: m.world.Areas(p), Status: words[m.rng.IntN(3)], Lit: road.Known(m.rng.IntN(3)).String()})
	}
}
