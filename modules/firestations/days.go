package firestations

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/modules/firestations/calendar"
	"vigie/predict/judge"
	"vigie/predict/series"
)

// days are what is known of days, and what is said of it on the card.
type days struct {
	holidays []judge.Day
	school   []series.Span
	weather  []series.Covariate
	optional []forecast.Text
}

// margin is how many days beyond the end of the series days are told: more than the longest horizon.
const margin = 40

const (
	selectSchool = `select zone, first, last, name from firestations_school order by zone, first`
	// Of each day the figure that was known last, of the deepest area that holds all areas of the run.
	selectWeather = `
		select distinct on (day) day, temperature, rain, wind
		from firestations_weather
		where known < $1 and day >= $2 and day <= $3
		  and (area = '' or cardinality($4::text[]) > 0 and (select bool_and(a = area or starts_with(a, area || '.')) from unnest($4::text[]) a))
		order by day, length(area) desc, known desc`
)

// loadDays reads what a run may know of its days.
func loadDays(ctx context.Context, store *geoengine.Store, spec *forecast.Spec, in *input) (days, error) {
	var d days
	first, last := judge.DayOf(in.start), judge.DayOf(in.end)+margin
	d.public(spec, in.zone, first, last)
	if err := d.holidaysOfSchools(ctx, store, spec, first, last); err != nil {
		return d, err
	}
	if spec.Options[optionWeather] == none {
		d.say("Météo : écartée, comme demandé", "Weather: left out, as asked")
		return d, nil
	}
	var all []calendar.Weather
	args := []any{spec.Until, judge.DateOf(first), judge.DateOf(last), spec.Areas}
	err := each(ctx, store, selectWeather, args, func(rows pgx.Rows) error {
		var at time.Time
		var v [3]*float64
		if err := rows.Scan(&at, &v[0], &v[1], &v[2]); err != nil {
			return err
		}
		w := calendar.Weather{Day: judge.DayOf(at)}
		for i := range v {
			if w.Values[i] = math.NaN(); v[i] != nil {
				w.Values[i] = *v[i]
			}
		}
		all = append(all, w)
		return nil
	})
	if err != nil {
		return d, fmt.Errorf("read the weather: %w", err)
	}
	if d.weather = calendar.Covariates(all); len(d.weather) == 0 {
		d.say("Météo : aucune n'est importée pour ce territoire", "Weather: none is imported for this territory")
	}
	return d, nil
}

func (d *days) say(fr, en string) { d.optional = append(d.optional, forecast.Text{FR: fr, EN: en}) }

// public sets the public holidays: those asked for; else those of the areas, or those of the mainland where clocks are
// French and the areas do not say.
func (d *days) public(spec *forecast.Spec, zone *time.Location, first, last judge.Day) {
	region := calendar.Region(spec.Options[optionHolidays])
	switch spec.Options[optionHolidays] {
	case none:
		d.say("Jours fériés : écartés, comme demandé", "Public holidays: left out, as asked")
		return
	case "", auto:
		region = ""
		if zone.String() == "Europe/Paris" {
			region = calendar.Mainland
		}
		for i, area := range spec.Areas {
			found, ok := calendar.RegionOf(area)
			if ok && (i == 0 || found == region) {
				region = found
			} else if i > 0 {
				region = calendar.Mainland
			}
		}
	}
	if region == "" {
		d.say("Jours fériés : ceux de ce pays ne sont pas connus", "Public holidays: those of this country are not known")
		return
	}
	d.holidays = calendar.Days(first, last, region)
	d.say(fmt.Sprintf("Jours fériés : pris en compte (%s)", region), fmt.Sprintf("Public holidays: used (%s)", region))
}

// holidaysOfSchools sets the school holidays of the one zone that all areas lie in, or that was asked for.
func (d *days) holidaysOfSchools(ctx context.Context, store *geoengine.Store, spec *forecast.Spec, first, last judge.Day) error {
	zone := calendar.Zone(spec.Options[optionSchool])
	switch spec.Options[optionSchool] {
	case none:
		d.say("Vacances scolaires : écartées, comme demandé", "School holidays: left out, as asked")
		return nil
	case "", auto:
		zone = ""
		for i, area := range spec.Areas {
			if found := calendar.ZoneOf(area); i == 0 {
				zone = found
			} else if found != zone {
				zone = ""
			}
		}
	}
	if zone == "" {
		d.say("Vacances scolaires : le territoire n'est pas dans une seule zone A, B ou C", "School holidays: the territory is not in one zone A, B or C")
		return nil
	}
	all := calendar.Known()
	err := each(ctx, store, selectSchool, nil, func(rows pgx.Rows) error {
		var one calendar.School
		var from, to time.Time
		if err := rows.Scan(&one.Zone, &from, &to, &one.Name); err != nil {
			return err
		}
		one.First, one.Last = judge.DayOf(from), judge.DayOf(to)
		all = append(all, one)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the school holidays: %w", err)
	}
	if !calendar.Covered(all, zone, first, last) {
		d.say(fmt.Sprintf("Vacances scolaires (zone %s) : le calendrier ne couvre pas toute la période", zone), fmt.Sprintf("School holidays (zone %s): the calendar does not cover the whole period", zone))
		return nil
	}
	d.school = calendar.Spans(all, zone, first, last)
	d.say(fmt.Sprintf("Vacances scolaires : prises en compte (zone %s)", zone), fmt.Sprintf("School holidays: used (zone %s)", zone))
	return nil
}
