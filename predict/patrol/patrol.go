// Package patrol is what keeps a forecast of places fair once patrols follow it: suggestions that always explore
// (suggest.go), the feedback loop in which a model is fed by what its own patrols find, as a simulation (loop.go), and
// the audit of who is pointed out against who is hit (equity.go).
//
// Places are numbers here. Nothing reads a clock or a random source of its own: the caller passes a seed, and the same
// seed gives the same result. Errors wrap geoengine.ErrInvalid and say what to change.
package patrol
