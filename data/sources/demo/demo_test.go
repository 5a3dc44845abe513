package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
)

// standard is the ordinary territory, made once for all tests; it is never changed.
var standard = sync.OnceValue(func() *Territory { return New(Config{}) })

var standardEvents = sync.OnceValue(func() []*geoengine.Event { return standard().Events() })

// digest reads the three sources and sums up everything that they yield.
func digest(t *testing.T, o data.Options) (sum string, records int) {
	t.Helper()
	hash := sha256.New()
	for _, source := range Sources() {
		for r, err := range source.Read(context.Background(), data.Input{Options: o}) {
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			hash.Write(text)
			records++
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), records
}

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	first, n := digest(t, data.Options{Seed: 7, Scale: 0.05})
	again, m := digest(t, data.Options{Seed: 7, Scale: 0.05})
	other, _ := digest(t, data.Options{Seed: 8, Scale: 0.05})
	if first != again || n != m || first == other {
		t.Errorf("seed 7 gives %s and %s, seed 8 %s", first, again, other)
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	for _, source := range Sources() {
		t.Run(source.Name, func(t *testing.T) {
			t.Parallel()
			if !source.Synthetic || !geoengine.ValidSlug(source.Name) {
				t.Error("not marked as synthetic")
			}
			lines, refs := int64(0), map[string]bool{}
			for r, err := range source.Read(context.Background(), data.Input{Options: data.Options{Scale: 0.02}}) {
				if err != nil {
					t.Fatal(err)
				}
				lines++
				kinds, ref := 0, ""
				if r.Area != nil {
					kinds, ref = kinds+1, r.Area.Path
				}
				if r.Unit != nil {
					kinds, ref = kinds+1, r.Unit.Ref
				}
				if r.Event != nil {
					kinds, ref = kinds+1, r.Event.Ref
				}
				if r.Section != nil {
					kinds, ref = kinds+1, r.Section.Ref
				}
				if r.Site != nil {
					kinds, ref = kinds+1, r.Site.Ref
				}
				if kinds != 1 || r.At.Line != lines || ref == "" || refs[ref] {
					t.Fatalf("%s: %d kinds, ref %q (twice: %v)", r.At, kinds, ref, refs[ref])
				}
				refs[ref] = true
			}
			if lines < 100 {
				t.Errorf("only %d records", lines)
			}
		})
	}
}

func TestSourceRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]data.Input{
		"scale": {Options: data.Options{Scale: -1}},
		"huge":  {Options: data.Options{Scale: 1e9}},
		"NaN":   {Options: data.Options{Scale: math.NaN()}},
		"year":  {Options: data.Options{Year: 1066}},
		"files": {Files: []data.File{{Name: "x.csv"}}},
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, err := range Sources()[2].Read(context.Background(), in) {
				if !errors.Is(err, geoengine.ErrInvalid) {
					t.Errorf("got %v, want ErrInvalid", err)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range Sources()[0].Read(ctx, data.Input{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
	}
}

// TestEvents holds that every event may be stored, lies in the territory and period, and is known no earlier than it
// happened.
func TestEvents(t *testing.T) {
	t.Parallel()
	d := standard()
	counts := map[string]int{}
	last := time.Time{}
	for _, e := range standardEvents() {
		if err := e.Check(); err != nil {
			t.Fatal(e.Ref, err)
		}
		counts[e.Category]++
		switch {
		case d.CommuneAt(e.Position) < 0:
			t.Fatalf("%s at %v is outside", e.Ref, e.Position)
		case e.Start.Before(d.From) || !e.Start.Before(d.To) || e.Start.Before(last):
			t.Fatalf("%s at %v is outside the period or out of order", e.Ref, e.Start)
		case e.Reported.Before(e.End) || (e.Category == "vehicle.theft" && !e.End.After(e.Start)):
			t.Fatalf("%s: %v to %v, reported %v", e.Ref, e.Start, e.End, e.Reported)
		case !slices.Equal(e.Attributes, slices.Clone(e.Attributes).Normalise()):
			t.Fatalf("%s: attributes are not normal", e.Ref)
		}
		last = e.Start
	}
	for _, kind := range Kinds() {
		if want := d.Expected(kind, d.From, d.To); math.Abs(float64(counts[string(kind)])-want) > 8*math.Sqrt(want) {
			t.Errorf("%d of %s, expected %.0f", counts[string(kind)], kind, want)
		}
		delete(counts, string(kind))
	}
	if len(counts) > 0 {
		t.Errorf("events of no kind: %v", counts)
	}
}

// TestVocabulary holds that accidents speak as those of source baac do.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	known := map[string][]string{
		"light":      {"daylight", "twilight", "night_unlit", "night_lit"},
		"weather":    {"normal", "light_rain", "heavy_rain", "snow_hail", "fog_smoke", "strong_wind", "dazzling", "overcast"},
		"road_class": {"motorway", "national", "departmental", "communal"},
		"built_up":   {"yes", "no"},
		"vehicle":    {"bicycle", "moped", "motorcycle", "car", "van", "heavy_vehicle", "bus", "tractor", "e_scooter"},
	}
	seen := map[string]map[string]bool{}
	severities := map[geoengine.Severity]int{}
	for _, e := range standardEvents() {
		if e.Category != string(KindAccident) {
			continue
		}
		severities[e.Severity]++
		for _, a := range e.Attributes {
			if values := known[a.Key]; values != nil && !slices.Contains(values, a.Value) {
				t.Errorf("%s: %s %q is unknown", e.Ref, a.Key, a.Value)
			}
			if seen[a.Key] == nil {
				seen[a.Key] = map[string]bool{}
			}
			seen[a.Key][a.Value] = true
		}
		if e.Weight < e.Severity.Weight() || e.Weight == 0 {
			t.Errorf("%s: weight %v of %s", e.Ref, e.Weight, e.Severity)
		}
	}
	for key, values := range known {
		if len(seen[key]) != len(values) {
			t.Errorf("%s: only %v appear", key, seen[key])
		}
	}
	if f, s, l := severities[geoengine.SeverityFatal], severities[geoengine.SeveritySerious], severities[geoengine.SeveritySlight]; f == 0 || f >= s || s >= l {
		t.Errorf("%d fatal, %d serious, %d slight", f, s, l)
	}
}

// TestSun compares with almanac figures for Brest (48.39 N, 4.49 W): the sun's centre is at -0.83° at rising and setting.
func TestSun(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"2023-03-20T06:23:00Z", "2023-03-20T18:32:00Z", "2023-06-21T04:19:00Z", "2023-12-21T16:23:00Z"} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if height := sunHeight(when, -4.49, 48.39); math.Abs(height+0.83) > 1 {
			t.Errorf("%s: the sun is at %.2f°, want -0.83°", at, height)
		}
	}
	if height := sunHeight(time.Date(2023, 6, 21, 12, 2, 0, 0, time.UTC), 0, 0); math.Abs(height-(90-23.44)) > 0.5 {
		t.Errorf("solstice noon at the equator: %.2f°", height)
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	d := standard()
	kinds := map[string]int{}
	for _, u := range d.Units() {
		kinds[u.Kind]++
		if !u.HasPosition || d.CommuneAt(u.Position) < 0 || u.Name == "" || !geoengine.ValidSlug(u.Kind) {
			t.Errorf("%s %s at %v", u.Ref, u.Kind, u.Position)
		}
	}
	for kind, least := range map[string]int{"gendarmerie.brigade": 32, "gendarmerie.motorised": 6, "police.station": 3, "fire.station": 42, "sign.vms": 15, "radar.fixed": 20} {
		if kinds[kind] < least {
			t.Errorf("%d units %s, want at least %d", kinds[kind], kind, least)
		}
	}
}

// TestNetwork holds that every town can be reached from every other, and that roads stay in the territory.
func TestNetwork(t *testing.T) {
	t.Parallel()
	d := standard()
	reached, queue := map[int]bool{0: true}, []int{0}
	at := d.incident()
	for len(queue) > 0 {
		node := queue[0]
		queue = queue[1:]
		for _, road := range at[node] {
			if other := d.Roads[road].From + d.Roads[road].To - node; !reached[other] {
				reached[other] = true
				queue = append(queue, other)
			}
		}
	}
	km := map[RoadClass]float64{}
	for i := range d.Roads {
		r := &d.Roads[i]
		km[r.Class] += r.LengthM / 1000
		if !d.onGround(r.line) || r.Name == "" || r.SpeedLimit < 50 || r.Traffic <= 0 {
			t.Errorf("road %d: %s leaves the territory, or lacks something: %+v", i, r.Name, r)
		}
		if r.Line[0] != d.Nodes[r.From].Position || r.Line[len(r.Line)-1] != d.Nodes[r.To].Position {
			t.Errorf("road %d: %s does not join its nodes", i, r.Name)
		}
	}
	for i := range d.Nodes {
		if !reached[i] {
			t.Errorf("node %d cannot be reached", i)
		}
	}
	if km[Motorway] < 40 || km[National] < 150 || km[Departmental] < km[National] || km[Communal] < 300 {
		t.Errorf("kilometres by class: %v", km)
	}
}

func TestPopulations(t *testing.T) {
	t.Parallel()
	names, population := map[string]bool{}, 0
	largest := 0
	for i := range standard().Communes {
		c := &standard().Communes[i]
		if names[c.Name] || c.Code != fmt.Sprintf("99%03d", i+1) {
			t.Errorf("%s %s", c.Code, c.Name)
		}
		names[c.Name] = true
		population += c.Population
		largest = max(largest, c.Population)
	}
	if share := float64(largest) / float64(population); share < 0.08 || share > 0.25 {
		t.Errorf("the largest of %d towns has %d of %d", len(names), largest, population)
	}
}

func TestConfigOfZeroIsTheStandard(t *testing.T) {
	t.Parallel()
	got, err := configOf(data.Options{})
	if d := cmp.Diff(Config{Seed: 1, Scale: 1, LastYear: 2025}, got); d != "" || err != nil {
		t.Error(err, d)
	}
	if b := standard().Outline.Bound(); b.Max.Lon() > -5 || b.Min.Lon() < -8.5 || !b.Contains(orb.Point{centreLon, centreLat}) {
		t.Errorf("the territory is at %v", b)
	}
}
