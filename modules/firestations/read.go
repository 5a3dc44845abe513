package firestations

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module/forecasting"
	"vigie/predict/judge"
	"vigie/predict/series"
	"vigie/progress"
)

// Bounds of what is learnt from.
const (
	historyYears = 3   // older calls say little of the next days
	maxPlaces    = 600 // at once
)

// input is what a run learns from.
type input struct {
	zone       *time.Location
	start, end time.Time // of the series: a local midnight, the last whole hour before until
	from       time.Time // of the forecast: the first whole local hour at or after until
	places     []place   // ascending by id
	series     []series.Series
	days       days
	byCommune  bool
	calls      int       // in the series
	last       time.Time // call
	missing    []bool    // days from start that lie in a gap
	gap        int       // how many
	refused    []forecast.Count
}

// call is a call as it was read.
type call struct {
	at      int64 // Unix time
	station int32 // number in the places read; -1 for none
	commune int32
	kind    int32
}

const selectCalls = `
	select extract(epoch from e.starts)::bigint, e.utc_offset, c.slug, s.name, e.ref, x.station, e.area, st_x(e.geom), st_y(e.geom),
	       e.ends - e.starts > interval '1 hour'
	from event e
	join source s on s.id = e.source
	join category c on c.id = e.category
	cross join lateral (
		select coalesce(case jsonb_typeof(e.attributes -> 'station') when 'array' then e.attributes -> 'station' ->> 0
		                else e.attributes ->> 'station' end, '') as station) x
	where (c.slug = $1 or starts_with(c.slug, $1 || '.'))
	  and e.starts >= $2 and e.starts < $3 and e.reported < $7
	  and (cardinality($4::text[]) = 0 or e.area = any($4) or e.area like any($5::text[])
	       or x.station <> '' and (x.station = any($6::text[]) or s.name || '/' || x.station = any($6)))
	order by e.starts, e.source, e.ref`

// reader gathers the calls of a run.
type reader struct {
	spec     *forecast.Spec
	stations *stations
	numbers  map[string]int32 // of places and kinds
	names    []string
	areas    map[string]string // of stations that are no units: the area that all their calls lie in
	calls    []call
	offsets  offsets
	daily    int // calls known to the day only
	foreign  int // answered by stations beyond the areas
}

// read is the Read of the forecaster.
func read(ctx context.Context, store *geoengine.Store, spec forecast.Spec, report progress.Func) (forecasting.Input, error) {
	known, err := loadStations(ctx, store)
	if err != nil {
		return nil, err
	}
	r, err := readCalls(ctx, store, &spec, known, spec.Until.AddDate(-historyYears, 0, 0), spec.Until, spec.Until, report)
	if err != nil {
		return nil, err
	}
	in, err := r.input()
	if err != nil {
		return nil, err
	}
	if err := in.name(ctx, store, known, r.areas); err != nil {
		return nil, err
	}
	in.days, err = loadDays(ctx, store, &spec, in)
	return in, err
}

// readCalls reads the calls of the areas of a spec, and of the stations in them, that began in [from, to) and were reported
// before known.
func readCalls(ctx context.Context, store *geoengine.Store, spec *forecast.Spec, s *stations, from, to, known time.Time, report progress.Func) (*reader, error) {
	r := &reader{spec: spec, stations: s, numbers: map[string]int32{}, areas: map[string]string{}, offsets: offsets{}}
	mine := []string{}
	for id, unit := range s.units {
		if len(spec.Areas) > 0 && geoengine.Within(unit.Area, spec.Areas) {
			mine = append(mine, id)
		}
	}
	slices.Sort(mine)
	args := []any{Category, from, to, spec.Areas, patterns(spec.Areas), mine, known}
	err := each(ctx, store, selectCalls, args, func(rows pgx.Rows) error {
		if n := len(r.calls); n%50_000 == 0 {
			report.Report(progress.Update{Task: "read the calls", Unit: "calls", Done: int64(n)})
		}
		return r.add(rows)
	})
	if err != nil {
		return nil, fmt.Errorf("read the calls: %w", err)
	}
	return r, nil
}

// patterns are those of LIKE for what is below areas.
func patterns(areas []string) []string {
	list := make([]string, len(areas))
	for i, area := range areas {
		list[i] = strings.ReplaceAll(area, "_", `\_`) + ".%"
	}
	return list
}

func (r *reader) number(name string) int32 {
	n, there := r.numbers[name]
	if !there {
		n = int32(len(r.names))
		r.numbers[name], r.names = n, append(r.names, name)
	}
	return n
}

func (r *reader) add(rows pgx.Rows) error {
	var (
		c                                      call
		offset                                 int
		category, source, ref, attribute, area string
		lon, lat                               *float64
		long                                   bool
	)
	if err := rows.Scan(&c.at, &offset, &category, &source, &ref, &attribute, &area, &lon, &lat, &long); err != nil {
		return err
	}
	if long {
		r.daily++
		return nil
	}
	station := named(source, attribute)
	if station == "" {
		var at *orb.Point
		if lon != nil && lat != nil {
			at = &orb.Point{*lon, *lat}
		}
		station = r.stations.covering(source, ref, area, at)
	}
	if unit, known := r.stations.units[station]; known && unit.Area != "" && len(r.spec.Areas) > 0 && !geoengine.Within(unit.Area, r.spec.Areas) {
		r.foreign++
		station = ""
		if r.spec.Options[optionBy] != byCommune {
			return nil
		}
	}
	c.station, c.commune = -1, -1
	if station != "" {
		c.station = r.number(station)
		if known, there := r.areas[station]; there && area != "" {
			r.areas[station] = common(known, area)
		} else if area != "" {
			r.areas[station] = area
		}
	}
	if area != "" {
		c.commune = r.number(area)
	}
	c.kind = r.number(kindOf(category))
	r.offsets.add(c.at, offset)
	r.calls = append(r.calls, c)
	return nil
}

// kindOf is the kind of operation of a category: what follows rescue.call, without what is below it.
func kindOf(category string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(category, Category), "."), ".")
	if kind == "" {
		return "other"
	}
	return kind
}

// input makes the series of what was read.
func (r *reader) input() (*input, error) {
	if len(r.calls) < leastCalls {
		return nil, fewCalls(len(r.calls))
	}
	zone, err := r.offsets.zone()
	if err != nil {
		return nil, err
	}
	in := &input{zone: zone, byCommune: r.byCommune()}
	if err := in.span(r); err != nil {
		return nil, err
	}
	table := series.NewTable(in.start, int(in.end.Sub(in.start).Hours()))
	nowhere, seen := 0, map[int32]bool{}
	for i := range r.calls {
		c := &r.calls[i]
		number := c.station
		if in.byCommune {
			number = c.commune
		}
		at := time.Unix(c.at, 0)
		switch {
		case at.Before(in.start) || !at.Before(in.end):
		case number < 0:
			nowhere++
		case table.Add(r.names[number], r.names[c.kind], at, 1):
			in.calls++
			if !seen[number] {
				seen[number] = true
				in.places = append(in.places, place{ID: r.names[number]})
			}
		}
	}
	slices.SortFunc(in.places, func(a, b place) int { return strings.Compare(a.ID, b.ID) })
	if len(in.places) > maxPlaces {
		return nil, wrong("areas", fmt.Sprintf("%d centres ou communes, %d au plus à la fois : choisissez un territoire plus petit.", len(in.places), maxPlaces),
			fmt.Sprintf("%d stations or communes, at most %d at once: choose a smaller area.", len(in.places), maxPlaces))
	}
	if in.calls < leastCalls {
		return nil, fewCalls(in.calls)
	}
	if days := int(judge.DayOf(in.end) - judge.DayOf(in.start)); days < series.LeastDays {
		return nil, wrong("until", fmt.Sprintf("%d jours entiers d'appels sont connus : il en faut %d.", days, series.LeastDays),
			fmt.Sprintf("%d whole days of calls are known: %d are needed.", days, series.LeastDays))
	}
	in.series = table.Series()
	in.refuse(r, nowhere)
	return in, nil
}

// fewCalls refuses too few calls.
func fewCalls(n int) error {
	return wrong("areas", fmt.Sprintf("%d appels ont une heure et un centre ou une commune : il en faut au moins %d.", n, leastCalls),
		fmt.Sprintf("%d calls have an hour, and a station or commune: at least %d are needed.", n, leastCalls))
}

// byCommune tells whether places are communes: where it is asked for, or hardly any call names a station.
func (r *reader) byCommune() bool {
	switch r.spec.Options[optionBy] {
	case byStation:
		return false
	case byCommune:
		return true
	}
	n := 0
	for i := range r.calls {
		if r.calls[i].station >= 0 {
			n++
		}
	}
	const least = 100 // one call in so many
	return n*least < len(r.calls)
}

// span sets where the series begin and end: from the midnight after the first call that is known to the last whole hour.
func (in *input) span(r *reader) error {
	first, last := time.Unix(r.calls[0].at, 0).In(in.zone), time.Unix(r.calls[len(r.calls)-1].at, 0).In(in.zone)
	origin := midnights(first, 0)
	var daily []int
	for i := range r.calls {
		at := time.Unix(r.calls[i].at, 0).In(in.zone)
		if at.Before(origin) {
			continue // the first day may be known in part
		}
		day := int(judge.DayOf(at) - judge.DayOf(origin))
		for len(daily) <= day {
			daily = append(daily, 0)
		}
		daily[day]++
	}
	in.missing, in.gap = gaps(daily)
	in.start, in.last = origin, last
	until := r.spec.Until.In(in.zone)
	in.end = until.Truncate(time.Hour)
	if in.from = in.end; in.from.Before(until) {
		in.from = in.from.Add(time.Hour)
	}
	total := 0
	for _, n := range daily {
		total += n
	}
	return fresh(last, until, float64(total)/float64(max(len(daily)-in.gap, 1)))
}

// refuse says what was left out.
func (in *input) refuse(r *reader, nowhere int) {
	add := func(n int, fr, en string) {
		if n > 0 {
			in.refused = append(in.refused, forecast.Count{N: n, Reason: forecast.Text{FR: fr, EN: en}})
		}
	}
	if in.byCommune {
		add(nowhere, "appels sans commune", "calls without a commune")
	} else {
		add(nowhere, "appels qui ne désignent aucun centre, hors de tout secteur connu", "calls that name no station, in no known sector")
		add(r.foreign, "appels donnés à un centre d'un autre territoire", "calls given to a station of another territory")
	}
	add(r.daily, "appels dont l'heure n'est pas connue", "calls whose hour is not known")
}

// name completes the places with what is known of them.
func (in *input) name(ctx context.Context, store *geoengine.Store, known *stations, areas map[string]string) error {
	at := map[string]int{}
	var ids []string
	for i := range in.places {
		p := &in.places[i]
		at[p.ID] = i
		ids = append(ids, p.ID)
		if in.byCommune {
			p.Area = p.ID
			continue
		}
		_, p.Label, _ = strings.Cut(p.ID, "/")
		if unit, there := known.units[p.ID]; there {
			*p = unit
		}
		if p.Area == "" {
			p.Area = areas[p.ID]
		}
	}
	if !in.byCommune {
		return nil
	}
	return each(ctx, store, selectNames, []any{ids}, func(rows pgx.Rows) error {
		var id, name string
		var lon, lat *float64
		if err := rows.Scan(&id, &name, &lon, &lat); err != nil {
			return err
		}
		p := &in.places[at[id]]
		if p.Label = name; lon != nil && lat != nil {
			p.Point = &orb.Point{*lon, *lat}
		}
		return nil
	})
}
