package tiles_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"

	"vigie/tiles"
)

// TestScaleAsTheFrontEnd holds the limits against those that frontend/src/map/ramp.ts gave for the same counts
// (testdata/ramp.json, written by running it).
func TestScaleAsTheFrontEnd(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/ramp.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Counts []uint32
		Limits tiles.Scale
	}
	if err := json.Unmarshal(body, &cases); err != nil || len(cases) < 20 {
		t.Fatal(err, len(cases))
	}
	for i, c := range cases {
		if diff := cmp.Diff(c.Limits, tiles.NewScale(c.Counts)); diff != "" {
			t.Errorf("case %d of %d counts: %s", i, len(c.Counts), diff)
		}
	}
}

func TestScaleClass(t *testing.T) {
	t.Parallel()
	scale := tiles.Scale{1, 3, 8, 30, 80, 200}
	for count, want := range map[uint32]int{0: 0, 1: 0, 2: 0, 3: 1, 7: 1, 8: 2, 79: 3, 80: 4, 199: 4, 200: 5, 1 << 31: 5} {
		if got := scale.Class(count); got != want {
			t.Errorf("class of %d: %d, want %d", count, got, want)
		}
	}
}

// square returns a square of a tile of 4096 units, wound as vector tiles are.
func square(x, y, size float64) orb.Polygon {
	return orb.Polygon{{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}}
}

// vectorTile encodes features as one layer.
func vectorTile(t testing.TB, name string, features ...*geojson.Feature) []byte {
	t.Helper()
	layer := &mvt.Layer{Name: name, Version: 2, Extent: 4096, Features: features}
	body, err := mvt.Marshal(mvt.Layers{layer})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func with(g orb.Geometry, properties map[string]any) *geojson.Feature {
	f := geojson.NewFeature(g)
	f.Properties = properties
	return f
}

// sample is a tile with one hexagon, here a square, of each kind: five counts, one below k, one withheld, one of which
// a part is hidden, and a square over the edge.
func sample(t *testing.T) []byte {
	t.Helper()
	return vectorTile(t, "hexagons",
		with(square(128, 128, 640), map[string]any{"count": 1}), with(square(1024, 128, 640), map[string]any{"count": 5}),
		with(square(1920, 128, 640), map[string]any{"count": 10}), with(square(2816, 128, 640), map[string]any{"count": 50}),
		with(square(128, 1024, 640), map[string]any{"count": 5000}), with(square(1024, 1024, 640), map[string]any{"hidden": 1, "k": 5}),
		with(square(1920, 1024, 640), map[string]any{"hidden": 2, "k": 5}), with(square(2816, 1024, 640), map[string]any{"count": 10, "hidden": 1}),
		with(square(-600, 2500, 1200), map[string]any{"count": 100}))
}

func readPNG(t testing.TB, body []byte) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// TestPictureGolden holds pictures against those in testdata, but for two shades a pixel. VIGIE_BLESS=1 writes them anew.
func TestPictureGolden(t *testing.T) {
	t.Parallel()
	scale := tiles.Scale{1, 3, 8, 30, 80, 200}
	areas := vectorTile(t, "areas", with(square(200, 200, 2000), map[string]any{"level": "commune"}),
		with(square(1000, 1000, 2000), map[string]any{"level": "departement"}), with(square(1500, 1500, 5000), map[string]any{"level": "region"}),
		with(square(3000, 100, 500), map[string]any{"level": "canton"}))
	events := vectorTile(t, "events", with(orb.Point{1000, 1000}, nil), with(orb.MultiPoint{{2000, 2000}, {4090, 3000}}, nil), with(orb.Point{-4000, 0}, nil))
	for name, c := range map[string]struct {
		tile  []byte
		night bool
	}{
		"hexagons-day": {sample(t), false}, "hexagons-night": {sample(t), true}, "areas-day": {areas, false}, "events-night": {events, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := tiles.NewPainter(c.night, scale).PNG(c.tile)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".png")
			if os.Getenv("VIGIE_BLESS") != "" {
				if err := os.WriteFile(file, body, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if n := different(readPNG(t, want), readPNG(t, body)); n > 0 {
				t.Errorf("%d pixels differ from %s", n, file)
			}
		})
	}
}

// different counts pixels that differ by more than two of 255 shades in any part.
func different(a, b image.Image) (n int) {
	for y := range tiles.PictureSize {
		for x := range tiles.PictureSize {
			p, q := color.NRGBAModel.Convert(a.At(x, y)).(color.NRGBA), color.NRGBAModel.Convert(b.At(x, y)).(color.NRGBA)
			for _, d := range []int{int(p.R) - int(q.R), int(p.G) - int(q.G), int(p.B) - int(q.B), int(p.A) - int(q.A)} {
				if d > 2 || d < -2 {
					n++
					break
				}
			}
		}
	}
	return n
}

// TestPicturePixels reads colours back from the middle of each square.
func TestPicturePixels(t *testing.T) {
	t.Parallel()
	scale, ramp := tiles.Scale{1, 3, 8, 30, 80, 200}, tiles.NewRamp(false)
	body, err := tiles.NewPainter(false, scale).PNG(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	picture := readPNG(t, body)
	near := func(x, y int, want color.NRGBA) bool {
		got := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
		within := func(a, b uint8) bool { return max(a, b)-min(a, b) <= 3 }
		return within(got.R, want.R) && within(got.G, want.G) && within(got.B, want.B) && within(got.A, 209)
	}
	for i, at := range [][2]int{{28, 28}, {84, 28}, {140, 28}, {196, 28}, {10, 190}, {28, 84}} {
		if !near(at[0], at[1], ramp.Classes[i]) {
			t.Errorf("class %d at %v: %v, want %v", i, at, picture.At(at[0], at[1]), ramp.Classes[i])
		}
	}
	marked := func(x0, y0 int) (hatch, ground int) {
		for y := y0; y < y0+16; y++ {
			for x := x0; x < x0+16; x++ {
				switch got := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA); {
				case got.A > 250:
					hatch++
				case near(x, y, ramp.Ground):
					ground++
				}
			}
		}
		return hatch, ground
	}
	for name, at := range map[string][2]int{"below": {76, 76}, "withheld": {132, 76}} {
		if hatch, ground := marked(at[0], at[1]); hatch < 20 || ground < 100 {
			t.Errorf("%s: %d of 256 pixels marked, %d of the ground", name, hatch, ground)
		}
	}
	if hatch, ground := marked(188, 76); hatch < 20 || ground != 0 {
		t.Errorf("a part hidden: %d marked, %d of the ground of what is not told", hatch, ground)
	}
	if _, _, _, alpha := picture.At(250, 250).RGBA(); alpha != 0 {
		t.Error("there is ink where nothing is")
	}
}

func TestPictureOfNothing(t *testing.T) {
	t.Parallel()
	body, err := tiles.NewPainter(false, tiles.Scale{1, 2, 3, 4, 5, 6}).PNG(nil)
	if err != nil {
		t.Fatal(err)
	}
	picture := readPNG(t, body)
	if picture.Bounds() != image.Rect(0, 0, 256, 256) {
		t.Error(picture.Bounds())
	}
	if _, err := tiles.NewPainter(false, tiles.Scale{}).PNG([]byte("nonsense")); err == nil {
		t.Error("no error for what is no vector tile")
	}
}

// FuzzPicture draws polygons and points wherever they lie: none may make it fail.
func FuzzPicture(f *testing.F) {
	f.Add(0.0, 0.0, float64(1<<20), uint32(1), uint8(0), true)
	f.Add(-5000.0, 4096.0, 0.0, uint32(0), uint8(2), false)
	f.Fuzz(func(t *testing.T, x, y, size float64, count uint32, hidden uint8, night bool) {
		within := func(v float64) float64 { // what a vector tile can hold
			if !(v > -1<<28) {
				return -1 << 28
			}
			return min(v, 1<<28)
		}
		x, y, size = within(x), within(y), within(size)
		properties := map[string]any{"count": count, "hidden": int(hidden)}
		for _, name := range []string{"hexagons", "areas", "events"} {
			tile := vectorTile(t, name, with(square(x, y, size), properties), with(orb.Point{x, y}, properties))
			picture, err := tiles.NewPainter(night, tiles.NewScale([]uint32{1, 5, 100})).PNG(tile)
			if err != nil || readPNG(t, picture).Bounds().Dx() != tiles.PictureSize {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// BenchmarkPicture draws a tile of 1,600 hexagons, and one of as many events as a tile may hold.
func BenchmarkPicture(b *testing.B) {
	var hexagons, events []*geojson.Feature
	for i := range 1600 {
		hexagons = append(hexagons, with(square(float64(i%40)*102, float64(i/40)*102, 100), map[string]any{"count": i%300 + 1}))
	}
	for i := range tiles.MaxTileEvents {
		events = append(events, with(orb.Point{float64(i * 7919 % 4096), float64(i * 104729 % 4096)}, nil))
	}
	for name, layer := range map[string]*mvt.Layer{
		"hexagons": {Name: "hexagons", Version: 2, Extent: 4096, Features: hexagons}, "events": {Name: "events", Version: 2, Extent: 4096, Features: events},
	} {
		tile, err := mvt.Marshal(mvt.Layers{layer})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			painter := tiles.NewPainter(false, tiles.Scale{1, 3, 8, 30, 80, 200})
			for b.Loop() {
				if _, err := painter.PNG(tile); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
