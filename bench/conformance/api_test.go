package conformance

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMapRecipes runs the recipes of docs/api.md that ask a server, in one folder, in order. Each ends in a check of its
// own.
func TestMapRecipes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	folder, ran := t.TempDir(), 0
	for _, r := range recipesOf(t, "api.md") {
		if r.language != "sh" || !strings.Contains(r.code, "$VIGIE_KEY") {
			continue
		}
		ran++
		command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", r.code)
		command.Dir = folder
		command.Env = append(os.Environ(), "VIGIE="+s.URL, "VIGIE_KEY="+s.Key)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%.2000s", err, r.code, out)
		}
	}
	if ran < 4 {
		t.Errorf("only %d recipes were run", ran)
	}
}
