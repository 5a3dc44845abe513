// Package checkpoints is SIG DCA (dispositif de contrôle des axes): where and when to stand with road checkpoints, proven
// and unpredictable.
//
// What a plan is and how it is made is in the packages below, which are pure: plan, solve, verify, draw, order,
// evaluate. Here is what is around it: tables, rights, states, HTTP. The surfaces of risk are in predict/roadrisk. Read words.go (states and acts), desk.go (who may
// do what), operations.go (what there is), make.go and change.go (the life of a plan), store.go, land.go and world.go
// (what plans are made of), keep.go (how long things are kept).
package checkpoints

import (
	"embed"
	"fmt"
	"io/fs"
	"time"

	"vigie/api"
	"vigie/geoengine/jobs"
	"vigie/module"
	"vigie/predict/roadrisk"
)

//go:embed migrations/*.sql
var files embed.FS

// Module declares it.
func Module() module.Module {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return module.Module{
		Name:  "checkpoints",
		Title: module.Text{FR: "Contrôles routiers (SIG DCA)", EN: "Road checkpoints (SIG DCA)"},
		Purpose: module.Text{
			FR: "Placer les dispositifs de contrôle là où et quand ils évitent le plus d'accidents, et en rendre compte.",
			EN: "Place road checkpoints where and when they prevent most accidents, and account for them.",
		},
		LegalBasis: []module.Text{{FR: "Code de la route, articles L234-9 et R233-1 ; code de procédure pénale, article 78-2-2", EN: "Code de la route, articles L234-9 and R233-1; code de procédure pénale, article 78-2-2"}},
		Makes:      []module.Output{module.Plan, module.Layer},
		Keeps:      kept(),
		Migrations: migrations,
		Reads: []string{
			"checkpoints_plan", "checkpoints_revision", "checkpoints_decision", "checkpoints_report", "checkpoints_evaluation", "checkpoints_place",
		},
		Start: func(host module.Host) (api.Extension, error) {
			d, err := open(host)
			if err != nil {
				return api.Extension{}, err
			}
			d.shop = newShop(d)
			return d.extension(), nil
		},
	}
}

// open makes the desk of a host, without its workshop.
func open(host module.Host) (*desk, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	return &desk{
		store: store{host.Store}, db: host.Store, cube: host.Cube, log: host.Log, clock: host.Clock, random: host.Random, zone: zone, public: host.PublicURL,
		lands: newLands(host.Store), risks: newCache[surfaceKey, map[roadrisk.Kind]*roadrisk.Surface](maxSurfaces), refused: map[jobs.ID]error{},
		zones: newCache[zoneKey, *roadrisk.Zones](maxSurfaces),
	}, nil
}

// extension is what the desk adds to a server.
func (d *desk) extension() api.Extension {
	return api.Extension{Processes: []jobs.Process{d.process()}, Operations: d.operations, Work: d.tend}
}
