package cartheft

import (
	"fmt"
	"slices"
	"strings"

	"vigie/geoengine"
	"vigie/geoengine/forecast"
)

// Category is the one category, with its descendants, that may feed the forecast: thefts of vehicles, which their owners
// report. The list is closed in code, not in configuration.
const Category = "vehicle.theft"

// Categories are all that may feed the forecast.
func Categories() []string { return []string{Category} }

// discoveryKeys are the attributes, in small letters, by which a publisher may say how a theft came to be known.
func discoveryKeys() []string {
	return []string{"discovery", "discovered_by", "detection", "detected_by", "found_by", "origin_of_report", "decouverte", "découverte", "constat"}
}

// reportedBy are the values of these attributes that say that somebody reported the theft. Whatever else is said is refused:
// a word that this program does not know could mean a patrol.
func reportedBy() []string {
	return []string{"report", "reported", "victim", "owner", "witness", "public", "caller", "complaint", "insurer", "plainte", "victime", "temoin", "témoin"}
}

// Refusal says why an event may not feed the forecast of thefts. It wraps geoengine.ErrInvalid.
type Refusal struct {
	FR, EN string
}

// Error implements error.
func (r *Refusal) Error() string { return r.EN }

// Unwrap makes it ErrInvalid.
func (r *Refusal) Unwrap() error { return geoengine.ErrInvalid }

// Admit refuses what may not feed the forecast: other categories, and thefts that a patrol has found. The forecast would else
// learn where patrols go, send them there again, and run away (predict/patrol shows how fast). Every way in asks it: the
// store and the files of `vigie backtest cartheft`.
func Admit(category string, attributes geoengine.Attributes) error {
	if r := admitCategory(category); r != nil {
		return r
	}
	for _, a := range attributes {
		if slices.Contains(discoveryKeys(), plain(a.Key)) && !slices.Contains(reportedBy(), plain(a.Value)) {
			return found(a.Key, a.Value)
		}
	}
	return nil
}

// plain is a word without the blanks around it, in small letters.
func plain(word string) string { return strings.ToLower(strings.TrimSpace(word)) }

func admitCategory(category string) *Refusal {
	if geoengine.Within(category, Categories()) {
		return nil
	}
	return &Refusal{
		FR: fmt.Sprintf("La catégorie « %.80s » ne peut pas nourrir cette prévision : seuls les vols de véhicules déclarés (%s) le peuvent. "+
			"Le règlement (UE) 2024/1689, article 5, paragraphe 1, d, interdit d'évaluer des personnes, et la loi n° 78-17 du 6 janvier 1978, article 4, de détourner des données de leur finalité.", category, Category),
		EN: fmt.Sprintf("The category “%.80s” cannot feed this forecast: only reported thefts of vehicles (%s) can. "+
			"Regulation (EU) 2024/1689, article 5(1)(d), forbids rating persons, and the French act no. 78-17 of 6 January 1978, article 4, using data for another purpose.", category, Category),
	}
}

func found(key, value string) *Refusal {
	return &Refusal{
		FR: fmt.Sprintf("%.40s = « %.80s » : ce n'est pas un vol déclaré. Un vol constaté par une patrouille ne peut pas nourrir la prévision, qui apprendrait où vont les patrouilles et les y renverrait (Ensign et al., 2018).", key, value),
		EN: fmt.Sprintf("%.40s = “%.80s”: not a reported theft. A theft that a patrol has found cannot feed the forecast, which would learn where patrols go and send them there again (Ensign et al., 2018).", key, value),
	}
}

// refused counts events that were left out, by reason, and names the first.
type refused struct {
	reasons []string
	counts  map[string]*refusals
}

type refusals struct {
	n    int
	refs []string // the first of them
	text func(examples string) forecast.Text
}

// shownRefs is how many events a reason names.
const shownRefs = 3

// add counts an event, named source/ref, under a reason. The text is that of the reason's first event.
func (r *refused) add(reason, ref string, text func(examples string) forecast.Text) {
	if r.counts == nil {
		r.counts = map[string]*refusals{}
	}
	one, there := r.counts[reason]
	if !there {
		one = &refusals{text: text}
		r.counts[reason], r.reasons = one, append(r.reasons, reason)
	}
	one.n++
	if len(one.refs) < shownRefs {
		one.refs = append(one.refs, ref)
	}
}

// list are the counts with their reasons, in order of the reasons.
func (r *refused) list() []forecast.Count {
	list := []forecast.Count{}
	for _, reason := range slices.Sorted(slices.Values(r.reasons)) {
		one := r.counts[reason]
		examples := strings.Join(one.refs, ", ")
		if one.n > len(one.refs) {
			examples += "…"
		}
		list = append(list, forecast.Count{N: one.n, Reason: one.text(examples)})
	}
	return list
}
