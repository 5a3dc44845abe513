package main

import (
	"os"
	"path/filepath"
	"testing"

	"vigie/geoengine/geotest"
)

// TestFirestationsImports imports a calendar, weather and the Essonne's tables, each in the journal, and refuses bad files.
func TestFirestationsImports(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "DATABASE_URL="+databaseURL(t))
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	school := file("school.csv", "zone;first;last;name\nA;2026-10-17;2026-11-01;Toussaint\nB;2026-10-17;2026-11-01;Toussaint\n")
	if got := must[keptDays](w, "firestations", "school", school); got != (keptDays{2, "2026-10-17", "2026-11-01"}) {
		t.Errorf("%+v", got)
	}
	weather := file("weather.csv", "day,temperature,rain\n2026-10-17,12.5,0\n2026-10-18,11,3.2\n")
	if got := must[keptDays](w, "firestations", "weather", "--area", "fr.11.91", weather); got != (keptDays{2, "2026-10-17", "2026-10-18"}) {
		t.Errorf("%+v", got)
	}
	rescue := func(name string) string { return geotest.Shared(t, "rescue/sdis91/"+name) }
	essonne := must[keptEssonne](w, "firestations", "essonne", rescue("nombreParCom.js.gz"), rescue("repartitionZonesCommunes.js.gz"), rescue("zoneCouvertureCasserne.js.gz"))
	if essonne != (keptEssonne{1563, 196, 34}) {
		t.Errorf("%+v", essonne)
	}
	if lines := w.lines("--operation", "firestations-import"); len(lines) != 6 {
		t.Errorf("%q, want a line before and one after each", lines)
	}
	for name, args := range map[string][]string{
		"a bad row":        {"school", file("bad.csv", "zone;first;last\nA;2026-10-17;2026-11-01\nX;2026-10-17;2026-11-01\n")},
		"no weather":       {"weather", school},
		"no path":          {"weather", "--area", "no path", weather},
		"not the Essonne":  {"essonne", weather},
		"no file":          {"school", "nowhere.csv"},
		"a script that is": {"essonne", file("run.js", "alert(1)")},
	} {
		if r := w.vigie(append([]string{"firestations"}, args...)...); r.code != exitFailed || r.errs == "" {
			t.Errorf("%s: exit code %d %s", name, r.code, r.errs)
		}
	}
}
