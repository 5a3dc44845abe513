// Package france tells whether a position can be French, so that sources which hold only French territory find swapped
// or mistaken coordinates.
package france

import "github.com/paulmach/orb"

// boxes bound the metropolis and the territories overseas in degrees, rounded outwards to at least a kilometre.
var boxes = [...]orb.Bound{
	{Min: orb.Point{-5.3, 41.2}, Max: orb.Point{9.8, 51.3}},      // metropolis
	{Min: orb.Point{-63.3, 15.7}, Max: orb.Point{-60.9, 18.3}},   // Guadeloupe, Saint-Martin, Saint-Barthélemy
	{Min: orb.Point{-61.4, 14.3}, Max: orb.Point{-60.7, 15}},     // Martinique
	{Min: orb.Point{-54.8, 2}, Max: orb.Point{-51.5, 6}},         // Guyane
	{Min: orb.Point{55.1, -21.5}, Max: orb.Point{56, -20.7}},     // La Réunion
	{Min: orb.Point{44.9, -13.1}, Max: orb.Point{45.4, -12.5}},   // Mayotte
	{Min: orb.Point{-56.6, 46.6}, Max: orb.Point{-56, 47.3}},     // Saint-Pierre-et-Miquelon
	{Min: orb.Point{-178.4, -14.6}, Max: orb.Point{-176, -13}},   // Wallis-et-Futuna
	{Min: orb.Point{-155, -28.1}, Max: orb.Point{-134, -7.7}},    // Polynésie française
	{Min: orb.Point{158, -23.2}, Max: orb.Point{172.6, -17.4}},   // Nouvelle-Calédonie
	{Min: orb.Point{50, -50.2}, Max: orb.Point{78, -37.5}},       // Crozet, Kerguelen, Saint-Paul-et-Amsterdam
	{Min: orb.Point{39.5, -22.6}, Max: orb.Point{54.8, -11.3}},   // Îles Éparses
	{Min: orb.Point{136, -90}, Max: orb.Point{142.1, -60}},       // Terre Adélie
	{Min: orb.Point{-109.4, 10.2}, Max: orb.Point{-109.1, 10.4}}, // Clipperton
}

// Holds tells whether a longitude, latitude lies in or near French territory.
func Holds(p orb.Point) bool {
	for _, box := range boxes {
		if box.Contains(p) {
			return true
		}
	}
	return false
}
