package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"vigie/data"
	"vigie/data/sources/csv"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/journal"
	"vigie/progress"
)

// importCommand imports, and lists what was rejected.
type importCommand struct {
	Run     importRunCommand     `cmd:"" default:"withargs" help:"Import files of a source (the word run may be left out)."`
	Rejects importRejectsCommand `cmd:"" help:"List rejected rows with line and reason, or retry them."`
}

// Help shows examples.
func (c *importCommand) Help() string {
	return "All options: vigie import run --help\n\n" + (&importRunCommand{}).Help()
}

type importRunCommand struct {
	Source  string   `arg:"" predictor:"source" help:"Name of the source: see vigie sources."`
	Inputs  []string `arg:"" optional:"" name:"input" predictor:"file" help:"Files, folders or addresses; plain, gz, bz2, zstd or zip."`
	File    []string `sep:"none" predictor:"file" help:"Another way to name the inputs."`
	Year    int      `help:"Vintage to download, or of the files where they do not say it; last year of the demonstration."`
	Mapping string   `predictor:"file" help:"Mapping of a CSV: a file or a ready name (csv)."`
	Level   string   `help:"Level of the areas in the files (areas)."`
	Root    string   `help:"Area path under which a foreign file hangs, for example br.poa (areas)."`
	Seed    uint64   `default:"1" help:"Seed of the generator (demo)."`
	Scale   float64  `default:"1" help:"Amount of generated data (demo)."`
	DryRun  bool     `help:"Read and check everything, write nothing."`
	Batch   int      `help:"Records in one transaction; default: by the kind of record." placeholder:"N"`
	Guess   bool     `help:"Write no data, print a first mapping for a CSV file, to be finished by hand (csv)."`
	Show    string   `help:"Print a ready mapping (csv)." placeholder:"NAME"`
	Strict  bool     `help:"End with exit code 3 if rows were rejected."`
}

// Help shows examples.
func (c *importRunCommand) Help() string {
	return `Importing twice changes nothing; an import that was cut off goes on where it stopped.
Rejected rows are kept with file, line and reason: vigie import rejects.

Examples:
  vigie import baac --year 2019
  vigie import baac --file caracteristiques_2013.csv lieux_2013.csv vehicules_2013.csv
  vigie import csv --mapping portland_thefts thefts.csv.gz
  vigie import csv --guess collisions.csv > collisions.yaml
  vigie import osm midi-pyrenees-latest.osm.pbf
  vigie import areas communes.geojsonl.gz --dry-run --json`
}

// importReport is the sum of the parts; a generator has several.
type importReport struct {
	data.Report
	Parts []data.Report `json:"parts,omitempty"`
}

// Run imports.
func (c *importRunCommand) Run(ctx context.Context, a *app) error {
	if c.Guess || c.Show != "" {
		return c.printMapping(ctx, a)
	}
	all, err := findSources(c.Source)
	if err != nil {
		return err
	}
	files, cleanup, err := c.open(ctx, a, all[0])
	if err != nil {
		return err
	}
	defer cleanup()
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	mark, err := disclosure.Mark(ctx, store.Store)
	if err != nil {
		return err
	}
	var report importReport
	run := func(ctx context.Context) (err error) {
		report, err = importAll(ctx, store.Store, all, data.Input{Files: files, Options: c.options()},
			data.ImportOptions{DryRun: c.DryRun, BatchSize: c.Batch, Progress: a.progress})
		return err
	}
	if !c.DryRun {
		err = a.journalled(ctx, store.Store, collection("import", c.Source), run)
	} else {
		err = run(ctx)
	}
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(report, report.print)
	if err := a.hintPublished(ctx, store.Store, mark); err != nil {
		return err
	}
	if c.Strict && report.RejectedTotal() > 0 {
		return exitStatus(exitRejects)
	}
	return nil
}

// hintPublished says which published years the events have changed of since the mark.
func (a *app) hintPublished(ctx context.Context, store *geoengine.Store, mark int64) error {
	changed, err := disclosure.Changed(ctx, store, mark)
	if err != nil || a.json {
		return err
	}
	waiting, err := a.unpublished(ctx, store)
	if err != nil {
		return err
	}
	for _, text := range waiting {
		fmt.Fprintln(a.out, text)
	}
	for _, y := range changed {
		fmt.Fprintf(a.out, "What is told of %s in %d is published and stays as it is. To publish it anew: vigie counts publish --category %s --year %d --again\n",
			y.Category, y.Year, y.Category, y.Year)
	}
	return nil
}

// unpublished says which protected categories have years that are over and not published.
func (a *app) unpublished(ctx context.Context, store *geoengine.Store) (texts []string, err error) {
	families, err := protectedFamilies(ctx, store, nil)
	if err != nil {
		return nil, err
	}
	publisher, err := a.publisher(store)
	if err != nil {
		return nil, err
	}
	for _, family := range families {
		years, err := publisher.Unpublished(ctx, family)
		if err != nil {
			return nil, err
		}
		if len(years) > 0 {
			texts = append(texts, fmt.Sprintf("Protected counts of %s in %v are published by a running server 10 minutes after the last import, or now: vigie counts publish --category %s",
				family.Category, years, family.Category))
		}
	}
	return texts, nil
}

// collection is what the journal says of an import. It names the source, not the files: their names are anybody's.
func collection(operation, source string) journal.Entry {
	return journal.Entry{Operation: operation, Act: "collection", Reference: "source:" + source}
}

// printMapping prints a guessed or a ready mapping; no store is opened.
func (c *importRunCommand) printMapping(ctx context.Context, a *app) error {
	if c.Source != mappedName {
		return usagef("import %s: mappings are for vigie import %s", c.Source, mappedName)
	}
	text, err := c.mappingText(ctx, a)
	if err != nil {
		return err
	}
	a.print(map[string]string{"mapping": text}, func(w io.Writer) { fmt.Fprint(w, text) })
	return nil
}

func (c *importRunCommand) mappingText(ctx context.Context, a *app) (string, error) {
	if c.Show != "" {
		text, err := csv.ReadyText(c.Show)
		return string(text), err
	}
	inputs := slices.Concat(c.File, c.Inputs)
	if len(inputs) == 0 {
		return "", usagef("import %s --guess: name a file", mappedName)
	}
	files, cleanup, err := data.OpenInput(ctx, inputs, data.Limits{Progress: a.progress})
	if err != nil {
		return "", err
	}
	defer cleanup()
	return csv.Guess(files[0])
}

// importAll imports sources one after another and adds up their reports.
func importAll(ctx context.Context, store *geoengine.Store, all []data.Source, in data.Input, options data.ImportOptions) (importReport, error) {
	sum := importReport{}
	for _, source := range all {
		report, err := data.Import(ctx, store, source, in, options)
		if err != nil {
			return sum, err
		}
		if len(all) == 1 {
			return importReport{Report: report}, nil
		}
		sum.add(report)
	}
	return sum, nil
}

func (r *importReport) add(part data.Report) {
	r.Parts = append(r.Parts, part)
	if r.Rejected == nil {
		r.Rejected = map[string]int64{}
	}
	r.Run, r.Source, r.Input, r.DryRun = part.Run, part.Source, part.Input, part.DryRun
	r.Read += part.Read
	r.New += part.New
	r.Changed += part.Changed
	r.Unchanged += part.Unchanged
	r.Removed += part.Removed
	r.WithoutPosition += part.WithoutPosition
	r.Seconds += part.Seconds
	r.Resumed = r.Resumed || part.Resumed
	for reason, n := range part.Rejected {
		r.Rejected[reason] += n
	}
}

func (r importReport) print(w io.Writer) {
	if len(r.Parts) == 0 {
		printReport(w, r.Report)
	}
	for _, part := range r.Parts {
		printReport(w, part)
	}
}

func (c *importRunCommand) options() data.Options {
	return data.Options{Mapping: c.Mapping, Year: c.Year, Level: c.Level, Root: c.Root, Seed: c.Seed, Scale: c.Scale}
}

// open resolves the inputs, which the source may offer for download.
func (c *importRunCommand) open(ctx context.Context, a *app, source data.Source) ([]data.File, func(), error) {
	inputs := slices.Concat(c.File, c.Inputs)
	switch {
	case len(inputs) == 0 && source.Synthetic:
		return nil, func() {}, nil
	case len(inputs) == 0 && source.Download != nil && c.Year != 0:
		client := &http.Client{Timeout: 2 * time.Minute}
		addresses, err := source.Download(ctx, client, c.Year)
		if err != nil {
			return nil, nil, fmt.Errorf("find the files of %s %d: %w", source.Name, c.Year, err)
		}
		inputs = addresses
	case len(inputs) == 0 && source.Download != nil:
		return nil, nil, usagef("import %s: name files, or --year to download. It reads %s", source.Name, source.Hint)
	case len(inputs) == 0:
		return nil, nil, usagef("import %s: name files, folders or addresses. It reads %s", source.Name, source.Hint)
	}
	return data.OpenInput(ctx, inputs, data.Limits{Progress: a.progress})
}

func printReport(w io.Writer, r data.Report) {
	title := "Imported"
	if r.DryRun {
		title = "Checked (dry run, nothing written)"
	}
	if r.Resumed {
		title += ", going on with an import that was cut off"
	}
	fmt.Fprintf(w, "%s: %s from %s\n", title, r.Source, r.Input)
	rows := [][]string{
		{"  read", progress.Group(r.Read)}, {"  new", progress.Group(r.New)}, {"  changed", progress.Group(r.Changed)},
		{"  unchanged", progress.Group(r.Unchanged)}, {"  without position", progress.Group(r.WithoutPosition)},
	}
	if r.Removed > 0 {
		rows = append(rows, []string{"  removed", progress.Group(r.Removed)})
	}
	rows = append(rows, []string{"  rejected", progress.Group(r.RejectedTotal())})
	for _, reason := range slices.Sorted(maps.Keys(r.Rejected)) {
		rows = append(rows, []string{"    " + reason, progress.Group(r.Rejected[reason])})
	}
	table(w, append(rows, []string{"  time", progress.Duration(time.Duration(r.Seconds * float64(time.Second)))}))
	if r.RejectedTotal() > 0 && r.Run != 0 {
		fmt.Fprintf(w, "See them: vigie import rejects --run %d\n", r.Run)
	}
}
