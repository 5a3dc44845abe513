package main

import (
	"errors"
	"fmt"
	"testing"

	"vigie/geoengine"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	inner := fmt.Errorf("format %q: no year: %w", "D", geoengine.ErrInvalid)
	for want, err := range map[string]error{
		`mapping a: format "D": no year`: fmt.Errorf("mapping a: %w: %w", inner, geoengine.ErrInvalid),
		"invalid":                        geoengine.ErrInvalid,
		"the answer: invalid":            errors.New("the answer: invalid"),
		"area fr.1":                      fmt.Errorf("area fr.1: %w", geoengine.ErrMissing),
	} {
		if got := plain(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
