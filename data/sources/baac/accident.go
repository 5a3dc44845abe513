package baac

import (
	"errors"
	"strconv"

	"vigie/data"
	"vigie/data/sources/localtime"
	"vigie/geoengine"
)

// groups reads one group after the other.
func (r *reader) groups(groups []group) error {
	for _, g := range groups {
		s, err := r.side(g)
		if err != nil {
			return err
		}
		for _, file := range g.files[characteristics] {
			if err := r.accidents(file, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) accidents(file tableFile, s *side) error {
	var cols columns
	return r.rows(file, func(row data.Row) error {
		if cols == nil {
			cols = columnsOf(row.Header, numAcc, "an", "mois", "jour", "hrmn", "lum", "agg", "int", "atm", "col",
				"com", "dep", "lat", "long")
		}
		event, err := r.accident(cols, row, s)
		if err != nil {
			return err
		}
		if !r.yield(data.Record{At: row.At, Raw: row.Raw, Event: event}, nil) {
			return errStopped
		}
		return nil
	})
}

// accident makes the event of a row of caracteristiques.
func (r *reader) accident(cols columns, row data.Row, s *side) (*geoengine.Event, error) {
	number, ok := cols.number(row)
	if !ok {
		return nil, badNumber(row, cols)
	}
	year := yearOf(number)
	dep := departement(cols.text(row, "dep"), year)
	event := &geoengine.Event{Source: Name, Ref: strconv.FormatUint(number, 10), Category: Category}
	if err := r.date(event, cols, row, year, dep); err != nil {
		return nil, err
	}
	where := locate(cols.text(row, "lat"), cols.text(row, "long"), dep)
	event.Position, event.HasPosition = where.point, where.has
	f := s.of(number)
	a := attributes{list: make(geoengine.Attributes, 0, 24)}
	a.add("position_note", where.note)
	a.add("departement", dep)
	a.add("commune", commune(cols.text(row, "com"), dep))
	a.code("light", lights, cols.code(row, "lum"))
	a.code("built_up", builtUp, cols.code(row, "agg"))
	a.code("junction", junctions, cols.code(row, "int"))
	a.code("weather", weathers, cols.code(row, "atm"))
	a.code("collision", collisions, cols.code(row, "col"))
	a.facts(f)
	if c, known := s.casualties(f); known {
		event.Severity, event.Weight = c.severity(), c.weight()
		a.count("killed", c.killed)
		a.count("hospitalised", c.hospitalised)
		a.count("slight", c.slight)
		a.count("unhurt", c.unhurt)
	}
	event.Attributes = a.list.Normalise()
	return event, nil
}

// date sets the interval: the minute where hrmn is readable, else the whole day.
func (r *reader) date(event *geoengine.Event, cols columns, row data.Row, year int, dep string) error {
	zone, err := r.zones.zone(dep)
	if err != nil {
		return err
	}
	if an := cols.text(row, "an"); an != "" {
		n, ok := wholeNumber(an)
		if !ok || n <= 0 || n > 9999 {
			return row.Reject("bad_date", "an %.40q is not a year", an)
		}
		if year = int(n); year < 100 { // 13 and 5 are 2013 and 2005
			year += 2000
		}
	}
	month, day := cols.code(row, "mois"), cols.code(row, "jour")
	if hour, minute, ok := clock(cols.text(row, "hrmn")); ok {
		event.Start, err = localtime.Date(year, month, day, hour, minute, 0, zone)
		event.End = event.Start
	} else {
		event.Start, event.End, err = localtime.Day(year, month, day, zone)
	}
	if errors.Is(err, geoengine.ErrInvalid) {
		return row.Reject("bad_date", "jour %.20q, mois %.20q, an %.20q: %v",
			cols.text(row, "jour"), cols.text(row, "mois"), cols.text(row, "an"), err)
	}
	if event.Start.Before(geoengine.Earliest) || event.End.After(geoengine.Latest) {
		return row.Reject("bad_date", "the year %d is outside 1900 to 2100", year)
	}
	event.Reported = event.End
	return err
}

// attributes gathers the readable facts of an accident.
type attributes struct{ list geoengine.Attributes }

func (a *attributes) add(key, value string) {
	if value != "" {
		a.list = append(a.list, geoengine.Attribute{Key: key, Value: value})
	}
}

func (a *attributes) code(key string, list codeList, code int) { a.add(key, list.slug(code)) }

func (a *attributes) count(key string, n int) {
	if n > 0 {
		a.add(key, strconv.Itoa(n))
	}
}

func (a *attributes) set(key string, list codeList, set bitSet) {
	set.each(list, func(slug string) { a.add(key, slug) })
}

// facts adds what the joined tables say.
func (a *attributes) facts(f *facts) {
	if f == nil {
		return
	}
	a.set("road_class", roads, f.classes)
	a.add("road", f.road)
	a.count("speed_limit", int(f.speed))
	a.code("traffic", traffics, int(f.traffic))
	a.code("reserved_lane", reserved, int(f.reserved))
	a.code("gradient", gradients, int(f.gradient))
	a.code("curve", curves, int(f.curve))
	a.code("surface", surfaces, int(f.surface))
	a.code("structure", structures, int(f.structure))
	a.code("situation", situations, int(f.spot))
	a.count("vehicles", int(f.vehicles))
	a.set("vehicle", vehicleKinds, f.kinds)
	a.set("obstacle", obstacles, f.obstacles)
	a.set("hit", movingHits, f.hits)
	a.set("manoeuvre", manoeuvres, f.actions)
	a.set("user", users, f.users)
	a.set("protection", protections, f.protections)
}
