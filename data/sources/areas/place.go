package areas

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"vigie/data"
	"vigie/geoengine"
)

// The levels of the French tree, and the two that parents outside France get.
const (
	levelCountry     = "country"
	levelRegion      = "region"
	levelDepartement = "departement"
	levelCommune     = "commune"
	levelDistrict    = "arrondissement" // of Paris, Lyon, Marseille
)

// Names of properties, in lower case, in the order in which they are believed.
var (
	communeCodes     = []string{"insee_com", "code_insee", "insee_arm", "insee", "code_commune", "com_code", "codgeo", "depcom", "com", "ref:insee"}
	departementCodes = []string{"insee_dep", "code_dept", "code_dep", "code_departement", "dep_code", "dep"}
	regionCodes      = []string{"insee_reg", "code_reg", "code_region", "reg_code", "reg"}
	anyCodes         = []string{"code", "code_officiel", "id", "ref", "gid"}
	anyNames         = []string{"nom", "name", "libelle", "libgeo", "nom_officiel", "nom_complet"}
	nameByLevel      = map[string][]string{
		levelCommune:     {"nom_com", "nom_commune", "com_name", "libcom", "nom_arm"},
		levelDistrict:    {"nom_arm", "nom_com"},
		levelDepartement: {"nom_dept", "nom_dep", "nom_departement", "dep_name"},
		levelRegion:      {"nom_reg", "nom_region", "reg_name"},
	}
	levelNames  = []string{"level", "niveau"}
	parentNames = []string{"parent"}
)

// tree places features, and remembers which paths stood in the input and which parents they need.
type tree struct {
	root, level string
	held        map[string]bool
	parents     map[string]bool
}

// newTree checks the options.
func newTree(o data.Options) (*tree, error) {
	t := &tree{root: o.Root, level: o.Level, held: map[string]bool{}, parents: map[string]bool{}}
	if t.root != "" && !geoengine.ValidSlug(t.root) {
		return nil, fmt.Errorf("root %.40q: must be a dotted path of a–z, 0–9 and _, like br.poa: %w", t.root, geoengine.ErrInvalid)
	}
	if t.level != "" && (!geoengine.ValidSlug(t.level) || strings.Contains(t.level, ".")) {
		return nil, fmt.Errorf("level %.40q: must be a slug like commune or district: %w", t.level, geoengine.ErrInvalid)
	}
	return t, nil
}

// place returns the area, without its geometry, that the properties name; else the slug of a reason and the detail.
//
// A path property is the whole place. Otherwise, under Options.Root or with a parent property, the place is the code
// (or the name) under that parent; there, any property whose name holds "code", "name" or "nom" serves. Otherwise the feature is French: the commune, département or région whose code a
// property of a known name holds.
func (t *tree) place(p map[string]string, file string) (*geoengine.Area, string, error) {
	level := first(t.level, get(p, levelNames))
	parent := first(t.root, get(p, parentNames))
	if whole := strings.ToLower(p["path"]); whole != "" && geoengine.ValidSlug(whole) {
		code := first(get(p, anyCodes), whole[strings.LastIndexByte(whole, '.')+1:])
		return finish(whole, first(level, depthLevel(whole)), code, get(p, anyNames))
	}
	if parent != "" {
		return placeUnder(parent, level, p)
	}
	return placeFrench(level, p, file)
}

func placeUnder(parent, level string, p map[string]string) (*geoengine.Area, string, error) {
	names := slices.Concat(anyNames, nameByLevel[levelCommune], nameByLevel[levelDepartement], nameByLevel[levelRegion])
	codes := slices.Concat(communeCodes, anyCodes, departementCodes, regionCodes)
	name := first(get(p, names), resembling(p, "name", "nom"))
	code := first(get(p, codes), resembling(p, "code"), name)
	switch {
	case level == "":
		return nil, "missing_level", errors.New("neither a level property nor --level says what it is")
	case label(code) == "":
		return nil, "missing_ref", fmt.Errorf("none of the properties %s holds a code or name", strings.Join(slices.Concat(codes, names), ", "))
	}
	return finish(strings.ToLower(parent)+"."+label(code), level, code, first(name, code))
}

func placeFrench(level string, p map[string]string, file string) (*geoengine.Area, string, error) {
	level, code := frenchCode(level, p)
	if code == "" {
		return nil, "missing_ref", fmt.Errorf("no property holds a code (code, %s, …)", strings.Join(communeCodes, ", "))
	}
	if level == "" {
		level = guessLevel(code, get(p, slices.Concat(anyNames, nameByLevel[levelDepartement], nameByLevel[levelRegion])), file)
	}
	where, reason, err := frenchPath(level, code)
	if err != nil {
		return nil, reason, err
	}
	if level == levelCommune && strings.Count(where, ".") == 4 {
		level = levelDistrict
	}
	return finish(where, level, code, first(get(p, nameByLevel[level]), get(p, anyNames)))
}

// frenchCode finds the code, and the level if the property's name tells it. A feature may hold the codes of its
// parents too, so the deepest one counts.
func frenchCode(level string, p map[string]string) (knownLevel, code string) {
	switch level {
	case levelCommune, levelDistrict:
		code = first(get(p, communeCodes), get(p, anyCodes))
	case levelDepartement:
		code = first(get(p, departementCodes), get(p, anyCodes))
	case levelRegion:
		code = first(get(p, regionCodes), get(p, anyCodes))
	default:
		if code = first(get(p, communeCodes), p["code"]); code != "" {
			break
		}
		if code = get(p, departementCodes); code != "" {
			level = levelDepartement
		} else if code = get(p, regionCodes); code != "" {
			level = levelRegion
		} else {
			code = get(p, anyCodes)
		}
	}
	if (len(code) == 1 || len(code) == 4) && strings.Trim(code, "0123456789") == "" {
		code = "0" + code // a number: its leading zero is lost
	}
	return level, strings.ToUpper(code)
}

// guessLevel tells the level of a French code by its shape; two digits may be a région's or a département's, so the
// name decides, then the file's name.
func guessLevel(code, name, file string) string {
	switch {
	case len(code) == 5:
		return levelCommune
	case len(code) == 3 || code == "2A" || code == "2B":
		return levelDepartement
	case len(code) != 2:
		return ""
	}
	file = strings.ToLower(path.Base(file))
	switch {
	case name != "" && label(name) == label(regionName(code)):
		return levelRegion
	case name != "" && label(name) == label(departements[code].name):
		return levelDepartement
	case strings.Contains(file, "region"):
		return levelRegion
	case strings.Contains(file, "dep"):
		return levelDepartement
	}
	return ""
}

// finish makes the area once its place is known.
func finish(path, level, code, name string) (*geoengine.Area, string, error) {
	switch {
	case !geoengine.ValidSlug(path):
		return nil, "bad_path", fmt.Errorf("path %.100q: must be a dotted path of a–z, 0–9 and _, at most 80 bytes", path)
	case name == "":
		return nil, "missing_name", fmt.Errorf("%s: no property holds a name (%s, …)", path, strings.Join(anyNames, ", "))
	case len(name) > 200:
		return nil, "too_long", fmt.Errorf("%s: the name has more than 200 bytes", path)
	}
	return &geoengine.Area{Path: path, Level: level, Code: code, Name: name}, "", nil
}

// add remembers an area that was read, and its parents.
func (t *tree) add(a *geoengine.Area) {
	t.held[a.Path] = true
	for parent := a.Path; ; {
		dot := strings.LastIndexByte(parent, '.')
		if dot < 0 {
			return
		}
		if parent = parent[:dot]; t.parents[parent] {
			return
		}
		t.parents[parent] = true
	}
}

// missing returns the parents that the input did not hold, from the root down, without geometry.
func (t *tree) missing() []*geoengine.Area {
	var paths []string
	for parent := range t.parents {
		if !t.held[parent] {
			paths = append(paths, parent)
		}
	}
	slices.Sort(paths)
	var areas []*geoengine.Area
	for _, p := range paths {
		areas = append(areas, known(p))
	}
	return areas
}

// depthLevel is the level of a path of which only its depth is known.
func depthLevel(path string) string {
	switch strings.Count(path, ".") {
	case 0:
		return levelCountry
	case 1:
		return levelRegion
	case 2:
		return levelDepartement
	}
	return levelCommune
}

func get(p map[string]string, names []string) string {
	for _, name := range names {
		if v := p[name]; v != "" {
			return v
		}
	}
	return ""
}

// resembling returns the value of the first property, by name, whose name holds one of the words: ward_name, nome, ….
func resembling(p map[string]string, words ...string) string {
	for _, key := range slices.Sorted(maps.Keys(p)) {
		for _, word := range words {
			if strings.Contains(key, word) {
				return p[key]
			}
		}
	}
	return ""
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// label makes one part of a path: letters without accents and digits in lower case, everything else one _.
func label(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			b.WriteRune(r)
			gap = false
		default:
			gap = true
		}
	}
	return b.String()
}
