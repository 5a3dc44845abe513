package osm

import (
	"math"
	"strconv"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
)

// siteOf returns what tags say of a place beside the road; ok is false if it is none.
func siteOf(t tags) (s road.Site, ok bool) {
	switch {
	case t.get("highway") == "rest_area", t.get("highway") == "services":
		s.Kind = road.RestArea
	case t.get("barrier") == "toll_booth":
		s.Kind = road.TollPlaza
	case t.get("amenity") == "weighbridge":
		s.Kind = road.Weighbridge
	case t.get("amenity") == "parking" && onGround(t.get("parking")):
		s.Kind = road.CarPark
		if kind := t.get("parking"); kind == "layby" || kind == "lay_by" {
			s.Kind = road.LayBy
		}
	default:
		return road.Site{}, false
	}
	switch accessOf(t, "") {
	case closed:
		return road.Site{}, false
	case private:
		s.Access = road.Destination
	case open:
	}
	s.Name, s.Lit = t.get("name"), lit(t)
	return s, true
}

// onGround tells whether vehicles can be stopped there: not in a building or under the ground.
func onGround(parking string) bool {
	switch parking {
	case "underground", "multi-storey", "rooftop", "sheds", "carports", "garage_boxes", "garage", "carport", "shed":
		return false
	}
	return true
}

// place gives a site its ref, its middle and its area: a node has no area.
func place(s *road.Site, prefix string, id int64, outline orb.LineString) {
	s.Ref = prefix + strconv.FormatInt(id, 10)
	if n := len(outline); n < 4 || outline[0] != outline[n-1] {
		s.Position = outline[len(outline)/2]
		return
	}
	s.Position, s.AreaM2 = middle(outline)
}

// middle is the centre of gravity of a closed line, and its area in m², on the plane that touches the Earth there.
func middle(ring orb.LineString) (orb.Point, float64) {
	at := ring[0]
	wide := road.MetresPerDegree * math.Cos(at.Lat()*math.Pi/180)
	var area, x, y float64
	for i := range len(ring) - 1 {
		ax, ay := (ring[i].Lon()-at.Lon())*wide, (ring[i].Lat()-at.Lat())*road.MetresPerDegree
		bx, by := (ring[i+1].Lon()-at.Lon())*wide, (ring[i+1].Lat()-at.Lat())*road.MetresPerDegree
		cross := ax*by - bx*ay
		area, x, y = area+cross/2, x+(ax+bx)*cross/6, y+(ay+by)*cross/6
	}
	if math.Abs(area) < 1 { // a line there and back
		return ring[len(ring)/2], 0
	}
	return orb.Point{at.Lon() + x/area/wide, at.Lat() + y/area/road.MetresPerDegree}, math.Round(math.Abs(area))
}
