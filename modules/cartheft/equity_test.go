package cartheft

import (
	"math"
	"testing"

	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
)

func TestFlagAndEquity(t *testing.T) {
	t.Parallel()
	parent := hex.Cell(1.44, 43.6, 7)
	cells := hex.Descendants(nil, parent, 9) // 49 cells
	values := make([]forecast.Value, len(cells))
	for i, cell := range cells {
		values[i] = forecast.Value{Cell: cell, Area: "a.rest", Expected: 1, Rank: i + 1}
		if i < 2 {
			values[i].Area = "a.town"
		}
	}
	flagged := flag(values)
	n := 0
	for _, f := range flagged {
		if f {
			n++
		}
	}
	if n != 2 || !flagged[0] || !flagged[1] { // 5 % of 49 cells
		t.Errorf("%d cells are pointed out", n)
	}
	list, err := equity(values, flagged, map[string]int{"a.town": 100, "a.rest": 900, "b": 7}, map[string]string{"a.town": "Town"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[1].Area != "a.town" || list[1].Name != "Town" || list[1].Flagged != 1 || math.Abs(list[1].Events-0.1) > 1e-12 || math.Abs(list[1].Ratio-10) > 1e-9 {
		t.Errorf("%+v", list)
	}
	if math.Abs(list[1].Surface-2.0/49) > 0.001 || list[1].Low >= list[1].Ratio || list[1].High <= list[1].Ratio {
		t.Errorf("%+v", list[1])
	}
	if got := flag(values[:1]); !got[0] {
		t.Error("a single cell is not pointed out")
	}
	if len(flag(nil)) != 0 {
		t.Error("none")
	}
}

func TestCellSize(t *testing.T) {
	t.Parallel()
	for resolution, want := range map[int]float64{8: 737_327.6, 9: 105_332.5, 10: 15_047.5, 11: 2149.6} { // m², from the H3 documentation
		if got := cellM2(resolution); math.Abs(got/want-1) > 1e-4 {
			t.Errorf("r%d: %v m², want %v", resolution, got, want)
		}
	}
	if !precise(&theft{PrecisionM: 50}, 10) || precise(&theft{PrecisionM: 50}, 11) || !precise(&theft{}, 11) || precise(&theft{PrecisionM: 500}, 9) {
		t.Error("which precision is enough for which cell")
	}
}
