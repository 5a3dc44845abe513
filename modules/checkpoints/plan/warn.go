package plan

import (
	"fmt"
	"slices"

	"vigie/predict/roadrisk"
)

// What is warned of.
const (
	fewAccidents = 100   // below, hours and places are mostly the model's
	fewBits      = 3.0   // a post that is one of eight equally likely sites
	likelySite   = 0.25  // probability of one site in one team-slot
	proven       = 0.001 // a gap that no one need care for
	offRoadM     = 300   // between a unit and the network
)

// notice is a warning in both languages with its arguments.
func notice(code string, posts []string, fr, en string, args ...any) Warning {
	return Warning{Code: code, FR: fmt.Sprintf(fr, args...), EN: fmt.Sprintf(en, args...), Posts: posts}
}

// warn says what the signer of a plan should know.
func (p *Problem) warn(plan *Plan, stands []stand, posts []Post) []Warning {
	var list []Warning
	list = append(list, p.warnPlaces(stands, posts)...)
	list = append(list, p.warnPredictable(plan)...)
	list = append(list, p.warnTeams(posts)...)
	list = append(list, p.warnData(plan)...)
	return list
}

// warnPlaces is about sites and the time at them. stands refer to posts in their order, which may differ from the plan's.
func (p *Problem) warnPlaces(stands []stand, posts []Post) (list []Warning) {
	var unknown, unlit, short []string
	for i := range stands {
		s := &stands[i]
		site, post := &p.sites[s.site], &posts[s.post]
		if site.Status != Safe {
			unknown = append(unknown, post.ID)
		}
		if p.slots[s.slot].night && site.Lit != "yes" {
			unlit = append(unlit, post.ID)
		}
		if post.HeldMinutes < MinHoldMinutes {
			short = append(short, post.ID)
		}
	}
	if len(unknown) > 0 {
		list = append(list, notice("reconnoitre", sorted(unknown), "%d poste(s) sur des sites à reconnaître : personne ne les a déclarés sûrs.",
			"%d post(s) at sites to be reconnoitred: nobody has declared them safe.", len(unknown)))
	}
	if len(unlit) > 0 {
		list = append(list, notice("unlit", sorted(unlit), "%d poste(s) de nuit dont l’éclairage est inconnu.", "%d post(s) at night where the lighting is unknown.", len(unlit)))
	}
	if len(short) > 0 {
		list = append(list, notice("short_hold", sorted(short), "%d poste(s) tenus moins de %d minutes, à cause du trajet depuis le poste précédent.",
			"%d post(s) held for less than %d minutes because of the way from the post before.", len(short), MinHoldMinutes))
	}
	return list
}

func sorted(ids []string) []string { slices.Sort(ids); return ids }

// warnPredictable is about what somebody could foresee: few bits, and what people repeat.
func (p *Problem) warnPredictable(plan *Plan) (list []Warning) {
	n := len(plan.Posts)
	if n == 0 {
		return nil
	}
	switch d := &plan.Draw; {
	case d.Bits >= fewBits:
	case d.Overridden > 0:
		list = append(list, notice("predictable", nil, "Le plan devient prévisible : %.1f bit(s) par poste en moyenne, dont %d poste(s) sur %d fixés à la main. Déverrouillez-en, ou redessinez.",
			"The plan becomes predictable: %.1f bit(s) a post on average, with %d post(s) of %d fixed by hand. Unlock some, or draw anew.", d.Bits, d.Overridden, n))
	default:
		list = append(list, notice("predictable", nil, "Plan peu imprévisible : %.1f bit(s) par poste. Peu de sites valent les meilleurs : acceptez une part plus basse, des trajets plus longs ou plus de sites.",
			"The plan is not very unpredictable: %.1f bit(s) a post. Few sites are worth as much as the best: accept a lower share, longer ways or more sites.", d.Bits))
	}
	var likely []string
	for i := range plan.Posts {
		if post := &plan.Posts[i]; post.Bits > 0 && post.Chance > likelySite {
			likely = append(likely, post.ID)
		}
	}
	if len(likely) > 0 {
		list = append(list, notice("likely_site", sorted(likely), "%d poste(s) sur un site tiré plus d’une fois sur quatre : aucun autre ne vaut presque autant dans ce créneau.",
			"%d post(s) at a site that is drawn more than once in four: no other is worth nearly as much in that slot.", len(likely)))
	}
	return append(list, warnRepeated(plan)...)
}

// warnRepeated is about sites and hours that come back.
func warnRepeated(plan *Plan) (list []Warning) {
	n := len(plan.Posts)
	sites, hours := make(map[string][]string), make(map[string][]string)
	for i := range plan.Posts {
		post := &plan.Posts[i]
		sites[post.Site] = append(sites[post.Site], post.ID)
		if post.Bits == 0 { // chosen by a person
			key := post.Site + post.Slot.Format(" 15")
			hours[key] = append(hours[key], post.ID)
		}
	}
	var often, same []string
	for _, ids := range sites {
		if len(ids) >= 3 && 8*len(ids) > n {
			often = append(often, ids...)
		}
	}
	for _, ids := range hours {
		if len(ids) >= 2 {
			same = append(same, ids...)
		}
	}
	if len(often) > 0 {
		list = append(list, notice("repeated_site", sorted(often), "Un même site revient dans plus d’un poste sur huit.", "One site comes back in more than one post of eight."))
	}
	if len(same) > 0 {
		list = append(list, notice("repeated_hours", sorted(same), "Des postes fixés à la main reviennent au même site à la même heure.",
			"Posts fixed by hand come back at the same site at the same hour."))
	}
	return list
}

// warnTeams is about teams without work, units far from the road, and the legal basis.
func (p *Problem) warnTeams(posts []Post) (list []Warning) {
	seats := 0
	for d := range p.duties {
		sq := &p.squads[p.duties[d].squad]
		seats += sq.Teams * sq.Slots
	}
	if idle := seats - len(posts); idle > 0 {
		list = append(list, notice("idle_team", nil, "%d créneau(x) d’équipe sur %d restent sans poste : pas de site libre à distance suffisante, ou poste retiré.",
			"%d team-slot(s) of %d have no post: no free site far enough from others, or a post was removed.", idle, seats))
	}
	for s := range p.squads {
		if sq := &p.squads[s]; sq.offM > offRoadM && sq.before == 0 {
			list = append(list, notice("unit_off_network", nil, "%s est à %d m de la première route connue : vérifiez sa position.", "%s is %d m from the nearest known road: check its position.", sq.name, int(sq.offM)))
		}
	}
	if p.Request.Kind == roadrisk.Alcohol && p.Request.Basis == R2331 {
		list = append(list, notice("basis", nil, "L’article R233-1 permet de contrôler les documents, non de dépister l’alcool sans infraction : L234-9 le permet.",
			"Article R233-1 allows checks of documents, not tests of alcohol without an offence: L234-9 does."))
	}
	return list
}

// warnData is about what the plan was computed from, and what could not be proven.
func (p *Problem) warnData(plan *Plan) (list []Warning) {
	if n := plan.Data.Accidents; n < fewAccidents {
		list = append(list, notice("few_accidents", nil, "%d accidents seulement : les lieux et les heures reposent surtout sur le modèle. Étendez la période ou le territoire.",
			"Only %d accidents: places and hours rest mostly on the model. Extend the period or the areas.", n))
	}
	if without := p.world.Surface.Report.WithoutHour; 2*without > plan.Data.Accidents {
		list = append(list, notice("without_hour", nil, "%d accidents sur %d sans heure : les heures reposent sur les autres.", "%d accidents of %d without a time of day: the hours rest on the others.", without, plan.Data.Accidents))
	}
	if plan.Price.Gap > proven {
		list = append(list, notice("gap", nil, "L’optimum est prouvé à %.2f %% près.", "The optimum is proven to %.2f %%.", 100*plan.Price.Gap))
	}
	return list
}
