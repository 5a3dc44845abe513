package data_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/road"
)

// chain is a source of one long road of n sections with a restriction and a site; change alters records before they are
// given, and an error of it ends the reading.
func chain(n int, change func(i int, r *data.Record) error) data.Source {
	return data.Source{
		Name: "chain", Title: "Chain", Publisher: "test", Licence: "none", URL: "https://example.org", Holds: data.HoldsRoads,
		Read: func(context.Context, data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) {
				for i := range n {
					r := data.Record{Section: &road.Section{
						Ref: fmt.Sprint(i), From: int64(i), To: int64(i + 1), Forward: true, Backward: true, Class: road.Primary,
						Line: orb.LineString{{1 + float64(i)/1000, 45}, {1 + float64(i+1)/1000, 45}},
					}}
					var err error
					if change != nil {
						err = change(i, &r)
					}
					if !yield(r, err) || err != nil {
						return
					}
				}
				turn := road.Restriction{Ref: "t", From: "0", Via: []string{"1"}, To: "2", Junction: 1, Only: true}
				site := road.Site{Ref: "s", Kind: road.LayBy, Name: "Aire", Position: orb.Point{1, 45}, AreaM2: 300, Lit: road.Yes}
				_ = yield(data.Record{Turn: &turn}, nil) && yield(data.Record{Site: &site}, nil)
			}
		},
	}
}

func importChain(ctx context.Context, store *geoengine.Store, src data.Source, options data.ImportOptions) (data.Report, error) {
	options.BatchSize = 10
	return data.Import(ctx, store, src, data.Input{}, options)
}

const roadTables = `
	select (select count(*) from road_network), (select count(*) from road_section), (select count(*) from road_restriction),
		(select count(*) from road_site), (select count(distinct generation) from road_section)`

func TestRoadsFailing(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	broken := fmt.Errorf("the file ends here: %w", geoengine.ErrInvalid)
	failing := chain(100, func(i int, _ *data.Record) error {
		if i == 95 {
			return broken
		}
		return nil
	})
	if _, err := importChain(t.Context(), store, failing, data.ImportOptions{}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if got := dump(t, store, roadTables); len(got) != 1 || got[0] != "(0,0,0,0,0)" {
		t.Errorf("a broken file leaves %v", got)
	}
	// Interrupted, the import goes on where it stopped; meanwhile nobody sees its network.
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := chain(100, func(i int, _ *data.Record) error {
		if i == 95 {
			cancel()
			return context.Canceled
		}
		return nil
	})
	if _, err := importChain(ctx, store, interrupted, data.ImportOptions{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, _, err := road.Load(t.Context(), store, nil, 0, nil); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("a network that is not done is loaded: %v", err)
	}
	report, err := importChain(t.Context(), store, chain(100, nil), data.ImportOptions{})
	if err != nil || report.New != 102 || !report.Resumed {
		t.Errorf("%+v %v", report, err)
	}
	if got := dump(t, store, roadTables); len(got) != 1 || got[0] != "(1,100,1,1,1)" {
		t.Errorf("stored: %v", got)
	}
}

func TestRoadsReplaced(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	changed := func(i int, r *data.Record) error {
		switch {
		case i == 3:
			r.Section.Name = "Rue neuve"
		case i == 4:
			r.Section.Ref = "four"
		}
		return nil
	}
	for _, step := range []struct {
		name                            string
		src                             data.Source
		dry                             bool
		created, changed, same, removed int64
	}{
		{"first, dry", chain(50, nil), true, 52, 0, 0, 0},
		{"first", chain(50, nil), false, 52, 0, 0, 0},
		{"again", chain(50, nil), false, 0, 0, 52, 0},
		{"changed, dry", chain(40, changed), true, 1, 1, 40, 0},
		{"changed", chain(40, changed), false, 1, 1, 40, 11},
		{"back", chain(50, nil), false, 11, 1, 40, 1},
	} {
		got, err := importChain(t.Context(), store, step.src, data.ImportOptions{DryRun: step.dry})
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		want := [...]int64{step.created, step.changed, step.same, step.removed}
		if diff := cmp.Diff(want, [...]int64{got.New, got.Changed, got.Unchanged, got.Removed}); diff != "" {
			t.Errorf("%s: new, changed, unchanged, removed (-want +got):\n%s", step.name, diff)
		}
	}
	if _, err := importChain(t.Context(), store, chain(50, nil), data.ImportOptions{RetryRun: 1}); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("a retry of some rows: %v", err)
	}
	graph, info, err := road.Load(t.Context(), store, nil, 0, nil)
	if err != nil || graph.Nodes() != 51 || info.Sections != 50 || len(graph.Sites()) != 1 {
		t.Errorf("loaded %+v %v", info, err)
	}
}

func TestRoadsRejected(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	report, err := importChain(t.Context(), store, chain(20, func(i int, r *data.Record) error {
		s := r.Section
		switch i {
		case 1:
			s.Ref = ""
		case 2:
			s.Line = s.Line[:1]
		case 3:
			s.Line[1] = orb.Point{200, 45}
		case 4:
			s.Forward, s.Backward = false, false
		case 5:
			s.Name = "\x00"
		case 6:
			s.Class = 77
		case 7:
			s.Ref = "8" // once more, otherwise
		case 9:
			s.Line[1] = orb.Point{40, 45}
		}
		return nil
	}), data.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{"missing_ref": 1, "bad_geometry": 2, "bad_position": 1, "closed": 1, "bad_encoding": 1, "unknown_value": 1, "duplicate_ref": 1}
	if diff := cmp.Diff(want, report.Rejected); diff != "" || report.New != 14 {
		t.Errorf("%+v (-want +got):\n%s", report, diff)
	}
}
