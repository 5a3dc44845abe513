package plan

import (
	"fmt"

	"vigie/geoengine"
)

// Refusal says why no plan can be made of a request, or why a change is not made, and what to change. It is a
// geoengine.ErrInvalid.
type Refusal struct {
	Code  string // for programs: unit_off_network, empty_period, no_accidents, …
	Field string // of the Request or Change it is about, in dotted JSON: "teams.0.unit"
	FR    string
	EN    string
}

// Error is the English text.
func (r *Refusal) Error() string { return r.EN }

// Unwrap is geoengine.ErrInvalid.
func (r *Refusal) Unwrap() error { return geoengine.ErrInvalid }

// refuse makes a refusal; args fill both texts, which name them by number where the order differs.
func refuse(code, field, fr, en string, args ...any) *Refusal {
	return &Refusal{Code: code, Field: field, FR: fmt.Sprintf(fr, args...), EN: fmt.Sprintf(en, args...)}
}
