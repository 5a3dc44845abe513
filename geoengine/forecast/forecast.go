// Package forecast keeps forecasts: runs with their card, values per place with intervals, and the scores that they got
// once their period had passed. Nothing is ever overwritten.
//
// A run is a pure function of its input, its model and its seed: Result is what comes out, and Hash is the same wherever
// it is made again. Read forecast.go (the words), card.go (what a run says of itself).
package forecast

import (
	"time"

	"github.com/paulmach/orb"
)

// PlaceKind is what a forecast has values for. The list is closed: none is a person.
type PlaceKind string

// The kinds of places.
const (
	Cells  PlaceKind = "cell"  // H3 cells
	Lixels PlaceKind = "lixel" // stretches of road
	Units  PlaceKind = "unit"  // stations
	Areas  PlaceKind = "area"  // communes, sectors
)

// Spec says which run is meant. It is all that a run depends on, with the data.
type Spec struct {
	Name    string            `json:"name"`    // of the forecast: cartheft, accidents, firestations
	Areas   []string          `json:"areas"`   // area paths, ascending; none is everything
	Until   time.Time         `json:"until"`   // only what was reported before it may be known; the forecast begins then
	Horizon string            `json:"horizon"` // one of the forecaster's: P7D, P14D, P1M, P2M, P3M, …
	Seed    uint64            `json:"seed"`
	Options map[string]string `json:"options,omitempty"` // of the forecaster, each declared
}

// Result is what a run gives, in canonical order: the same spec and the same data give the same bytes of JSON.
type Result struct {
	Spec      Spec        `json:"spec"`
	Model     string      `json:"model"`      // name of the model
	Version   string      `json:"version"`    // of the model; another one may give other values
	InputHash string      `json:"input_hash"` // SHA-256 of what was read, hexadecimal
	Place     PlaceKind   `json:"place"`
	From      time.Time   `json:"from"` // of the period forecast
	To        time.Time   `json:"to"`
	Card      Card        `json:"card"`
	Profiles  [][]float64 `json:"profiles,omitempty"` // shares of the 168 local hours of a week (0 is Monday 00 h), each summing to 1
	Values    []Value     `json:"values"`             // by place, kind and time, ascending
}

// Value is what is forecast for one place in one period: a number of events (or of what the card's unit says).
type Value struct {
	Cell     uint64       `json:"cell,omitempty"`  // H3 index, with Cells
	Place    string       `json:"place,omitempty"` // id otherwise: source/ref of a unit, path of an area, id of a lixel
	Label    string       `json:"label,omitempty"` // name for people
	Area     string       `json:"area"`            // path of the deepest area that holds the place; rights are by it
	Kind     string       `json:"kind,omitempty"`  // of operation or of control; "" is all together
	From     time.Time    `json:"from"`
	To       time.Time    `json:"to"`
	Expected float64      `json:"expected"` // mean
	Median   float64      `json:"median"`
	Low80    float64      `json:"low80"` // prediction intervals: 80 %
	High80   float64      `json:"high80"`
	Low50    float64      `json:"low50,omitempty"` // 50 %; both 0 where the forecaster gives none
	High50   float64      `json:"high50,omitempty"`
	Low95    float64      `json:"low95"` // and 95 %
	High95   float64      `json:"high95"`
	LastYear float64      `json:"last_year"` // what happened in the same period a year before; −1 where that is not known
	Count    float64      `json:"count"`     // what the count of the past expects: the one to beat
	Rank     int          `json:"rank,omitempty"`
	Profile  int          `json:"profile"` // number of its profile of hours; −1 for none
	Geometry orb.Geometry `json:"-"`       // WGS 84; nil where the cell, unit or area says it
}
