package features

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/feature"
)

func TestParseLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"1": 1, "100": 100, "007": 7, "10000": 10_000, "10001": 10_000, "1000000000": 10_000, "99999999999999999999999": 10_000,
		"0": 0, "000": 0, "-1": 0, "": 0, "1.5": 0, "1e3": 0, "+5": 0, "5\t": 0, "٣": 0,
	} {
		if got, err := parseLimit(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d %v, want %d", text, got, err, want)
		}
	}
}

// FuzzQuery checks that whatever a client sends becomes a query within bounds or a geoengine.ErrInvalid.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"limit=5&bbox=1,2,3,4", "datetime=../2024-03-01T00:00:00Z", "crs=x&cursor=y", "filter=a%3D1&filter-crs=EPSG:4326",
		"filter-lang=cql2-json&filter={}", "severity=fatal&attr.light=day", "properties=a,b", "bbox=-Inf,0,0,1&bbox-crs=EPSG:2154",
	} {
		f.Add(seed)
	}
	events, _ := feature.Find(feature.Events)
	f.Fuzz(func(t *testing.T, text string) {
		values, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		q, err := parse(events, values, func() []string { return nil })
		switch {
		case err != nil:
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("%q: %v", text, err)
			}
		case q.Limit < 1 || q.Limit > feature.MaxLimit:
			t.Fatalf("%q: limit %d", text, q.Limit)
		case !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From):
			t.Fatalf("%q: from %v to %v", text, q.From, q.To)
		}
	})
}

func FuzzPeriod(f *testing.F) {
	for _, seed := range []string{"2024-03-01T00:00:00Z", "../2024-03-01", "2024-03-01/..", "/", "2024-02-30", "0000-01-01T00:00:00Z", "9999-12-31/.."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var q feature.Query
		if err := parsePeriod(text, &q); err == nil && q.From.IsZero() && q.To.IsZero() && q.Before.IsZero() {
			t.Fatalf("%q restricts nothing", text)
		}
		for _, at := range []time.Time{q.From, q.To, q.Before} {
			if !at.IsZero() && (at.UTC().Year() < 0 || at.UTC().Year() > 9999) {
				t.Fatalf("%q: %v", text, at)
			}
		}
	})
}
