package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine/road"
)

// The peer's table is made as pgRouting's manual does for directed graphs: a row a section, cost −1 where it may not be driven.
const (
	makeRoadsPeer  = `create table bench_road (id bigint primary key, source bigint not null, target bigint not null, cost float8 not null, reverse_cost float8 not null)`
	indexRoadsPeer = `create index on bench_road (source); create index on bench_road (target); analyze bench_road`
	askRoadsPeer   = `select start_vid, end_vid, agg_cost from pgr_dijkstraCostMatrix('select id, source, target, cost, reverse_cost from bench_road', $1::bigint[], true)`
)

// pgRouting measures pgr_dijkstraCostMatrix between junctions on the same graph with the same times, in a database of its own,
// beside ours with the time to make the hierarchy left out and counted once in matrix. It knows no rule against turning round.
func (b *roadsBench) pgRouting(ctx context.Context) error {
	if _, err := b.store.Pool.Exec(ctx, "create extension if not exists pgrouting cascade"); err != nil {
		return fmt.Errorf("pgRouting: %w: %w", errNoPeer, err)
	}
	if err := b.fillPeer(ctx); err != nil {
		return fmt.Errorf("pgRouting: %w", err)
	}
	nodes, spots := b.junctions(roadsShared)
	began := time.Now()
	times, err := b.graph.Matrix(ctx, spots, spots)
	if err != nil {
		return err
	}
	ours := time.Since(began).Seconds()
	began = time.Now()
	rows, err := b.store.Pool.Query(ctx, askRoadsPeer, nodes)
	if err != nil {
		return fmt.Errorf("pgRouting: %w", err)
	}
	number := map[int64]int{}
	for i, n := range nodes {
		number[n] = i
	}
	pairs, off := 0, 0
	var from, to int64
	var cost float64
	if _, err := pgx.ForEachRow(rows, []any{&from, &to, &cost}, func() error {
		pairs++
		if math.Abs(float64(times[number[from]][number[to]])-cost) > 0.01*cost {
			off++
		}
		return nil
	}); err != nil {
		return fmt.Errorf("pgRouting: %w", err)
	}
	peer := time.Since(began).Seconds()
	b.add(Faster(fmt.Sprintf("travel times %d × %d between junctions", len(nodes), len(nodes)), "s", ours, peer, "pgr_dijkstraCostMatrix", 0))
	b.add(Result{Name: fmt.Sprintf("pairs of %d more than 1 %% off pgRouting's (which turns round anywhere)", pairs), Unit: "pairs", Ours: float64(off), Met: true})
	return nil
}

// fillPeer copies the graph into the peer's table.
func (b *roadsBench) fillPeer(ctx context.Context) error {
	if _, err := b.store.Pool.Exec(ctx, "drop table if exists bench_road"); err != nil {
		return err
	}
	if _, err := b.store.Pool.Exec(ctx, makeRoadsPeer); err != nil {
		return err
	}
	g := b.graph
	var rows [][]any
	for e := range road.Edge(g.Edges()) {
		twin := g.Twin(e)
		if twin != road.NoEdge && twin < e {
			continue
		}
		from, to := g.Ends(e)
		back := -1.0
		if twin != road.NoEdge {
			back = g.Seconds(twin)
		}
		rows = append(rows, []any{int64(e), int64(from), int64(to), g.Seconds(e), back})
	}
	columns := []string{"id", "source", "target", "cost", "reverse_cost"}
	if _, err := b.store.Pool.CopyFrom(ctx, pgx.Identifier{"bench_road"}, columns, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	_, err := b.store.Pool.Exec(ctx, indexRoadsPeer)
	return err
}

// junctions are random junctions of the largest part, and the places where they are.
func (b *roadsBench) junctions(n int) (nodes []int64, spots []road.Spot) {
	known := map[road.Node]bool{}
	for tries := 0; len(nodes) < n && tries < 100*n; tries++ {
		e := road.Edge(b.random.IntN(b.graph.Edges()))
		from, _ := b.graph.Ends(e)
		// On a two-way street, so that every way out of the junction is open to ours as it is to the peer.
		if !known[from] && b.graph.Component(from) == 0 && b.graph.Twin(e) != road.NoEdge {
			known[from] = true
			nodes, spots = append(nodes, int64(from)), append(spots, b.graph.SpotAt(e, 0))
		}
	}
	return nodes, spots
}

// routino measures single routes: its router is a program that is run for each, on its own database of the same file. Ours are
// plain searches in memory: the figures compare what a caller waits for, not the algorithms.
func (b *roadsBench) routino(ctx context.Context) error {
	splitter, err := exec.LookPath("planetsplitter")
	if err == nil {
		_, err = exec.LookPath("routino-router")
	}
	if err != nil {
		return fmt.Errorf("routino: %w: %w", errNoPeer, err)
	}
	dir, remove, err := workspace()
	if err != nil {
		return err
	}
	defer remove()
	file, err := filepath.Abs(b.path)
	if err != nil {
		return err
	}
	//nolint:gosec // the peer's own program on the file that the user named
	if out, err := exec.CommandContext(ctx, splitter, "--dir="+dir, "--tagging=/usr/share/routino/tagging.xml", file).CombinedOutput(); err != nil {
		return fmt.Errorf("routino: %w: planetsplitter: %w: %s", errNoPeer, err, lastLine(string(out)))
	}
	from, to := b.places(roadsRoutes), b.places(roadsRoutes)
	var took []float64
	missed := 0
	for i := range from {
		at := func(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }
		//nolint:gosec // numbers only
		command := exec.CommandContext(ctx, "routino-router", "--dir="+dir, "--profiles=/usr/share/routino/profiles.xml", "--translations=/usr/share/routino/translations.xml",
			"--transport=motorcar", "--quickest", "--output-none", "--quiet",
			"--lon1="+at(from[i].Position[0]), "--lat1="+at(from[i].Position[1]), "--lon2="+at(to[i].Position[0]), "--lat2="+at(to[i].Position[1]))
		began := time.Now()
		if err := command.Run(); err != nil {
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				return fmt.Errorf("routino: %w", err)
			}
			missed++
			continue
		}
		took = append(took, time.Since(began).Seconds()*1000)
	}
	if len(took) == 0 {
		return fmt.Errorf("routino: %w: it found none of %d routes", errNoPeer, missed)
	}
	b.add(Faster(fmt.Sprintf("one route, median of %d", len(took)), "ms", b.route(from, to), median(took), "routino-router, a program run each", 0))
	return nil
}
