package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"vigie/geoengine/cube"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
	"vigie/geoengine/journal"
	"vigie/module/forecasting"
)

// forecastCommand makes, replays and schedules forecasts.
type forecastCommand struct {
	Name       string            `arg:"" optional:"" help:"Of the forecast; without it, what there is is listed."`
	Area       []string          `help:"Area paths; none is everything." placeholder:"PATH"`
	Until      string            `help:"Only what was reported before it is known: a day, or RFC 3339; the begin of today if not given." placeholder:"TIME"`
	Horizon    string            `help:"How far it reaches; the forecast's first one if not given." placeholder:"P7D"`
	Seed       uint64            `default:"1" help:"Seed of chance."`
	Option     map[string]string `help:"Options of the forecast." placeholder:"NAME=VALUE"`
	Keep       bool              `help:"Keep the run, so that it is seen on the map."`
	Replay     string            `help:"Make this run again and say whether it gives the same bytes." placeholder:"RUN" xor:"do"`
	Schedule   string            `help:"Have it made again and again for this area by the servers; * is everything." placeholder:"PATH" xor:"do"`
	Unschedule string            `help:"The reverse of --schedule." placeholder:"PATH" xor:"do"`
}

// Help shows examples.
func (c *forecastCommand) Help() string {
	return `With --json the result is printed as it is hashed: the same data, version and seed give the same bytes.

A replay says why bytes differ: the data has changed since (reports that came late, an import), or the version of the model. It ends with
code 1 where they differ.

Examples:
  vigie forecast
  vigie forecast cartheft --area fr.76.31 --horizon P7D --until 2026-03-02 --json
  vigie forecast cartheft --area fr.76.31 --horizon P7D --keep
  vigie forecast cartheft --replay 7e0a…
  vigie forecast firestations --schedule fr.11.91 --horizon P14D`
}

// Run does what the flags say.
func (c *forecastCommand) Run(ctx context.Context, a *app) error {
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	extensions, err := a.startModules(store.Store, cube.New(store.Store, a.log))
	if err != nil {
		return err
	}
	var processes []jobs.Process
	for _, extension := range extensions {
		processes = append(processes, extension.Processes...)
	}
	if c.Name == "" {
		return c.list(ctx, a, store, forecasting.All(processes))
	}
	f, err := forecasting.Find(processes, c.Name)
	if err != nil {
		return usageError{err}
	}
	switch {
	case c.Replay != "":
		return c.replay(ctx, a, store, f)
	case c.Schedule != "" || c.Unschedule != "":
		return c.schedule(ctx, a, store, f)
	}
	return c.make(ctx, a, store, f)
}

// entry is the line of the journal for what is done.
func (c *forecastCommand) entry(operation, act, reference string) journal.Entry {
	return journal.Entry{Operation: operation, Class: "read", Act: act, Reference: "forecast:" + c.Name + " " + reference}
}

func (c *forecastCommand) spec(a *app, f *forecasting.Forecaster) (forecast.Spec, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return forecast.Spec{}, err
	}
	year, month, day := a.clock().In(zone).Date()
	spec := forecast.Spec{Areas: c.Area, Until: time.Date(year, month, day, 0, 0, 0, 0, zone), Horizon: c.Horizon, Seed: c.Seed, Options: c.Option}
	if spec.Horizon == "" {
		spec.Horizon = f.Horizons[0].Name
	}
	if c.Until != "" {
		if spec.Until, err = time.Parse(time.RFC3339, c.Until); err != nil {
			if spec.Until, err = time.ParseInLocation(time.DateOnly, c.Until, zone); err != nil {
				return spec, usagef("--until %q: give a day (2026-03-02) or a time (2026-03-02T00:00:00+01:00)", c.Until)
			}
		}
	}
	spec, err = forecasting.Prepare(f, spec, a.clock())
	if err != nil {
		return spec, usageError{err}
	}
	return spec, nil
}

// make makes a run, and keeps it if that is asked for.
func (c *forecastCommand) make(ctx context.Context, a *app, store *opened, f *forecasting.Forecaster) error {
	spec, err := c.spec(a, f)
	if err != nil {
		return err
	}
	act, id := "consultation", ""
	if c.Keep {
		act = "collection"
	}
	var r *forecast.Result
	err = a.journalled(ctx, store.Store, c.entry("forecast", act, strings.Join(spec.Areas, ",")), func(ctx context.Context) error {
		if r, err = forecasting.Make(ctx, f, store.Store, spec, a.progress); err != nil || !c.Keep {
			return err
		}
		from := forecast.Origin{Author: "cli:" + runBy(), At: a.clock(), Feeds: f.Categories}
		if from.ID, err = forecast.NewID(rand.Reader); err != nil {
			return err
		}
		id = from.ID.String()
		return forecast.New(store.Store).Save(ctx, r, from)
	})
	if err != nil {
		return err
	}
	return c.print(a, r, id)
}

// best is how many places are shown to people.
const best = 10

func (c *forecastCommand) print(a *app, r *forecast.Result, id string) error {
	body, err := r.JSON()
	if err != nil {
		return err
	}
	if a.json {
		_, err := a.out.Write(append(body, '\n'))
		return err
	}
	w := a.out
	fmt.Fprintf(w, "%s: %s\n", r.Card.Title.EN, r.Card.Verdict.EN)
	rows := [][]string{
		{"  period", r.From.Format(time.DateOnly) + " to " + r.To.Format(time.DateOnly)}, {"  model", r.Model + " " + r.Version},
		{"  learnt from", fmt.Sprintf("%d events in %d places", r.Card.Inputs.Events, r.Card.Inputs.Places)}, {"  values", strconv.Itoa(len(r.Values))}, {"  input", r.InputHash},
	}
	for _, refused := range r.Card.Refused {
		rows = append(rows, []string{"  refused", fmt.Sprintf("%d: %s", refused.N, refused.Reason.EN)})
	}
	if id != "" {
		rows = append(rows, []string{"  kept as", id})
	}
	table(w, rows)
	top := [][]string{{"  rank", "place", "expected", "80 % interval", "past"}}
	for i := range r.Values {
		if v := &r.Values[i]; v.Rank > 0 && v.Rank <= best && len(top) <= best {
			name := v.Label
			if name == "" {
				name = v.Place
			}
			if v.Cell != 0 {
				name = strconv.FormatUint(v.Cell, 16)
			}
			top = append(top, []string{fmt.Sprintf("  %d", v.Rank), name, fmt.Sprintf("%.2f", v.Expected), fmt.Sprintf("%.2f–%.2f", v.Low80, v.High80), fmt.Sprintf("%.2f", v.Count)})
		}
	}
	if len(top) > 1 {
		table(w, top)
	}
	return nil
}

// replay makes a run again.
func (c *forecastCommand) replay(ctx context.Context, a *app, store *opened, f *forecasting.Forecaster) error {
	id, err := jobs.ParseID(c.Replay)
	if err != nil {
		return usageError{err}
	}
	var r forecasting.Replay
	err = a.journalled(ctx, store.Store, c.entry("forecast-replay", "consultation", "run:"+c.Replay), func(ctx context.Context) error {
		r, err = forecasting.Again(ctx, f, store.Store, id, a.progress)
		return err
	})
	if err != nil {
		return err
	}
	a.print(r, func(w io.Writer) {
		switch {
		case r.Same:
			fmt.Fprintf(w, "run %s gives the same bytes: SHA-256 %s\n", r.Run, r.After.Result)
		case !r.SameModel:
			fmt.Fprintf(w, "run %s gives other bytes: it was made by %s, and now by %s\n", r.Run, r.Before.Model, r.After.Model)
		case !r.SameInput:
			fmt.Fprintf(w, "run %s gives other bytes: the data has changed since: input %s, now %s\n", r.Run, r.Before.Input, r.After.Input)
		default:
			fmt.Fprintf(w, "run %s gives other bytes from the same data and model: result %s, now %s\n", r.Run, r.Before.Result, r.After.Result)
		}
	})
	if !r.Same {
		return exitStatus(exitFailed)
	}
	return nil
}

// schedule puts a run into the schedule, or takes it out.
func (c *forecastCommand) schedule(ctx context.Context, a *app, store *opened, f *forecasting.Forecaster) error {
	area := c.Schedule + c.Unschedule
	one := *c
	if one.Area = []string{area}; area == "*" {
		one.Area, area = nil, ""
	}
	spec, err := one.spec(a, f)
	if err != nil {
		return err
	}
	planned := forecast.Scheduled{Name: f.Name, Area: area, Horizon: spec.Horizon, Options: spec.Options, Author: "cli:" + runBy(), At: a.clock()}
	operation := "forecast-schedule"
	if c.Unschedule != "" {
		operation = "forecast-unschedule"
	}
	entry := c.entry(operation, "modification", area+" "+spec.Horizon)
	entry.Class = "security"
	err = a.journalled(ctx, store.Store, entry, func(ctx context.Context) error {
		if c.Unschedule != "" {
			return forecast.New(store.Store).Unplan(ctx, planned)
		}
		if area != "" {
			if err := knownArea(ctx, store, area); err != nil {
				return err
			}
		}
		return forecast.New(store.Store).Plan(ctx, planned)
	})
	if err != nil {
		return err
	}
	return c.list(ctx, a, store, []*forecasting.Forecaster{f})
}

func knownArea(ctx context.Context, store *opened, path string) error {
	areas, err := store.AreaNames(ctx)
	if err != nil {
		return err
	}
	for i := range areas {
		if areas[i].Path == path {
			return nil
		}
	}
	return usagef("there is no area %q", path)
}

// listed is a forecast with its schedule.
type listed struct {
	Name     string               `json:"name"`
	Title    string               `json:"title"`
	Horizons []string             `json:"horizons"`
	Schedule []forecast.Scheduled `json:"schedule"`
}

func (c *forecastCommand) list(ctx context.Context, a *app, store *opened, all []*forecasting.Forecaster) error {
	list := []listed{}
	for _, f := range all {
		one := listed{Name: f.Name, Title: f.Title.EN, Schedule: []forecast.Scheduled{}}
		for _, h := range f.Horizons {
			one.Horizons = append(one.Horizons, h.Name)
		}
		planned, err := forecast.New(store.Store).Planned(ctx, f.Name)
		if err != nil {
			return err
		}
		one.Schedule = append(one.Schedule, planned...)
		list = append(list, one)
	}
	a.print(map[string]any{"forecasts": list}, func(w io.Writer) {
		for _, one := range list {
			fmt.Fprintf(w, "%s: %s (%s)\n", one.Name, one.Title, strings.Join(one.Horizons, ", "))
			for _, s := range one.Schedule {
				where := s.Area
				if where == "" {
					where = "everything"
				}
				fmt.Fprintf(w, "  by itself for %s, %s, since %s by %s\n", where, s.Horizon, s.At.Format(time.DateOnly), s.Author)
			}
		}
	})
	return nil
}
