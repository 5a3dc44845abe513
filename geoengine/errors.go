package geoengine

import "errors"

// The sentinel errors of the house. Wrap them with what and where; package api maps them to HTTP in one place.
var (
	// ErrInvalid says that the caller's input is wrong (HTTP 422).
	ErrInvalid = errors.New("invalid")
	// ErrDenied says that the caller may not do this (HTTP 403).
	ErrDenied = errors.New("denied")
	// ErrMissing says that the named thing does not exist, or not for this caller (HTTP 404).
	ErrMissing = errors.New("missing")
	// ErrBusy says that the same work is already under way, or the server is not ready (HTTP 503).
	ErrBusy = errors.New("busy")
)
