package firestations

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/encoding/wkb"

	"vigie/data/sources/emergency"
	"vigie/geoengine"
	"vigie/modules/firestations/calendar"
	"vigie/predict/judge"
)

const (
	upsertSchool = `
		insert into firestations_school (zone, first, last, name) values ($1, $2, $3, $4)
		on conflict (zone, first) do update set last = excluded.last, name = excluded.name`
	deleteSchool = `delete from firestations_school where zone = $1 and first <= $3 and last >= $2`
)

// KeepSchool keeps school holidays; what was imported for the same days before is replaced.
func KeepSchool(ctx context.Context, store *geoengine.Store, all []calendar.School) error {
	return keep(ctx, store, "school holidays", func(batch *pgx.Batch) {
		for _, s := range all {
			batch.Queue(deleteSchool, s.Zone, judge.DateOf(s.First), judge.DateOf(s.Last))
		}
		for _, s := range all {
			batch.Queue(upsertSchool, s.Zone, judge.DateOf(s.First), judge.DateOf(s.Last), s.Name)
		}
	})
}

const insertWeather = `
	insert into firestations_weather (area, day, known, temperature, rain, wind) values ($1, $2, $3, $4, $5, $6)
	on conflict (area, day, known) do update set temperature = excluded.temperature, rain = excluded.rain, wind = excluded.wind`

// KeepWeather keeps the weather of an area ("" is everywhere) as it is known at a time. What was known before stays, for
// runs of the past. Days in the past (before known) that were never told are held for known when they were over.
func KeepWeather(ctx context.Context, store *geoengine.Store, area string, known time.Time, all []calendar.Weather) error {
	if area != "" && !geoengine.ValidAreaPath(area) {
		return fmt.Errorf("area %.80q: is no path: %w", area, geoengine.ErrInvalid)
	}
	return keep(ctx, store, "weather", func(batch *pgx.Batch) {
		for _, w := range all {
			at := known
			if over := judge.DateOf(w.Day + 1); over.Before(known) {
				at = over
			}
			args := []any{area, judge.DateOf(w.Day), at}
			for _, v := range w.Values {
				if math.IsNaN(v) {
					args = append(args, nil)
				} else {
					args = append(args, v)
				}
			}
			batch.Queue(insertWeather, args...)
		}
	})
}

const (
	deleteSectors    = `delete from firestations_sector where source = $1`
	insertSector     = `insert into firestations_sector (source, station, departement, geom) values ($1, $2, $3, st_geomfromwkb($4, 4326))`
	deleteShares     = `delete from firestations_share where source = $1`
	insertShare      = `insert into firestations_share (source, commune, station, share, of) values ($1, $2, $3, $4, $5)`
	deleteOperations = `delete from firestations_operations where source = $1`
	insertOperations = `insert into firestations_operations (source, commune, year, n, name) values ($1, $2, $3, $4, $5)`
)

// KeepEssonne keeps the tables of the fire and rescue service of the Essonne; each that is there replaces what was
// imported of it before, as a whole.
func KeepEssonne(ctx context.Context, store *geoengine.Store, t *emergency.Tables) error {
	const source = emergency.NameEssonne
	var wrong error
	err := keep(ctx, store, "the tables of "+source, func(batch *pgx.Batch) {
		if len(t.Sectors) > 0 {
			batch.Queue(deleteSectors, source)
		}
		for _, s := range t.Sectors {
			shape, err := wkb.Marshal(s.Polygon)
			if err != nil {
				wrong = err
			}
			batch.Queue(insertSector, source, s.Station, s.Departement, shape)
		}
		if len(t.Coverage) > 0 {
			batch.Queue(deleteShares, source)
		}
		for i := range t.Coverage {
			for _, s := range t.Coverage[i].Shares {
				batch.Queue(insertShare, source, t.Coverage[i].Commune, s.Station, s.Share, t.Coverage[i].Of)
			}
		}
		if len(t.Operations) > 0 {
			batch.Queue(deleteOperations, source)
		}
		for _, o := range t.Operations {
			batch.Queue(insertOperations, source, o.Commune, o.Year, o.N, o.Name)
		}
	})
	if wrong != nil {
		return fmt.Errorf("keep a sector: %w", wrong)
	}
	return err
}

// keep runs statements in one transaction: all of them, or none.
func keep(ctx context.Context, store *geoengine.Store, what string, fill func(*pgx.Batch)) error {
	err := pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		fill(batch)
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("keep %s: %w", what, err)
	}
	return nil
}
