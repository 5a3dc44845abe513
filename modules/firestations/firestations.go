// Package firestations forecasts how many calls each fire station will have by hour, day and week, and says how many
// crews that asks for.
//
// The models are predict/series', which is pure. Here is what is around them: what is read (read.go, place.go, zone.go,
// gap.go), days that are not like others (calendar/, days.go), what is imported beside the calls (tables.go), the run
// (make.go, card.go), what happened (actual.go), and the station pages (desk.go, stations.go, page.go, crews.go).
package firestations

import (
	"embed"
	"fmt"
	"io/fs"
	"time"

	"vigie/api"
	"vigie/geoengine/forecast"
	"vigie/module"
	"vigie/module/forecasting"
	"vigie/predict/series"
)

//go:embed migrations/*.sql
var files embed.FS

// Name of the module and of its forecast.
const Name = "firestations"

// Category is what may feed the forecast, with its descendants: calls for help.
const Category = "rescue.call"

// Module declares it.
func Module() module.Module {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return module.Module{
		Name:  Name,
		Title: title(),
		Purpose: module.Text{
			FR: "Prévoir le nombre d'interventions de chaque centre de secours, pour adapter les effectifs de garde. Aucune personne n'est évaluée.",
			EN: "Forecast how many calls each fire station will answer, to match the crews on duty. No person is rated.",
		},
		LegalBasis: legalBasis(),
		Makes:      []module.Output{module.Forecast, module.Layer},
		Keeps: []module.Kept{
			forecasting.Kept(),
			{What: module.Text{FR: "Calendriers, météo, secteurs et bilans annuels importés", EN: "Imported calendars, weather, sectors and yearly figures"}},
		},
		Migrations: migrations,
		Start:      start,
	}
}

func title() module.Text {
	return module.Text{FR: "Activité des centres de secours", EN: "Activity of fire stations"}
}

// legalBasis is what allows the module.
func legalBasis() []module.Text {
	return []module.Text{
		{
			FR: "Code général des collectivités territoriales, articles L1424-2 et L1424-42 : missions des services d'incendie et de secours ; article R1424-39 : effectifs de garde fixés par le règlement opérationnel",
			EN: "Code général des collectivités territoriales, articles L1424-2 and L1424-42: missions of the fire and rescue services; article R1424-39: crews on duty are set by the operational rules",
		},
		{
			FR: "Règlement (UE) 2016/679, article 6, paragraphe 1, e : mission d'intérêt public ; article 89 : usage statistique. Les appels n'entrent que par leur heure, leur centre et leur nature",
			EN: "Regulation (EU) 2016/679, article 6(1)(e): task in the public interest; article 89: statistical use. Calls enter by their hour, station and kind only",
		},
	}
}

// Options of a run.
const (
	optionBy       = "by"
	optionHolidays = "holidays"
	optionSchool   = "school"
	optionWeather  = "weather"

	auto      = "auto"
	none      = "none"
	byStation = "station"
	byCommune = "commune"
)

// Forecaster is the forecast that the module offers. It fails where the program knows no time zones.
func Forecaster() (forecasting.Forecaster, error) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return forecasting.Forecaster{}, fmt.Errorf("firestations: %w", err)
	}
	const sevenDays, fourteenDays = 7, 14
	return forecasting.Forecaster{
		Name: Name, Title: title(), Model: "poisson-smoothing", Version: "1",
		Categories: []string{Category},
		Place:      forecast.Units,
		Horizons:   []forecasting.Horizon{horizon("P14D", fourteenDays, paris), horizon("P7D", sevenDays, paris)},
		Options: []forecasting.Option{
			{Name: optionBy, Title: module.Text{FR: "Par centre ou par commune", EN: "By station or by commune"}, Values: []string{auto, byStation, byCommune}},
			{Name: optionHolidays, Title: module.Text{FR: "Jours fériés", EN: "Public holidays"}, Values: []string{auto, "france", "alsace_moselle", none}},
			{Name: optionSchool, Title: module.Text{FR: "Vacances scolaires (zone)", EN: "School holidays (zone)"}, Values: []string{auto, "A", "B", "C", none}},
			{Name: optionWeather, Title: module.Text{FR: "Météo", EN: "Weather"}, Values: []string{auto, none}},
		},
		Unit:  unit(),
		Every: 24 * time.Hour,
		// A call is known within minutes: two days leave room for files that are handed in once a day.
		Settle:  48 * time.Hour,
		Covered: func(low, high, observed float64) float64 { return series.Covered(int(observed), low, high) },
		Read:    read, Make: makeRun, Actual: actual,
	}, nil
}

func unit() module.Text { return module.Text{FR: "interventions", EN: "calls"} }

// horizon ends with a local midnight, so many days after the first midnight at or after its begin. zone is that of the
// house; a run's own days are those of its territory.
func horizon(name string, days int, zone *time.Location) forecasting.Horizon {
	return forecasting.Horizon{Name: name, End: func(from time.Time) time.Time { return midnights(from.In(zone), days) }}
}

// midnights is the local midnight so many days after the first one at or after an instant, in its location.
func midnights(from time.Time, days int) time.Time {
	first := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	if first.Before(from) {
		days++
	}
	return time.Date(from.Year(), from.Month(), from.Day()+days, 0, 0, 0, 0, from.Location())
}

func start(host module.Host) (api.Extension, error) {
	forecaster, err := Forecaster()
	if err != nil {
		return api.Extension{}, err
	}
	shared, err := forecasting.Extension(host, []forecasting.Forecaster{forecaster})
	if err != nil {
		return api.Extension{}, fmt.Errorf("firestations: %w", err)
	}
	return newDesk(host).extend(shared), nil
}
