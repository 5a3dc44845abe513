package forecasting

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
	"vigie/geoengine/journal"
	"vigie/module"
)

// keepRuns is how long runs are kept, from the end of their period: three years, so that a season can be compared with
// the two before it, and what was said can be held against what happened.
const keepRuns = 3 * 365 * 24 * time.Hour

// Kept declares what is kept of forecasts, for the module that has them.
func Kept() module.Kept {
	return module.Kept{
		What: module.Text{FR: "Prévisions, notes et décisions, depuis la fin de leur période", EN: "Forecasts, scores and decisions, from the end of their period"},
		For:  keepRuns,
	}
}

// How often the schedule and the scores are looked after, and the retention.
const (
	lookEvery  = 2 * time.Minute
	purgeEvery = 6 * time.Hour
)

// work submits the runs of the schedule, scores those whose period has passed, and purges, until ctx ends.
func (d *desk) work(ctx context.Context) error {
	log := journal.New(d.db, rand.Reader, d.clock)
	defer log.Close()
	purged := time.Time{}
	for {
		if err := d.look(ctx, log); err != nil {
			return err
		}
		if d.first() && time.Since(purged) >= purgeEvery {
			runs, err := d.store.Purge(ctx, d.clock().Add(-keepRuns))
			if err != nil {
				return err
			}
			if runs > 0 {
				d.log.Info("forecasts erased, as their retention has ended", "runs", runs)
			}
			purged = time.Now() // monotonic, for the pause only
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
	}
}

// look looks once after the schedule and the scores: on one server at a time.
func (d *desk) look(ctx context.Context, log *journal.Journal) error {
	for _, f := range d.forecasters {
		if err := d.store.Alone(ctx, "schedule "+f.Name, func(ctx context.Context) error { return d.submitDue(ctx, f) }); err != nil {
			return err
		}
		if err := d.store.Alone(ctx, "scores "+f.Name, func(ctx context.Context) error { return d.scoreDue(ctx, f, log) }); err != nil {
			return err
		}
	}
	return nil
}

// slot is the begin of the local period of the schedule that holds now: periods of whole days are counted from a Monday.
func slot(now time.Time, every time.Duration, zone *time.Location) time.Time {
	const day = 24 * time.Hour
	local := now.In(zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	if every < day {
		return midnight.Add(local.Sub(midnight).Truncate(every))
	}
	monday := time.Date(1970, 1, 5, 0, 0, 0, 0, time.UTC)
	days := int(time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC).Sub(monday) / day)
	return midnight.AddDate(0, 0, -(days % int(every/day)))
}

// submitDue submits the runs of the schedule that are due: none that is there, or has been asked for.
func (d *desk) submitDue(ctx context.Context, f *Forecaster) error {
	planned, err := d.store.Planned(ctx, f.Name)
	if err != nil {
		return err
	}
	for i := range planned {
		spec := planned[i].Spec(slot(d.clock(), f.Every, d.zone))
		spec.Seed = 1
		if err := d.askFor(ctx, f, spec); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // it fails because it is told to stop
			}
			d.log.Warn("a scheduled forecast could not be asked for", "forecast", f.Name, "area", planned[i].Area, "horizon", planned[i].Horizon, "error", err)
		}
	}
	return nil
}

// askFor asks for a scheduled run. Where the data are old, a daily forecast is made of the day before as well, so that the
// last day that is known can be held against what was said of it.
func (d *desk) askFor(ctx context.Context, f *Forecaster, spec forecast.Spec) error {
	const day = 24 * time.Hour
	until, err := d.fresh(ctx, f, spec)
	if err != nil {
		return err
	}
	untils := []time.Time{until}
	if until.Before(spec.Until) && f.Every <= day {
		untils = append(untils, until.In(d.zone).AddDate(0, 0, -1))
	}
	for _, spec.Until = range untils {
		asked, err := Ask(ctx, d.db, d.queue, f, spec, d.clock())
		if err != nil {
			return err
		}
		if asked {
			d.log.Info("a scheduled forecast was asked for", "forecast", f.Name, "areas", spec.Areas, "horizon", spec.Horizon, "until", spec.Until)
		}
	}
	return nil
}

// selectAsked looks for a job that was asked for a run: jobs are kept a day, and a run that failed is asked for again then.
const selectAsked = `select exists (select from job where owner = '' and machine and process = $1 and inputs::jsonb = $2::jsonb)`

// Ask asks for a run as a job of the house, unless it is there, or has been asked for within the day that jobs are kept.
// now is the time of the clock. Two at once may both ask: see forecast.Store.Alone.
func Ask(ctx context.Context, db *geoengine.Store, queue *jobs.Queue, f *Forecaster, spec forecast.Spec, now time.Time) (asked bool, err error) {
	if spec, err = Prepare(f, spec, now); err != nil {
		return false, err
	}
	there, err := forecast.New(db).Made(ctx, spec)
	if err != nil || there {
		return false, err
	}
	inputs, err := specInputs(spec, "fr")
	if err != nil {
		return false, err
	}
	raw, err := json.Marshal(inputs)
	if err != nil {
		return false, fmt.Errorf("ask for %s: %w", f.Name, err)
	}
	if err := db.Pool.QueryRow(ctx, selectAsked, processID(f.Name), raw).Scan(&there); err != nil || there {
		return false, err
	}
	process, err := queue.Processes().Find(processID(f.Name))
	if err != nil {
		return false, err
	}
	_, err = queue.Submit(ctx, order(process, jobs.House(), jobs.Granted{}, inputs))
	return err == nil, err
}

// freshness is how old the last event may be before the schedule takes the data for those of another time.
const freshness = 28 * 24 * time.Hour

const (
	fedBy = `
		from event e join category c on c.id = e.category
		where exists (select from unnest($1::text[]) f where c.slug = f or starts_with(c.slug, f || '.'))
		  and (cardinality($2::text[]) = 0 or exists (select from unnest($2::text[]) a where starts_with(e.area || '.', a || '.')))`
	selectFresh = `select exists (select` + fedBy + ` and e.starts >= $3 and e.starts < $4 and e.reported < $4)`
	selectEnd   = `select max(e.reported)` + fedBy + ` and e.reported < $3`
)

// fresh is until when a scheduled run knows: its slot; where nothing that may feed it has happened in the four weeks
// before, the local midnight after the last report, so that old data are forecast where they end.
func (d *desk) fresh(ctx context.Context, f *Forecaster, spec forecast.Spec) (time.Time, error) {
	var there bool
	err := d.db.Pool.QueryRow(ctx, selectFresh, f.Categories, spec.Areas, spec.Until.Add(-freshness), spec.Until).Scan(&there)
	if err != nil || there {
		return spec.Until, err
	}
	var last *time.Time
	if err := d.db.Pool.QueryRow(ctx, selectEnd, f.Categories, spec.Areas, spec.Until).Scan(&last); err != nil || last == nil {
		return spec.Until, err
	}
	year, month, day := last.In(d.zone).Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, d.zone), nil
}

// order is a job of the process.
func order(process *jobs.Process, owner jobs.Owner, granted jobs.Granted, inputs map[string]json.RawMessage) jobs.Order {
	return jobs.Order{
		Process: process, Owner: owner, Granted: granted,
		Asked: jobs.Asked{Inputs: inputs, Wanted: map[string]string{"result": jobs.MediaJSON}, ByRef: map[string]bool{}, Response: jobs.Raw},
	}
}
