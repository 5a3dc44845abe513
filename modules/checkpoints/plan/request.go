package plan

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"vigie/predict/roadrisk"
)

// Limits of a request.
const (
	maxDays    = 31
	maxTeams   = 60
	maxSlots   = 5
	dateLayout = "2006-01-02"
)

// MinHoldMinutes is how long a post is held at least: what way and break leave of a slot. Less is no deterrence: short
// posts of half an hour are the shortest that the random road watch of Queensland planned for (Newstead 2001: two hours).
const MinHoldMinutes = 30

// period is a request's days and what is left unset, filled in.
type period struct {
	first time.Time // first day at 0 h, local
	days  int
}

// Check says what is wrong with a request by itself, before any world is known: a *Refusal. An empty seed is well.
func (r Request) Check(zone *time.Location) error {
	if r.Seed == "" {
		r.Seed = "0"
	}
	_, _, err := r.fill(zone, nil)
	return err
}

// fill returns the request with its defaults; a *Refusal names what is wrong with it.
func (r Request) fill(zone *time.Location, random io.Reader) (Request, period, error) {
	var p period
	if err := r.checkWhat(); err != nil {
		return r, p, err
	}
	p, err := r.when(zone)
	if err != nil {
		return r, p, err
	}
	if r.Since == "" {
		r.Since = p.first.AddDate(-5, 0, 0).Format(dateLayout)
	}
	if r.Until == "" {
		r.Until = r.From
	}
	if err := r.checkAccidents(); err != nil {
		return r, p, err
	}
	if err := r.fillNumbers(); err != nil {
		return r, p, err
	}
	if r.Seed == "" {
		if random == nil {
			return r, p, refuse("seed", "seed", "Indiquez une graine de tirage (hexadécimal).", "Give a seed for the draw (hexadecimal).")
		}
		var seed [16]byte
		if _, err := io.ReadFull(random, seed[:]); err != nil {
			return r, p, fmt.Errorf("draw a seed: %w", err)
		}
		r.Seed = hex.EncodeToString(seed[:])
	} else if len(r.Seed) > 64 || strings.Trim(r.Seed, "0123456789abcdefABCDEF") != "" {
		return r, p, refuse("seed", "seed", "La graine « %.70s » doit être hexadécimale, 64 caractères au plus.",
			"The seed %.70q must be hexadecimal, of 64 characters at most.", r.Seed)
	}
	return r, p, r.checkBasis()
}

func (r *Request) checkWhat() error {
	known := false
	for _, k := range roadrisk.Kinds() {
		known = known || k == r.Kind
	}
	switch {
	case !known:
		return refuse("kind", "kind", "Type de contrôle inconnu : « %.40s ».", "Unknown kind of control: %.40q.", string(r.Kind))
	case len(r.Areas) == 0:
		return refuse("no_area", "areas", "Choisissez au moins un territoire.", "Choose at least one area.")
	case len(r.Teams) == 0:
		return refuse("no_team", "teams", "Ajoutez au moins une équipe.", "Add at least one team.")
	}
	return nil
}

// when reads the days of the plan.
func (r *Request) when(zone *time.Location) (p period, err error) {
	p.first, err = time.ParseInLocation(dateLayout, r.From, zone)
	if err != nil {
		return p, refuse("date", "from", "Le premier jour « %.20s » n’est pas une date (2026-12-04).", "The first day %.20q is not a date (2026-12-04).", r.From)
	}
	last, err := time.ParseInLocation(dateLayout, r.To, zone)
	if err != nil {
		return p, refuse("date", "to", "Le dernier jour « %.20s » n’est pas une date (2026-12-06).", "The last day %.20q is not a date (2026-12-06).", r.To)
	}
	for day := p.first; !day.After(last) && p.days <= maxDays; day = day.AddDate(0, 0, 1) {
		p.days++
	}
	switch {
	case p.days == 0:
		return p, refuse("empty_period", "to", "La période est vide : le dernier jour (%[2]s) précède le premier (%[1]s).",
			"The period is empty: the last day (%[2]s) is before the first (%[1]s).", r.From, r.To)
	case p.days > maxDays:
		return p, refuse("long_period", "to", "La période dépasse %d jours : faites plusieurs plans.", "The period is longer than %d days: make several plans.", maxDays)
	}
	return p, nil
}

func (r *Request) checkAccidents() error {
	since, err := time.Parse(dateLayout, r.Since)
	if err != nil {
		return refuse("date", "since", "« %.20s » n’est pas une date (2021-01-01).", "%.20q is not a date (2021-01-01).", r.Since)
	}
	until, err := time.Parse(dateLayout, r.Until)
	if err != nil {
		return refuse("date", "until", "« %.20s » n’est pas une date (2026-01-01).", "%.20q is not a date (2026-01-01).", r.Until)
	}
	if !since.Before(until) {
		return refuse("empty_accidents", "since", "La période des accidents est vide : du %s au %s. Avancez son début ou reculez sa fin.",
			"The period of the accidents is empty: from %s to %s. Begin it earlier or end it later.", r.Since, r.Until)
	}
	return nil
}

func (r *Request) fillNumbers() error {
	type number struct {
		name       string
		value      *int
		otherwise  int
		least, top int
	}
	for _, n := range []number{
		{"max_travel_minutes", &r.MaxTravelMinutes, 30, 1, 90},
		{"separation_m", &r.SeparationM, 2000, 1, 50_000},
	} {
		if *n.value == 0 {
			*n.value = n.otherwise
		}
		if *n.value < n.least || *n.value > n.top {
			return refuse("range", n.name, "%s : %d doit être entre %d et %d.", "%s: %d must be between %d and %d.", n.name, *n.value, n.least, n.top)
		}
	}
	if r.Share == 0 {
		r.Share = 0.95
	}
	if !(r.Share >= 0.5 && r.Share <= 1) {
		return refuse("range", "share", "La part de l’optimum (%g) doit être entre 0,5 et 1.", "The share of the optimum (%g) must be between 0.5 and 1.", r.Share)
	}
	teams := make([]Team, len(r.Teams))
	copy(teams, r.Teams)
	r.Teams = teams
	sum := 0
	for i := range r.Teams {
		if err := r.Teams[i].fill(fmt.Sprintf("teams.%d.", i)); err != nil {
			return err
		}
		sum += r.Teams[i].Teams
	}
	if sum > maxTeams {
		return refuse("range", "teams", "%d équipes par jour : %d au plus dans un plan. Faites un plan par compagnie.",
			"%d teams a day: at most %d in one plan. Make a plan for each company.", sum, maxTeams)
	}
	return nil
}

func (t *Team) fill(field string) error {
	if t.BreakMinutes == nil {
		minutes := 30
		t.BreakMinutes = &minutes
	}
	switch {
	case t.Teams < 1:
		return refuse("range", field+"teams", "%s : au moins une équipe.", "%s: at least one team.", t.Unit)
	case t.Slots < 1 || t.Slots > maxSlots:
		return refuse("range", field+"slots", "%s : une vacation compte 1 à %d créneaux de deux heures.", "%s: a shift has 1 to %d slots of two hours.", t.Unit, maxSlots)
	case t.Earliest < 0 || t.Earliest > 22 || t.Earliest%2 != 0 || t.Latest%2 != 0:
		return refuse("hours", field+"earliest", "%s : les vacations commencent et finissent à des heures paires (18 et 28 : de 18 h à 4 h), de 0 à 22 pour la première.",
			"%s: shifts begin and end at even hours (18 and 28: from 18 h to 4 h), from 0 to 22 for the first.", t.Unit)
	case t.Latest-t.Earliest < 2*t.Slots:
		return refuse("hours", field+"latest", "%s : %d créneaux de deux heures ne tiennent pas entre %d h et %d h.",
			"%s: %d slots of two hours do not fit between %d h and %d h.", t.Unit, t.Slots, t.Earliest, t.Latest)
	case t.Latest-t.Earliest > 24:
		return refuse("hours", field+"latest", "%s : entre %d h et %d h il y a plus d’un jour.", "%s: from %d h to %d h is more than a day.", t.Unit, t.Earliest, t.Latest)
	case *t.BreakMinutes < 0 || *t.BreakMinutes > 60:
		return refuse("range", field+"break_minutes", "%s : une pause de 0 à 60 minutes.", "%s: a break of 0 to 60 minutes.", t.Unit)
	}
	for _, d := range t.Days {
		if d < 1 || d > 7 {
			return refuse("range", field+"days", "%s : jour %d : de 1 (lundi) à 7 (dimanche).", "%s: day %d: from 1 (Monday) to 7 (Sunday).", t.Unit, d)
		}
	}
	return nil
}

func (r *Request) checkBasis() error {
	switch r.Basis {
	case L2349, R2331, A7822:
		return nil
	}
	return refuse("basis", "basis", "Base légale inconnue : « %.40s » (L234-9, R233-1 ou 78-2-2).", "Unknown legal basis: %.40q (L234-9, R233-1 or 78-2-2).", string(r.Basis))
}
