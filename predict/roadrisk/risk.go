// Package roadrisk says where and when on the road network accidents are to be expected: accidents are snapped to lixels
// and hours of the week, and a negative-binomial safety performance function with Empirical Bayes (Highway Safety
// Manual) gives the expected severity-weighted accidents of each, one surface for each kind of control.
//
// Read risk.go (the words), build.go (the order of the work), then count.go (where), severity.go (how grave), profile.go
// (when) and kinds.go (for which control). relevance.go says which accidents a kind of control is about, zones.go draws
// the zones that explain a surface.
package roadrisk

import (
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine"
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
	Position    orb.Point // longitude, latitude
	HasPosition bool
	PrecisionM  float64
	Start       time.Time // in the local zone of the place
	HourKnown   bool
	Weight      float64 // severity-weighted: killed 1, hospitalised 0.125, slight 0.005, as geoengine.Severity.Weight
	// Severity is the worst outcome. Accidents with damage only say where there is traffic; the others are what is
	// expected. Where the outcome is unknown, the accident counts with the mean weight of those like it.
	Severity  geoengine.Severity
	Relevance map[Kind]float64 // 0 to 1: how far a control of the kind is about such an accident (AnyKind is always 1)
	Serious   float64          // people killed or hospitalised, as far as the source tells
	Road      string           // as the source names it; "" if it does not
}

// Hour is the local hour of the week in which it began, 0 to 167, or -1 if the hour is not known.
func (a *Accident) Hour() int {
	if !a.HourKnown {
		return -1
	}
	_, offset := a.Start.Zone()
	return geoengine.LocalHour(a.Start.Unix(), 0, offset)
}

// damage tells whether nobody was hurt.
func (a *Accident) damage() bool { return a.Severity == geoengine.SeverityDamage }

// Surface is the expected severity-weighted accidents of one kind: a rate for each place, spread over the hours of the
// week by a profile. Places are the lixels of a network, or cells where there is none.
type Surface struct {
	Kind   Kind
	Lixels *road.Lixels // nil on cells
	Cells  []uint64     // H3 cells, ascending; nil on a network
	// Expected are severity-weighted accidents a year on each lixel, with the bounds of a 90 % interval for the mean of
	// many such years (not for what one year will bring).
	Expected, Low, High []float64
	// Counts are the accidents a year behind them, whatever their severity, each as far as the kind is about it.
	Counts []float64
	// Shape is that of the gamma distribution of each of Counts, whose mean they are: what is not known of the rate. +Inf is
	// a rate known exactly.
	Shape []float64
	// Model is what the safety performance function alone expects of them, before the lixel's own accidents count.
	Model []float64
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
	Outside      int       `json:"outside"`      // before, after or between the periods; not used
	Damage       int       `json:"damage"`       // with damage only: they tell of traffic, and are not in Accidents
	Fatal        int       `json:"fatal"`        // of Accidents
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	Years        float64   `json:"years"`
	Model        string    `json:"model"` // name and version of the model
	Terms        []string  `json:"terms"` // what each of Coefficients multiplies
	Coefficients []float64 `json:"coefficients"`
	Errors       []float64 `json:"errors"`     // standard errors of the coefficients
	Dispersion   float64   `json:"dispersion"` // φ of the negative binomial: the variance is μ + μ²/φ
	// MeanWeight is the mean severity weight of an accident; Weighted is false where no severity is known at all: then
	// every accident weighs 1.
	MeanWeight float64 `json:"mean_weight"`
	Weighted   bool    `json:"weighted"`
	Hash       string  `json:"hash"` // of the inputs
}
