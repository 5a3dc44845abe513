// Package risk says where and when on the road network accidents are to be expected: accidents are snapped to lixels
// and hours of the week, and a negative-binomial safety performance function with Empirical Bayes (Highway Safety
// Manual) gives the expected severity-weighted accidents of each, one surface for each kind of control.
package risk

import (
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
)

// HoursOfWeek is the number of local hours in a week; hour 0 is Monday 00 h–01 h.
const HoursOfWeek = 168

// Kind is a kind of control.
type Kind string

// The kinds of control.
const (
	AnyKind Kind = "any"     // all accidents alike
	Alcohol Kind = "alcohol" // alcohol and drugs
	Speed   Kind = "speed"
	Belt    Kind = "phone_belt" // telephone and seat belt
	Heavy   Kind = "heavy"      // heavy vehicles
)

// Kinds lists every kind of control.
func Kinds() []Kind { return []Kind{AnyKind, Alcohol, Speed, Belt, Heavy} }

// Accident is what the surfaces are made of.
type Accident struct {
	Position   orb.Point // longitude, latitude
	PrecisionM float64
	Start      time.Time // in the local zone of the place
	HourKnown  bool
	Weight     float64          // severity-weighted: killed 1, hospitalised 0.125, slight 0.005, as geoengine.Severity.Weight
	Relevance  map[Kind]float64 // 0 to 1: how far a control of the kind is about such an accident (AnyKind is always 1)
	Road       string           // as the source names it; "" if it does not
}

// Surface is the expected severity-weighted accidents of one kind on a network: a rate for each lixel, spread over the
// hours of the week by a profile.
type Surface struct {
	Kind   Kind
	Lixels *road.Lixels
	// Expected are severity-weighted accidents a year on each lixel, with the bounds of a 90 % interval.
	Expected, Low, High []float64
	// Profile is the number of the hourly profile of each lixel; Profiles are shares of the week, each of HoursOfWeek
	// values that sum to 1.
	Profile  []int32
	Profiles [][]float64
	Report   Report
}

// At is the expected severity-weighted accidents a year on a lixel in one hour of the week.
func (s *Surface) At(lixel, hour int) float64 {
	return s.Expected[lixel] * s.Profiles[s.Profile[lixel]][hour]
}

// Report says what a surface was made of.
type Report struct {
	Accidents    int       `json:"accidents"`    // that were used
	Unplaced     int       `json:"unplaced"`     // without a position, or too far from every road
	WithoutHour  int       `json:"without_hour"` // counted in rates, not in profiles
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	Years        float64   `json:"years"`
	Model        string    `json:"model"` // name and version of the model
	Coefficients []float64 `json:"coefficients"`
	Dispersion   float64   `json:"dispersion"` // φ of the negative binomial
	Hash         string    `json:"hash"`       // of the inputs
}
