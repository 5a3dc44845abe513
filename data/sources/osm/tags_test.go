package osm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine/road"
)

func tagged(text string) (t tags) {
	for _, field := range strings.Fields(text) {
		key, value, _ := strings.Cut(field, "=")
		t = append(t, tag{key, strings.ReplaceAll(value, "~", " ")})
	}
	return t
}

// both is a section that may be driven in both directions.
func both(s road.Section) *road.Section {
	s.Forward, s.Backward = true, true
	return &s
}

// one is a section that may be driven forward only.
func one(s road.Section) *road.Section {
	s.Forward = true
	return &s
}

// What the wiki's pages say of each key; nil is no road.
func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tags string
		want *road.Section
	}{
		{"highway=primary", both(road.Section{Class: road.Primary})},
		{"highway=primary_link", both(road.Section{Class: road.Primary, Link: true})},
		{"highway=motorway ref=A~6;E~15", one(road.Section{Class: road.Motorway, Number: "A 6;E 15"})},
		{"highway=motorway oneway=no", both(road.Section{Class: road.Motorway})},
		{"highway=motorway_link", both(road.Section{Class: road.Motorway, Link: true})},
		{"highway=track_link", nil},
		{"highway=road", both(road.Section{Class: road.Unclassified})},
		{"highway=living_street", both(road.Section{Class: road.LivingStreet, BuiltUp: road.Yes})},
		{"highway=footway", nil}, {"highway=pedestrian", nil}, {"highway=construction construction=primary", nil}, {"highway=cycleway", nil}, {"building=yes", nil},
		{"highway=service area=yes", nil}, {"highway=track smoothness=impassable", nil},
		{"highway=residential junction=roundabout", one(road.Section{Class: road.Residential, Roundabout: true})},
		{"highway=residential junction=circular", one(road.Section{Class: road.Residential, Roundabout: true})},
		{"highway=residential oneway=yes", one(road.Section{Class: road.Residential})},
		{"highway=residential oneway=-1", &road.Section{Class: road.Residential, Backward: true}},
		{"highway=residential oneway=yes oneway:motor_vehicle=no", both(road.Section{Class: road.Residential})},
		{"highway=residential oneway=reversible", nil},
		{"highway=residential oneway=alternating", both(road.Section{Class: road.Residential})},
		{"highway=residential oneway=yes oneway:bicycle=no", one(road.Section{Class: road.Residential})},
		{"highway=service access=private", both(road.Section{Class: road.Service, Access: road.Destination})},
		{"highway=service service=driveway", both(road.Section{Class: road.Service, Access: road.Destination})},
		{"highway=service access=no", nil},
		{"highway=service access=no motor_vehicle=yes", both(road.Section{Class: road.Service})},
		{"highway=service access=no bus=yes", nil},
		{"highway=residential vehicle=no motor_vehicle=destination", both(road.Section{Class: road.Residential, Access: road.Destination})},
		{"highway=residential motor_vehicle:backward=no", one(road.Section{Class: road.Residential})},
		{"highway=residential motor_vehicle:conditional=no~@~(Mo-Fr)", both(road.Section{Class: road.Residential})},
		{"highway=tertiary maxspeed=50", both(road.Section{Class: road.Tertiary, SpeedForward: 50, SpeedBackward: 50})},
		{"highway=tertiary maxspeed=30~mph", both(road.Section{Class: road.Tertiary, SpeedForward: 48, SpeedBackward: 48})},
		{"highway=tertiary maxspeed=FR:urban", both(road.Section{Class: road.Tertiary, SpeedForward: 50, SpeedBackward: 50, BuiltUp: road.Yes})},
		{"highway=tertiary source:maxspeed=FR:rural", both(road.Section{Class: road.Tertiary, SpeedForward: 80, SpeedBackward: 80, BuiltUp: road.No})},
		{"highway=tertiary maxspeed=70 maxspeed:type=FR:rural", both(road.Section{Class: road.Tertiary, SpeedForward: 70, SpeedBackward: 70, BuiltUp: road.No})},
		{"highway=tertiary maxspeed=FR:zone30", both(road.Section{Class: road.Tertiary, SpeedForward: 30, SpeedBackward: 30, BuiltUp: road.Yes})},
		{"highway=tertiary zone:maxspeed=DE:30", both(road.Section{Class: road.Tertiary, SpeedForward: 30, SpeedBackward: 30, BuiltUp: road.Yes})},
		{"highway=tertiary maxspeed=80 maxspeed:backward=50", both(road.Section{Class: road.Tertiary, SpeedForward: 80, SpeedBackward: 50})},
		{"highway=tertiary maxspeed=70;50", both(road.Section{Class: road.Tertiary, SpeedForward: 50, SpeedBackward: 50})},
		{"highway=tertiary maxspeed=walk", both(road.Section{Class: road.Tertiary, SpeedForward: 7, SpeedBackward: 7})},
		{"highway=motorway maxspeed=none", one(road.Section{Class: road.Motorway, SpeedForward: 130, SpeedBackward: 130})},
		{"highway=tertiary maxspeed=signals", both(road.Section{Class: road.Tertiary})},
		{"highway=tertiary maxspeed=900", both(road.Section{Class: road.Tertiary})},
		{"highway=tertiary bridge=viaduct tunnel=no lit=yes lanes=3 name=Pont~Neuf", both(road.Section{Class: road.Tertiary, Bridge: true, Lit: road.Yes, Lanes: 3, Name: "Pont Neuf"})},
		{"highway=tertiary tunnel=yes lit=no lanes=2;4", both(road.Section{Class: road.Tertiary, Tunnel: true, Lit: road.No, Lanes: 2})},
		{"highway=tertiary lanes=many lit=perhaps", both(road.Section{Class: road.Tertiary})},
	} {
		got, ok := describe(tagged(c.tags))
		if ok != (c.want != nil) {
			t.Errorf("%s: a road: %t", c.tags, ok)
		} else if ok {
			if diff := cmp.Diff(*c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.tags, diff)
			}
		}
	}
}
