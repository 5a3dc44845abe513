package bench_test

import (
	"testing"

	"vigie/bench"
)

func TestCells(t *testing.T) {
	t.Parallel()
	rows, err := bench.Cells(t.Context(), nil, bench.Options{Events: 20_000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[:2] {
		if r.Ours <= 0 || r.Ratio <= 0 {
			t.Errorf("got %+v", r)
		}
	}
	if last := rows[len(rows)-1]; last.Ours != 0 || !last.Met {
		t.Errorf("got %+v", last)
	}
}
