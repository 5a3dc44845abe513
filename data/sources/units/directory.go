package units

import (
	"vigie/data"
	"vigie/geoengine"
)

// directoryKinds are the kinds of the directory's categories; all are kept.
var directoryKinds = map[string]string{
	"gendarmerie":                    "gendarmerie.brigade",
	"gendarmerie_moto":               "gendarmerie.motorised",
	"cirgn":                          "gendarmerie.recruitment",
	"commissariat_police":            "police.station",
	"prefecture":                     "prefecture.main",
	"sous_pref":                      "prefecture.sub",
	"prefecture_greffe_associations": "prefecture.associations",
	"tgi":                            "court.judicial",
	"ti":                             "court.local",
	"maison_arret":                   "prison.remand",
	"bureau_de_douane":               "customs.office",
	"drddi":                          "customs.directorate",
	"ddt":                            "state.territories",
	"dreal_ut":                       "state.environment",
	"bsn":                            "state.national_service",
	"cr":                             "council.region",
	"cg":                             "council.departement",
	"epci":                           "council.intercommunal",
}

// directoryPrecision are the radii in metres of geoloc_precision: 4 a town, 5 a postcode, 6 a street, 7 a crossing,
// 8 an address, 9 and 10 a building.
var directoryPrecision = map[string]float64{"4": 2000, "5": 2000, "6": 200, "7": 50, "8": 25, "9": 10, "10": 10}

func directoryUnit(row data.Row) (*geoengine.Unit, error) {
	category := row.Get("category")
	u := &geoengine.Unit{
		Ref: row.Get("id"), Name: row.Get("name"), Kind: directoryKinds[category],
		PrecisionM: directoryPrecision[row.Get("geoloc_precision")],
	}
	if u.Kind == "" {
		return nil, row.Reject("unknown_value", "category %.40q is none of the directory's", category)
	}
	if err := checkTexts(row, u); err != nil {
		return nil, err
	}
	set(u, "commune", row.Get("insee"))
	set(u, "phone", row.Get("phone"))
	set(u, "address", row.Get("address"))
	if err := place(row, u); err != nil {
		return nil, err
	}
	u.Attributes = u.Attributes.Normalise()
	return u, nil
}
