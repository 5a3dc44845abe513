// Package emergency reads what rescue services publish of their work: the calls to 911 of a county of the United States,
// with the station that each was given to (calls.go), and the yearly operations, the coverage shares and the sectors of
// the fire and rescue service of the Essonne, which are JavaScript files (script.go, essonne.go).
package emergency

import "vigie/data"

// The slugs of the sources.
const (
	NameCalls   = "montgomery911"
	NameEssonne = "sdis91"
)

// Sources are the calls of Montgomery County as events and the stations of the Essonne as units.
func Sources() []data.Source {
	return []data.Source{
		{
			Name:      NameCalls,
			Title:     "Appels au 911, comté de Montgomery (Pennsylvanie)",
			Publisher: "Montgomery County Department of Public Safety, collected by Mike Chirico",
			Licence:   "ODbL 1.0, as far as known: check before anything is shown outside",
			URL:       "https://www.kaggle.com/datasets/mchirico/montcoalert",
			Holds:     data.HoldsEvents,
			Hint:      "CSV with the columns lat, lng, desc, title, timeStamp (zip and twp if there)",
			Read:      readCalls,
		},
		{
			Name:      NameEssonne,
			Title:     "Centres de secours de l'Essonne et leurs secteurs",
			Publisher: "SDIS 91",
			Licence:   "unknown: check before anything is shown outside",
			URL:       "https://www.sdis91.fr",
			Holds:     data.HoldsUnits,
			Hint:      "zoneCouvertureCasserne.js; repartitionZonesCommunes.js and nombreParCom.js are for `vigie firestations essonne`",
			Read:      readStations,
		},
	}
}
