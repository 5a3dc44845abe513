package cartheft

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/module"
)

// How long things are kept. Suggestions with what was decided on them: five years, as the plans of checkpoints: in that time
// one may be asked why a patrol stood where it stood, and the audit of equity compares years. The runs that they rest on are
// kept by geoengine/forecast, the thefts by their source.
const keepSuggestions = 5 * 365 * 24 * time.Hour

// kept declares what is kept.
func kept() []module.Kept {
	return []module.Kept{
		{What: module.Text{FR: "Suggestions de patrouilles et décisions", EN: "Suggestions of patrols and decisions"}, For: keepSuggestions},
	}
}

const (
	allowPurge = `set local vigie.retention = 'cartheft'`
	purgeAll   = `
		with gone as (delete from cartheft_suggestion where at < $1 returning id),
		decisions as (delete from cartheft_decision where suggestion in (select id from gone))
		select count(*) from gone`
)

// purge erases what is kept no longer, and returns how many suggestions that were.
func (s *store) purge(ctx context.Context, now time.Time) (gone int, err error) {
	err = pgx.BeginFunc(ctx, s.db.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, allowPurge); err != nil {
			return err
		}
		return tx.QueryRow(ctx, purgeAll, now.Add(-keepSuggestions)).Scan(&gone)
	})
	if err != nil {
		return 0, fmt.Errorf("purge suggestions: %w", err)
	}
	return gone, nil
}

// purgeEvery is how often the retention is looked after.
const purgeEvery = 6 * time.Hour

// tend looks after the retention until ctx ends.
func (d *desk) tend(ctx context.Context) error {
	for {
		gone, err := d.store.purge(ctx, d.clock())
		if err != nil {
			return err
		}
		if gone > 0 {
			d.log.Info("suggestions erased, as their retention has ended", "suggestions", gone)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(purgeEvery):
		}
	}
}
