package geoengine

import (
	"time"

	"github.com/paulmach/orb"
)

// Area is a territory in the tree country → région → département → commune (or circonscription, brigade).
type Area struct {
	Source string
	// Path is the dotted way from the root, e.g. fr.76.31.31555 (country, région, département, commune): codes in
	// lower case. It is the identity, the filter and the access right: an area contains its path's descendants.
	Path     string
	Level    string // country, region, departement, commune, circonscription, brigade
	Code     string // official code, e.g. INSEE 31555
	Name     string
	Geometry orb.MultiPolygon // may be empty for a parent known by code only
}

// Unit is a fixed means of the services: a brigade, motorised unit, police or fire station, or a speed camera.
type Unit struct {
	Source, Ref string // natural identity
	Kind        string // gendarmerie.brigade, gendarmerie.motorised, police.station, fire.station, radar.fixed, sign.vms, …
	Name        string
	Position    orb.Point // longitude, latitude
	HasPosition bool
	PrecisionM  float64
	Attributes  Attributes
	Since       time.Time // in service since; zero if unknown
}
