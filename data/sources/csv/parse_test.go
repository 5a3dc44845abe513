package csv

import "testing"

func TestReadyMappingsAreGood(t *testing.T) {
	t.Parallel()
	for _, name := range Ready() {
		if m, err := Load(name); err != nil {
			t.Error(err)
		} else if m.Name != name {
			t.Errorf("mapping %s calls itself %s", name, m.Name)
		}
	}
	for _, text := range []string{
		"name: x\nnmae: y\n",
		"attributes:\n  light: {colum: a}\n",
		"attributes:\n  light:\n    - {colum: a}\n",
		"severity:\n  column: a\n  table: {1: fatal, 2.0: slight, yes: serious}\nname: [1]",
		"name: a\nname: b",
	} {
		_, err := Parse("x.yaml", []byte(text))
		t.Log(err)
	}
	m, err := Parse("x", []byte("name: x\ntitle: t\npublisher: p\nlicence: l\nref: {hash: true}\ntime: {zone: UTC, start: {columns: [a], formats: [YYYY]}}\ncategory: {constant: a}\nseverity:\n  column: a\n  table: {1: fatal, 2.0: slight, yes: serious, 01: fatal}"))
	t.Log(m, err)
	if err == nil { t.Log(m.Severity.Table) }
}
