package conformance

import (
	"testing"
)

func TestFeatures(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	checks, err := Features(t.Context(), s.client())
	if err != nil {
		t.Fatal(err)
	}
	report(t, Run(t.Context(), checks))
}
