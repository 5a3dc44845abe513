package tiles_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/api/ogc/tiles"
	"vigie/geoengine"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tiles.Interval{
		"":                          {},
		"2024-03-01T12:00:00Z":      {From: at("2024-03-01T12:00:00Z"), To: at("2024-03-01T12:00:00.000001Z")},
		"2024-03-01T12:00:00+01:00": {From: at("2024-03-01T11:00:00Z"), To: at("2024-03-01T11:00:00.000001Z")},
		"2024-03-01":                {From: at("2024-03-01T00:00:00Z"), To: at("2024-03-02T00:00:00Z")},
		"2024-03-01/2024-03-31":     {From: at("2024-03-01T00:00:00Z"), To: at("2024-04-01T00:00:00Z")},
		"../2024-03-31":             {To: at("2024-04-01T00:00:00Z")},
		"/2024-03-31":               {To: at("2024-04-01T00:00:00Z")},
		"2024-03-01/..":             {From: at("2024-03-01T00:00:00Z")},
		"2024-03-01/":               {From: at("2024-03-01T00:00:00Z")},
	} {
		got, err := tiles.Period(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{"..", "../..", "/", "2024", "2024-03-01T12:00:00", "2024-03-02/2024-03-01", "a/b", "2024-03-01/2024-03-02/2024-03-03", "0001-01-01", "9999-12-31"} {
		if got, err := tiles.Period(text); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

func TestNarrow(t *testing.T) {
	t.Parallel()
	march, april, may := at("2024-03-01T00:00:00Z"), at("2024-04-01T00:00:00Z"), at("2024-05-01T00:00:00Z")
	for name, c := range map[string]struct {
		i    tiles.Interval
		q    geoengine.Query
		want geoengine.Query
	}{
		"nothing":        {tiles.Interval{}, geoengine.Query{From: march}, geoengine.Query{From: march}},
		"open query":     {tiles.Interval{From: march, To: april}, geoengine.Query{}, geoengine.Query{From: march, To: april}},
		"narrower query": {tiles.Interval{From: march, To: may}, geoengine.Query{From: april, To: april}, geoengine.Query{From: april, To: april}},
		"apart":          {tiles.Interval{From: april, To: may}, geoengine.Query{To: march}, geoengine.Query{From: april, To: april}},
	} {
		if diff := cmp.Diff(c.want, c.i.Narrow(c.q)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestMatrices holds the figures against those of annex D.1 of OGC 17-083r4.
func TestMatrices(t *testing.T) {
	t.Parallel()
	list := tiles.Matrices()
	for z, want := range map[int][2]float64{0: {559082264.028717, 156543.033928041}, 12: {136494.693366386, 38.2185141425881}, 24: {33.3238997477005, 0.00933069192934594}} {
		for i, got := range []float64{list[z].ScaleDenominator, list[z].CellSize} {
			if d := got/want[i] - 1; d > 1e-9 || d < -1e-9 {
				t.Errorf("zoom %d: %v, want %v", z, got, want[i])
			}
		}
	}
	if len(list) != 25 || list[24].MatrixWidth != 1<<24 || list[3].ID != "3" {
		t.Errorf("%+v", list[24])
	}
}

func FuzzPeriod(f *testing.F) {
	for _, text := range []string{"2024-03-01/..", "../2024-03-01T00:00:00Z", "2024-03-01T00:00:00.999999999Z"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := tiles.Period(text)
		if err != nil && !errors.Is(err, geoengine.ErrInvalid) {
			t.Fatalf("%q: %v", text, err)
		}
		if err == nil && !i.From.IsZero() && !i.To.IsZero() && !i.From.Before(i.To) {
			t.Errorf("%q: %v", text, i)
		}
	})
}
