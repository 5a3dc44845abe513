package road_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine/road"
)

// TestMatrixByHierarchyIsPlain holds the hierarchy to plain searches on random networks, exactly.
func TestMatrixByHierarchyIsPlain(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 5))
		nodes := 5 + random.IntN(300)
		sections, turns := tangle(random, nodes, nodes*2, random.IntN(nodes))
		g := build(t, sections, turns)
		var from, to []road.Spot
		for range 40 {
			from, to = append(from, somewhere(random, g)), append(to, somewhere(random, g))
		}
		sameAsPlain(t, g, from, to)
	}
}

// sameAsPlain compares the three ways to a matrix.
func sameAsPlain(t *testing.T, g *road.Graph, from, to []road.Spot) {
	t.Helper()
	ctx := context.Background()
	want, _, err := g.Plain(ctx, from, to)
	if err != nil {
		t.Fatal(err)
	}
	before, err := g.Matrix(ctx, from, to[:min(5, len(to))])
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Prepare(ctx, nil); err != nil {
		t.Fatal(err)
	}
	after, err := g.Matrix(ctx, from, to)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if diff := cmp.Diff(want[i][:len(before[i])], before[i]); diff != "" {
			t.Errorf("row %d by columns (-plain +ours):\n%s", i, diff)
		}
		if diff := cmp.Diff(want[i], after[i]); diff != "" {
			t.Fatalf("row %d by the hierarchy (-plain +ours):\n%s", i, diff)
		}
	}
}

func BenchmarkMatrix(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 5))
	g := build(b, grid(40, 40), nil)
	var from, to []road.Spot
	for range 1000 {
		from, to = append(from, somewhere(random, g)), append(to, somewhere(random, g))
	}
	b.Run("prepare", func(b *testing.B) {
		for b.Loop() {
			if err := build(b, grid(40, 40), nil).Prepare(context.Background(), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := g.Prepare(context.Background(), nil); err != nil {
		b.Fatal(err)
	}
	b.Run("hierarchy", func(b *testing.B) {
		for b.Loop() {
			if _, err := g.Matrix(context.Background(), from, to); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := g.Plain(context.Background(), from, to); err != nil {
				b.Fatal(err)
			}
		}
	})
}
