package geoengine_test

import (
	"testing"
	"time"

	"vigie/geoengine"
)

func TestQueryKey(t *testing.T) {
	t.Parallel()
	day := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	paris := time.FixedZone("", 3600)
	base := geoengine.Query{Categories: []string{"b", "a"}, From: day, Attributes: map[string][]string{"light": {"day", "night"}}}
	same := geoengine.Query{Categories: []string{"a", "b", "a"}, From: day.In(paris), Attributes: map[string][]string{"light": {"night", "day"}}}
	if base.Key() != same.Key() {
		t.Errorf("%s\n%s", base.Key(), same.Key())
	}
	var hours geoengine.Hours
	hours.Set(167)
	different := map[string]geoengine.Query{
		"everything": {}, "nothing in scope": {Scope: []string{}}, "scope": {Scope: []string{"fr"}}, "area": {Areas: []string{"fr"}},
		"hours": {Hours: hours}, "severity": {Severities: []geoengine.Severity{1}}, "category": {Categories: []string{"a,b"}},
		"two categories": {Categories: []string{"a", "b"}}, "source": {Sources: []string{"a"}}, "to": {To: day}, "from": {From: day},
	}
	seen := map[string]string{}
	for name, query := range different {
		if other, found := seen[query.Key()]; found {
			t.Errorf("%s and %s share %s", name, other, query.Key())
		}
		seen[query.Key()] = name
	}
}

func TestHours(t *testing.T) {
	t.Parallel()
	var hours geoengine.Hours
	if !hours.All() {
		t.Error("the zero value restricts")
	}
	for _, hour := range []int{0, 63, 64, 167} {
		hours.Set(hour)
	}
	for hour := range 176 {
		want := hour == 0 || hour == 63 || hour == 64 || hour == 167
		if hours.Has(hour) != want {
			t.Errorf("hour %d: got %v", hour, hours.Has(hour))
		}
	}
}
