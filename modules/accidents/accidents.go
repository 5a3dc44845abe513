// Package accidents forecasts road accidents, on the road network where there is one and on cells where there is none, and
// compares territories by ratios: accidents per inhabitant, per kilometre of road, per vehicle-kilometre.
//
// The surfaces are predict/roadrisk's, shared with road checkpoints. Here is what is around them: what is read (read.go,
// history.go), the run and its card (make.go, card.go, cardwords.go), what happened (actual.go), ratios (ratios.go,
// denominators.go, shrink.go), the zones of accumulation (zaac.go), inhabitants (population.go).
package accidents

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"vigie/api"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/jobs"
	"vigie/module"
	"vigie/module/forecasting"
)

//go:embed migrations/*.sql
var files embed.FS

// Name of the module and of its forecast.
const Name = "accidents"

// category is that of the events that it is about, with its descendants.
const category = "road.accident"

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
			FR: "Prévoir où et quand les accidents de la route sont à attendre, et comparer les territoires par des taux, pour orienter la prévention. Aucune personne n'est évaluée.",
			EN: "Forecast where and when road accidents are to be expected, and compare territories by ratios, to direct prevention. No person is rated.",
		},
		LegalBasis: []module.Text{
			{
				FR: "Code de la route, article L111-1 et décret n° 75-360 du 15 mai 1975 : observation de la sécurité routière et politique locale de prévention",
				EN: "Code de la route, article L111-1, and decree no. 75-360 of 15 May 1975: observation of road safety and local policy of prevention",
			},
			{
				FR: "Loi n° 78-17 du 6 janvier 1978 (Informatique et libertés), article 4 : finalité et minimisation ; seuls le lieu, l'heure et la gravité d'un accident y entrent",
				EN: "French act no. 78-17 of 6 January 1978 (data protection), article 4: purpose and minimisation; only place, hour and severity of an accident enter",
			},
		},
		Makes: []module.Output{module.Forecast, module.Layer},
		Keeps: []module.Kept{
			forecasting.Kept(),
			{What: module.Text{FR: "Populations des communes, chiffres publics", EN: "Populations of communes, public figures"}},
		},
		Migrations: migrations,
		Reads:      []string{"accidents_population"},
		Start:      start,
	}
}

// desk answers the operations.
type desk struct {
	db    *geoengine.Store
	cube  *cube.Cube
	clock func() time.Time
	zone  *time.Location
	nets  *networks
}

func start(host module.Host) (api.Extension, error) {
	zone, err := localZone()
	if err != nil {
		return api.Extension{}, err
	}
	forecaster, err := Forecaster()
	if err != nil {
		return api.Extension{}, err
	}
	shared, err := forecasting.Extension(host, []forecasting.Forecaster{forecaster})
	if err != nil {
		return api.Extension{}, fmt.Errorf("accidents: %w", err)
	}
	d := &desk{db: host.Store, cube: host.Cube, clock: host.Clock, zone: zone, nets: newNetworks(host.Store)}
	operations := shared.Operations
	shared.Operations = func(queue *jobs.Queue) []api.Operation { return append(operations(queue), d.operations()...) }
	return shared, nil
}

const selectKnown = `select exists (select from area where path = $1)`

// known refuses an area that there is not.
func (d *desk) known(ctx context.Context, area string) error {
	var there bool
	if err := d.db.Pool.QueryRow(ctx, selectKnown, area).Scan(&there); err != nil {
		return fmt.Errorf("look for area %s: %w", area, err)
	}
	if !there {
		return fmt.Errorf("area %s: %w", area, geoengine.ErrMissing)
	}
	return nil
}
