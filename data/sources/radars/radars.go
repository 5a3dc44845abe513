// Package radars reads the automatic speed and red-light cameras of France.
package radars

import (
	"context"
	"fmt"
	"iter"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/datagouv"
	"vigie/data/sources/france"
	"vigie/geoengine"
)

// Name is the slug of the source.
const Name = "radars"

// api is the address that lists the files of the dataset.
const api = "https://www.data.gouv.fr/api/1/datasets/radars-automatiques/"

// precisionM is the radius in metres that five decimals of a degree and a roadside allow.
const precisionM = 10

// Source describes the cameras and reads them.
func Source() data.Source {
	return data.Source{
		Name:      Name,
		Title:     "Radars automatiques",
		Publisher: "Ministère de l'Intérieur, Délégation à la sécurité routière",
		Licence:   "Licence Ouverte / Open Licence 2.0",
		URL:       "https://www.data.gouv.fr/fr/datasets/radars-automatiques/",
		Holds:     data.HoldsUnits,
		Hint:      "the CSV of the publisher (id, type, latitude, longitude, route, direction, vitesse_vehicules_legers_kmh, …)",
		Download: func(ctx context.Context, client *http.Client, _ int) ([]string, error) {
			return Addresses(ctx, client, api)
		},
		Read: Read,
	}
}

// Addresses asks the API for the address of the newest list of cameras, which has no years: it is always the state of
// the day. ErrMissing if the dataset has no CSV file.
func Addresses(ctx context.Context, client *http.Client, api string) ([]string, error) {
	resources, err := datagouv.Resources(ctx, client, api)
	if err != nil {
		return nil, fmt.Errorf("list the radars: %w", err)
	}
	for _, r := range resources {
		if strings.EqualFold(r.Format, "csv") && strings.Contains(strings.ToLower(r.Title+r.URL), "radar") {
			return []string{r.URL}, nil
		}
	}
	return nil, fmt.Errorf("list the radars: %s names no CSV of radars among %d files: %w", api, len(resources), geoengine.ErrMissing)
}

// kinds are the kinds of the publisher's types; another type is radar.other and keeps its name as an attribute.
var kinds = map[string]string{ //nolint:gosec // "passage" is a level crossing, not a password
	"radar fixe":             "radar.fixed",
	"radar feu rouge":        "radar.red_light",
	"radar discriminant":     "radar.discriminating",
	"radar vitesse moyenne":  "radar.section",
	"radar passage à niveau": "radar.level_crossing",
	"radar tourelle":         "radar.turret",
	"radar double face":      "radar.double_sided",
	"radar double sens":      "radar.double_sided",
	"radar urbain":           "radar.urban",
	"radar chantier":         "radar.work_zone",
	"radar autonome":         "radar.work_zone",
	"itinéraire":             "radar.route",
}

// Read yields one unit per row.
func Read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	options := data.CSVOptions{Encoding: "auto", Required: []string{"id", "latitude", "longitude", "type"}}
	return data.Rows(ctx, in, options, func(row data.Row) (data.Record, error) {
		unit, err := radar(row)
		return data.Record{At: row.At, Raw: row.Raw, Unit: unit}, err
	})
}

func radar(row data.Row) (*geoengine.Unit, error) {
	u := &geoengine.Unit{Ref: row.Get("id"), PrecisionM: precisionM}
	if u.Ref == "" || len(u.Ref) > 200 {
		return nil, row.Reject("missing_ref", "id %.40q must have 1 to 200 bytes", u.Ref)
	}
	kind := row.Get("type")
	u.Kind = kinds[strings.ToLower(kind)]
	if kind == "" {
		return nil, row.Reject("unknown_value", "the type is empty")
	}
	attributes := geoengine.Attributes{
		{Key: "road", Value: row.Get("route")}, {Key: "direction", Value: row.Get("direction")},
		{Key: "place", Value: row.Get("emplacement")}, {Key: "maker", Value: row.Get("equipement")},
		{Key: "departement", Value: row.Get("departement")}, {Key: "section_km", Value: row.Get("longueur_troncon_km")},
	}
	if u.Kind == "" {
		u.Kind = "radar.other"
		attributes = append(attributes, geoengine.Attribute{Key: "type", Value: kind})
	}
	for key, column := range map[string]string{"speed_limit": "vitesse_vehicules_legers_kmh", "speed_limit_heavy": "vitesse_poids_lourds_kmh"} {
		limit, err := speed(row.Get(column))
		if err != nil {
			return nil, row.Reject("bad_number", "%s: %v", column, err)
		}
		attributes = append(attributes, geoengine.Attribute{Key: key, Value: limit})
	}
	u.Attributes = attributes.Normalise()
	u.Name = strings.Join(strings.Fields(kind+" "+row.Get("route")+" "+row.Get("emplacement")), " ")
	if err := place(row, u); err != nil {
		return nil, err
	}
	return u, since(row, u)
}

// speed checks a limit in km/h; empty is none.
func speed(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= 5 && n <= 150) {
		return "", fmt.Errorf("%.40q is not a limit of 5 to 150 km/h", s)
	}
	return strconv.Itoa(int(n)), nil
}

// place reads the position; a camera without one is kept.
func place(row data.Row, u *geoengine.Unit) error {
	lon, lat := row.Get("longitude"), row.Get("latitude")
	if lon == "" && lat == "" {
		u.PrecisionM = 0
		return nil
	}
	x, errX := strconv.ParseFloat(lon, 64)
	y, errY := strconv.ParseFloat(lat, 64)
	if errX != nil || errY != nil || math.IsNaN(x) || math.IsNaN(y) {
		return row.Reject("bad_position", "longitude %.40q, latitude %.40q are not degrees", lon, lat)
	}
	u.Position, u.HasPosition = orb.Point{x, y}, true
	if err := geoengine.CheckPosition(u.Position); err != nil {
		return row.Reject("bad_position", "%v", err)
	}
	if !france.Holds(u.Position) {
		return row.Reject("bad_position", "longitude %s, latitude %s are far from any French territory: swapped?", lon, lat)
	}
	return nil
}

// since reads the day of installation, in the forms that the publisher has used.
func since(row data.Row, u *geoengine.Unit) error {
	day := row.Get("date_installation")
	if day == "" {
		return nil
	}
	for _, layout := range [...]string{time.RFC3339, time.DateOnly, "02/01/2006"} {
		at, err := time.Parse(layout, day)
		if err == nil && !at.Before(geoengine.Earliest) && !at.After(geoengine.Latest) {
			u.Since = at
			return nil
		}
	}
	return row.Reject("bad_date", "date_installation %.40q is not a date of 1900 to 2100", day)
}
