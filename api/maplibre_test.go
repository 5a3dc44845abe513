package api_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"vigie/api"
	"vigie/tiles"
)

// mapPage loads each style in MapLibre with a session, and reports what the middle of the map and its corner look like
// by asking for a file of that name.
const mapPage = `
import * as maplibregl from '/assets/maplibre-gl.mjs'
maplibregl.setWorkerUrl?.('/assets/maplibre-gl-worker.mjs')
const report = (...words) => fetch('/seen/' + words.map((word) => encodeURIComponent(word)).join('/'))
try {
  const answer = await fetch('/api/session', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'alice', password: 'PASSWORD' }),
  })
  if (!answer.ok) throw new Error('log-in: ' + answer.status)
  for (const id of ['hexagons-day', 'hexagons-night', 'base-day', 'base-night']) {
    const map = new maplibregl.Map({
      container: 'map', style: location.origin + '/ogc/styles/' + id, center: [1.44, 43.6], zoom: 10, fadeDuration: 0,
      canvasContextAttributes: { preserveDrawingBuffer: true }, attributionControl: false,
    })
    const errors = []
    map.on('error', ({ error }) => errors.push(String(error)))
    await new Promise((done) => map.once('idle', done))
    const gl = map.painter.context.gl, pixel = new Uint8Array(4)
    const at = (x, y) => {
      gl.readPixels(Math.round(x * gl.drawingBufferWidth), Math.round(y * gl.drawingBufferHeight), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel)
      return [...pixel].slice(0, 3).join('-')
    }
    await report(id, at(0.5, 0.5), at(0.9, 0.1), errors.length ? errors.join(' ').slice(0, 500) : 'none')
    map.remove()
  }
  await report('end')
} catch (error) {
  await report('failed', String(error).slice(0, 500))
}
`

// seenFiles is a front end that hears what is asked for below /seen.
type seenFiles struct {
	fs.FS
	seen chan []string
}

// Open hears a name.
func (f seenFiles) Open(name string) (fs.File, error) {
	if rest, ok := strings.CutPrefix(name, "seen/"); ok && !strings.HasSuffix(name, ".br") && !strings.HasSuffix(name, ".gz") {
		select {
		case f.seen <- strings.Split(rest, "/"):
		default:
		}
	}
	return f.FS.Open(name)
}

// mapFiles is a page with MapLibre as the front end has it.
func mapFiles(t *testing.T) seenFiles {
	t.Helper()
	files := fstest.MapFS{
		"index.html":      {Data: []byte(`<!doctype html><link rel=stylesheet href=/assets/page.css><div id=map></div><script type=module src=/assets/page.js></script>`)},
		"assets/page.css": {Data: []byte("html, body, #map { height: 100%; margin: 0 }")},
		"assets/page.js":  {Data: []byte(strings.Replace(mapPage, "PASSWORD", password, 1))},
	}
	for _, name := range []string{"maplibre-gl.mjs", "maplibre-gl-shared.mjs", "maplibre-gl-worker.mjs"} {
		body, err := os.ReadFile(filepath.Join("..", "frontend", "node_modules", "maplibre-gl", "dist", name))
		if err != nil {
			t.Fatalf("%v: npm --prefix frontend ci brings it", err)
		}
		files["assets/"+name] = &fstest.MapFile{Data: body}
	}
	return seenFiles{files, make(chan []string, 100)}
}

// startChromium opens a page in a browser without a screen, which ends with the test.
func startChromium(t *testing.T, address string) {
	t.Helper()
	program := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program == "" {
			program, _ = exec.LookPath(name)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
		"--enable-unsafe-swiftshader", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", "--remote-debugging-port=0", "--window-size=800,600", "--user-data-dir="+t.TempDir(), address)
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = command.Wait() // it was killed
	})
}

// TestStylesInMapLibre loads the styles, with their tiles, in MapLibre in Chromium: the hexagon in the middle has the
// colour of its class by day and by night, the base map none.
func TestStylesInMapLibre(t *testing.T) {
	t.Parallel()
	files := mapFiles(t)
	s := newSite(t, func(c *api.Config) { c.Frontend = files })
	startChromium(t, s.URL)
	deadline := time.After(2 * time.Minute)
	seen := map[string][]string{}
	for {
		select {
		case <-deadline:
			t.Fatalf("the browser reported only %v\n%.3000s", seen, s.log)
		case words := <-files.seen:
			if words[0] == "failed" {
				t.Fatal(words)
			}
			seen[words[0]] = words
			if words[0] != "end" {
				continue
			}
		}
		break
	}
	near := func(text string, want [3]float64) bool {
		var r, g, b float64
		if _, err := fmt.Sscanf(text, "%f-%f-%f", &r, &g, &b); err != nil {
			t.Fatal(err)
		}
		within := func(a, b float64) bool { return a-b < 6 && b-a < 6 }
		return within(r, want[0]) && within(g, want[1]) && within(b, want[2])
	}
	lands := map[bool][3]float64{false: {0xf6, 0xf5, 0xf1}, true: {0x1d, 0x21, 0x26}}
	for _, id := range []string{"hexagons-day", "hexagons-night", "base-day", "base-night"} {
		words := seen[id]
		if len(words) != 4 || words[3] != "none" {
			t.Errorf("%s: %v", id, words)
			continue
		}
		night := strings.HasSuffix(id, "night")
		land, want := lands[night], lands[night]
		if strings.HasPrefix(id, "hexagons") {
			class := tiles.NewRamp(night).Classes[5] // the fullest of two hexagons
			for i, part := range []uint8{class.R, class.G, class.B} {
				want[i] = 0.82*float64(part) + 0.18*land[i]
			}
		}
		if !near(words[1], want) {
			t.Errorf("%s: the middle is %s, want %v", id, words[1], want)
		}
	}
}
