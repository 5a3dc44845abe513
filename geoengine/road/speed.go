package road

// Speeds in km/h that a road allows where its source does not say, outside towns and inside their limits. Code de la
// route, R413-2 (motorways 130; roads with a central reservation 110; other roads 80) and R413-3 (50 in towns, up to 70
// on roads that pass through), R110-2 (20 in zones de rencontre); service roads and tracks as people drive there.
var allowedKmh = [...]struct{ outside, inside float64 }{
	Motorway:     {130, 90},
	Trunk:        {110, 70},
	Primary:      {80, 50},
	Secondary:    {80, 50},
	Tertiary:     {80, 50},
	Unclassified: {80, 50},
	Residential:  {50, 50},
	LivingStreet: {20, 20},
	Service:      {20, 20},
	Track:        {15, 15},
}

// Speeds in km/h that are driven on average where nothing bars the way, at most, by class: OSRM's profile of cars
// (profiles/car.lua) as to order, raised to what is driven on French roads outside towns.
var drivenKmh = [...]float64{
	Motorway: 130, Trunk: 105, Primary: 78, Secondary: 72, Tertiary: 65, Unclassified: 50, Residential: 40, LivingStreet: 12,
	Service: 15, Track: 12,
}

const (
	// paceOfAllowed is the share of the speed allowed that is reached on average (OSRM: speed_reduction = 0.8).
	paceOfAllowed = 0.8
	linkKmh       = 45 // slip roads, at most
	roundaboutKmh = 30 // at most
	privateKmh    = 20 // roads for those who have business there, at most
	leastKmh      = 3
)

// speedKmh is the average speed driven on a section in one direction, from the speed allowed there in km/h, 0 if the source
// does not tell it.
func speedKmh(s *Section, allowed uint8) float64 {
	class := min(s.Class, Track)
	limit := float64(allowed)
	if allowed == 0 {
		limit = allowedKmh[class].outside
		if s.BuiltUp == Yes {
			limit = allowedKmh[class].inside
		}
	}
	speed := min(limit*paceOfAllowed, drivenKmh[class])
	if s.Link {
		speed = min(speed, linkKmh)
	}
	if s.Roundabout {
		speed = min(speed, roundaboutKmh)
	}
	if s.Access == Destination {
		speed = min(speed, privateKmh)
	}
	return max(speed, leastKmh)
}
