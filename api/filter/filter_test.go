package filter_test

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/api/filter"
	"vigie/api/problem"
	"vigie/geoengine"
)

func parser(t testing.TB) *filter.Parser {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return filter.NewParser(zone)
}

func hours(set ...int) (h geoengine.Hours) {
	for _, hour := range set {
		h.Set(hour)
	}
	return h
}

func TestParse(t *testing.T) {
	t.Parallel()
	p := parser(t)
	for _, c := range []struct {
		query string
		want  geoengine.Query
	}{
		{"", geoengine.Query{}},
		{"unrelated=1&from=", geoengine.Query{}},
		{"from=2024-05-01T10:00:00Z&to=2024-05-01T10:00:00%2B02:00&to=", geoengine.Query{}}, // replaced below
		{"from=2024-07-01&to=2024-12-01", geoengine.Query{
			From: time.Date(2024, 6, 30, 22, 0, 0, 0, time.UTC), To: time.Date(2024, 11, 30, 23, 0, 0, 0, time.UTC),
		}},
		{"hours=0-2,167,64", geoengine.Query{Hours: hours(0, 1, 2, 64, 167)}},
		{"category=road.accident,vehicle.theft&category=road.accident", geoengine.Query{Categories: []string{"road.accident", "vehicle.theft"}}},
		{"severity=fatal,serious", geoengine.Query{Severities: []geoengine.Severity{geoengine.SeverityFatal, geoengine.SeveritySerious}}},
		{"source=b&source=a", geoengine.Query{Sources: []string{"a", "b"}}},
		{"area=fr.76.31,fr.94.2a", geoengine.Query{Areas: []string{"fr.76.31", "fr.94.2a"}}},
		{`attr.light=night\, lit,day&attr.vehicle=car`, geoengine.Query{
			Attributes: map[string][]string{"light": {"day", "night, lit"}, "vehicle": {"car"}},
		}},
		{`attr.path=a\\b`, geoengine.Query{Attributes: map[string][]string{"path": {`a\b`}}}},
		{"bbox=-1.5,43,2,44.25", geoengine.Query{Box: &orb.Bound{Min: orb.Point{-1.5, 43}, Max: orb.Point{2, 44.25}}}},
	} {
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Parse(values)
		if strings.Contains(c.query, "%2B02") {
			if err == nil {
				t.Errorf("%s: to before from is not refused", c.query)
			}
			continue
		}
		got.From, got.To = got.From.UTC(), got.To.UTC()
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", c.query, err, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	p := parser(t)
	for query, location := range map[string]string{
		"from=yesterday":                      "query.from",
		"from=2024-02-30":                     "query.from",
		"to=0000-01-01":                       "query.to",
		"to=9999-01-01T00:00:00Z":             "query.to",
		"from=2024-01-02&to=2024-01-01":       "query.to",
		"hours=168":                           "query.hours",
		"hours=5-3":                           "query.hours",
		"hours=-1":                            "query.hours",
		"hours=1,,2":                          "query.hours",
		"hours=%2B1":                          "query.hours",
		"hours=" + strings.Repeat("1,", 200):  "query.hours",
		"category=Road":                       "query.category",
		"category='%3Bdrop table event%3B--":  "query.category",
		"category=":                           "query.category",
		"severity=deadly":                     "query.severity",
		"source=a,":                           "query.source",
		"source=" + strings.Repeat("a", 201):  "query.source",
		"source=" + strings.Repeat("a,", 300): "query.source",
		"source=%00":                          "query.source",
		"source=%ff":                          "query.source",
		"area=fr..76":                         "query.area",
		"area=%25":                            "query.area",
		"attr.=x":                             "query.attr",
		"attr.light=":                         "query.attr.light",
		`attr.light=a\`:                       "query.attr.light",
		"attr." + strings.Repeat("k", 201) + "=x": "query.attr",
		"bbox=1,2,3":        "query.bbox",
		"bbox=1,2,3,4,5":    "query.bbox",
		"bbox=NaN,0,1,1":    "query.bbox",
		"bbox=0,0,Inf,1":    "query.bbox",
		"bbox=179,0,-179,1": "query.bbox",
		"bbox=0,2,1,1":      "query.bbox",
		"bbox=0,0,1,91":     "query.bbox",
		"bbox=" + strings.Repeat("1", 5000) + ",0,1e400,1": "query.bbox",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			if location != "query" {
				t.Fatal(err)
			}
			continue
		}
		_, err = p.Parse(values)
		var fields problem.Fields
		if !errors.As(err, &fields) || !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%.60s: %v, want an invalid field", query, err)
			continue
		}
		if fields[0].Location != location {
			t.Errorf("%.60s: %s, want %s", query, fields[0].Location, location)
		}
		if len(fields.Error()) > 600 {
			t.Errorf("%.60s: an error of %d bytes", query, len(fields.Error()))
		}
	}
}

func TestParseBoundsAttributes(t *testing.T) {
	t.Parallel()
	values := url.Values{}
	for i := range filter.MaxAttributes + 1 {
		values.Set("attr.k"+strings.Repeat("x", i), "v")
	}
	if _, err := parser(t).Parse(values); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("%v, want ErrInvalid", err)
	}
}

// FuzzParse checks that whatever is accepted is a query within the limits, the same again when read twice.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"from=2024-05-01&to=2024-06-01&hours=0-5,100&category=road.accident&severity=fatal&source=baac&area=fr.76&attr.light=night&bbox=0,40,1,41",
		`attr.a=\,,\\&attr.b=%00`, "bbox=nan,nan,nan,nan", "from=2024-05-01T00:00:00.123456789+14:00", "hours=0-167",
	} {
		f.Add(seed)
	}
	p := parser(f)
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		q, err := p.Parse(values)
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Errorf("%v is not ErrInvalid", err)
			}
			return
		}
		if err := q.Check(); err != nil {
			t.Errorf("accepted, but %v", err)
		}
		if again, err := p.Parse(values); err != nil || !reflect.DeepEqual(again, q) {
			t.Error("read twice, understood twice")
		}
		for _, list := range [][]string{q.Areas, q.Categories, q.Sources} {
			if len(list) > filter.MaxValues {
				t.Errorf("%d values", len(list))
			}
		}
		if len(q.Attributes) > filter.MaxAttributes || q.Scope != nil {
			t.Error("too many attributes, or a scope of the caller's own")
		}
	})
}
