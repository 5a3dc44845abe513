package accidents

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"vigie/geoengine/forecast"
	"vigie/module"
	"vigie/predict/roadrisk"
)

func title() module.Text {
	return module.Text{FR: "Accidents de la route", EN: "Road accidents"}
}

// french writes a number with a decimal comma.
func french(v float64, decimals int) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', decimals, 64), ".", ",", 1)
}

// unitOf says what values count.
func unitOf(severity bool) forecast.Text {
	if severity {
		return forecast.Text{
			FR: "accidents corporels pondérés par la gravité (tué 1, hospitalisé 0,125, blessé léger 0,005)",
			EN: "injury accidents weighted by severity (killed 1, hospitalised 0.125, slightly injured 0.005)",
		}
	}
	return forecast.Text{FR: "accidents corporels", EN: "injury accidents"}
}

func toBeat() forecast.Text {
	return forecast.Text{
		FR: "le compte des accidents passés : par lieu et heure de la semaine, ou par lieu, réparti sur les heures comme l'ensemble, avec ou sans les accidents matériels ; le meilleur",
		EN: "the count of past accidents: by place and hour of the week, or by place, spread over the hours like all of them, with or without damage only; the best",
	}
}

// chosenWords say what the model is.
func chosenWords(roads bool, r *roadrisk.Report) []forecast.Text {
	if roads {
		return []forecast.Text{{
			FR: fmt.Sprintf("%s : régression binomiale négative par tronçon de 250 à 500 m (classe de route, trafic probable, accidents alentour), puis Bayes empirique sur les accidents du tronçon ; dispersion φ = %s. La même surface que les contrôles routiers.", r.Model, french(r.Dispersion, 2)),
			EN: fmt.Sprintf("%s: negative-binomial regression by stretch of 250 to 500 m (class of road, traffic to be expected, accidents around), then Empirical Bayes on the stretch's own accidents; dispersion φ = %.2f. The same surface as for road checkpoints.", r.Model, r.Dispersion),
		}}
	}
	return []forecast.Text{{
		FR: fmt.Sprintf("%s : sans réseau routier, par cellule ; régression binomiale négative sur les accidents alentour à trois échelles, puis Bayes empirique ; dispersion φ = %s.", r.Model, french(r.Dispersion, 2)),
		EN: fmt.Sprintf("%s: without a road network, by cell; negative-binomial regression on the accidents around at three scales, then Empirical Bayes; dispersion φ = %.2f.", r.Model, r.Dispersion),
	}}
}

// optional says which optional inputs were used.
func optional(in *input) []forecast.Text {
	list := []forecast.Text{{
		FR: "Météo et jours fériés : non utilisés ; la période est plus longue que toute prévision du temps.",
		EN: "Weather and holidays: not used; the period is longer than any forecast of the weather.",
	}}
	if in.network == nil {
		return append(list, forecast.Text{FR: "Réseau routier : non utilisé, aucun n'est importé ici ou des cellules étaient demandées.", EN: "Road network: not used; none is imported here, or cells were asked for."})
	}
	return list
}

// limits are what the forecast does not know.
func limits(h *history, o *outlook, damage int) []forecast.Text {
	list := []forecast.Text{
		{
			FR: "Seuls les accidents connus comptent : ceux qui ne sont pas déclarés, et les presque-accidents, n'y sont pas.",
			EN: "Only known accidents count: those that are not reported, and near misses, are not in it.",
		},
		{
			FR: "Elle ne sait rien des travaux, des aménagements et des changements de trafic à venir.",
			EN: "It knows nothing of road works, of new layouts and of changes of traffic to come.",
		},
		{
			FR: fmt.Sprintf("Niveau attendu : %s fois la moyenne des années apprises ; mois : %s\u00a0%% d'une année.", french(o.level, 2), french(100*o.share, 1)),
			EN: fmt.Sprintf("Expected level: %.2f times the mean of the years learnt from; months: %.1f %% of a year.", o.level, 100*o.share),
		},
	}
	if o.severity {
		list = append(list, forecast.Text{
			FR: "La gravité d'un accident est surtout du hasard : elle est mise en commun par type de route et moment, jamais crue lieu par lieu.",
			EN: "How grave an accident is, is mostly chance: it is pooled by kind of road and time, never believed place by place.",
		})
	}
	if h.late {
		list = append(list, forecast.Text{
			FR: "Les données s'arrêtent le " + h.end.Format(time.DateOnly) + ", avant le début de la prévision.",
			EN: "The records end on " + h.end.Format(time.DateOnly) + ", before the forecast begins.",
		})
	}
	for _, gap := range h.gaps {
		list = append(list, forecast.Text{
			FR: "Aucun accident du " + gap.From.Format(time.DateOnly) + " au " + gap.To.Format(time.DateOnly) + " : données manquantes, année laissée de côté.",
			EN: "No accident from " + gap.From.Format(time.DateOnly) + " to " + gap.To.Format(time.DateOnly) + ": records are missing, the year is left out.",
		})
	}
	if damage > 0 {
		list = append(list, forecast.Text{
			FR: fmt.Sprintf("%d accidents matériels disent où l'on circule ; ils ne sont pas prévus.", damage),
			EN: fmt.Sprintf("%d accidents with damage only tell where traffic is; they are not forecast.", damage),
		})
	}
	return list
}
