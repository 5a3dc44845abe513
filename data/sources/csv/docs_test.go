package csv_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/data/sources/csv"
)

// manual is the page that users write mappings by.
func manual(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "import.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// block returns the first fenced block of a language.
func block(t *testing.T, page, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, "```"+language+"\n")
	text, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("no block of %s", language)
	}
	return text
}

// TestTheManualsExample says that the mapping in the manual does with the file in the manual what the manual says.
func TestTheManualsExample(t *testing.T) {
	t.Parallel()
	page := manual(t)
	m, err := csv.Parse("valmont.yaml", []byte(block(t, page, "yaml")))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"C-1001 road.accident 2022-03-14T08:05-04:00 at -73.5673 45.5012 injury 0.005 cause=following_too_closely vehicle=bus vehicle=car",
		"C-1002 road.accident 2022-03-14T23:40-04:00 at -73.5541 45.5101 damage 0 vehicle=car",
		"C-1003 road.accident 2022-03-15T00:00-04:00+24h0m0s at -73.581 45.523 fatal 1 cause=speeding killed=1 vehicle=car vehicle=motorcycle",
		"C-1006 road.accident 2022-03-16T18:55-04:00 injury 0.01 cause=weather vehicle=car vehicle=truck",
		"5 bad_date", "6 bad_position",
	}
	file := text("collisions.csv", block(t, page, "csv"))
	if diff := cmp.Diff(want, lines(t, m, file)); diff != "" {
		t.Error(diff)
	}
	_, rejects, _ := read(t, m, file)
	for _, r := range rejects {
		if !strings.Contains(page, r.Detail) {
			t.Errorf("the manual does not show %q", r.Detail)
		}
	}
}

// TestTheManualNamesEveryKey says that no word of a mapping is missing from the manual.
func TestTheManualNamesEveryKey(t *testing.T) {
	t.Parallel()
	page := manual(t)
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
			walk(of.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if seen[of] {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			field := of.Field(i)
			key := field.Tag.Get("yaml")
			if key == "" {
				continue
			}
			if !strings.Contains(page, "`"+key+"`") && !strings.Contains(page, "."+key+"`") && !strings.Contains(page, key+":") && !strings.Contains(page, key+"}") {
				t.Errorf("the manual does not explain %s", key)
			}
			walk(field.Type)
		}
	}
	walk(reflect.TypeFor[csv.Mapping]())
	for _, name := range csv.Ready() {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("the manual does not name the ready mapping %s", name)
		}
	}
}
