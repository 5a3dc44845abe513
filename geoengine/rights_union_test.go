package geoengine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
)

// TestUnionOfNothing guards the difference between nothing and everything: an empty territory twice stays empty.
func TestUnionOfNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want []string }{
		{[]string{}, []string{}, []string{}},
		{[]string{}, []string{"fr.76"}, []string{"fr.76"}},
		{[]string{"fr.76"}, []string{"fr.11", "fr.76"}, []string{"fr.11", "fr.76"}},
		{nil, []string{}, nil},
		{[]string{"fr"}, nil, nil},
	} {
		if diff := cmp.Diff(c.want, geoengine.Union(c.a, c.b)); diff != "" {
			t.Errorf("%v and %v: %s", c.a, c.b, diff)
		}
	}
}
