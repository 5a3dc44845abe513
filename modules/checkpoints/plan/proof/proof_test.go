package proof

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // Europe/Paris wherever the test runs
)

// TestRandomWorlds makes 100 worlds, or VIGIE_WORLDS of them; `vigie bench placement --check` makes 100,000.
func TestRandomWorlds(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	worlds := uint64(100)
	if n, err := strconv.ParseUint(os.Getenv("VIGIE_WORLDS"), 10, 64); err == nil {
		worlds = n
	}
	plans, posts, changes := 0, 0, 0
	refused := make(map[string]int)
	for seed := range worlds {
		o, err := Run(context.Background(), seed, zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range o.Broken {
			t.Errorf("world %d: %s", seed, b)
		}
		if o.Refused != "" {
			refused[o.Refused]++
		} else if o.Posts > 0 {
			plans++
		}
		posts, changes = posts+o.Posts, changes+o.Changes
	}
	t.Logf("%d worlds: %d plans, %d posts, %d changes, refused %v", worlds, plans, posts, changes, refused)
	if plans < int(worlds)/4 || changes < plans {
		t.Errorf("%d plans and %d changes are too few to prove anything", plans, changes)
	}
}
