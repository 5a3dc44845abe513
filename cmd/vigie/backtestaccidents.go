package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"vigie/data"
	"vigie/geoengine"
	"vigie/modules/accidents/backtest"
	"vigie/predict/roadrisk"
)

// backtestAccidentsCommand draws the capture curve of the forecast of accidents.
type backtestAccidentsCommand struct {
	Train      []int     `required:"" help:"Years to learn from." placeholder:"YEAR"`
	Test       int       `required:"" help:"Year to be judged by, after those." placeholder:"YEAR"`
	Roads      []string  `predictor:"file" help:"Files of roads: OpenStreetMap, or GeoJSON lines. Without them accidents are forecast on cells."`
	Accidents  []string  `required:"" predictor:"file" help:"Files of accidents."`
	Source     string    `default:"csv" help:"How to read the accidents: csv or baac."`
	Mapping    string    `help:"Mapping of the accidents: a file or a ready name (csv)."`
	Name       string    `help:"Name of the place, for the report."`
	Least      float64   `default:"250" help:"Shortest lixel that is cut, in metres."`
	Most       float64   `default:"500" help:"Longest lixel, in metres."`
	Resolution int       `default:"8" help:"Of the cells, without roads: 5 to 10."`
	Budgets    []float64 `help:"Shares of all segment-hours; 0.01, 0.05, 0.13, 0.20 if not given." placeholder:"SHARE"`
	Damage     bool      `help:"Accidents with damage only count like the others."`
	Variants   bool      `help:"Judge the variants of the model on the test year too."`
	Quick      bool      `help:"Leave out the inner year, on which variants are compared."`
	Draws      int       `default:"2000" help:"Draws of the bootstrap."`
	Seed       uint64    `default:"1" help:"Seed of chance."`
}

// Help shows examples.
func (c *backtestAccidentsCommand) Help() string {
	return `Every stretch of road (250 to 500 m) in every hour of the week is a segment-hour. They are ranked by what is expected from the years
to learn from; the capture curve says which share of the accidents of the year after lies in the first 1, 5, 13 and 20 % of them,
beside rankings by counts of the past. Where there are several years to learn from, the variants of the model are compared on the last of them.

Examples:
  vigie backtest accidents --roads poa_osm.pbf --accidents porto_alegre.csv.gz --mapping porto_alegre_accidents --train 2011,2013,2014 --test 2015
  vigie backtest accidents --roads edinburgh.geojsonl.gz --accidents edinburgh.csv.gz --mapping edinburgh_accidents --train 2010,2011 --test 2012 --json
  vigie backtest accidents --accidents velo_edpm.csv.gz --mapping velo_edpm --train 2017,2018 --test 2019 --resolution 8`
}

// Run prints the curve.
func (c *backtestAccidentsCommand) Run(ctx context.Context, a *app) error {
	const leastResolution, mostResolution = 5, 10
	if c.Resolution < leastResolution || c.Resolution > mostResolution {
		return usagef("backtest: --resolution %d must be %d to %d", c.Resolution, leastResolution, mostResolution)
	}
	if !(c.Least >= 20 && c.Most >= c.Least && c.Most <= 5000) {
		return usagef("backtest: lixels of %v to %v m: must be 20 to 5,000, the shortest first", c.Least, c.Most)
	}
	in := backtest.Input{Name: c.Name}
	var err error
	if len(c.Roads) > 0 {
		in.Network, err = c.roads(ctx, a)
	}
	if err == nil {
		in.Accidents, err = readAccidents(ctx, a, c.Source, c.Mapping, c.Accidents)
	}
	if err != nil {
		return err
	}
	if in.Network == nil {
		const rings = 2
		if in.Cells, err = roadrisk.CellsAround(c.known(in.Accidents), c.Resolution, rings); err != nil {
			return err
		}
	}
	zone := time.UTC
	if len(in.Accidents) > 0 {
		zone = in.Accidents[0].Start.Location()
	}
	train := slices.Compact(slices.Sorted(slices.Values(c.Train)))
	for _, y := range train {
		in.Train = append(in.Train, wholeYear(y, zone))
	}
	in.Test = wholeYear(c.Test, zone)
	report, err := backtest.Run(ctx, in, backtest.Options{Budgets: c.Budgets, Draws: c.Draws, Seed: c.Seed, Damage: c.Damage, Variants: c.Variants, Quick: c.Quick, Progress: a.progress})
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(report, func(w io.Writer) { printCapture(w, report) })
	return nil
}

// known are the accidents that may say where the cells are: those of the years to learn from.
func (c *backtestAccidentsCommand) known(accidents []roadrisk.Accident) []roadrisk.Accident {
	return slices.DeleteFunc(slices.Clone(accidents), func(a roadrisk.Accident) bool { return !slices.Contains(c.Train, a.Start.Year()) })
}

func wholeYear(y int, zone *time.Location) roadrisk.Period {
	return roadrisk.Period{From: time.Date(y, 1, 1, 0, 0, 0, 0, zone), To: time.Date(y+1, 1, 1, 0, 0, 0, 0, zone)}
}

// roads reads the network and prepares it.
func (c *backtestAccidentsCommand) roads(ctx context.Context, a *app) (*roadrisk.Network, error) {
	graph, err := readGraph(ctx, a, c.Roads)
	if err != nil {
		return nil, err
	}
	return roadrisk.Prepare(ctx, graph, graph.Lixels(c.Least, c.Most), a.progress)
}

// readAccidents reads accidents as the importers do, without a store.
func readAccidents(ctx context.Context, a *app, source, mapping string, paths []string) ([]roadrisk.Accident, error) {
	var accidents []roadrisk.Accident
	err := readRecords(ctx, a, source, paths, data.Options{Mapping: mapping}, func(r *data.Record) error {
		if r.EPSG != 0 && r.EPSG != 4326 {
			return fmt.Errorf("positions of the accidents are in EPSG:%d: give a file with longitude and latitude: %w", r.EPSG, geoengine.ErrInvalid)
		}
		if r.Event != nil && geoengine.Within(r.Event.Category, []string{"road.accident"}) {
			accidents = append(accidents, roadrisk.FromEvent(r.Event))
		}
		return nil
	})
	return accidents, err
}

// printCapture prints goals and curves for people.
func printCapture(w io.Writer, r *backtest.Report) {
	o := r.Outcome
	unit := map[string]string{"lixels": "km of road", "cells": "km²"}[o.Ground]
	fmt.Fprintf(w, "%s: learnt from %.1f years (%d accidents), judged by %s to %s (%d with an hour, %d without, %d without a place); %.0f %s in %d %s\n\n",
		cmp.Or(r.Name, "capture curve"), o.Years, o.Train, o.From.Format(time.DateOnly), o.To.Format(time.DateOnly), o.Test, o.NoHour, o.NoPlace, o.Size, unit, o.Places, o.Ground)
	rows := [][]string{{"GOAL", "WANT", "GOT", "95 %", ""}}
	for _, g := range r.Goals {
		rows = append(rows, []string{g.Name, fmt.Sprintf("%.2f", g.Want), fmt.Sprintf("%.3f", g.Got.Value), fmt.Sprintf("%.3f–%.3f", g.Got.Low, g.Got.High),
			map[bool]string{true: "met", false: "missed"}[g.Met]})
	}
	table(w, rows)
	printCurves(w, "accidents, "+o.From.Format("2006"), r.Budgets, o.Accidents)
	printCurves(w, "severity, "+o.From.Format("2006"), r.Budgets, o.Severity)
	if r.Inner != nil {
		printCurves(w, "inner year "+r.Inner.From.Format("2006")+", where variants are compared", r.Budgets, r.Inner.Accidents)
	}
	for _, c := range o.Accidents {
		fmt.Fprintf(w, "%s: %s\n", c.Name, c.About)
	}
}

func printCurves(w io.Writer, title string, budgets []float64, curves []backtest.Curve) {
	head := []string{title}
	for _, b := range budgets {
		head = append(head, fmt.Sprintf("%.3g %%", 100*b))
	}
	rows := [][]string{head}
	for _, c := range curves {
		row := []string{c.Name}
		for _, p := range c.Points {
			row = append(row, fmt.Sprintf("%.1f %% (%.2f ×, %.2f–%.2f)", 100*p.Share.Value, p.Ratio.Value, p.Ratio.Low, p.Ratio.High))
		}
		rows = append(rows, row)
	}
	fmt.Fprintln(w)
	table(w, rows)
}
