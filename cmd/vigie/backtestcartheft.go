package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vigie/data"
	"vigie/geoengine"
	"vigie/modules/cartheft"
	"vigie/predict/hotspot"
	"vigie/predict/judge"
)

// backtestCartheftCommand judges forecasts of thefts by a past that they have not seen.
type backtestCartheftCommand struct {
	Protocol backtestCartheftRunCommand `cmd:"" name:"run" default:"withargs" help:"The whole protocol (the standard)."`
	NIJ      backtestCartheftNIJCommand `cmd:"" name:"nij" help:"The challenge of the National Institute of Justice (2017) again: n/N, PAI and PEI for each horizon."`
}

// theftFiles say where thefts come from.
type theftFiles struct {
	File    []string `required:"" help:"Files of thefts: CSV with the columns occ_date (YYYY-MM-DD), lon, lat and, where it is known, reported_date; plain or compressed."`
	Mapping string   `help:"Mapping of any other CSV: a file or a ready name."`
}

type backtestCartheftRunCommand struct {
	theftFiles
	Boundary   string  `predictor:"file" help:"Territory: GeoJSON polygons, or a CSV of corners (lon,lat or x,y in feet of EPSG:2913). Without it: the cells seen before the first origin and two rings around them."`
	Resolution int     `default:"10" help:"Of the H3 cells: 7 to 11."`
	Origins    int     `default:"156" help:"Weekly origins, the last ones that the file allows."`
	Horizons   []int   `help:"Days; 7, 14, 30, 31, 60 and 90 if not given." placeholder:"DAYS"`
	Offsets    int     `default:"64" help:"Ways to lay the squares of 250 feet; 0 leaves them out."`
	WholeMi2   float64 `name:"whole-mi2" help:"Area that PAI of the squares is taken with, in square miles; that of the territory if not given. The challenge takes 147.71 for Portland."`
	Seed       uint64  `default:"1" help:"Seed of the bootstrap."`
}

type backtestCartheftNIJCommand struct {
	theftFiles
	Boundary string    `required:"" predictor:"file" help:"Scored area: GeoJSON polygons, or a CSV of corners (lon,lat or x,y in feet of EPSG:2913)."`
	Until    time.Time `required:"" format:"2006-01-02" help:"Last day that may be learnt from; the forecast begins on the next."`
	WholeMi2 float64   `name:"whole-mi2" default:"147.71" help:"A of PAI in square miles: 147.71 in the challenge; 0 is the area of the boundary."`
	Seed     uint64    `default:"1" help:"Seed of the bootstrap."`
}

// Help shows examples.
func (c *backtestCartheftRunCommand) Help() string {
	return `From weekly origins on, every model forecasts every horizon; fixed areas (0.25 and 0.75 square miles, 1, 5 and 10 %) are spent on its
best places, and the model of each area is chosen at each origin by the origins whose period had passed by then. Only what was reported
before an origin is known at it. Events that may not feed the forecast are refused and counted.

Examples:
  vigie backtest cartheft --file portland_vehicle_2012_2017-02.csv.gz --boundary portland_boundary_epsg2913.csv.gz --whole-mi2 147.71 --json
  vigie backtest cartheft --file thefts.csv --mapping my_thefts.yaml`
}

// Help shows an example.
func (c *backtestCartheftNIJCommand) Help() string {
	return `Example:
  vigie backtest cartheft nij --file portland_vehicle.csv.gz --boundary portland_boundary_epsg2913.csv.gz --until 2017-02-28`
}

// Run prints the report.
func (c *backtestCartheftRunCommand) Run(ctx context.Context, a *app) error {
	if c.Resolution < 7 || c.Resolution > 11 {
		return usagef("backtest: --resolution %d must be 7 to 11", c.Resolution)
	}
	if c.Origins < 8 || c.Origins > 1000 || c.Offsets < 0 || c.Offsets > 1000 || c.WholeMi2 < 0 {
		return usagef("backtest: --origins must be 8 to 1,000, --offsets 0 to 1,000 and --whole-mi2 not negative")
	}
	for _, h := range c.Horizons {
		if h < 1 || h > 366 {
			return usagef("backtest: --horizons %d: must be 1 to 366 days", h)
		}
	}
	thefts, err := c.read(ctx, a)
	if err != nil {
		return err
	}
	o := hotspot.BacktestOptions{
		Options: hotspot.Options{Seed: c.Seed, Report: a.progress}, Resolution: c.Resolution, Origins: c.Origins, Horizons: c.Horizons,
		Offsets: c.Offsets, Whole: c.WholeMi2 * hotspot.SquareMile,
	}
	if c.Offsets == 0 {
		o.Offsets = -1
	}
	if c.Boundary != "" {
		if o.Territory, err = readBoundary(ctx, a, c.Boundary); err != nil {
			return err
		}
	}
	report, err := hotspot.Backtest(ctx, thefts.events, o)
	if err != nil {
		return theftError(err)
	}
	a.display.Close()
	out := cartheftReport{Report: report, Refused: thefts.refused, Refusals: thefts.why, Rejected: thefts.rejected}
	a.print(out, func(w io.Writer) { printCartheft(w, &out) })
	return nil
}

// Run prints the challenge's figures.
func (c *backtestCartheftNIJCommand) Run(ctx context.Context, a *app) error {
	thefts, err := c.read(ctx, a)
	if err != nil {
		return err
	}
	territory, err := readBoundary(ctx, a, c.Boundary)
	if err != nil {
		return err
	}
	o := hotspot.ReplayOptions{
		Options: hotspot.Options{Seed: c.Seed, Report: a.progress}, Territory: territory, Whole: c.WholeMi2 * hotspot.SquareMile, Until: judge.DayOf(c.Until),
	}
	if b := territory.Bound(); b.Min.Lon() > -125 && b.Max.Lon() < -116 && b.Min.Lat() > 43 && b.Max.Lat() < 47 {
		o.Plane = hotspot.OregonNorth() // the plane of the challenge
	}
	report, err := hotspot.Replay(ctx, thefts.events, o)
	if err != nil {
		return theftError(err)
	}
	a.display.Close()
	a.print(report, func(w io.Writer) { printReplay(w, report) })
	return nil
}

// theftError says of the errors of the pure package what they are to the command line.
func theftError(err error) error {
	if errors.Is(err, hotspot.ErrInvalid) || errors.Is(err, hotspot.ErrFew) {
		return fmt.Errorf("%w: %w", geoengine.ErrInvalid, err)
	}
	return err
}

// readThefts are thefts as the forecast may know them, and what was left out.
type readThefts struct {
	events   []hotspot.Event
	refused  int      // by the rules of the module
	why      []string // the first refusals
	rejected int      // rows without a day or a position
}

func (t *readThefts) admit(category string, attributes geoengine.Attributes, e hotspot.Event, name string) {
	const shown = 5
	if err := cartheft.Admit(category, attributes); err != nil {
		if t.refused++; len(t.why) < shown {
			t.why = append(t.why, name+": "+err.Error())
		}
		return
	}
	t.events = append(t.events, e)
}

func (f *theftFiles) read(ctx context.Context, a *app) (*readThefts, error) {
	t := &readThefts{}
	if f.Mapping != "" {
		return t, readRecords(ctx, a, "csv", f.File, data.Options{Mapping: f.Mapping}, func(r *data.Record) error {
			if r.EPSG != 0 && r.EPSG != 4326 {
				return fmt.Errorf("positions of the thefts are in EPSG:%d: give a file with longitude and latitude: %w", r.EPSG, geoengine.ErrInvalid)
			}
			switch e := r.Event; {
			case e == nil:
			case !e.HasPosition:
				t.rejected++
			default:
				day := judge.DayOf(e.Start)
				reported := day
				if !e.Reported.IsZero() {
					reported = judge.DayOf(e.Reported.In(e.Start.Location()))
				}
				t.admit(e.Category, e.Attributes, hotspot.Event{Point: e.Position, Day: day, Reported: reported}, e.Source+"/"+e.Ref)
			}
			return nil
		})
	}
	files, cleanup, err := data.OpenInput(ctx, f.File, data.Limits{Progress: a.progress})
	if err != nil {
		return nil, err
	}
	defer cleanup()
	for _, file := range files {
		stream, err := file.Open()
		if err != nil {
			return nil, err
		}
		err = t.plain(ctx, stream, file.Name)
		if err = errors.Join(err, stream.Close()); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// plain reads a CSV with the columns occ_date, lon, lat and reported_date; all others are attributes that the module may
// refuse an event for, and nothing else.
func (t *readThefts) plain(ctx context.Context, r io.Reader, name string) error {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord, rows.ReuseRecord = -1, true
	head, err := rows.Read()
	if err != nil {
		return fmt.Errorf("%s: no first line with the names of columns: %w: %w", name, geoengine.ErrInvalid, err)
	}
	head = slices.Clone(head)
	for i := range head {
		head[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(head[i], "\ufeff")))
	}
	day, lon, lat := slices.Index(head, "occ_date"), slices.Index(head, "lon"), slices.Index(head, "lat")
	if day < 0 || lon < 0 || lat < 0 {
		return fmt.Errorf("%s has the columns %s: occ_date, lon and lat are needed, or give a --mapping: %w", name, strings.Join(head, ", "), geoengine.ErrInvalid)
	}
	reported := slices.Index(head, "reported_date")
	for line := 2; ; line++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: %w: %w", name, geoengine.ErrInvalid, err)
		}
		field := func(i int) string {
			if i < 0 || i >= len(row) {
				return ""
			}
			return strings.TrimSpace(row[i])
		}
		e, ok := theftOf(field(day), field(reported), field(lon), field(lat))
		if !ok {
			t.rejected++
			continue
		}
		category, attributes := cartheft.Category, geoengine.Attributes(nil)
		for i, key := range head {
			switch value := field(i); {
			case value == "" || i == day || i == lon || i == lat || i == reported:
			case key == "category":
				category = value
			default:
				attributes = append(attributes, geoengine.Attribute{Key: key, Value: value})
			}
		}
		t.admit(category, attributes, e, fmt.Sprintf("%s line %d", name, line))
	}
}
