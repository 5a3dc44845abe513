package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport lists what each part of the house may import of the house: imports point one way only (docs/DESIGN.md).
// The longest prefix counts. Tests may import more.
var mayImport = map[string][]string{
	"vigie/progress":           {},
	"vigie/frontend":           {},
	"vigie/geoengine":          {"vigie/geoengine", "vigie/progress"},
	"vigie/geoengine/hex":      {"vigie/geoengine"},
	"vigie/geoengine/embedded": {},
	"vigie/data":               {"vigie/data", "vigie/geoengine", "vigie/progress"},
	"vigie/tiles":              {"vigie/tiles", "vigie/geoengine", "vigie/progress"},
	"vigie/api":                {"vigie/api", "vigie/tiles", "vigie/data", "vigie/geoengine", "vigie/progress"},
	"vigie/bench":              {"vigie/modules", "vigie/module", "vigie/predict", "vigie/api", "vigie/tiles", "vigie/data", "vigie/geoengine", "vigie/progress"},
	"vigie/predict":            {"vigie/predict", "vigie/geoengine", "vigie/progress"},
	"vigie/module":             {"vigie/module", "vigie/api", "vigie/tiles", "vigie/data", "vigie/geoengine", "vigie/progress"},
	"vigie/modules":            {"vigie/modules", "vigie/module", "vigie/api", "vigie/tiles", "vigie/data", "vigie/geoengine", "vigie/predict", "vigie/progress"},
	"vigie/cmd":                {"vigie"},
}

// forTests are packages that tests import, and nothing else does.
var forTests = []string{"vigie/geoengine/geotest", "vigie/module/moduletest"}

func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "vigie/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		rule := ""
		for prefix := range mayImport {
			if within(pkg.ImportPath, prefix) && len(prefix) > len(rule) {
				rule = prefix
			}
		}
		if rule == "" {
			t.Errorf("%s is in no part of the house: give it a place in mayImport", pkg.ImportPath)
			continue
		}
		for _, imported := range pkg.Imports {
			if !within(imported, "vigie") {
				continue
			}
			allowed := false
			for _, prefix := range mayImport[rule] {
				allowed = allowed || within(imported, prefix)
			}
			if !allowed || slices.Contains(forTests, imported) {
				t.Errorf("%s must not import %s", pkg.ImportPath, imported)
			}
		}
	}
}
