package checkpoints

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"vigie/module"
)

// How long things are kept, from their last change.
//
// Signed plans with their reports and evaluations: five years, the length of the accident records that plans are made
// from and compared with; in that time a court may ask for the order of a post. Drafts and refused plans, which bind
// nobody, but tell where one thought of standing: ninety days. Seeds and the other plans of a draw: a year, enough for
// the evaluation; who has them can draw again what was drawn.
const (
	keepPlans  = 5 * 365 * 24 * time.Hour
	keepDrafts = 90 * 24 * time.Hour
	keepSeeds  = 365 * 24 * time.Hour
)

// kept declares what is kept.
func kept() []module.Kept {
	return []module.Kept{
		{What: module.Text{FR: "Plans signés, comptes rendus, évaluations", EN: "Signed plans, reports, evaluations"}, For: keepPlans},
		{What: module.Text{FR: "Projets et plans refusés", EN: "Drafts and refused plans"}, For: keepDrafts},
		{What: module.Text{FR: "Graines des tirages et autres plans tirés", EN: "Seeds of draws and the other plans drawn"}, For: keepSeeds},
		{What: module.Text{FR: "Ce que l'on sait des sites", EN: "What people know of sites"}},
	}
}

const (
	purgePlans = `
		with gone as (
			delete from checkpoints_plan where changed < $1 or state in ('draft', 'refused') and changed < $2 returning id),
		revisions as (delete from checkpoints_revision where plan in (select id from gone)),
		decisions as (delete from checkpoints_decision where plan in (select id from gone)),
		reports as (delete from checkpoints_report where plan in (select id from gone)),
		evaluations as (delete from checkpoints_evaluation where plan in (select id from gone))
		select count(*) from gone`
	purgeSeeds = `update checkpoints_revision set seed = '', draws = null where at < $1 and (seed <> '' or draws is not null)`
)

// purge erases what is kept no longer, and returns how many plans that were. Killed at any point it has done a part, and
// does the rest next time.
func (s *store) purge(ctx context.Context, now time.Time) (plans int, err error) {
	if err := s.db.Pool.QueryRow(ctx, purgePlans, now.Add(-keepPlans), now.Add(-keepDrafts)).Scan(&plans); err != nil {
		return 0, fmt.Errorf("purge plans: %w", err)
	}
	if _, err := s.db.Pool.Exec(ctx, purgeSeeds, now.Add(-keepSeeds)); err != nil {
		return plans, fmt.Errorf("purge seeds: %w", err)
	}
	return plans, nil
}

// purgeEvery is how often the retention is looked after.
const purgeEvery = 6 * time.Hour

// The channels on which the database tells that roads or areas have changed.
const (
	roadsChannel = "vigie_roads"
	areasChannel = "vigie_areas"
)

// tend purges, and forgets what was made of roads and areas that have changed, until ctx ends.
func (d *desk) tend(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for {
			gone, err := d.store.purge(ctx, d.clock())
			if err != nil {
				return err
			}
			if gone > 0 {
				d.log.Info("plans erased, as their retention has ended", "plans", gone)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(purgeEvery):
			}
		}
	})
	group.Go(func() error { return d.listen(ctx) })
	return group.Wait()
}

// listen hears of changed roads and areas, on a connection of its own.
func (d *desk) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, d.db.Pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("hear of roads: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing) // it is gone either way
	}()
	for _, channel := range []string{roadsChannel, areasChannel} {
		if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return fmt.Errorf("hear of roads: %w", err)
		}
	}
	d.forget() // what was missed while not listening
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("hear of roads: %w", err)
		}
		d.forget()
	}
}

func (d *desk) forget() {
	d.lands.forget()
	d.shop.forget()
}
