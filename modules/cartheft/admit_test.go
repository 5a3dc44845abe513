package cartheft

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/predict/hotspot"
)

func TestAdmit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, category string
		attributes     geoengine.Attributes
		admitted       bool
	}{
		{"a theft", "vehicle.theft", nil, true},
		{"a kind of theft", "vehicle.theft.moped", nil, true},
		{"a theft that its owner reports", "vehicle.theft", geoengine.Attributes{{Key: "discovery", Value: "victim"}}, true},
		{"written large", "vehicle.theft", geoengine.Attributes{{Key: "discovery", Value: "Witness"}}, true},
		{"other attributes", "vehicle.theft", geoengine.Attributes{{Key: "method", Value: "patrol"}, {Key: "place", Value: "street"}}, true},
		{"found by a patrol", "vehicle.theft", geoengine.Attributes{{Key: "discovery", Value: "patrol"}}, false},
		{"in French", "vehicle.theft", geoengine.Attributes{{Key: "constat", Value: "patrouille"}}, false},
		{"by another key", "vehicle.theft", geoengine.Attributes{{Key: "discovered_by", Value: "police"}}, false},
		{"by a word not known", "vehicle.theft", geoengine.Attributes{{Key: "discovery", Value: "proactive stop"}}, false},
		{"written with capitals", "vehicle.theft", geoengine.Attributes{{Key: " Discovery ", Value: " PATROL"}}, false},
		{"reported with blanks", "vehicle.theft", geoengine.Attributes{{Key: "Découverte", Value: "Victime "}}, true},
		{"by both", "vehicle.theft", geoengine.Attributes{{Key: "discovery", Value: "victim"}, {Key: "discovery", Value: "patrol"}}, false},
		{"an accident", "road.accident", nil, false},
		{"a category that begins alike", "vehicle.theft_attempt", nil, false},
		{"all of vehicles", "vehicle", nil, false},
		{"persons", "person.arrest", nil, false},
	} {
		err := Admit(c.category, c.attributes)
		if (err == nil) != c.admitted || err != nil && !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	var refusal *Refusal
	if err := Admit("person.arrest", nil); !errors.As(err, &refusal) || !strings.Contains(refusal.FR, "2024/1689") || !strings.Contains(refusal.EN, "2024/1689") {
		t.Errorf("the refusal of a category does not name the law: %v", err)
	}
}

// TestCheckNamesTheLaw holds that a run of another category is refused before anything is read, with the law.
func TestCheckNamesTheLaw(t *testing.T) {
	t.Parallel()
	err := check(forecast.Spec{Options: map[string]string{"category": "drugs.possession"}})
	var p *problem.Problem
	if !errors.As(err, &p) || p.Status != 422 || !strings.Contains(p.FR, "2024/1689") || !strings.Contains(p.EN, "78-17") || p.Field != "options.category" {
		t.Errorf("%+v", err)
	}
	for _, good := range []map[string]string{nil, {"category": "vehicle.theft", "resolution": "10"}, {"resolution": "auto"}} {
		if err := check(forecast.Spec{Options: good}); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	if check(forecast.Spec{Options: map[string]string{"resolution": "12"}}) == nil {
		t.Error("resolution 12 is taken")
	}
}

// TestNothingOfAPersonCanEnter holds by reflection that what a model sees, and what is read for it, are places and times:
// a field more must be argued for here.
func TestNothingOfAPersonCanEnter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value any
		may   map[string]string
	}{
		{hotspot.Event{}, map[string]string{"Point": "orb.Point", "Day": "int32", "Reported": "int32"}},
		{theft{}, map[string]string{
			"Point": "orb.Point", "PrecisionM": "float64", "Day": "int32", "Reported": "int32", "From": "int64", "To": "int64", "Area": "string",
		}},
	} {
		kind := reflect.TypeOf(c.value)
		for i := range kind.NumField() {
			field := kind.Field(i)
			if want, there := c.may[field.Name]; !there || field.Type.String() != want {
				t.Errorf("%s.%s is a %s: nothing but places and times may enter a model", kind, field.Name, field.Type)
			}
		}
	}
	// What the store is asked for: one attribute of an event, by a closed list of keys, to refuse it by.
	if strings.Count(selectThefts, "attributes") != 1 || !strings.Contains(selectThefts, "jsonb_each(e.attributes) said where lower(btrim(said.key)) = any($5::text[])") {
		t.Error("the statement reads attributes other than those by which events are refused")
	}
	if Categories()[0] != "vehicle.theft" || len(Categories()) != 1 {
		t.Errorf("categories %v may feed the forecast", Categories())
	}
}

func TestRefusedNamesEvents(t *testing.T) {
	t.Parallel()
	list := &thefts{}
	for _, ref := range []string{"s/1", "s/2", "s/3", "s/4"} {
		list.take(stored{ref: ref, category: "vehicle.theft", discovery: geoengine.Attributes{{Key: "discovery", Value: "patrol"}}})
	}
	lon, lat := 1.0, 44.0
	list.take(stored{ref: "s/5", category: "vehicle.theft", lon: &lon, lat: &lat})
	list.take(stored{ref: "s/6", category: "vehicle.theft"})
	list.take(stored{ref: "s/7", category: "vehicle.theft", lon: &lon, lat: &lat, end: 40 * 86400})
	got := list.Refused.list()
	if len(list.List) != 1 || len(got) != 3 {
		t.Fatalf("%d taken, %+v", len(list.List), got)
	}
	if got[0].N != 4 || !strings.HasSuffix(got[0].Reason.EN, "s/1, s/2, s/3…") || !strings.HasSuffix(got[0].Reason.FR, "s/1, s/2, s/3…") {
		t.Errorf("%+v", got[0])
	}
	if !strings.HasSuffix(got[1].Reason.EN, "s/7") || !strings.HasSuffix(got[2].Reason.EN, "s/6") {
		t.Errorf("%+v", got)
	}
}
