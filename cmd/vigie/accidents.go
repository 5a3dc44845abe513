package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"vigie/data"
	"vigie/modules/accidents"
)

// accidentsCommand imports what ratios of accidents divide by.
type accidentsCommand struct {
	Population accidentsPopulationCommand `cmd:"" help:"Import the inhabitants of areas, for accidents per inhabitant."`
}

// accidentsPopulationCommand imports populations.
type accidentsPopulationCommand struct {
	Files []string `arg:"" predictor:"file" help:"CSV files: a code of areas (code, insee, codgeo, com) and inhabitants (population, pmun, ptot)."`
	Year  int      `required:"" help:"Of the census." placeholder:"YEAR"`
}

// Help says what is done with them.
func (c *accidentsPopulationCommand) Help() string {
	return `A département's inhabitants are its own figure, or the sum of its communes' where all of them have one. The last import of a year
counts. Rows of a code that no area has are counted and named, not kept.

Example:
  vigie accidents population donnees_communes.csv --year 2021`
}

// Run imports and prints what was kept.
func (c *accidentsPopulationCommand) Run(ctx context.Context, a *app) error {
	files, cleanup, err := data.OpenInput(ctx, c.Files, data.Limits{Progress: a.progress})
	if err != nil {
		return err
	}
	defer cleanup()
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	var report accidents.PopulationReport
	err = a.journalled(ctx, store.Store, collection("accidents-import", "population"), func(ctx context.Context) (err error) {
		report, err = accidents.ImportPopulation(ctx, store.Store, files, c.Year, time.Now())
		return err
	})
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(report, func(w io.Writer) { printPopulation(w, &report) })
	return nil
}

func printPopulation(w io.Writer, r *accidents.PopulationReport) {
	fmt.Fprintf(w, "Inhabitants of %d: %d rows read, %d kept\n", r.Year, r.Read, r.Stored)
	for _, reason := range slices.Sorted(maps.Keys(r.Rejected)) {
		fmt.Fprintf(w, "  %s: %d\n", reason, r.Rejected[reason])
	}
	if len(r.Unknown) > 0 {
		fmt.Fprintf(w, "Codes that no area has: %s\n", strings.Join(r.Unknown, " "))
	}
}
