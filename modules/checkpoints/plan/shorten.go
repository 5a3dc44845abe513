package plan

import "math"

// wantLegs lists the ways that posts of one duty may have between them, whichever team holds them.
func wantLegs(wanted map[[2]int32]bool, stands []stand) {
	for i := range stands {
		for j := range stands {
			a, b := &stands[i], &stands[j]
			if a.squad == b.squad && a.day == b.day && a.slot+1 == b.slot {
				wanted[[2]int32{a.site, b.site}] = true
			}
		}
	}
}

// shorten swaps the sites of two teams of a duty in a slot in which both have the same part of their shift, as long as
// that makes their ways shorter. What the plan is worth does not change: the teams are alike.
func (p *Problem) shorten(stands []stand) {
	at := make(map[[4]int]int32, len(stands)) // squad, day, team, slot → site
	for i := range stands {
		s := &stands[i]
		at[[4]int{s.squad, s.day, s.team, s.slot}] = s.site
	}
	way := func(s *stand, site int32) float64 {
		sum := float64(s.seconds)
		if before, ok := at[[4]int{s.squad, s.day, s.team, s.slot - 1}]; ok {
			sum = p.wayBetween(before, site)
		}
		if after, ok := at[[4]int{s.squad, s.day, s.team, s.slot + 1}]; ok {
			sum += p.wayBetween(site, after)
		}
		return sum
	}
	for range 10 {
		swapped := false
		for i := range stands {
			for j := i + 1; j < len(stands); j++ {
				a, b := &stands[i], &stands[j]
				if a.squad != b.squad || a.day != b.day || a.slot != b.slot || a.middle != b.middle || a.team == b.team {
					continue
				}
				now := way(a, a.site) + way(b, b.site)
				x, y := *a, *b
				x.site, x.seconds, y.site, y.seconds = b.site, b.seconds, a.site, a.seconds
				if way(&x, x.site)+way(&y, y.site) < now-1 {
					*a, *b = x, y
					at[[4]int{a.squad, a.day, a.team, a.slot}] = a.site
					at[[4]int{b.squad, b.day, b.team, b.slot}] = b.site
					swapped = true
				}
			}
		}
		if !swapped {
			return
		}
	}
}

// wayBetween is a leg, or an hour where there is no way.
func (p *Problem) wayBetween(from, to int32) float64 {
	if seconds := float64(p.leg(from, to)); !math.IsInf(seconds, 1) {
		return seconds
	}
	return 3600
}
