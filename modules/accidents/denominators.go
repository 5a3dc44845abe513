package accidents

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"vigie/data/sources/tmja"
	"vigie/geoengine"
	"vigie/geoengine/road"
)

// member is an area of the level of a choropleth.
type member struct {
	path, name string
	at         orb.Point // middle of its box
}

const (
	selectMembers = `
		select path, name, coalesce((st_xmin(o) + st_xmax(o)) / 2, 0), coalesce((st_ymin(o) + st_ymax(o)) / 2, 0)
		from (select path, name, coalesce(geom, outline) o from area where level = $1 and (path = $2 or path like $3)) a
		order by path collate "C" limit $4`
	selectPeople = `
		select distinct on (area) area, year, people from accidents_population
		where area = $1 or area like $2 order by area, year desc`
	selectGenerations = `select coalesce(string_agg(generation::text, ' ' order by generation), '') from road_network where state = 'active'`
	selectSections    = `
		select u.attributes ->> 'road', (u.attributes ->> 'vehicles_per_day')::float8, (u.attributes ->> 'length_m')::float8,
		       coalesce((u.attributes ->> 'year')::int, 0), u.area,
		       st_x(b.p), st_y(b.p), st_x(f.p), st_y(f.p)
		from unit u,
		     lateral (select st_transform(st_setsrid(st_makepoint(split_part(u.attributes ->> 'begin', ' ', 1)::float8, split_part(u.attributes ->> 'begin', ' ', 2)::float8), 2154), 4326) p) b,
		     lateral (select st_transform(st_setsrid(st_makepoint(split_part(u.attributes ->> 'end', ' ', 1)::float8, split_part(u.attributes ->> 'end', ' ', 2)::float8), 2154), 4326) p) f
		where u.kind = $1 and (u.area = $2 or u.area like $3)
		order by u.source, u.ref`
	selectOnRoads = `
		select e.attributes ->> 'road', st_x(e.geom), st_y(e.geom), e.weight
		from event e join category c on c.id = e.category
		where (c.slug = $1 or starts_with(c.slug, $1 || '.')) and e.starts >= $2 and e.starts < $3 and e.severity <> $4
		  and (e.area = $5 or e.area like $6) and e.geom is not null and e.attributes ->> 'road' = any($7)
		order by e.source, e.ref`
)

// below is the LIKE pattern of the descendants of an area.
func below(area string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(area) + ".%"
}

func (d *desk) members(ctx context.Context, area, level string, most int) ([]member, error) {
	rows, err := d.db.Pool.Query(ctx, selectMembers, level, area, below(area), most+1)
	if err != nil {
		return nil, fmt.Errorf("read areas of %s: %w", area, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m member, err error) {
		return m, row.Scan(&m.path, &m.name, &m.at[0], &m.at[1])
	})
	if err != nil {
		return nil, fmt.Errorf("read areas of %s: %w", area, err)
	}
	return list, nil
}

// roll sums values of deepest areas into the members that hold them.
func roll(values map[string]float64, list []member) map[string]float64 {
	known := make(map[string]bool, len(list))
	for _, m := range list {
		known[m.path] = true
	}
	sums := make(map[string]float64, len(list))
	for _, path := range slices.Sorted(maps.Keys(values)) { // in one order, for one rounding
		for at := path; at != ""; at = parentOf(at) {
			if known[at] {
				sums[at] += values[path]
				break
			}
		}
	}
	return sums
}

func parentOf(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return ""
}

// inhabitants of members: their own figure, or the sum of all areas below that have none below them, if all of those have
// one. Year is the latest vintage.
func (d *desk) inhabitants(ctx context.Context, area string, list []member) (people map[string]float64, year int, err error) {
	rows, err := d.db.Pool.Query(ctx, selectPeople, area, below(area))
	if err != nil {
		return nil, 0, fmt.Errorf("read populations of %s: %w", area, err)
	}
	own := map[string]float64{}
	var path string
	var vintage int
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&path, &vintage, &n}, func() error {
		own[path], year = float64(n), max(year, vintage)
		return nil
	}); err != nil {
		return nil, 0, fmt.Errorf("read populations of %s: %w", area, err)
	}
	people = map[string]float64{}
	lacking := map[string]bool{}
	if len(own) > 0 {
		if err := d.addUp(ctx, area, own, people, lacking); err != nil {
			return nil, 0, err
		}
	}
	for _, m := range list {
		if n, there := own[m.path]; there {
			people[m.path] = n
		} else if lacking[m.path] {
			delete(people, m.path)
		}
	}
	return people, year, nil
}

const selectLeaves = `
	select a.path from area a
	where (a.path = $1 or a.path like $2) and not exists (select from area c where c.parent = a.path)`

// addUp sums the figures of leaves into all areas above them, and marks those of which a leaf has none.
func (d *desk) addUp(ctx context.Context, area string, own, sums map[string]float64, lacking map[string]bool) error {
	rows, err := d.db.Pool.Query(ctx, selectLeaves, area, below(area))
	if err != nil {
		return fmt.Errorf("read areas of %s: %w", area, err)
	}
	leaves, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read areas of %s: %w", area, err)
	}
	for _, leaf := range leaves {
		n, there := own[leaf]
		for at := leaf; at != ""; at = parentOf(at) {
			sums[at] += n
			lacking[at] = lacking[at] || !there
		}
	}
	return nil
}

// roadKm is the length of road in each deepest area, tracks left out, carriageways that the network holds apart each for
// itself. ErrMissing says that no roads are imported.
func (d *desk) roadKm(ctx context.Context, area string) (map[string]float64, error) {
	n, err := d.nets.of(ctx, area)
	if err != nil {
		return nil, err
	}
	km := map[string]float64{}
	for i := range n.lixels.List {
		if l := &n.lixels.List[i]; l.Class != road.Track && n.area[i] != "" {
			km[n.area[i]] += l.Metres / 1000
		}
	}
	return km, nil
}

// net is a network in memory, with the area of each lixel.
type net struct {
	graph  *road.Graph
	lixels *road.Lixels
	area   []string
}

// networks keeps the networks that were asked for last, until another one is imported.
type networks struct {
	db *geoengine.Store

	mu   sync.Mutex
	kept map[string]func() (*net, error)
	keys []string
}

// mostNetworks bounds those in memory.
const mostNetworks = 3

func newNetworks(db *geoengine.Store) *networks {
	return &networks{db: db, kept: map[string]func() (*net, error){}}
}

// of is the network of an area. Several who ask at once wait for one loading; a failure is not kept.
func (n *networks) of(ctx context.Context, area string) (*net, error) {
	var generations string
	if err := n.db.Pool.QueryRow(ctx, selectGenerations).Scan(&generations); err != nil {
		return nil, fmt.Errorf("look at the networks: %w", err)
	}
	key := area + " " + generations
	n.mu.Lock()
	get, there := n.kept[key]
	if !there {
		const patience = 5 * time.Minute
		whole := context.WithoutCancel(ctx)
		get = sync.OnceValues(func() (*net, error) {
			loading, cancel := context.WithTimeout(whole, patience)
			defer cancel()
			return load(loading, n.db, area)
		})
		n.kept[key], n.keys = get, append(n.keys, key)
		if len(n.keys) > mostNetworks {
			delete(n.kept, n.keys[0])
			n.keys = n.keys[1:]
		}
	}
	n.mu.Unlock()
	found, err := get()
	if err != nil {
		n.mu.Lock()
		delete(n.kept, key)
		n.mu.Unlock()
	}
	return found, err
}

func load(ctx context.Context, db *geoengine.Store, area string) (*net, error) {
	graph, _, err := road.Load(ctx, db, []string{area}, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("roads of %s: %w", area, err)
	}
	locate, err := db.LoadLocator(ctx)
	if err != nil {
		return nil, err
	}
	n := &net{graph: graph, lixels: graph.Lixels(shortestLixel, longestLixel)}
	n.area = make([]string, n.lixels.Len())
	for i := range n.area {
		if at := locate.Locate(n.lixels.List[i].Centre.Position); geoengine.Within(at, []string{area}) {
			n.area[i] = at
		}
	}
	return n, nil
}

// counted is a section of road whose traffic was counted.
type counted struct {
	road       string
	vehicles   float64 // a day
	metres     float64
	area       string
	begin, end orb.Point
}

// traffic are the counted sections of an area, as the rights show them, and the years of the counts.
func (d *desk) traffic(ctx context.Context, rights geoengine.Rights, area string) (list []counted, first, last int, err error) {
	err = d.db.Read(ctx, rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectSections, tmja.Kind, area, below(area))
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c counted, err error) {
			var year int
			err = row.Scan(&c.road, &c.vehicles, &c.metres, &year, &c.area, &c.begin[0], &c.begin[1], &c.end[0], &c.end[1])
			if year > 0 {
				if first == 0 || year < first {
					first = year
				}
				last = max(last, year)
			}
			return c, err
		})
		return err
	})
	if err != nil {
		return nil, 0, 0, fmt.Errorf("read traffic counts of %s: %w", area, err)
	}
	return list, first, last, nil
}

// onCounted counts the accidents on counted sections, by the section's area: those whose road is the section's, by the
// section whose chord is nearest, within its length and 2 km. Accidents elsewhere have no vehicle-kilometres.
func (d *desk) onCounted(ctx context.Context, rights geoengine.Rights, area string, from, to time.Time, list []counted) (counts, weights map[string]float64, err error) {
	byRoad := map[string][]int{}
	names := []string{}
	for i, c := range list {
		if byRoad[c.road] == nil {
			names = append(names, c.road)
		}
		byRoad[c.road] = append(byRoad[c.road], i)
	}
	counts, weights = map[string]float64{}, map[string]float64{}
	err = d.db.Read(ctx, rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectOnRoads, category, from, to, geoengine.SeverityDamage, area, below(area), names)
		if err != nil {
			return err
		}
		var name string
		var at orb.Point
		var weight float64
		_, err = pgx.ForEachRow(rows, []any{&name, &at[0], &at[1], &weight}, func() error {
			const withinM = 2000
			best, nearest := -1, float64(withinM)
			for _, i := range byRoad[name] {
				if m := toChord(at, list[i].begin, list[i].end); m < nearest {
					best, nearest = i, m
				}
			}
			if best >= 0 {
				counts[list[best].area]++
				weights[list[best].area] += weight
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read accidents on counted roads of %s: %w", area, err)
	}
	return counts, weights, nil
}

// toChord is the distance in metres of a position from the straight line between two others.
func toChord(p, a, b orb.Point) float64 {
	scale := math.Cos(p.Lat() * math.Pi / 180)
	x, y := (b.Lon()-a.Lon())*scale, b.Lat()-a.Lat()
	px, py := (p.Lon()-a.Lon())*scale, p.Lat()-a.Lat()
	share := 0.0
	if length := x*x + y*y; length > 0 {
		share = math.Min(math.Max((px*x+py*y)/length, 0), 1)
	}
	return geo.Distance(p, orb.Point{a.Lon() + share*(b.Lon()-a.Lon()), a.Lat() + share*(b.Lat()-a.Lat())})
}
