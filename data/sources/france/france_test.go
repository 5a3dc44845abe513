package france

import (
	"testing"

	"github.com/paulmach/orb"
)

func TestHolds(t *testing.T) {
	t.Parallel()
	inside := map[string]orb.Point{
		"Paris": {2.35, 48.86}, "Ouessant": {-5.1, 48.46}, "Bonifacio": {9.16, 41.39}, "Dunkerque": {2.38, 51.03},
		"Pointe-à-Pitre": {-61.53, 16.24}, "Marigot": {-63.08, 18.07}, "Fort-de-France": {-61.07, 14.6}, "Cayenne": {-52.33, 4.94},
		"Saint-Denis": {55.45, -20.88}, "Mamoudzou": {45.23, -12.78}, "Saint-Pierre": {-56.17, 46.78}, "Mata-Utu": {-176.17, -13.28},
		"Papeete": {-149.57, -17.53}, "Nouméa": {166.45, -22.27}, "Port-aux-Français": {70.22, -49.35},
	}
	for name, p := range inside {
		if !Holds(p) {
			t.Errorf("%s is not French", name)
		}
		if swapped := (orb.Point{p.Lat(), p.Lon()}); Holds(swapped) {
			t.Errorf("%s swapped is French", name)
		}
	}
	for name, p := range map[string]orb.Point{"nowhere": {0, 0}, "New York": {-74, 40.7}, "the demonstration": {-6.5, 46.5}} {
		if Holds(p) {
			t.Errorf("%s is French", name)
		}
	}
}
