// Package radars reads the table of the automatic speed cameras of France.
package radars

import (
	"context"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"vigie/data"
	"vigie/geoengine"
)

// positionPrecision is the radius in metres of a published position: five decimals, about a metre, placed by hand.
const positionPrecision = 20

// Source describes the speed cameras and reads them.
func Source() data.Source {
	return data.Source{
		Name:      "radars",
		Title:     "Radars automatiques",
		Publisher: "Ministère de l'intérieur, Délégation à la sécurité routière",
		Licence:   "Licence Ouverte / Open Licence 2.0",
		URL:       "https://www.data.gouv.fr/fr/datasets/liste-des-radars-fixes-en-france/",
		Holds:     data.HoldsUnits,
		Hint:      "CSV with id, latitude, longitude, type, vitesse_vehicules_legers_kmh, …",
		Read:      read,
	}
}

func read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	return data.Rows(ctx, in, data.CSVOptions{Encoding: "auto", Required: []string{"id", "latitude", "longitude", "type"}}, camera)
}

// camera makes the unit of a row.
func camera(row data.Row) (data.Record, error) {
	u := &geoengine.Unit{Ref: row.Get("id"), PrecisionM: positionPrecision, HasPosition: true}
	if u.Ref == "" || len(u.Ref) > 200 {
		return data.Record{}, row.Reject("missing_ref", "id %.40q: must have 1 to 200 bytes", u.Ref)
	}
	kind, known := kinds[row.Get("type")]
	if !known {
		return data.Record{}, row.Reject("unknown_value", "type %.60q: not a kind of speed camera that is known", row.Get("type"))
	}
	u.Kind, u.Name = kind, strings.TrimSpace(row.Get("type")+" "+row.Get("emplacement"))
	for i, column := range [...]string{"longitude", "latitude"} {
		value, err := strconv.ParseFloat(strings.TrimSpace(row.Get(column)), 64)
		if err != nil || math.IsNaN(value) {
			return data.Record{}, row.Reject("bad_position", "%s %.40q: not a number of degrees", column, row.Get(column))
		}
		u.Position[i] = value
	}
	if err := geoengine.CheckPosition(u.Position); err != nil {
		return data.Record{}, row.Reject("bad_position", "longitude, latitude: %v", err)
	}
	if since := row.Get("date_installation"); since != "" {
		at, err := time.Parse(time.RFC3339, since)
		if err != nil || at.Before(geoengine.Earliest) || at.After(geoengine.Latest) {
			return data.Record{}, row.Reject("bad_date", "date_installation %.40q: not an instant such as 2010-02-12T00:00:00Z, 1900 to 2100", since)
		}
		u.Since = at
	}
	for key, column := range attributes {
		u.Attributes = append(u.Attributes, geoengine.Attribute{Key: key, Value: row.Get(column)})
	}
	u.Attributes = u.Attributes.Normalise()
	return data.Record{At: row.At, Raw: row.Raw, Unit: u}, nil
}

// kinds are the publisher's types of speed camera.
var kinds = map[string]string{
	"Radar fixe":             "radar.fixed",
	"Radar feu rouge":        "radar.red_light",
	"Radar discriminant":     "radar.discriminating",
	"Radar Vitesse Moyenne":  "radar.section",
	"Radar Passage à Niveau": "radar.level_crossing",
	"Itinéraire":             "radar.route",
	"Radar tronçon":          "radar.section",
	"Radar tourelle":         "radar.turret",
	"Radar urbain":           "radar.urban",
	"Radar chantier":         "radar.worksite",
}

// attributes are our names of the publisher's columns.
var attributes = map[string]string{
	"departement": "departement", "direction": "direction", "equipment": "equipement", "place": "emplacement", "road": "route",
	"section_km": "longueur_troncon_km", "speed_limit": "vitesse_vehicules_legers_kmh", "speed_limit_heavy": "vitesse_poids_lourds_kmh",
}
