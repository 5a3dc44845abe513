package disclosure

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// Utility is how much is told of a family by one division of its years: by the whole territories, by cells of a
// resolution, or by the values of a margin.
type Utility struct {
	Category string `json:"category"`
	K        int    `json:"k"`
	By       string `json:"by"`     // territory, r5 … r8, month, hour, category
	Events   int64  `json:"events"` // all there are
	Told     int64  `json:"told"`   // those in numbers that are told
	Parts    int    `json:"parts"`  // numbers that are not 0
	Shown    int    `json:"shown"`  // of which are told
}

// Measure tells how much would be told of the years, given ascending, of a family with the events of now. Nothing is
// published.
func (p *Publisher) Measure(ctx context.Context, family Protection, years []int) ([]Utility, error) {
	if family.K < MinK || family.K > MaxK {
		return nil, fmt.Errorf("measure %s: k %d: must be %d to %d: %w", family.Category, family.K, MinK, MaxK, geoengine.ErrInvalid)
	}
	territories, err := LoadTerritories(ctx, p.store)
	if err != nil {
		return nil, err
	}
	var found []Utility
	earlier := map[string]*Release{}
	for _, year := range years {
		var tallies map[string]*tally
		err := pgx.BeginFunc(ctx, p.store.Pool, func(tx pgx.Tx) (err error) {
			tallies, err = p.tallies(ctx, tx, territories, family.Category, year)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("measure %s %d: %w", family.Category, year, err)
		}
		now := map[string]*Release{}
		for territory, t := range tallies {
			r := protect(t, family.K, earlier[territory])
			now[territory] = r
			found = addUtility(found, family, t, r)
		}
		earlier = now
	}
	return found, nil
}

// addUtility adds what is told of one territory's year.
func addUtility(list []Utility, family Protection, t *tally, r *Release) []Utility {
	add := func(by string, parts int, numbers []Number) {
		i := slices.IndexFunc(list, func(u Utility) bool { return u.By == by })
		if i < 0 {
			i = len(list)
			list = append(list, Utility{Category: family.Category, K: family.K, By: by})
		}
		u := &list[i]
		u.Events += int64(t.total)
		u.Parts += parts
		for _, n := range numbers {
			if n > 0 {
				u.Told += int64(n)
				u.Shown++
			}
		}
	}
	add("territory", 1, []Number{r.Total})
	for _, l := range r.Levels {
		add(fmt.Sprint("r", l.Res), len(t.level(l.Res)), l.Numbers)
	}
	for _, name := range []string{MarginMonth, MarginHour, MarginCategory} {
		numbers := []Number{}
		for _, v := range r.Margins[name] {
			numbers = append(numbers, v.Number)
		}
		add(name, len(t.margins[name]), numbers)
	}
	return list
}
