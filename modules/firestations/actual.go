package firestations

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
)

// actual is the Actual of the forecaster: it counts the calls of each place, kind and period of a run, as they are known
// now. Calls that a run could not give to a place are not counted, so the counts are of what was forecast. Where nothing
// is known after a period, what happened in it is not known.
func actual(ctx context.Context, store *geoengine.Store, result *forecast.Result) ([]float64, error) {
	counts, err := count(ctx, store, result)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(result.Values))
	for i := range result.Values {
		out[i] = counts.of(&result.Values[i])
	}
	return out, nil
}

// tally counts calls by place and kind, in the order of time.
type tally struct {
	times map[[2]string][]int64 // Unix times; all kinds under ""
	last  time.Time             // call known in the territory, at most a gap after the period
}

const selectLast = `
	select max(e.starts) from event e join category c on c.id = e.category
	where (c.slug = $1 or starts_with(c.slug, $1 || '.')) and e.starts >= $2 and e.starts < $3
	  and (cardinality($4::text[]) = 0 or e.area = any($4) or e.area like any($5::text[]))`

// count counts the calls in the period of a run, by the rules by which the run was made.
func count(ctx context.Context, store *geoengine.Store, result *forecast.Result) (*tally, error) {
	spec := result.Spec
	known, err := loadStations(ctx, store)
	if err != nil {
		return nil, err
	}
	r, err := readCalls(ctx, store, &spec, known, result.From, result.To, geoengine.Latest, nil)
	if err != nil {
		return nil, err
	}
	t := &tally{times: map[[2]string][]int64{}}
	communes := byPlaces(result)
	for i := range r.calls {
		c := &r.calls[i]
		number := c.station
		if communes {
			number = c.commune
		}
		if number >= 0 {
			place, kind := r.names[number], r.names[c.kind]
			t.times[[2]string{place, kind}] = append(t.times[[2]string{place, kind}], c.at)
			t.times[[2]string{place, ""}] = append(t.times[[2]string{place, ""}], c.at)
		}
	}
	args := []any{Category, result.From, result.To.AddDate(0, 0, gapDays), spec.Areas, patterns(spec.Areas)}
	err = each(ctx, store, selectLast, args, func(rows pgx.Rows) error {
		var last *time.Time
		if err := rows.Scan(&last); err != nil || last == nil {
			return err
		}
		t.last = *last
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find the last call: %w", err)
	}
	return t, nil
}

// byPlaces tells whether the places of a run are communes: their ids are the paths of areas.
func byPlaces(result *forecast.Result) bool {
	return len(result.Values) > 0 && result.Values[0].Place == result.Values[0].Area
}

// of counts the calls of a value; −1 where no call is known from its end on.
func (t *tally) of(v *forecast.Value) float64 {
	if t.last.Before(v.To.Add(-time.Hour)) {
		return -1
	}
	times := t.times[[2]string{v.Place, v.Kind}]
	first, _ := slices.BinarySearch(times, v.From.Unix())
	end, _ := slices.BinarySearch(times, v.To.Unix())
	return float64(end - first)
}
