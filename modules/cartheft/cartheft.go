// Package cartheft forecasts where vehicles will be stolen, from reported thefts only, and suggests patrols that always
// explore.
//
// The models are predict/hotspot's, the fairness of patrols predict/patrol's; both are pure. Here is what is around them:
// what may feed the forecast (admit.go), what is read (read.go), the run (make.go, hours.go, equity.go), what happened
// (actual.go), suggestions and what people decided on them (suggest.go, store.go), and how long things are kept (keep.go).
package cartheft

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"vigie/api"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/module"
	"vigie/module/forecasting"
)

//go:embed migrations/*.sql
var files embed.FS

// Name of the module and of its forecast.
const Name = "cartheft"

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
			FR: "Prévoir, à partir des seuls vols déclarés, dans quels lieux des véhicules seront volés, pour y orienter la prévention et les patrouilles. Aucune personne n'est évaluée.",
			EN: "Forecast, from reported thefts alone, in which places vehicles will be stolen, to direct prevention and patrols. No person is rated.",
		},
		LegalBasis: legalBasis(),
		Makes:      []module.Output{module.Forecast, module.Layer, module.Plan},
		Keeps:      append(kept(), forecasting.Kept()),
		Migrations: migrations,
		Reads:      []string{"cartheft_suggestion", "cartheft_decision"},
		Start:      start,
	}
}

func title() module.Text {
	return module.Text{FR: "Vols de véhicules", EN: "Vehicle thefts"}
}

// legalBasis is what allows the module, and what bounds it.
func legalBasis() []module.Text {
	return []module.Text{
		{
			FR: "Règlement (UE) 2024/1689 (IA), article 5, paragraphe 1, d : interdit d'évaluer le risque qu'une personne commette une infraction. La prévision porte sur des lieux ; aucun attribut d'une personne n'y entre",
			EN: "Regulation (EU) 2024/1689 (AI Act), article 5(1)(d): forbids assessing the risk that a person commits an offence. The forecast is of places; no attribute of a person enters it",
		},
		{
			FR: "Loi n° 78-17 du 6 janvier 1978 (Informatique et libertés), article 4 : finalité et minimisation, l'usage statistique étant compatible avec la finalité d'origine ; article 95 : aucune décision sur une personne par un seul traitement automatisé",
			EN: "French act no. 78-17 of 6 January 1978 (data protection), article 4: purpose and minimisation, statistical use being compatible with the original purpose; article 95: no decision on a person by automated processing alone",
		},
		{
			FR: "Code de la sécurité intérieure, articles L111-1 et L421-1 : sécurité publique et missions de la gendarmerie",
			EN: "Code de la sécurité intérieure, articles L111-1 and L421-1: public security and missions of the gendarmerie",
		},
	}
}

// desk answers the operations.
type desk struct {
	store     store
	forecasts *forecast.Store
	log       *slog.Logger
	clock     func() time.Time
	random    io.Reader
}

func start(host module.Host) (api.Extension, error) {
	forecaster, err := Forecaster()
	if err != nil {
		return api.Extension{}, err
	}
	shared, err := forecasting.Extension(host, []forecasting.Forecaster{forecaster})
	if err != nil {
		return api.Extension{}, fmt.Errorf("cartheft: %w", err)
	}
	return open(host).extend(shared), nil
}

func open(host module.Host) *desk {
	return &desk{store: store{host.Store}, forecasts: forecast.New(host.Store), log: host.Log, clock: host.Clock, random: host.Random}
}

// missing is the answer to what there is not, or not for this caller.
func missing(what string) error { return fmt.Errorf("%s: %w", what, geoengine.ErrMissing) }
