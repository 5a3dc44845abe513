package cartheft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/progress"
)

// theft is one reported theft as the forecast knows it. It has no room for anything of a person or of a vehicle.
type theft struct {
	Point      orb.Point // longitude, latitude
	PrecisionM float64   // 0 is unknown
	Day        int32     // on which it happened: the middle of the interval; local days since 1970-01-01
	Reported   int32     // local day
	// From and To bound the time of the theft, in local seconds since 1970-01-01 00 h.
	From, To int64
	Area     string // path of the deepest area that holds it
}

// thefts are the reported thefts of a territory.
type thefts struct {
	List    []theft // by source and ref
	Refused refused
	// Offset is the local offset from UTC of the last report, in seconds.
	Offset int
}

// longest is the longest interval of a theft whose day is taken as known.
const longest = 31 * 24 * time.Hour

const selectThefts = `
	select s.name, e.ref, c.slug, extract(epoch from e.starts)::float8, extract(epoch from e.ends)::float8, extract(epoch from e.reported)::float8,
	       e.utc_offset, st_x(e.geom), st_y(e.geom), e.precision_m, e.area,
	       (select jsonb_agg(jsonb_build_array(said.key, said.value)) from jsonb_each(e.attributes) said where lower(btrim(said.key)) = any($5::text[]))
	from event e
	join source s on s.id = e.source
	join category c on c.id = e.category
	where (c.slug = $1 or starts_with(c.slug, $1 || '.'))
	  and ($2::text[] is null or e.area || '.' like any($2))
	  and e.reported < $3 and e.starts < $3
	  and ($4::timestamptz is null or e.starts >= $4)
	order by s.name collate "C", e.ref collate "C"`

// patterns are LIKE patterns of areas with their descendants; nil for none, which is everything.
func patterns(areas []string) []string {
	var list []string
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for _, path := range areas {
		list = append(list, escape.Replace(path)+".%")
	}
	return list
}

// readThefts reads what was reported before a time in some areas (none is everything), as far as the rights show it.
// Attributes but those that say who has found a theft are not read.
func readThefts(ctx context.Context, db *geoengine.Store, rights geoengine.Rights, areas []string, until time.Time) (*thefts, error) {
	return readSince(ctx, db, rights, areas, time.Time{}, until)
}

// readSince is readThefts for those that began at some time or later.
func readSince(ctx context.Context, db *geoengine.Store, rights geoengine.Rights, areas []string, since, until time.Time) (*thefts, error) {
	t := &thefts{}
	latest := math.Inf(-1)
	var from *time.Time
	if !since.IsZero() {
		from = &since
	}
	err := db.Read(ctx, rights, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectThefts, Category, patterns(areas), until, from, discoveryKeys())
		if err != nil {
			return err
		}
		for rows.Next() {
			row, err := scanTheft(rows)
			if err != nil {
				return err
			}
			if row.reported > latest {
				latest, t.Offset = row.reported, row.offset
			}
			t.take(row)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read thefts: %w", err)
	}
	return t, nil
}

// stored is a row of selectThefts.
type stored struct {
	ref                  string // source/ref
	category             string
	start, end, reported float64 // Unix seconds
	offset               int
	lon, lat             *float64
	precision            float32
	area                 string
	discovery            geoengine.Attributes
}

func scanTheft(rows pgx.Rows) (r stored, err error) {
	var source, ref string
	var said []byte
	if err := rows.Scan(&source, &ref, &r.category, &r.start, &r.end, &r.reported, &r.offset, &r.lon, &r.lat, &r.precision, &r.area, &said); err != nil {
		return r, err
	}
	r.ref = source + "/" + ref
	if len(said) > 0 {
		if r.discovery, err = readAttributes(said); err != nil {
			return r, fmt.Errorf("attributes of %s: %w", r.ref, err)
		}
	}
	return r, nil
}

// readAttributes reads a JSON array of pairs: a key with a value or an array of values.
func readAttributes(raw []byte) (geoengine.Attributes, error) {
	var pairs [][2]any
	if err := json.Unmarshal(raw, &pairs); err != nil {
		return nil, err
	}
	var list geoengine.Attributes
	for _, pair := range pairs {
		values, several := pair[1].([]any)
		if !several {
			values = pair[1:]
		}
		for _, value := range values {
			list = append(list, geoengine.Attribute{Key: fmt.Sprint(pair[0]), Value: fmt.Sprint(value)})
		}
	}
	return list, nil
}

// take adds a row, or counts it as refused.
func (t *thefts) take(r stored) {
	var refusal *Refusal
	if err := Admit(r.category, r.discovery); errors.As(err, &refusal) {
		t.Refused.add("discovered", r.ref, func(examples string) forecast.Text {
			return forecast.Text{FR: refusal.FR + " " + examples, EN: refusal.EN + " " + examples}
		})
		return
	}
	if r.lon == nil || r.lat == nil {
		t.Refused.add("no position", r.ref, func(examples string) forecast.Text {
			return forecast.Text{FR: "Sans position : " + examples, EN: "Without a position: " + examples}
		})
		return
	}
	if r.end-r.start > longest.Seconds() {
		t.Refused.add("no day", r.ref, func(examples string) forecast.Text {
			return forecast.Text{FR: "Jour inconnu à plus de 31 jours près : " + examples, EN: "The day is not known within 31 days: " + examples}
		})
		return
	}
	local := func(unix float64) int64 { return int64(math.Floor(unix)) + int64(r.offset) }
	t.List = append(t.List, theft{
		Point: orb.Point{*r.lon, *r.lat}, PrecisionM: float64(r.precision), Day: day(local(r.start + (r.end-r.start)/2)),
		Reported: day(local(r.reported)), From: local(r.start), To: local(r.end), Area: r.area,
	})
}

// day is the number of a local day.
func day(local int64) int32 {
	const seconds = 86400
	d := local / seconds
	if local%seconds < 0 {
		d--
	}
	return int32(d)
}

// byArea counts the thefts by their area.
func (t *thefts) byArea() map[string]int {
	counts := map[string]int{}
	for i := range t.List {
		counts[t.List[i].Area]++
	}
	return counts
}

// input is what a run learns from.
type input struct {
	*thefts
	Territory orb.MultiPolygon // nil is wherever there are thefts
	Borders   []borderLine     // of the areas, for the hash
	Locate    func(orb.Point) string
}

// borderLine is an area with the fingerprint of what its source said of it.
type borderLine struct {
	Path        string
	Name        string
	Fingerprint int64
}

const (
	selectBorders = `select path, name, fingerprint from area where $1::text[] is null or path || '.' like any($1) order by path collate "C"`
	// The topmost areas with a shape, of those asked for and their descendants.
	selectTerritory = `
		select st_asbinary(st_multi(a.geom), 'NDR')
		from area a
		where a.geom is not null and a.path || '.' like any($1)
		  and not exists (select from area p where p.path = a.parent and p.geom is not null and p.path || '.' like any($1))
		order by a.path collate "C"`
)

// read is the Read of the forecaster.
func read(ctx context.Context, db *geoengine.Store, spec forecast.Spec, report progress.Func) (*input, error) {
	if err := check(spec); err != nil {
		return nil, err
	}
	rights := geoengine.Rights{Open: Categories()} // whatever the areas, nothing but thefts
	if len(spec.Areas) > 0 {
		rights.Scope = spec.Areas
	}
	report.Report(progress.Update{Task: "read the thefts"})
	list, err := readThefts(ctx, db, rights, spec.Areas, spec.Until)
	if err != nil {
		return nil, err
	}
	in := &input{thefts: list}
	report.Report(progress.Update{Task: "read the areas"})
	if in.Borders, err = readBorders(ctx, db, spec.Areas); err != nil {
		return nil, err
	}
	if len(spec.Areas) > 0 {
		if in.Territory, err = readTerritory(ctx, db, spec.Areas); err != nil {
			return nil, err
		}
	}
	locator, err := db.LoadLocator(ctx)
	if err != nil {
		return nil, err
	}
	in.Locate = locator.Locate
	return in, nil
}

func readBorders(ctx context.Context, db *geoengine.Store, areas []string) ([]borderLine, error) {
	rows, err := db.Pool.Query(ctx, selectBorders, patterns(areas))
	if err != nil {
		return nil, fmt.Errorf("read the areas: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[borderLine])
	if err != nil {
		return nil, fmt.Errorf("read the areas: %w", err)
	}
	return list, nil
}

// readTerritory reads the outline of areas. ErrMissing if they have none.
func readTerritory(ctx context.Context, db *geoengine.Store, areas []string) (orb.MultiPolygon, error) {
	rows, err := db.Pool.Query(ctx, selectTerritory, patterns(areas))
	if err != nil {
		return nil, fmt.Errorf("read the territory: %w", err)
	}
	var territory orb.MultiPolygon
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&raw}, func() error {
		shape, err := wkb.Unmarshal(raw)
		if err != nil {
			return err
		}
		polygons, _ := shape.(orb.MultiPolygon)
		territory = append(territory, polygons...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the territory: %w", err)
	}
	if len(territory) == 0 {
		return nil, fmt.Errorf("no outline of %s is imported: import the areas first: %w", strings.Join(areas, ", "), geoengine.ErrMissing)
	}
	return territory, nil
}
