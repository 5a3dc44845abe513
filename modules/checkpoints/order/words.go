package order

import (
	"time"

	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

// words are the texts of an order in one language.
type words struct {
	heading, draft, draftLong                                                 string
	reference, territory, period, purposeTitle, basisTitle, authority, toFill string
	postsTitle, when, crewTitle, siteTitle, travel, held, minutes             string
	safetyTitle, instructionsTitle, signature, signedBy, revision, overview   string
	sheetsTitle, coordinates, status, light, toCheck, page, made, west        string
	crew, on, toReconnoitre, north, reports, note                             string
	weekdays                                                                  [7]string
	months                                                                    [12]string
	kinds                                                                     map[roadrisk.Kind]string
	purposes                                                                  map[roadrisk.Kind]string
	bases                                                                     map[plan.Basis]string
	statuses                                                                  map[plan.SiteStatus]string
	lit                                                                       map[string]string
	safety, checks                                                            []string
	decimal                                                                   string
}

// day writes a local day: vendredi 4 décembre 2026.
func (w *words) day(t time.Time) string {
	if w.decimal == "." {
		return t.Format("Monday 2 January 2006")
	}
	day := t.Format("2")
	if day == "1" {
		day = "1er"
	}
	return w.weekdays[t.Weekday()] + " " + day + " " + w.months[t.Month()-1] + " " + t.Format("2006")
}

// hour writes a local time of day: 20 h 05.
func (w *words) hour(t time.Time) string {
	if w.decimal == "." {
		return t.Format("15:04")
	}
	return t.Format("15 h 04")
}

func french() *words {
	return &words{
		decimal: ",", heading: "Ordre de service – contrôles routiers", draft: "PROJET",
		draftLong: "Projet établi par un système d'aide à la décision : il ne vaut pas ordre tant qu'il n'est pas approuvé et signé.",
		reference: "Référence", territory: "Territoire", period: "Période", purposeTitle: "But", basisTitle: "Cadre légal",
		authority: "Autorité", toFill: "à compléter : ......................................................",
		postsTitle: "Postes à tenir", when: "Horaire", crewTitle: "Unité", siteTitle: "Lieu", travel: "Trajet", held: "Tenue", minutes: "min",
		safetyTitle: "Consignes de sécurité", instructionsTitle: "Consignes particulières", signature: "Date, nom, qualité et signature de l'autorité :",
		signedBy: "Approuvé par %s le %s à %s", revision: "Plan %s, révision %d", overview: "Carte d'ensemble",
		sheetsTitle: "Fiches de site", coordinates: "Coordonnées (WGS 84)", status: "Site", light: "Éclairage",
		toCheck: "À vérifier à l'arrivée", page: "page %d sur {nb}", made: "Édité le %s à %s", west: "O",
		crew: "%s, équipe %d", on: "du %s à %s au %s à %s", toReconnoitre: "à reconnaître", north: "N",
		reports:  "Compte rendu à saisir dans Vigie à l'issue de chaque poste : heures de tenue, nombre de contrôles, dépistages positifs, infractions. Aucune donnée nominative.",
		note:     "Remarque",
		weekdays: [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
		months:   [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		kinds: map[roadrisk.Kind]string{
			roadrisk.AnyKind: "Contrôles de sécurité routière", roadrisk.Alcohol: "Contrôles d'alcoolémie et de stupéfiants", roadrisk.Speed: "Contrôles de vitesse",
			roadrisk.Belt: "Contrôles du téléphone et de la ceinture", roadrisk.Heavy: "Contrôles des véhicules lourds",
		},
		purposes: map[roadrisk.Kind]string{
			roadrisk.AnyKind: "Prévenir les accidents de la circulation par une présence visible et des contrôles sur les axes et aux heures où ils sont le plus à craindre.",
			roadrisk.Alcohol: "Prévenir les accidents liés à l'alcool et aux stupéfiants par des dépistages préventifs sur les axes et aux heures où ils sont le plus à craindre.",
			roadrisk.Speed:   "Prévenir les accidents liés à la vitesse par des contrôles sur les axes et aux heures où ils sont le plus à craindre.",
			roadrisk.Belt:    "Prévenir les accidents liés au téléphone tenu en main et au défaut de ceinture par des contrôles sur les axes et aux heures où ils sont le plus à craindre.",
			roadrisk.Heavy:   "Prévenir les accidents impliquant des véhicules lourds par des contrôles sur les axes et aux heures où ils sont le plus à craindre.",
		},
		bases: map[plan.Basis]string{
			plan.L2349: "Code de la route, articles L234-9 (alcool) et L235-2 (stupéfiants) : dépistages préventifs, même en l'absence d'infraction ou d'accident, par les officiers de police judiciaire ou, sur leur ordre et sous leur responsabilité, par les agents de police judiciaire, aux lieux et heures ci-dessous.",
			plan.R2331: "Code de la route, article R233-1 : présentation, à toute réquisition des agents de l'autorité compétente, des documents du conducteur et du véhicule.",
			plan.A7822: "Code de procédure pénale, article 78-2-2 : réquisitions écrites du procureur de la République, pour les infractions qu'elles précisent, aux lieux et pour la durée qu'elles fixent (vingt-quatre heures au plus, renouvelables par décision expresse et motivée).",
		},
		statuses: map[plan.SiteStatus]string{plan.Safe: "reconnu sûr", plan.Unsafe: "reconnu dangereux", plan.Reconnoitre: "à reconnaître"},
		lit:      map[string]string{"yes": "éclairé", "no": "non éclairé", "unknown": "éclairage inconnu"},
		safety: []string{
			"Se placer hors de la chaussée, visible de loin ; jamais derrière une courbe, un sommet de côte ou à la sortie d'un tunnel.",
			"Gilets haute visibilité pour tous ; feux bleus et signalisation avancée avant la première interception ; de nuit, site éclairé ou éclairage apporté.",
			"Ne jamais se tenir entre deux véhicules ni dos à la circulation ; prévoir un dégagement pour chacun.",
			"Renoncer au poste si le lieu n'est pas sûr à l'arrivée (visibilité, place, météo, chantier) : le dire au centre opérationnel et au compte rendu.",
			"Aucune poursuite d'un véhicule qui force le passage sans instruction du centre opérationnel.",
		},
		checks: []string{"vu de loin dans les deux sens", "place hors chaussée pour les véhicules contrôlés", "éclairage de nuit", "dégagement pour l'équipe", "liaison radio"},
	}
}

func english() *words {
	return &words{
		decimal: ".", heading: "Order of operations – road checkpoints", draft: "DRAFT",
		draftLong: "A draft made by a decision-support system: it is no order until it is approved and signed.",
		reference: "Reference", territory: "Territory", period: "Period", purposeTitle: "Purpose", basisTitle: "Legal basis",
		authority: "Authority", toFill: "to be filled in: ......................................................",
		postsTitle: "Posts to hold", when: "Time", crewTitle: "Unit", siteTitle: "Place", travel: "Travel", held: "Held", minutes: "min",
		safetyTitle: "Safety instructions", instructionsTitle: "Special instructions", signature: "Date, name, capacity and signature of the authority:",
		signedBy: "Approved by %s on %s at %s", revision: "Plan %s, revision %d", overview: "Overview map",
		sheetsTitle: "Site sheets", coordinates: "Coordinates (WGS 84)", status: "Site", light: "Lighting",
		toCheck: "To check on arrival", page: "page %d of {nb}", made: "Printed on %s at %s", west: "W",
		crew: "%s, team %d", on: "from %s at %s to %s at %s", toReconnoitre: "to be reconnoitred", north: "N",
		reports: "Report in Vigie after each post: hours held, number of checks, positive tests, offences. No names.",
		note:    "Note",
		kinds: map[roadrisk.Kind]string{
			roadrisk.AnyKind: "Road safety checks", roadrisk.Alcohol: "Alcohol and drug checks", roadrisk.Speed: "Speed checks",
			roadrisk.Belt: "Telephone and seat-belt checks", roadrisk.Heavy: "Checks of heavy vehicles",
		},
		purposes: map[roadrisk.Kind]string{
			roadrisk.AnyKind: "Prevent road accidents by visible presence and checks on the roads and at the hours where they are most to be feared.",
			roadrisk.Alcohol: "Prevent accidents due to alcohol and drugs by preventive tests on the roads and at the hours where they are most to be feared.",
			roadrisk.Speed:   "Prevent accidents due to speed by checks on the roads and at the hours where they are most to be feared.",
			roadrisk.Belt:    "Prevent accidents due to hand-held telephones and unworn seat belts by checks on the roads and at the hours where they are most to be feared.",
			roadrisk.Heavy:   "Prevent accidents with heavy vehicles by checks on the roads and at the hours where they are most to be feared.",
		},
		bases: map[plan.Basis]string{
			plan.L2349: "Code de la route, articles L234-9 (alcohol) and L235-2 (drugs): preventive tests, even without offence or accident, by officiers de police judiciaire or, on their order and under their responsibility, by agents de police judiciaire, at the places and times below.",
			plan.R2331: "Code de la route, article R233-1: the documents of driver and vehicle are shown at the request of the competent officers.",
			plan.A7822: "Code de procédure pénale, article 78-2-2: written requisitions of the procureur de la République, for the offences that they name, at the places and for the time that they fix (twenty-four hours at most, renewable by an express decision with reasons).",
		},
		statuses: map[plan.SiteStatus]string{plan.Safe: "known to be safe", plan.Unsafe: "known to be unsafe", plan.Reconnoitre: "to be reconnoitred"},
		lit:      map[string]string{"yes": "lit", "no": "not lit", "unknown": "lighting unknown"},
		safety: []string{
			"Stand off the carriageway, seen from afar; never behind a bend, below a crest or at the end of a tunnel.",
			"High-visibility vests for all; blue lights and advance signs before the first stop; at night a lit site, or bring light.",
			"Never stand between two vehicles nor with the back to the traffic; keep a way out for everyone.",
			"Give up the post if the place is not safe on arrival (sight, room, weather, works): tell the operations centre, and say so in the report.",
			"No pursuit of a vehicle that forces its way without instruction from the operations centre.",
		},
		checks: []string{"seen from afar in both directions", "room off the carriageway for stopped vehicles", "light at night", "a way out for the team", "radio contact"},
	}
}
