package bench

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/maptile"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
)

const (
	// cubeHour is the local hour of the week of an event known to the hour.
	cubeHour = `((extract(isodow from starts at time zone 'UTC' + utc_offset * interval '1 second')::int - 1) * 24
		+ extract(hour from starts at time zone 'UTC' + utc_offset * interval '1 second')::int)`
	cubeParent = `(cell & ~(15::bigint << 52) | ($1::bigint << 52) | ((1::bigint << (3 * (15 - $1::bigint::int))) - 1))`

	cubeFilter = `select count(*), coalesce(sum(weight::float8), 0) from event
		where category = any($1) and starts >= $2 and starts < $3 and ($4::int[] is null or ` + cubeHour + ` = any($4))`
	cubeMap = `select ` + cubeParent + ` as parent, count(*) from event
		where category = any($2) and starts >= $3 and starts < $4 and cell <> 0 group by parent`
	cubeTile = `select ` + cubeParent + ` as parent, count(*) from unnest($5::bigint[], $6::bigint[]) as r (first, last)
		cross join lateral (select cell from event where zone = any($7) and cell between first and last
			and category = any($2) and starts >= $3 and starts < $4 offset 0) e
		where ` + cubeParent + ` = any($8) group by parent`
	cubeZones = `select coalesce(array_agg(zone), '{}') from zone where cell = any($1)`

	rollUpTable = `create unlogged table bench_cube as
		select (cell & ~(15::bigint << 52) | (8::bigint << 52) | ((1::bigint << 21) - 1)) as cell, starts::date as day, category,
		count(*) as count, sum(weight::float8) as weight from event group by 1, 2, 3`
	rollUpIndex  = `create index on bench_cube (category, day) include (count, weight)`
	rollUpVacuum = `vacuum analyze bench_cube`
	rollUpFilter = `select coalesce(sum(count), 0)::bigint, coalesce(sum(weight), 0) from bench_cube
		where category = any($1) and day >= $2 and day < $3`
)

// bytesGoal is how much memory an event may take, both orders and every filterable column together.
const bytesGoal = 64

// cubeQuestion is one filter, for the cube and for SQL.
type cubeQuestion struct {
	query      geoengine.Query
	categories []int16
	hours      []int32
}

// cubeQuestions are filters of the whole extent: a period (of whole days), some categories, and hours of the week.
func cubeQuestions(hours bool) []cubeQuestion {
	periods := [][2]int{{0, 366}, {31, 213}, {100, 130}, {5, 361}}
	groups := [][]string{{"road"}, {"vehicle", "burglary"}, {"rescue.call.medical"}, {"road", "vehicle", "rescue", "noise"}}
	list := make([]cubeQuestion, len(periods))
	for i, days := range periods {
		q := &list[i]
		q.query.From, q.query.To = LoadStart.AddDate(0, 0, days[0]), LoadStart.AddDate(0, 0, days[1])
		q.query.Categories = groups[i]
		for id, slug := range LoadCategories {
			if geoengine.Within(slug, groups[i]) {
				q.categories = append(q.categories, int16(id+1))
			}
		}
		for hour := range 168 {
			if inRush := hour%24 >= 7+i && hour%24 < 10+2*i && hour < 24*5; hours && inRush {
				q.query.Hours.Set(hour)
				q.hours = append(q.hours, int32(hour))
			}
		}
	}
	return list
}

// Cube loads events and measures the cube beside the same questions in SQL: on the table of events, and on a roll-up
// table (resolution 8 × day × category), which knows no hours. Every answer is checked to be equal.
func Cube(ctx context.Context, store *geoengine.Store, opt Options) ([]Result, error) {
	if err := Load(ctx, store, opt.Events, opt.Seed, opt.Progress); err != nil {
		return nil, err
	}
	c := cube.New(store, logger(opt.Log))
	began := time.Now()
	if err := c.Load(ctx, opt.Progress); err != nil {
		return nil, err
	}
	perMillion := time.Since(began).Seconds() / float64(opt.Events) * 1e6
	conn, err := store.Pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	b := cubeBench{cube: c, peer: conn.Conn()}
	steps := []func(context.Context) (Result, error){b.wholeExtent, b.wholeMap, b.tile, b.rollUp}
	var results []Result
	for _, step := range steps {
		r, err := step(ctx)
		if err != nil {
			return nil, fmt.Errorf("bench cube: %w", err)
		}
		results = append(results, r)
	}
	events, bytes := c.Size()
	return append(results,
		Below("memory of the cube per event", "bytes", float64(bytes)/float64(max(events, 1)), bytesGoal),
		Below("load of a million events", "s", perMillion, loadGoal)), nil
}

// loadGoal is how many seconds a million events may take to load at start.
const loadGoal = 3

func logger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

type cubeBench struct {
	cube *cube.Cube
	peer *pgx.Conn
}

// sum runs ours and the peer for every question, checks that they agree, and returns the sums of the medians in ms.
func (b *cubeBench) sum(questions []cubeQuestion, ours, peer func(q *cubeQuestion) (float64, error)) (a, p float64, err error) {
	for i := range questions {
		q := &questions[i]
		counted, err := ours(q)
		if err != nil {
			return 0, 0, err
		}
		wanted, err := peer(q)
		if err != nil {
			return 0, 0, err
		}
		if counted != wanted {
			return 0, 0, fmt.Errorf("the cube counts %v, SQL %v, of %+v", counted, wanted, q.query)
		}
		fast, err := medianOf(41, func() error { _, err := ours(q); return err })
		if err != nil {
			return 0, 0, err
		}
		slow, err := medianOf(3, func() error { _, err := peer(q); return err })
		if err != nil {
			return 0, 0, err
		}
		a, p = a+fast, p+slow
	}
	n := float64(len(questions))
	return a / n, p / n, nil
}

// medianOf returns the median duration of n runs, in ms.
func medianOf(n int, run func() error) (float64, error) {
	times := make([]float64, n)
	for i := range times {
		began := time.Now()
		if err := run(); err != nil {
			return 0, err
		}
		times[i] = float64(time.Since(began).Nanoseconds()) / 1e6
	}
	slices.Sort(times)
	return times[n/2], nil
}

func (b *cubeBench) total(q *cubeQuestion) (float64, error) {
	n, err := b.cube.Total(q.query)
	return float64(n.Count), err
}

func (b *cubeBench) wholeExtent(ctx context.Context) (Result, error) {
	a, p, err := b.sum(cubeQuestions(true), b.total, func(q *cubeQuestion) (float64, error) {
		var count int64
		var weight float64
		err := b.peer.QueryRow(ctx, cubeFilter, q.categories, q.query.From, q.query.To, q.hours).Scan(&count, &weight)
		return float64(count), err
	})
	return Faster("whole extent: period × categories × hours", "ms", a, p, "SQL on the events", 700), err
}

func (b *cubeBench) rollUp(ctx context.Context) (Result, error) {
	for _, sql := range []string{rollUpTable, rollUpIndex, rollUpVacuum} {
		if _, err := b.peer.Exec(ctx, sql); err != nil {
			return Result{}, err
		}
	}
	a, p, err := b.sum(cubeQuestions(false), b.total, func(q *cubeQuestion) (float64, error) {
		var count int64
		var weight float64
		err := b.peer.QueryRow(ctx, rollUpFilter, q.categories, q.query.From, q.query.To).Scan(&count, &weight)
		return float64(count), err
	})
	return Faster("whole extent: period × categories", "ms", a, p, "SQL cube r8 × day × category", 400), err
}

// cubeMapResolution is that of a map of the whole territory.
const cubeMapResolution = 7

func (b *cubeBench) wholeMap(ctx context.Context) (Result, error) {
	ours := func(q *cubeQuestion) (float64, error) {
		cells, err := b.cube.Cells(q.query, cubeMapResolution)
		return checksum(cells), err
	}
	a, p, err := b.sum(cubeQuestions(false), ours, func(q *cubeQuestion) (float64, error) {
		return b.checksum(ctx, cubeMap, cubeMapResolution, q.categories, q.query.From, q.query.To)
	})
	return Faster("whole extent: map by cell", "ms", a, p, "SQL on the events", 100), err
}

// checksum is a number that tells one set of counts by cell from another.
func checksum(cells []cube.Count) (sum float64) {
	for _, n := range cells {
		sum += float64(n.Cell%8191) * float64(n.Count)
	}
	return sum
}

func (b *cubeBench) checksum(ctx context.Context, sql string, args ...any) (sum float64, err error) {
	rows, err := b.peer.Query(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	var cell, count int64
	_, err = pgx.ForEachRow(rows, []any{&cell, &count}, func() error {
		sum += float64(uint64(cell)%8191) * float64(count)
		return nil
	})
	return sum, err
}

// cubeTileZoom and cubeTileResolution are those of a map of some communes.
const (
	cubeTileZoom       = 10
	cubeTileResolution = 8
)

func (b *cubeBench) tile(ctx context.Context) (Result, error) {
	bound := maptile.At(LoadBox.Center(), cubeTileZoom).Bound()
	cells := hex.Cover(bound, cubeTileResolution)
	var first, last, zoneCells, wanted []int64
	for _, cell := range cells {
		wanted = append(wanted, int64(cell))
		a, z := hex.Range(hex.Parent(cell, cubeTileResolution-2), geoengine.CellResolution)
		if n := len(last); n == 0 || last[n-1] != int64(z) {
			first, last = append(first, int64(a)), append(last, int64(z))
		}
		if zone := int64(hex.Parent(cell, geoengine.ZoneResolution)); !slices.Contains(zoneCells, zone) {
			zoneCells = append(zoneCells, zone)
		}
	}
	var zones []int32
	if err := b.peer.QueryRow(ctx, cubeZones, zoneCells).Scan(&zones); err != nil {
		return Result{}, err
	}
	// The planner takes a range of unknown bounds for a ninth of the table: the peer shall use its index.
	if _, err := b.peer.Exec(ctx, "set enable_seqscan = off"); err != nil {
		return Result{}, err
	}
	defer func() { _, _ = b.peer.Exec(ctx, "reset enable_seqscan") }()
	ours := func(q *cubeQuestion) (float64, error) {
		list, err := b.cube.CellsIn(q.query, cells, cubeTileResolution)
		return checksum(list), err
	}
	a, p, err := b.sum(cubeQuestions(false), ours, func(q *cubeQuestion) (float64, error) {
		return b.checksum(ctx, cubeTile, cubeTileResolution, q.categories, q.query.From, q.query.To, first, last, zones, wanted)
	})
	return Faster("z10 tile: counts by cell", "ms", a, p, "SQL by index on cell", 40), err
}
