package units

import (
	"strings"

	"vigie/data"
	"vigie/geoengine"
)

// stationPrecision are the radii in metres of the geocoder's kinds of answers.
var stationPrecision = map[string]float64{
	"housenumber": 25, "street": 200, "locality": 500, "village": 2000, "town": 2000, "city": 2000,
}

// stationClasses are the ranks of a fire station, which many names begin with.
var stationClasses = map[string]string{
	"CSP": "main", "CS": "rescue", "CIS": "rescue", "CSR": "rescue", "CIP": "first_response", "CPI": "first_response", "CASERNE": "barracks",
}

// fireStation reads a fire station. Its ref has a prefix: the table only numbers its rows.
func fireStation(row data.Row) (*geoengine.Unit, error) {
	u := &geoengine.Unit{
		Ref: "fire-" + row.Get("id"), Name: row.Get("centre"), Kind: "fire.station",
		PrecisionM: stationPrecision[row.Get("geocode_type")],
	}
	if row.Get("id") == "" {
		u.Ref = ""
	}
	if err := checkTexts(row, u); err != nil {
		return nil, err
	}
	class, _, _ := strings.Cut(u.Name, " ")
	set(u, "class", stationClasses[class])
	set(u, "departement", row.Get("dept"))
	set(u, "group", row.Get("groupement"))
	set(u, "commune", row.Get("insee"))
	set(u, "address", row.Get("adresse"))
	if err := place(row, u); err != nil {
		return nil, err
	}
	u.Attributes = u.Attributes.Normalise()
	return u, nil
}
