package forecast

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// Located is a value with the duration of its period and a point in the middle of its place.
type Located struct {
	Value
	Step   string
	Center *orb.Point // nil where it is not known
}

// Ask chooses values of a run. Zero fields do not restrict.
type Ask struct {
	Area     string // with its descendants
	Kind     *string
	Cell     uint64
	Place    string
	Step     string
	From, To time.Time // values whose period meets this one
	Rank     int       // ranks up to this one, the first rank first
	Limit    int       // 1,000 if zero
	Skip     int       // so many of those that the rights show: their numbers in the run would tell how many others there are
	Shapes   bool      // with Geometry, where the run has it
}

const (
	valueColumns = `area, cell, place, label, kind, step, begins, ends, expected, median, low50, high50, low80, high80, low95, high95, last_year, past, rank, profile, lon, lat`
	valueWhere   = `
		from forecast_value
		where run = $1
		  and ($2 = '' or area || '.' like $2)
		  and ($3::text is null or kind = $3)
		  and ($4::bigint = 0 or cell = $4)
		  and ($5 = '' or place = $5)
		  and ($6 = '' or step = $6)
		  and ($7::timestamptz is null or ends > $7) and ($8::timestamptz is null or begins < $8)`
	selectValues = `select ` + valueColumns + `, case when $9 then st_asbinary(geom) end` + valueWhere + ` order by seq offset $10 limit $11`
	selectBest   = `select ` + valueColumns + `, case when $9 then st_asbinary(geom) end` + valueWhere + `
		and rank between 1 and $12 order by rank, seq offset $10 limit $11`
	standardPage = 1000
)

// Values reads values of a run that the rights show, in canonical order, or by rank where Ask.Rank is given.
func (s *Store) Values(ctx context.Context, rights geoengine.Rights, run jobs.ID, ask Ask) (list []Located, err error) {
	if ask.Limit == 0 {
		ask.Limit = standardPage
	}
	args := []any{
		run, within(ask.Area), ask.Kind, int64(ask.Cell), ask.Place, ask.Step, instant(ask.From), instant(ask.To), ask.Shapes, ask.Skip, ask.Limit,
	}
	sql := selectValues
	if ask.Rank > 0 {
		sql, args = selectBest, append(args, ask.Rank)
	}
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(found, scanValue)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("values of run %s: %w", run, err)
	}
	return list, nil
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func scanValue(row pgx.CollectableRow) (v Located, err error) {
	var (
		cell     int64
		lon, lat *float64
		shape    []byte
	)
	err = row.Scan(&v.Area, &cell, &v.Place, &v.Label, &v.Kind, &v.Step, &v.From, &v.To, &v.Expected, &v.Median, &v.Low50, &v.High50, &v.Low80, &v.High80, &v.Low95, &v.High95,
		&v.LastYear, &v.Count, &v.Rank, &v.Profile, &lon, &lat, &shape)
	if err != nil {
		return v, err
	}
	v.Cell, v.From, v.To = uint64(cell), v.From.UTC(), v.To.UTC()
	if lon != nil && lat != nil {
		v.Center = &orb.Point{*lon, *lat}
	}
	if len(shape) > 0 {
		v.Geometry, err = wkb.Unmarshal(shape)
	}
	return v, err
}

// Seen is what a run holds for some rights.
type Seen struct {
	Values, Places int
	Kinds          []string
	Bounds         *orb.Bound // nil where no position is known
}

const selectSeen = `
	select count(*), count(distinct (cell, place)), coalesce(array_agg(distinct kind order by kind), '{}'), min(lon), min(lat), max(lon), max(lat)
	from forecast_value where run = $1`

// Seen counts what the rights show of a run: what Run says of all of it, for who sees a part.
func (s *Store) Seen(ctx context.Context, rights geoengine.Rights, run jobs.ID) (seen Seen, err error) {
	var box [4]*float64
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, selectSeen, run).Scan(&seen.Values, &seen.Places, &seen.Kinds, &box[0], &box[1], &box[2], &box[3])
	})
	if err != nil {
		return Seen{}, fmt.Errorf("values of run %s: %w", run, err)
	}
	if box[0] != nil {
		seen.Bounds = &orb.Bound{Min: orb.Point{*box[0], *box[1]}, Max: orb.Point{*box[2], *box[3]}}
	}
	return seen, nil
}

// Period is a period of values.
type Period struct {
	Step     string
	From, To time.Time
}

const selectPeriods = `
	select step, begins, ends from forecast_value where run = $1 group by step, begins, ends order by ends - begins desc, begins limit $2`

// Periods lists the periods of a run's values that the rights show: the longest first, then by time.
func (s *Store) Periods(ctx context.Context, rights geoengine.Rights, run jobs.ID, limit int) (list []Period, err error) {
	err = s.db.Read(ctx, rights, func(tx pgx.Tx) error {
		found, err := tx.Query(ctx, selectPeriods, run, limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(found, pgx.RowToStructByPos[Period])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("periods of run %s: %w", run, err)
	}
	for i := range list {
		list[i].From, list[i].To = list[i].From.UTC(), list[i].To.UTC()
	}
	return list, nil
}

const selectHead = `select head from forecast_run where id = $1`

// Result reads a whole run back, geometry included: its JSON has the bytes that were kept. It asks for no rights.
func (s *Store) Result(ctx context.Context, run jobs.ID) (*Result, error) {
	r := &Result{}
	err := pgx.BeginTxFunc(ctx, s.db.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var head []byte
		if err := tx.QueryRow(ctx, selectHead, run).Scan(&head); err != nil {
			return err
		}
		if err := json.Unmarshal(head, r); err != nil {
			return err
		}
		found, err := tx.Query(ctx, selectValues, run, "", nil, int64(0), "", "", nil, nil, true, 0, MaxValues)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(found, scanValue)
		if err != nil {
			return err
		}
		r.Values = make([]Value, len(list))
		for i := range list {
			r.Values[i] = list[i].Value
		}
		return nil
	})
	if errorIsNone(err) {
		err = geoengine.ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run, err)
	}
	return r, nil
}
