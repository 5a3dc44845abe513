package road_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/road"
)

// TestConfidenceIsCalibrated moves points of the network by a Gaussian error and asks how often the most probable section
// was the right one, by what was said of it. The network is not a regular one.
func TestConfidenceIsCalibrated(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 10))
	sections, _ := tangle(random, 150, 120, 0)
	g := build(t, sections, nil)
	var metres []float64
	total := 0.0
	for e := range road.Edge(g.Edges()) {
		if twin := g.Twin(e); twin == road.NoEdge || e < twin {
			total += g.Metres(e)
		}
		metres = append(metres, total)
	}
	for _, heading := range []bool{false, true} {
		var said, right, count [10]float64
		for range 8000 {
			at := random.Float64() * total
			e := road.Edge(0)
			for metres[e] <= at {
				e++
			}
			along := g.Metres(e) * random.Float64()
			if twin := g.Twin(e); twin != road.NoEdge && random.IntN(2) == 0 {
				e, along = twin, g.Metres(e)-along
			}
			true1 := g.At(e, along)
			p := orb.Point{true1[0] + random.NormFloat64()*15/(111195*math.Cos(48*math.Pi/180)), true1[1] + random.NormFloat64()*15/111195}
			o := road.SnapOptions{SigmaM: 15}
			if heading {
				ahead := g.At(e, along+0.5)
				behind := g.At(e, along-0.5)
				degrees := math.Atan2((ahead[0]-behind[0])*math.Cos(48*math.Pi/180), ahead[1]-behind[1])*180/math.Pi + random.NormFloat64()*20
				if random.Float64() < 0.05 {
					degrees = random.Float64() * 360
				}
				o.Heading = &degrees
			}
			spots := g.SnapAll(p, o)
			sum := 0.0
			for _, s := range spots {
				sum += s.Confidence
			}
			if sum > 1+1e-9 {
				t.Fatalf("confidences sum to %v", sum)
			}
			if len(spots) == 0 {
				continue
			}
			b := min(int(spots[0].Confidence*10), 9)
			said[b] += spots[0].Confidence
			count[b]++
			if spots[0].Edge == e || !heading && g.Section(spots[0].Edge) == g.Section(e) {
				right[b]++
			}
		}
		for b := range count {
			if count[b] < 400 {
				continue
			}
			if diff := math.Abs(said[b]-right[b]) / count[b]; diff > 0.07 {
				t.Errorf("heading %v: of %v positions with confidence about %.2f, %.2f were right", heading, count[b], said[b]/count[b], right[b]/count[b])
			}
			t.Logf("heading %v: %6.0f positions, said %.3f, right %.3f", heading, count[b], said[b]/count[b], right[b]/count[b])
		}
	}
}

func TestSnapKeepsItsOptions(t *testing.T) {
	t.Parallel()
	line := func(north float64) orb.LineString { return orb.LineString{{2, 48 + north}, {2.01, 48 + north}} }
	g := build(t, []road.Section{
		{Source: "t", Ref: "lane", From: 1, To: 2, Line: line(0), Class: road.Track, Forward: true, Backward: true, Name: "Chemin des Dames"},
		{Source: "t", Ref: "main", From: 3, To: 4, Line: line(0.0003), Class: road.Primary, Forward: true, Backward: true, Number: "D 606", Name: "Avenue de Sens"},
		{Source: "t", Ref: "back", From: 4, To: 3, Line: orb.LineString{{2.01, 48.0003}, {2.01, 48.001}, {2, 48.0003}}, Class: road.Primary, Forward: true},
		{Source: "t", Ref: "oneway", From: 5, To: 6, Line: line(-0.0002), Class: road.Residential, Forward: true},
	}, nil)
	west := 270.0
	for _, c := range []struct {
		name    string
		at      orb.Point
		o       road.SnapOptions
		want    string
		reverse bool
	}{
		{"nearest", orb.Point{2.005, 48.00005}, road.SnapOptions{}, "lane", false},
		{"by class", orb.Point{2.005, 48.00005}, road.SnapOptions{MaxClass: road.Secondary}, "main", false},
		{"by number", orb.Point{2.005, 48.0001}, road.SnapOptions{Name: "RD606"}, "main", false},
		{"by name", orb.Point{2.005, 48.0001}, road.SnapOptions{Name: "AV DE SENS"}, "main", false},
		{"by heading", orb.Point{2.005, 48.00005}, road.SnapOptions{Heading: &west}, "lane", true},
		{"driveable", orb.Point{2.005, 47.9998}, road.SnapOptions{Driveable: true, SigmaM: 1}, "lane", false},
		{"too far", orb.Point{2.005, 48.1}, road.SnapOptions{}, "", false},
		{"no position", orb.Point{math.NaN(), 48}, road.SnapOptions{}, "", false},
	} {
		s, ok := g.Snap(c.at, c.o)
		if ok != (c.want != "") || ok && (g.Section(s.Edge).Ref != c.want || g.Reverse(s.Edge) != c.reverse) {
			t.Errorf("%s: %+v, %v; want %s, reverse %v", c.name, s, ok, c.want, c.reverse)
		}
		if ok && math.Abs(road.Distance(c.at, s.Position)-s.DistanceM) > 0.01 {
			t.Errorf("%s: says %v m, is %v m", c.name, s.DistanceM, road.Distance(c.at, s.Position))
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	ok := road.Section{Source: "t", Ref: "1", From: 1, To: 2, Line: orb.LineString{{2, 48}, {2.01, 48}}, Forward: true}
	with := func(change func(*road.Section)) []road.Section { s := ok; change(&s); return []road.Section{s} }
	for name, sections := range map[string][]road.Section{
		"one position": with(func(s *road.Section) { s.Line = s.Line[:1] }),
		"no number":    with(func(s *road.Section) { s.Line = orb.LineString{{2, 48}, {math.NaN(), 48}} }),
		"off the map":  with(func(s *road.Section) { s.Line = orb.LineString{{2, 48}, {2, 148}} }),
		"too long":     with(func(s *road.Section) { s.Line = orb.LineString{{2, 48}, {40, 48}} }),
		"told twice":   {ok, ok},
	} {
		if _, err := road.New(sections, nil, nil); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOddNetworks asks everything of networks without anything much in them.
func TestOddNetworks(t *testing.T) {
	t.Parallel()
	here := orb.Point{2, 48}
	loop := orb.LineString{here, {2.001, 48}, {2.001, 48.001}, here}
	for name, sections := range map[string][]road.Section{
		"nothing":    nil,
		"closed":     {{Source: "t", Ref: "1", From: 1, To: 2, Line: loop}},
		"no length":  {{Source: "t", Ref: "1", From: 1, To: 2, Line: orb.LineString{here, here}, Forward: true, Backward: true}},
		"loop":       {{Source: "t", Ref: "1", From: 1, To: 1, Line: loop, Forward: true, Backward: true}},
		"one-way":    {{Source: "t", Ref: "1", From: 1, To: 1, Line: loop, Forward: true}},
		"two apart":  {{Source: "t", Ref: "1", From: 1, To: 2, Line: loop, Backward: true}, {Source: "u", Ref: "1", From: 1, To: 2, Line: loop, Forward: true}},
		"the pole":   {{Source: "t", Ref: "1", From: 1, To: 2, Line: orb.LineString{{0, 90}, {90, 90}, {0, 89.999}}, Forward: true, Backward: true}},
		"the border": {{Source: "t", Ref: "1", From: 1, To: 2, Line: orb.LineString{{180, 0}, {180, 0.001}}, Forward: true, Backward: true}},
	} {
		g := build(t, sections, nil)
		l := g.Lixels(250, 500)
		for e := range road.Edge(g.Edges()) {
			s := g.SpotAt(e, g.Metres(e)/3)
			if r, ok := g.Route(s, s); !ok || r.Seconds != 0 || len(r.Line) < 2 {
				t.Errorf("%s: from a place to itself: %+v, %v", name, r, ok)
			}
			if i := l.Of(s); i >= l.Len() {
				t.Errorf("%s: lixel %d of %d", name, i, l.Len())
			}
			sameAsPlain(t, g, []road.Spot{s}, []road.Spot{g.SpotAt(e, 0), s, g.SpotAt(e, g.Metres(e))})
			g.Isochrone(s, 60)
			g.Upstream(s, 500)
			g.Around(s, 500, func(road.Edge, float64, float64, float64) {})
			if _, ok := g.Snap(s.Position, road.SnapOptions{}); !ok {
				t.Errorf("%s: nothing to snap to at %v", name, s.Position)
			}
		}
		if _, ok := g.Route(road.Spot{Edge: 99}, road.Spot{Edge: road.NoEdge}); ok {
			t.Errorf("%s: a way between places that are on no edge", name)
		}
		if _, err := g.Matrix(t.Context(), []road.Spot{{Edge: 99}}, nil); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: travel times from no edge: %v", name, err)
		}
	}
}
