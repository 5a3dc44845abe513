// Package hotspot forecasts where thefts of vehicles will be reported: an expected number for each place of a grid, with
// what is known of its uncertainty, from the days and positions of past thefts and from nothing else.
//
// A Grid cuts a territory into places with exact areas: H3 cells, or rectangles. Fit learns all contenders from what had
// been reported before a day, plays the past again to choose one per budget of area, and says where none of them beats
// the count of the past (Fitted.Usable). Backtest is the whole protocol on a file of events, Replay that of the challenge
// of the National Institute of Justice (2017). Start with Fit; the models are in models.go, what they see in surfaces.go.
//
// The package is pure: no store, no clock, no random source but a seed; the same events give the same bytes.
package hotspot

import (
	"errors"

	"github.com/paulmach/orb"

	"vigie/predict/judge"
)

// Event is one reported theft. It has a place and two days, and no room for anything else: nothing of a person can
// reach a model.
type Event struct {
	Point    orb.Point // longitude, latitude, WGS 84
	Day      int32     // on which it happened; days since 1970-01-01 of the local calendar (judge.Day)
	Reported int32     // on which it became known, in the same days; before Day counts as Day
}

// What can be wrong. Errors of this package wrap one of them.
var (
	// ErrInvalid is a question that has no answer: a position that is no position, a grid without places.
	ErrInvalid = errors.New("invalid hot-spot request")
	// ErrFew is too little to learn from: the message says how much there is and how much is needed.
	ErrFew = errors.New("too few events to forecast from")
)

// Least that a forecast is made from. Below it the honest answer is a refusal.
const (
	leastEvents = 20
	leastDays   = 60 // between the first day and the origin
)

// known is the first day on whose morning nobody could say that the event is not known.
func (e Event) known() judge.Day { return max(e.Day, e.Reported) }
