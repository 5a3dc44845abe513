package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"vigie/data"
	"vigie/data/sources/emergency"
	"vigie/geoengine"
	"vigie/modules/firestations"
	"vigie/modules/firestations/calendar"
	"vigie/predict/judge"
)

// firestationsCommand imports what the forecast of calls may take into account beside the calls.
type firestationsCommand struct {
	School  firestationsSchoolCommand  `cmd:"" help:"Import school holidays of the zones A, B and C."`
	Weather firestationsWeatherCommand `cmd:"" help:"Import weather by hour or day, observed and forecast."`
	Essonne firestationsEssonneCommand `cmd:"" help:"Import the sectors, coverage shares and yearly operations of the SDIS 91."`
}

// Help says what it is about.
func (c *firestationsCommand) Help() string {
	return `Public holidays are computed; school holidays of the school years 2022–2023 to 2025–2026 are known to the program. A bad row refuses the
whole file: half a calendar would be worse than none.

Examples:
  vigie firestations school holidays-2026-2027.csv
  vigie firestations weather --area fr.11.91 observed.csv forecast.csv
  vigie firestations essonne nombreParCom.js repartitionZonesCommunes.js zoneCouvertureCasserne.js`
}

// bring opens files, reads them, and keeps what is in them between two lines of the journal.
func bring[T any](ctx context.Context, a *app, what string, names []string, read func(context.Context, data.Input) (T, error), keep func(context.Context, *geoengine.Store, T) error) (T, error) {
	var got T
	files, cleanup, err := data.OpenInput(ctx, names, data.Limits{Progress: a.progress})
	if err != nil {
		return got, err
	}
	defer cleanup()
	if got, err = read(ctx, data.Input{Files: files}); err != nil {
		return got, err
	}
	store, err := a.open(ctx, false)
	if err != nil {
		return got, err
	}
	defer store.close(ctx)
	err = a.journalled(ctx, store.Store, collection("firestations-import", what), func(ctx context.Context) error { return keep(ctx, store.Store, got) })
	a.display.Close()
	return got, err
}

// keptDays is what is printed of calendars and weather.
type keptDays struct {
	Kept  int    `json:"kept"` // rows
	First string `json:"first"`
	Last  string `json:"last"`
}

func (k keptDays) print(w io.Writer) {
	fmt.Fprintf(w, "Kept %d rows from %s to %s.\n", k.Kept, k.First, k.Last)
}

func dayText(d judge.Day) string { return judge.DateOf(d).Format(time.DateOnly) }

type firestationsSchoolCommand struct {
	File []string `arg:"" predictor:"file" help:"CSV files: zone (A, B, C), first and last day without school, name."`
}

// Run imports school holidays.
func (c *firestationsSchoolCommand) Run(ctx context.Context, a *app) error {
	all, err := bring(ctx, a, "school", c.File, calendar.ReadSchool, firestations.KeepSchool)
	if err != nil {
		return err
	}
	kept := keptDays{Kept: len(all), First: dayText(all[0].First), Last: dayText(all[0].Last)}
	for _, s := range all {
		kept.First, kept.Last = min(kept.First, dayText(s.First)), max(kept.Last, dayText(s.Last))
	}
	a.print(kept, kept.print)
	return nil
}

type firestationsWeatherCommand struct {
	File []string `arg:"" predictor:"file" help:"CSV files: day (2026-10-17) or time (2026-10-17 14:00, local), and any of temperature (°C), rain (mm), wind (km/h)."`
	Area string   `help:"Path of the area that it holds for; everywhere if not given." placeholder:"PATH"`
}

// Run imports weather.
func (c *firestationsWeatherCommand) Run(ctx context.Context, a *app) error {
	all, err := bring(ctx, a, "weather "+c.Area, c.File, calendar.ReadWeather, func(ctx context.Context, store *geoengine.Store, all []calendar.Weather) error {
		return firestations.KeepWeather(ctx, store, c.Area, a.clock(), all)
	})
	if err != nil {
		return err
	}
	kept := keptDays{Kept: len(all), First: dayText(all[0].Day), Last: dayText(all[len(all)-1].Day)}
	a.print(kept, kept.print)
	return nil
}

type firestationsEssonneCommand struct {
	File []string `arg:"" predictor:"file" help:"The JavaScript files of the service."`
}

// keptEssonne is what is printed.
type keptEssonne struct {
	Operations int `json:"operations"` // communes × years
	Communes   int `json:"communes"`   // with shares
	Sectors    int `json:"sectors"`
}

func (k keptEssonne) print(w io.Writer) {
	fmt.Fprintf(w, "Kept %d yearly figures, the shares of %d communes and %d sectors.\n", k.Operations, k.Communes, k.Sectors)
}

// Run imports the tables.
func (c *firestationsEssonneCommand) Run(ctx context.Context, a *app) error {
	t, err := bring(ctx, a, emergency.NameEssonne, c.File, emergency.Essonne, firestations.KeepEssonne)
	if err != nil {
		return err
	}
	kept := keptEssonne{len(t.Operations), len(t.Coverage), len(t.Sectors)}
	a.print(kept, kept.print)
	return nil
}
