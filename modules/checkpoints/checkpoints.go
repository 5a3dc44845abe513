// Package checkpoints is SIG DCA (dispositif de contrôle des axes): where and when to stand with road checkpoints, proven
// and unpredictable.
package checkpoints

import (
	"embed"
	"io/fs"

	"vigie/api"
	"vigie/module"
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
		Migrations: migrations,
		Start:      func(module.Host) (api.Extension, error) { return api.Extension{}, nil },
	}
}
