// Package units reads the fixed means of the services: brigades, police stations, fire stations, and the other public
// offices of the national directory.
//
// Two tables are known, told apart by their columns: the directory of public services (a row per office, with its
// category) and the list of fire stations. A position that the file itself marks as outside its département
// (dept_ok = 0) is not trusted: the unit is kept without it, with the attribute position_note.
package units

import (
	"context"
	"iter"
	"math"
	"strconv"
	"strings"

	"vigie/data"
	"vigie/geoengine"
)

// Source describes the directory and reads it.
func Source() data.Source {
	return data.Source{
		Name:      "units",
		Title:     "Unités : brigades, commissariats, casernes de pompiers",
		Publisher: "DILA (annuaire de l'administration)",
		Licence:   "Licence Ouverte / Open Licence 2.0",
		URL:       "https://www.data.gouv.fr/fr/datasets/service-public-fr-annuaire-de-l-administration-base-de-donnees-locales/",
		Holds:     data.HoldsUnits,
		Hint:      "CSV with id, category, name, lon, lat (directory) or id, centre, lon, lat (fire stations)",
		Read:      read,
	}
}

func read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	return data.Rows(ctx, in, data.CSVOptions{Encoding: "auto", Required: []string{"id", "lon", "lat", "category|centre"}}, unit)
}

// unit makes the unit of a row of either table.
func unit(row data.Row) (data.Record, error) {
	u := &geoengine.Unit{Ref: row.Get("id"), Name: row.Get("name", "centre")}
	switch {
	case u.Ref == "" || len(u.Ref) > 200:
		return data.Record{}, row.Reject("missing_ref", "id %.40q: must have 1 to 200 bytes", u.Ref)
	case u.Name == "":
		return data.Record{}, row.Reject("missing_value", "the unit %s has no name", u.Ref)
	}
	if category := row.Get("category"); category != "" {
		kind, err := kindOf(category)
		if err != nil {
			return data.Record{}, row.Reject("unknown_value", "category %.40q: not a slug", category)
		}
		u.Kind, u.PrecisionM = kind, directoryPrecision(row.Get("geoloc_precision"))
	} else {
		// The two tables number their rows on their own.
		u.Kind, u.Ref, u.PrecisionM = "fire.station", "fire-"+u.Ref, addressPrecision(row.Get("geocode_type"))
	}
	for key, columns := range map[string][]string{"insee": {"insee"}, "address": {"address", "adresse"}, "group": {"groupement"}} {
		u.Attributes = append(u.Attributes, geoengine.Attribute{Key: key, Value: strings.TrimSpace(row.Get(columns...))})
	}
	if err := place(u, row); err != nil {
		return data.Record{}, err
	}
	u.Attributes = u.Attributes.Normalise()
	return data.Record{At: row.At, Raw: row.Raw, Unit: u}, nil
}

// place sets the position of u, unless the row has none or the file says that it is wrong.
func place(u *geoengine.Unit, row data.Row) error {
	lon, lat := row.Get("lon"), row.Get("lat")
	if lon == "" || lat == "" {
		u.PrecisionM = 0
		return nil
	}
	if row.Get("dept_ok") == "0" {
		u.PrecisionM = 0
		u.Attributes = append(u.Attributes, geoengine.Attribute{Key: "position_note", Value: "outside_departement"})
		return nil
	}
	for i, text := range [...]string{lon, lat} {
		value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(value) {
			return row.Reject("bad_position", "%s %.40q: not a number of degrees", [...]string{"lon", "lat"}[i], text)
		}
		u.Position[i] = value
	}
	if err := geoengine.CheckPosition(u.Position); err != nil {
		return row.Reject("bad_position", "lon, lat: %v", err)
	}
	u.HasPosition = true
	return nil
}

// kindOf names a category of the directory; those that have no part in Vigie keep their name under administration.
func kindOf(category string) (string, error) {
	switch category {
	case "gendarmerie":
		return "gendarmerie.brigade", nil
	case "gendarmerie_moto":
		return "gendarmerie.motorised", nil
	case "commissariat_police":
		return "police.station", nil
	case "sdis":
		return "fire.department", nil
	}
	kind := "administration." + category
	if !geoengine.ValidSlug(kind) {
		return "", geoengine.ErrInvalid
	}
	return kind, nil
}

// directoryPrecision is the radius in metres behind the directory's accuracy code, the scale of common geocoders: 4 town,
// 5 post code, 6 street, 7 crossing, 8 address, 9 and 10 building. The radii are ours; 0 is unknown.
func directoryPrecision(code string) float64 {
	return map[string]float64{"4": 3000, "5": 1500, "6": 300, "7": 150, "8": 30, "9": 10, "10": 10}[code]
}

// addressPrecision is the same for the kinds of result of the national address base.
func addressPrecision(kind string) float64 {
	return map[string]float64{"housenumber": 30, "street": 300, "locality": 500, "village": 2000, "town": 3000, "city": 5000}[kind]
}
