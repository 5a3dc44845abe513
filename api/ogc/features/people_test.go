package features

import (
	"testing"
	"time"

	"vigie/api/ogc"
)

func TestReadable(t *testing.T) {
	t.Parallel()
	at := time.Date(2022, 12, 31, 23, 35, 0, 0, time.UTC)
	for _, c := range []struct {
		lang   string
		value  any
		offset int64
		want   ogc.Cell
	}{
		{"fr", at, 3600, ogc.Cell{Text: "1 janv. 2023, 00:35"}}, {"en", at, -3600, ogc.Cell{Text: "31 Dec 2022, 22:35"}},
		{"fr", true, 0, ogc.Cell{Text: "oui"}}, {"en", false, 0, ogc.Cell{Text: "no"}}, {"fr", 0.125, 0, ogc.Cell{Text: "0.125", Number: true}},
		{"fr", int64(-3), 0, ogc.Cell{Text: "-3", Number: true}}, {"fr", nil, 0, ogc.Cell{}}, {"fr", "<b>", 0, ogc.Cell{Text: "<b>"}},
	} {
		if got := readable(c.lang, c.value, c.offset); got != c.want {
			t.Errorf("%v: %v, want %v", c.value, got, c.want)
		}
	}
	for m := time.January; m <= time.December; m++ {
		if month("fr", m) == "" || month("en", m) == "" {
			t.Errorf("no name for %s", m)
		}
	}
}
