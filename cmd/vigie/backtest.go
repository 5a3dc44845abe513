package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/modules/checkpoints/backtest"
	"vigie/predict/roadrisk"
)

// backtestCommand asks what past data say of a method.
type backtestCommand struct {
	Checkpoints  backtestCheckpointsCommand  `cmd:"" help:"What plans of earlier years would have covered of the next, beside other ways to choose."`
	Accidents    backtestAccidentsCommand    `cmd:"" help:"Which share of the next year's accidents lies in the segment-hours that rank first, beside counts of the past."`
	Cartheft     backtestCartheftCommand     `cmd:"" help:"How forecasts of vehicle thefts would have done, by the whole protocol or by the challenge of the NIJ."`
	Firestations backtestFirestationsCommand `cmd:"" help:"How calls of fire stations would have been forecast in weeks held out."`
}

// backtestCheckpointsCommand judges plans by a year that they have not seen.
type backtestCheckpointsCommand struct {
	Train     []int    `required:"" help:"Years to learn from." placeholder:"YEAR"`
	Test      int      `required:"" help:"Year to be judged by, after those." placeholder:"YEAR"`
	Area      []string `help:"Area paths of the store, where neither --roads nor --accidents is given."`
	Roads     []string `predictor:"file" help:"Files of roads: OpenStreetMap, or GeoJSON lines."`
	Accidents []string `predictor:"file" help:"Files of accidents."`
	Source    string   `default:"csv" help:"How to read the accidents: csv or baac."`
	Mapping   string   `help:"Mapping of the accidents: a file or a ready name (csv)."`
	Name      string   `help:"Name of the place, for the report."`
	Budgets   []int    `help:"Posts of two hours in a week; 21, 42, 84, 168 if not given." placeholder:"N"`
	Draws     int      `default:"2000" help:"Draws of the bootstrap."`
	Seed      uint64   `default:"1" help:"Seed of chance."`
}

// Help shows examples.
func (c *backtestCheckpointsCommand) Help() string {
	return `Everybody has the same number of posts of two hours a week, chosen from the years to learn from, and is judged by the same
accidents of the year after: what is covered faded by distance and hour, and, plainly, within 500 m or 1 km and an hour. Where there are
several years to learn from, choices (the width of the kernel) are made on the last of them, and the variants of the model are compared there.

Examples:
  vigie backtest checkpoints --roads poa_osm.pbf --accidents porto_alegre.csv.gz --mapping porto_alegre_accidents --train 2011,2013,2014 --test 2015
  vigie backtest checkpoints --roads edinburgh.geojsonl.gz --accidents edinburgh.csv.gz --mapping edinburgh_accidents --train 2010,2011 --test 2012 --json
  vigie backtest checkpoints --area fr.76.31 --train 2021,2022,2023 --test 2024`
}

// Run prints what each has covered.
func (c *backtestCheckpointsCommand) Run(ctx context.Context, a *app) error {
	if (len(c.Roads) > 0) != (len(c.Accidents) > 0) || (len(c.Roads) > 0) == (len(c.Area) > 0) {
		return usagef("backtest: name --roads and --accidents, or --area of the store")
	}
	in := backtest.Input{Name: c.Name, Train: c.Train, Test: c.Test}
	read := c.fromFiles
	if len(c.Area) > 0 {
		read = c.fromStore
	}
	var err error
	if in.Graph, in.Accidents, err = read(ctx, a); err != nil {
		return err
	}
	const minM, maxM = 250, 500
	in.Lixels = in.Graph.Lixels(minM, maxM)
	report, err := backtest.Run(ctx, in, backtest.Options{Budgets: c.Budgets, Draws: c.Draws, Seed: c.Seed, Progress: a.progress})
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(report, func(w io.Writer) { printBacktest(w, report) })
	return nil
}

// fromFiles reads roads and accidents as the importers do, without a store.
func (c *backtestCheckpointsCommand) fromFiles(ctx context.Context, a *app) (*road.Graph, []roadrisk.Accident, error) {
	graph, err := readGraph(ctx, a, c.Roads)
	if err != nil {
		return nil, nil, err
	}
	accidents, err := readAccidents(ctx, a, c.Source, c.Mapping, c.Accidents)
	return graph, accidents, err
}

// readGraph reads roads as the importers do, without a store.
func readGraph(ctx context.Context, a *app, paths []string) (*road.Graph, error) {
	name := "osm"
	if strings.Contains(strings.ToLower(paths[0]), "json") {
		name = "roads"
	}
	var sections []road.Section
	var turns []road.Restriction
	err := readRecords(ctx, a, name, paths, data.Options{}, func(r *data.Record) error {
		switch {
		case r.Section != nil:
			sections = append(sections, *r.Section)
		case r.Turn != nil:
			turns = append(turns, *r.Turn)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	graph, err := road.New(sections, turns, nil)
	if err != nil {
		return nil, fmt.Errorf("make the road graph: %w", err)
	}
	return graph, nil
}

// readRecords reads files by a source; rejected rows are left out, as an import leaves them out.
func readRecords(ctx context.Context, a *app, name string, paths []string, options data.Options, take func(*data.Record) error) error {
	source, err := findSource(name)
	if err != nil {
		return err
	}
	files, cleanup, err := data.OpenInput(ctx, paths, data.Limits{Progress: a.progress})
	if err != nil {
		return err
	}
	defer cleanup()
	for record, err := range source.Read(ctx, data.Input{Files: files, Options: options}) {
		var reject *data.Reject
		if errors.As(err, &reject) {
			continue
		}
		if err == nil {
			err = take(&record)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}

// fromStore reads what was imported of the areas.
func (c *backtestCheckpointsCommand) fromStore(ctx context.Context, a *app) (*road.Graph, []roadrisk.Accident, error) {
	store, err := a.open(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	defer store.close(ctx)
	const marginM = 3000
	graph, _, err := road.Load(ctx, store.Store, c.Area, marginM, a.progress)
	if err != nil {
		return nil, nil, err
	}
	years := append(slices.Clone(c.Train), c.Test)
	var accidents []roadrisk.Accident
	err = store.EachEvent(ctx, geoengine.Query{
		Areas: c.Area, Categories: []string{"road.accident"},
		From: time.Date(slices.Min(years), 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -1), To: time.Date(slices.Max(years)+1, 1, 2, 0, 0, 0, 0, time.UTC),
	}, func(e *geoengine.LocatedEvent) { accidents = append(accidents, roadrisk.FromEvent(&e.Event)) })
	return graph, accidents, err
}

// printBacktest prints goals and scores for people.
func printBacktest(w io.Writer, r *backtest.Report) {
	d := r.Outcome.Data
	fmt.Fprintf(w, "%s: learnt from %v (%d injury accidents), judged by %d (%d with an hour, %d fatal); %.0f km of road in %d lixels\n",
		cmp.Or(r.Name, "back-test"), r.Train, d.Train, r.Test, d.Test, d.TestFatal, r.RoadKM, r.Lixels)
	fmt.Fprintf(w, "kernels chosen on the inner year: %.0f m (by severity: %v), apart %.0f m (by severity: %v)\n\n",
		r.Kernel.Plain.Metres, r.Kernel.Plain.Severity, r.Kernel.Apart.Metres, r.Kernel.Apart.Severity)
	rows := [][]string{{"AGAINST", "POSTS A WEEK", "RATIO", "95 %", "GOAL", ""}}
	for _, g := range r.Goals {
		goal, met := "", ""
		if g.Want > 0 {
			goal, met = fmt.Sprintf("≥ %.1f ×", g.Want), map[bool]string{true: "met", false: "missed"}[g.Met]
		}
		rows = append(rows, []string{g.Against, fmt.Sprint(g.Budget), fmt.Sprintf("%.2f ×", g.Got.Value), fmt.Sprintf("%.2f–%.2f", g.Got.Low, g.Got.High), goal, met})
	}
	table(w, rows)
	printScores(w, fmt.Sprintf("judged by %d, learnt from %v", r.Outcome.Test, r.Outcome.Train), r.Outcome, r)
	if r.Inner != nil {
		printScores(w, fmt.Sprintf("inner year, for choices: judged by %d, learnt from %v", r.Inner.Test, r.Inner.Train), r.Inner, r)
	}
	for _, e := range r.Outcome.Entrants {
		fmt.Fprintf(w, "%s: %s\n", e.Name, e.About)
	}
}

// printScores prints what each covered with the headline budget, by every yardstick.
func printScores(w io.Writer, title string, o *backtest.Outcome, r *backtest.Report) {
	fmt.Fprintf(w, "\n%s, %d posts a week, share covered (plan over this one)\n", title, r.Goals[0].Budget)
	head := []string{"NAME"}
	for _, y := range r.Yardsticks {
		head = append(head, y.Name+", severity", y.Name+", accidents")
	}
	rows := [][]string{head}
	for _, e := range o.Entrants {
		row := []string{e.Name}
		for _, s := range o.Scores {
			if s.Name == e.Name && s.Budget == r.Goals[0].Budget {
				row = append(row, fmt.Sprintf("%.2f %% (%.2f ×, %.2f–%.2f)", 100*s.Share.Value, s.Ratio.Value, s.Ratio.Low, s.Ratio.High))
			}
		}
		rows = append(rows, row)
	}
	table(w, rows)
	fmt.Fprintln(w)
}
