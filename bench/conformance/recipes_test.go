package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// recipe is a code block of the documentation.
type recipe struct{ language, code string }

var fences = regexp.MustCompile("(?ms)^```([a-z]+(?: [a-z]+)?)\n(.*?)^```$")

// recipesOf reads the code blocks of a page.
func recipesOf(t *testing.T, page string) []recipe {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var found []recipe
	for _, match := range fences.FindAllStringSubmatch(string(text), -1) {
		found = append(found, recipe{match[1], match[2]})
	}
	return found
}

// maplibreStandIn does with a map's options what MapLibre does before it draws: it fetches each source's TileJSON and
// a tile of it, through transformRequest, and fails for what cannot be had.
const maplibreStandIn = `
const maplibregl = { Map: class {
  constructor(options) { this.done = this.load(options); }
  async load(options) {
    const get = async (url) => {
      const request = options.transformRequest(url);
      const answer = await fetch(request.url, { headers: request.headers });
      if (!answer.ok) throw new Error(url + ": " + answer.status + " " + await answer.text());
      return answer;
    };
    for (const layer of options.style.layers) {
      const tileJSON = await (await get(options.style.sources[layer.source].url)).json();
      if (!tileJSON.vector_layers.some((l) => l.id === layer["source-layer"])) throw new Error("no layer " + layer["source-layer"]);
      const [west, south, east, north] = tileJSON.bounds, z = 6, n = 2 ** z;
      const x = Math.floor(((west + east) / 2 + 180) / 360 * n), lat = (south + north) / 2 * Math.PI / 180;
      const y = Math.floor((1 - Math.asinh(Math.tan(lat)) / Math.PI) / 2 * n);
      const tile = await get(tileJSON.tiles[0].replace("{z}", z).replace("{x}", x).replace("{y}", y));
      if ((await tile.arrayBuffer()).byteLength === 0) throw new Error("an empty tile");
    }
  }
} };
`

// TestRecipes runs every recipe of docs/analyst.md in one folder, in order, against a server.
func TestRecipes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	folder := t.TempDir()
	ran := map[string]int{}
	for _, r := range recipesOf(t, "analyst.md") {
		var command *exec.Cmd
		switch r.language {
		case "sh":
			command = exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", r.code)
		case "python":
			command = exec.CommandContext(t.Context(), "python3", "-c", r.code)
		case "js":
			command = exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", r.code)
		case "js maplibre":
			command = exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", maplibreStandIn+r.code+"await map.done;")
		case "text":
			continue
		default:
			t.Fatalf("a block of the unknown language %q", r.language)
		}
		ran[r.language]++
		command.Dir = folder
		command.Env = append(os.Environ(), "VIGIE="+s.URL, "VIGIE_CLIENT="+s.ID, "VIGIE_KEY="+s.Key)
		if out, err := command.CombinedOutput(); err != nil || strings.Contains(string(out), "ERROR") {
			t.Errorf("%v\n%s\n%.2000s", err, r.code, out)
		}
	}
	if ran["sh"] < 6 || ran["python"] < 2 || ran["js"] < 1 || ran["js maplibre"] < 1 {
		t.Errorf("only %v were run", ran)
	}
}
