package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/progress"
)

// The synthetic territory of the benchmarks: 200 × 200 km, one year.
const (
	loadWest, loadSouth = 0.0, 46.0
	loadWidth           = 2.6 // degrees of longitude: 200 km
	loadHeight          = 1.8 // degrees of latitude: 200 km
	loadTowns           = 80
	loadYear            = 366 * 24 * time.Hour
)

// LoadBox is where Load puts its events, longitude and latitude in degrees.
var LoadBox = orb.Bound{Min: orb.Point{loadWest, loadSouth}, Max: orb.Point{loadWest + loadWidth, loadSouth + loadHeight}}

// LoadStart is the start of the year of the events of Load.
var LoadStart = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// LoadCategories are the categories of the events of Load, about one in the ratio 1 : 1/2 : 1/3 … each.
var LoadCategories = []string{
	"road.accident.injury", "road.accident.damage", "vehicle.theft.car", "vehicle.theft.motorcycle", "vehicle.theft.from",
	"rescue.call.medical", "rescue.call.fire", "rescue.call.traffic", "burglary.home", "burglary.shop", "noise.night", "detection.speed",
}

var (
	loadLights  = []string{"day", "dusk", "night_lit", "night_unlit"}
	loadWeather = []string{"clear", "rain", "heavy_rain", "fog", "snow", "wind"}
)

const (
	loadSource   = `insert into source values (1, 'bench', 'Benchmark', 'Vigie', 'none', '', true)`
	loadCategory = `insert into category select i, slug from unnest($1::text[]) with ordinality c(slug, i)`
	loadZones    = `insert into zone select i, cell from unnest($1::bigint[]) with ordinality z(cell, i)`
	loadXid      = `select pg_current_xact_id()::text::bigint`
	loadIndexes  = `select indexname, indexdef from pg_indexes where schemaname = current_schema() and tablename = 'event'
		and indexname <> 'event_pkey'`
	loadDropKey = `alter table event drop constraint event_pkey`
	loadAddKey  = `alter table event add primary key (source, ref, zone)`
	loadNotify  = `notify vigie_events`
)

var loadColumns = []string{
	"zone", "source", "ref", "category", "severity", "starts", "ends", "reported", "utc_offset", "geom", "precision_m",
	"weight", "cell", "area", "attributes", "fingerprint", "xid",
}

// Load fills the empty store with n synthetic events by plain COPY, then builds the indexes and gathers statistics: 3 of
// 4 lie around towns of very different size, the others anywhere in LoadBox; they come in the order of time.
// The same seed gives the same events.
func Load(ctx context.Context, store *geoengine.Store, n int, seed uint64, p progress.Func) error {
	if err := pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error { return load(ctx, tx, n, seed, p) }); err != nil {
		return fmt.Errorf("load %d synthetic events: %w", n, err)
	}
	if _, err := store.Pool.Exec(ctx, "vacuum analyze event"); err != nil {
		return fmt.Errorf("load %d synthetic events: %w", n, err)
	}
	return nil
}

func load(ctx context.Context, tx pgx.Tx, n int, seed uint64, p progress.Func) error {
	zones := hex.Holders(LoadBox, geoengine.ZoneResolution)
	zoneCells, zoneOf := make([]int64, len(zones)), map[uint64]int32{}
	for i, zone := range zones {
		zoneCells[i], zoneOf[zone] = int64(zone), int32(i+1)
	}
	for sql, args := range map[string][]any{loadSource: nil, loadCategory: {LoadCategories}, loadZones: {zoneCells}} {
		if _, err := tx.Exec(ctx, sql, args...); err != nil {
			return err
		}
	}
	var xid int64
	if err := tx.QueryRow(ctx, loadXid).Scan(&xid); err != nil {
		return err
	}
	rebuild, err := dropIndexes(ctx, tx)
	if err != nil {
		return err
	}
	g, done := newGenerator(seed, n, zoneOf, xid), 0
	rows := pgx.CopyFromFunc(func() ([]any, error) {
		if done == n {
			return nil, nil
		}
		done++
		if done%100_000 == 0 || done == n {
			p.Report(progress.Update{Task: "synthetic events", Unit: "events", Done: int64(done), Total: int64(n), Finished: done == n})
		}
		return g.next(), nil
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"event"}, loadColumns, rows); err != nil {
		return err
	}
	for _, sql := range append(rebuild, loadAddKey, loadNotify) {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// dropIndexes leaves the table of events bare, and returns what builds its indexes again, but for the primary key.
func dropIndexes(ctx context.Context, tx pgx.Tx) (rebuild []string, err error) {
	rows, err := tx.Query(ctx, loadIndexes)
	if err != nil {
		return nil, err
	}
	drop := []string{loadDropKey}
	var name, definition string
	_, err = pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		drop = append(drop, "drop index "+pgx.Identifier{name}.Sanitize())
		rebuild = append(rebuild, definition)
		return nil
	})
	for _, sql := range drop {
		if err == nil {
			_, err = tx.Exec(ctx, sql)
		}
	}
	return rebuild, err
}

// generator makes rows of events.
type generator struct {
	random     *rand.Rand
	step       time.Duration
	made       int
	towns      []town
	zones      map[uint64]int32
	xid        int64
	categories []float64 // cumulated shares
	point      [25]byte
	row        []any
}

type town struct {
	at     orb.Point
	spread float64 // degrees of latitude
	share  float64 // cumulated
}

func newGenerator(seed uint64, n int, zones map[uint64]int32, xid int64) *generator {
	g := &generator{
		random: rand.New(rand.NewPCG(seed, 1)), step: loadYear / time.Duration(max(n, 1)), zones: zones, xid: xid,
		row: make([]any, len(loadColumns)),
	}
	total := 0.0
	for i := range loadTowns {
		total += 1 / float64(i+1)
		at := orb.Point{loadWest + loadWidth*(.05+.9*g.random.Float64()), loadSouth + loadHeight*(.05+.9*g.random.Float64())}
		g.towns = append(g.towns, town{at: at, spread: .006 + .05/math.Sqrt(float64(i+1)), share: total})
	}
	share := 0.0
	for i := range LoadCategories {
		share += 1 / float64(i+1)
		g.categories = append(g.categories, share)
	}
	return g
}

func (g *generator) position() orb.Point {
	if g.random.IntN(4) > 0 {
		drawn := g.random.Float64() * g.towns[len(g.towns)-1].share
		i := 0
		for g.towns[i].share < drawn {
			i++
		}
		t := g.towns[i]
		p := orb.Point{t.at[0] + 1.4*t.spread*g.random.NormFloat64(), t.at[1] + t.spread*g.random.NormFloat64()}
		if LoadBox.Contains(p) {
			return p
		}
	}
	return orb.Point{loadWest + loadWidth*g.random.Float64(), loadSouth + loadHeight*g.random.Float64()}
}

// next returns the columns of an event, in the order of loadColumns; they hold until the next call.
func (g *generator) next() []any {
	p := g.position()
	cell := hex.Cell(p.Lon(), p.Lat(), geoengine.CellResolution)
	at := LoadStart.Add(time.Duration(g.made) * g.step).Truncate(time.Second)
	category, drawn := 0, g.random.Float64()*g.categories[len(g.categories)-1]
	for g.categories[category] < drawn {
		category++
	}
	severity := geoengine.Severity(min(g.random.IntN(6), g.random.IntN(6)))
	column, row := int((p.Lon()-loadWest)/loadWidth*10), int((p.Lat()-loadSouth)/loadHeight*10)
	area := "bench.r" + strconv.Itoa(row/5) + ".d" + strconv.Itoa(column/5) + ".c" + strconv.Itoa(min(row, 9)*10+min(column, 9))
	attributes := []byte(`{"light":"` + loadLights[g.random.IntN(len(loadLights))] + `","weather":"` +
		loadWeather[min(g.random.IntN(len(loadWeather)), g.random.IntN(len(loadWeather)))] + `"}`)
	g.point = [25]byte{1, 1, 0, 0, 0x20, 0xe6, 0x10}
	binary.LittleEndian.PutUint64(g.point[9:], math.Float64bits(p.Lon()))
	binary.LittleEndian.PutUint64(g.point[17:], math.Float64bits(p.Lat()))
	copy(g.row, []any{
		g.zones[hex.Parent(cell, geoengine.ZoneResolution)], int32(1), strconv.Itoa(g.made), int16(category + 1), int16(severity),
		at, at.Add(time.Minute), at.Add(time.Minute), int32(3600), g.point[:], float32(20), float32(severity.Weight()), int64(cell),
		area, attributes, int64(g.made), g.xid,
	})
	g.made++
	return g.row
}
