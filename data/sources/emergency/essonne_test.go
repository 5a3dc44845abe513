package emergency

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

const (
	years  = `var data = {2010: {"columns":["ope_annee","ope_code_insee","ope_nom_commune","nb_ope","diff"],"rows":[["2010","99001","AVAL","8",""]]}, 2011: {"columns":["ope_annee","ope_code_insee","ope_nom_commune","nb_ope","diff"],"rows":[["2011","99001","AVAL","10","2.0"]]}}`
	shares = `var z = {"columns":["ope_nom_commune","NORD","SUD","ope_code_insee","somme"],"rows":[["AVAL","75.0","25.0","99001","20"],["AMONT","0.0","100.0","99002","3"]]}`
	sector = `var c = {"columns":["geom"],"rows":[["{\"geometry\":{\"coordinates\":[[[\"2.0\",\"48.0\"],[\"2.1\",\"48.0\"],[\"2.1\",\"48.1\"],[\"2.0\",\"48.0\"]]],\"type\":\"Polygon\"},\"properties\":{\"codeDepartement\":\"91\",\"CS_COD\":\"NORD\"}}"],["{\"geometry\":{\"coordinates\":[[[\"2.0\",\"48.0\"],[\"2.1\",\"48.1\"],[\"2.0\",\"48.1\"],[\"2.0\",\"48.0\"]]],\"type\":\"Polygon\"},\"properties\":{\"codeDepartement\":\"91\",\"CS_COD\":\"SUD\"}}"]]}`
)

func tables(contents ...string) (*Tables, error) {
	var in data.Input
	for _, content := range contents {
		in.Files = append(in.Files, memory("t.js", content).Files...)
	}
	return Essonne(context.Background(), in)
}

func TestEssonne(t *testing.T) {
	t.Parallel()
	got, err := tables(years, shares, sector)
	if err != nil {
		t.Fatal(err)
	}
	want := &Tables{
		Operations: []Operations{{"99001", "AVAL", 2010, 8}, {"99001", "AVAL", 2011, 10}},
		Coverage: []Coverage{
			{"99001", "AVAL", 20, []Share{{"NORD", 0.75}, {"SUD", 0.25}}}, {"99002", "AMONT", 3, []Share{{"SUD", 1}}},
		},
		Sectors: []Sector{
			{"NORD", "91", orb.Polygon{{{2, 48}, {2.1, 48}, {2.1, 48.1}, {2, 48}}}},
			{"SUD", "91", orb.Polygon{{{2, 48}, {2.1, 48.1}, {2, 48.1}, {2, 48}}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEssonneRefuses(t *testing.T) {
	t.Parallel()
	swap := func(s, from, to string) []string {
		if !strings.Contains(s, from) {
			t.Fatalf("%q is not in the table", from)
		}
		return []string{strings.Replace(s, from, to, 1)}
	}
	cases := map[string][]string{
		"not an object":            {`var x = [1]`},
		"empty":                    {`var x = {}`},
		"other columns":            {`var x = {"columns":["a"],"rows":[]}`},
		"numbers for texts":        swap(years, `"8"`, `8`),
		"row too short":            swap(years, `"8",`, ``),
		"no number":                swap(years, `"8"`, `"many"`),
		"negative":                 swap(years, `"8"`, `"-8"`),
		"no code":                  swap(years, `"99001"`, `"9901"`),
		"year of another table":    swap(years, `"2011","99001"`, `"2012","99001"`),
		"column twice":             swap(shares, `"SUD"`, `"NORD"`),
		"shares do not sum to 100": swap(shares, `"75.0"`, `"74.0"`),
		"share NaN":                swap(shares, `"75.0"`, `"NaN"`),
		"share above 100":          swap(shares, `"75.0"`, `"175.0"`),
		"commune twice":            swap(shares, `"99002"`, `"99001"`),
		"somme is no number":       swap(shares, `"20"`, `"x"`),
		"not a polygon":            swap(sector, `Polygon`, `Point`),
		"not JSON":                 swap(sector, `{\"geometry`, `{geometry`),
		"not degrees":              swap(sector, `2.1`, `200.1`),
		"NaN":                      swap(sector, `2.1`, `NaN`),
		"open ring":                swap(sector, `[\"2.0\",\"48.0\"]`, `[\"2.0\",\"48.5\"]`),
		"sector twice":             swap(sector, `SUD`, `NORD`),
		"no sector of that code":   {swap(shares, `SUD`, `EST`)[0], sector},
		"operations twice":         {years, years},
	}
	for name, in := range cases {
		if got, err := tables(in...); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%s: %v, %v; want ErrInvalid", name, got, err)
		}
	}
}

// TestRealEssonne holds sums that were taken with another reader (Python), and that areas agree with those the service
// measured in Lambert 93 (Shape_Area of four sectors, km²) within 1 %.
func TestRealEssonne(t *testing.T) {
	t.Parallel()
	files, cleanup, err := data.OpenInput(context.Background(), []string{
		geotest.Shared(t, "rescue/sdis91/nombreParCom.js.gz"), geotest.Shared(t, "rescue/sdis91/repartitionZonesCommunes.js.gz"), geotest.Shared(t, "rescue/sdis91/zoneCouvertureCasserne.js.gz"),
	}, data.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	got, err := Essonne(context.Background(), data.Input{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	sums := map[int]int{}
	for _, o := range got.Operations {
		sums[o.Year] += o.N
	}
	want := map[int]int{2010: 65318, 2011: 67256, 2012: 69142, 2013: 70091, 2014: 70282, 2015: 72561, 2016: 71300, 2017: 73642}
	if diff := cmp.Diff(want, sums); diff != "" {
		t.Error(diff)
	}
	if len(got.Coverage) != 196 || len(got.Sectors) != 34 {
		t.Errorf("%d communes, %d sectors; want 196 and 34", len(got.Coverage), len(got.Sectors))
	}
	areas := map[string]float64{"ANGER": 63.33, "MAISS": 231.12, "EVRY": 22.83, "ATHIS": 11.22}
	for _, s := range got.Sectors {
		if want := areas[s.Station]; want > 0 && math.Abs(geo.Area(s.Polygon)/1e6/want-1) > 0.01 {
			t.Errorf("%s has %.2f km², want %.2f", s.Station, geo.Area(s.Polygon)/1e6, want)
		}
	}
	units := 0
	for r, err := range readStations(context.Background(), data.Input{Files: files}) {
		if err != nil || r.Unit.Kind != "fire.station" || r.Unit.HasPosition {
			t.Fatalf("%+v, %v", r.Unit, err)
		}
		units++
	}
	if units != 34 {
		t.Errorf("%d units", units)
	}
}

func FuzzEssonne(f *testing.F) {
	f.Add(years)
	f.Add(shares)
	f.Add(sector)
	f.Fuzz(func(t *testing.T, in string) {
		got, err := tables(in)
		if err != nil {
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, c := range got.Coverage {
			sum := 0.0
			for _, s := range c.Shares {
				sum += s.Share
			}
			if math.Abs(sum-1) > 1e-3 {
				t.Fatalf("shares of %s sum to %v", c.Commune, sum)
			}
		}
		for _, s := range got.Sectors {
			for _, p := range s.Polygon[0] {
				if geoengine.CheckPosition(p) != nil {
					t.Fatalf("%v", p)
				}
			}
		}
	})
}
