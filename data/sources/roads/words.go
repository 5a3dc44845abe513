package roads

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"vigie/geoengine/road"
)

// words are the properties of a feature, under lower-case names.
type words map[string]string

func wordsOf(properties map[string]any) words {
	w := make(words, len(properties))
	for key, v := range properties {
		if text := value(v); text != "" {
			w[strings.ToLower(strings.TrimSpace(key))] = text
		}
	}
	return w
}

// first returns the value of the first of the names that is there.
func (w words) first(names ...string) string {
	for _, name := range names {
		if v := w[name]; v != "" {
			return v
		}
	}
	return ""
}

// errNotDriven says that a line is a road for nobody in a car.
var errNotDriven = errors.New("is not driven by cars")

// section returns what the properties say, without the place.
func (w words) section() (road.Section, error) {
	s := road.Section{
		Name: w.first("name", "nom", "road_name", "street_name", "name1", "nom_voie", "nom_1_gauche", "nom_voie_ban_gauche", "nom_collaboratif_gauche"),
		Number: w.first("ref", "number", "numero", "road_number", "num_route", "roadclassificationnumber", "road_classification_number",
			"cpx_numero"),
		Bridge: w.yes("bridge") || w.ground() > 0,
		Tunnel: w.yes("tunnel") || w.ground() < 0,
		Lit:    w.known("lit", "lighting"), BuiltUp: w.known("built_up", "urban", "urbain"),
		Lanes: uint8(w.number(30, "lanes", "nombre_de_voies", "nb_voies")),
	}
	err := w.class(&s)
	if err == nil {
		err = w.directions(&s)
	}
	if err == nil {
		err = w.access(&s)
	}
	if err != nil {
		return road.Section{}, err
	}
	both := w.speed("maxspeed", "speed_limit", "speedlimit", "max_speed", "vitesse_max")
	s.SpeedForward, s.SpeedBackward = both, both
	if kmh := w.speed("maxspeed:forward", "maxspeed_forward"); kmh != 0 {
		s.SpeedForward = kmh
	}
	if kmh := w.speed("maxspeed:backward", "maxspeed_backward"); kmh != 0 {
		s.SpeedBackward = kmh
	}
	return s, nil
}

// class reads the rank of the road; a line that does not say it is unclassified.
func (w words) class(s *road.Section) error {
	s.Link = w.yes("link", "slip_road")
	s.Roundabout = w.first("junction") == "roundabout" || w.yes("roundabout")
	s.Class = road.Unclassified
	form := strings.ToLower(w.first("formofway", "form_of_way"))
	s.Roundabout = s.Roundabout || form == "roundabout"
	s.Link = s.Link || form == "slip road"
	told := w.first("highway", "fclass", "road_function", "roadfunction", "function", "road_class", "roadclassification", "road_classification",
		"class", "nature", "vocation", "type")
	if told == "" {
		return nil
	}
	text := strings.ToLower(told)
	if name, link := strings.CutSuffix(text, "_link"); link {
		text, s.Link = name, true
	}
	for i, name := range road.ClassNames {
		if text == name {
			s.Class = road.Class(i)
			return nil
		}
	}
	m, ok := meaningOf(text)
	switch {
	case !ok:
		return fmt.Errorf("class %.60q is not known", told)
	case m.walked:
		return fmt.Errorf("class %.60q: %w", told, errNotDriven)
	}
	s.Class, s.Link, s.Roundabout = m.class, s.Link || m.link, s.Roundabout || m.roundabout
	if m.private {
		s.Access = road.Destination
	}
	if m.ranked {
		s.Class = w.rank(s.Class)
	}
	if s.Class == road.Primary && w.yes("primary_route", "primaryroute", "trunkroad", "trunk_road") {
		s.Class = road.Trunk
	}
	return nil
}

// meaning is what a publisher's word for a class says.
type meaning struct {
	class            road.Class
	link, roundabout bool
	private          bool // for those who have business there
	ranked           bool // the property importance says the class
	walked           bool // no cars
}

// meaningOf knows the words of Ordnance Survey (OS Open Roads), of IGN (BD TOPO, ROUTE 500) and of OpenStreetMap's
// extracts, in lower case.
func meaningOf(text string) (m meaning, ok bool) {
	switch text {
	case "a road":
		return meaning{class: road.Primary}, true
	case "b road":
		return meaning{class: road.Secondary}, true
	case "minor road", "liaison locale":
		return meaning{class: road.Tertiary}, true
	case "local road":
		return meaning{class: road.Residential}, true
	case "local access road", "secondary access road":
		return meaning{class: road.Service}, true
	case "restricted local access road":
		return meaning{class: road.Service, private: true}, true
	case "not classified", "unknown", "classified unnumbered", "road":
		return meaning{class: road.Unclassified}, true
	case "type autoroutier", "autoroute", "quasi-autoroute":
		return meaning{class: road.Motorway}, true
	case "liaison principale":
		return meaning{class: road.Primary}, true
	case "liaison régionale":
		return meaning{class: road.Secondary}, true
	case "route à 2 chaussées", "route à 1 chaussée":
		return meaning{class: road.Unclassified, ranked: true}, true
	case "bretelle":
		return meaning{class: road.Secondary, link: true, ranked: true}, true
	case "rond-point":
		return meaning{class: road.Unclassified, roundabout: true, ranked: true}, true
	case "route empierrée", "chemin", "track_grade1", "track_grade2", "track_grade3", "track_grade4", "track_grade5":
		return meaning{class: road.Track}, true
	case "sentier", "escalier", "piste cyclable", "bac ou liaison maritime", "bac auto", "bac piéton", "pedestrian", "footway", "cycleway", "path",
		"steps", "bridleway", "corridor", "construction", "proposed", "platform", "raceway", "busway":
		return meaning{walked: true}, true
	}
	return meaning{}, false
}

// rank reads IGN's importance, 1 (between métropoles) to 5 (within a commune) and 6.
func (w words) rank(otherwise road.Class) road.Class {
	switch w.first("importance") {
	case "1":
		return road.Trunk
	case "2":
		return road.Primary
	case "3":
		return road.Secondary
	case "4":
		return road.Tertiary
	case "5":
		return road.Residential
	case "6":
		return road.Track
	}
	return otherwise
}

// directions reads the one-way rule: OpenStreetMap's words, those of its extracts (B, F, T), and IGN's.
func (w words) directions(s *road.Section) error {
	told := w.first("oneway", "one_way", "sens_de_circulation", "sens")
	s.Forward, s.Backward = true, true
	switch strings.ToLower(told) {
	case "":
		s.Backward = !s.Roundabout && (s.Class != road.Motorway || s.Link)
	case "no", "false", "0", "b", "double sens", "double", "sans objet", "alternating":
	case "yes", "true", "1", "f", "ft", "sens direct", "sens unique", "direct":
		s.Backward = false
	case "-1", "reverse", "t", "tf", "sens inverse", "inverse":
		s.Forward = false
	case "reversible":
		return errNotDriven
	default:
		return fmt.Errorf("oneway %.60q is not known", told)
	}
	return nil
}

func (w words) access(s *road.Section) error {
	switch told := w.first("motor_vehicle", "access", "acces_vehicule_leger"); strings.ToLower(told) { //nolint:misspell // IGN's name
	case "", "yes", "public", "permissive", "designated", "libre", "a péage", "à péage", "true":
	case "private", "destination", "customers", "delivery", "permit", "residents", "restreint aux ayants droit":
		s.Access = road.Destination
	case "no", "false", "physiquement impossible", "sans objet":
		return errNotDriven
	default:
		return fmt.Errorf("access %.60q is not known", told)
	}
	return nil
}

// ground reads IGN's position above the ground: above 0 on a bridge, below 0 in a tunnel.
func (w words) ground() int {
	n, err := strconv.Atoi(w.first("position_par_rapport_au_sol", "pos_sol"))
	if err != nil {
		return 0
	}
	return n
}

func (w words) yes(names ...string) bool { return w.known(names...) == road.Yes }

func (w words) known(names ...string) road.Known {
	switch strings.ToLower(w.first(names...)) {
	case "":
		return road.Unknown
	case "no", "false", "0", "f", "non", "faux":
		return road.No
	}
	return road.Yes
}

// number reads a whole number from 1 to most; 0 if there is none.
func (w words) number(most int, names ...string) int {
	n, err := strconv.ParseFloat(w.first(names...), 64)
	if err != nil || !(n >= 1 && n <= float64(most)) {
		return 0
	}
	return int(n)
}

// speed reads a limit in km/h, or in miles per hour where it says mph; 0 if there is none from 5 to 200 km/h.
func (w words) speed(names ...string) uint8 {
	const mile = 1.609344
	text := strings.ToLower(w.first(names...))
	number, inMiles := strings.CutSuffix(text, "mph")
	kmh, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(number, "km/h")), 64)
	if inMiles {
		kmh *= mile
	}
	if err != nil || !(kmh >= 5 && kmh <= 200) {
		return 0
	}
	return uint8(math.Round(kmh))
}
