package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/bench"
	"vigie/geoengine"
)

// benchCommand measures.
type benchCommand struct {
	What   string   `arg:"" enum:"ingest,cube,tiles,cells,fresh,api,zones,plan,roads,placement,predict" help:"ingest, cube, tiles, cells, fresh (commit to visible), api (features, cost of rights and journal) zones (hot spots on roads) plan (click to order of operations), roads (travel times), placement (choice of posts) or predict (forecasts)."`
	Events int      `default:"1000000" help:"How many events to measure with."`
	Seed   uint64   `default:"1" help:"Seed of the generated data."`
	Check  int      `help:"Random instances to check instead of measuring (placement)."`
	File   []string `type:"path" help:"Files to measure on: roads (roads; the shared city extracts if none is given), thefts or 911 calls (predict; made-up data if none is given)."`
}

// Help says what is measured.
func (c *benchCommand) Help() string {
	return `Each row shows our figure beside a peer's, taken in the same run, with their ratio and the goal. The data are generated
in a database of their own, dropped afterwards; the store is not touched.

Examples:
  vigie bench cells
  vigie bench cube --events 10000000 --json
  vigie bench placement --json
  vigie bench placement --check 100000
  vigie bench predict --json
  vigie bench predict --file portland_vehicle_2012_2017-02.csv.gz --file montgomery_911_to_2016-07-15.csv.gz`
}

type benchReport struct {
	Bench   string         `json:"bench"`
	Events  int            `json:"events"`
	Seed    uint64         `json:"seed"`
	Seconds float64        `json:"seconds"`
	Results []bench.Result `json:"results"`
}

// Run measures and prints the rows; a goal that is not met is no failure.
func (c *benchCommand) Run(ctx context.Context, a *app) error {
	begun := a.clock()
	if c.Events < 1000 {
		return usagef("bench: --events must be at least 1000")
	}
	options := bench.Options{Events: c.Events, Seed: c.Seed, Check: c.Check, Files: c.File, Progress: a.progress, Log: a.log}
	measure := map[string]func(context.Context, *geoengine.Store, bench.Options) ([]bench.Result, error){
		"ingest": bench.Ingest, "cube": bench.Cube, "tiles": bench.Tiles, "cells": bench.Cells, "fresh": bench.Fresh, "api": bench.API,
		"zones": bench.Zones, "plan": bench.Plan, "roads": bench.Roads, "placement": bench.Placement, "predict": bench.Predict,
	}[c.What]
	var results []bench.Result
	run := func(store *geoengine.Store) (err error) {
		results, err = measure(ctx, store, options)
		return err
	}
	var err error
	if c.What == "cells" || c.What == "zones" || c.What == "placement" || c.What == "predict" {
		err = run(nil)
	} else {
		err = a.withThrowawayDatabase(ctx, run)
	}
	if err != nil {
		return fmt.Errorf("bench %s: %w", c.What, err)
	}
	a.display.Close()
	report := benchReport{c.What, c.Events, c.Seed, a.clock().Sub(begun).Seconds(), results}
	a.print(report, report.print)
	return nil
}

func (r benchReport) print(w io.Writer) {
	rows := [][]string{{"NAME", "UNIT", "OURS", "PEER", "RATIO", "GOAL", "", "PEER IS"}}
	for _, result := range r.Results {
		peer, goal := "", fmt.Sprintf("≤ %.4g", result.Goal)
		if result.PeerName != "" {
			peer, goal = fmt.Sprintf("%.4g", result.Peer), fmt.Sprintf("≥ %.4g ×", result.Goal)
		}
		met := "missed"
		if result.Met {
			met = "met"
		}
		rows = append(rows, []string{
			result.Name, result.Unit, fmt.Sprintf("%.4g", result.Ours), peer, fmt.Sprintf("%.3g ×", result.Ratio), goal, met, result.PeerName,
		})
	}
	table(w, rows)
}

// withThrowawayDatabase runs on a fresh migrated database beside the store's, with the same settings, and drops it.
func (a *app) withThrowawayDatabase(ctx context.Context, run func(*geoengine.Store) error) (err error) {
	around, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer around.close(ctx)
	name := fmt.Sprintf("vigie_bench_%d", os.Getpid())
	quoted := pgx.Identifier{name}.Sanitize()
	if _, err := around.Pool.Exec(ctx, "create database "+quoted); err != nil {
		return fmt.Errorf("make a database for the measurement: %w", err)
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		_, dropErr := around.Pool.Exec(ending, "drop database if exists "+quoted+" with (force)")
		err = errors.Join(err, dropErr)
	}()
	store, err := geoengine.Open(ctx, addressOf(around.url, name))
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	return run(store)
}
