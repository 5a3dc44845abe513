package hotspot

import "testing"

// BenchmarkFit is a fit and forecasts of five horizons on 30,000 cells: about 10,000 thefts in five years.
func BenchmarkFit(b *testing.B) {
	events := city(3, 1825, 6, .3)
	grid, err := NewHex(10, square(20000), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f, err := Fit(b.Context(), events, grid, start+1825, Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, days := range []int{7, 14, 30, 60, 90} {
			f.Forecast(days)
		}
	}
}
