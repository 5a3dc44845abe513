package areas

import (
	"fmt"
	"strings"

	"vigie/geoengine"
)

type region struct{ code, name string }

// regions are the 18 régions since 2016, with their codes in the official geographic code.
var regions = [...]region{
	{"01", "Guadeloupe"}, {"02", "Martinique"}, {"03", "Guyane"}, {"04", "La Réunion"}, {"06", "Mayotte"},
	{"11", "Île-de-France"}, {"24", "Centre-Val de Loire"}, {"27", "Bourgogne-Franche-Comté"}, {"28", "Normandie"},
	{"32", "Hauts-de-France"}, {"44", "Grand Est"}, {"52", "Pays de la Loire"}, {"53", "Bretagne"},
	{"75", "Nouvelle-Aquitaine"}, {"76", "Occitanie"}, {"84", "Auvergne-Rhône-Alpes"},
	{"93", "Provence-Alpes-Côte d'Azur"}, {"94", "Corse"},
}

type departement struct{ region, name string }

// departements are the 101 départements by code, with the région that each is in since 2016.
var departements = map[string]departement{
	"01": {"84", "Ain"}, "02": {"32", "Aisne"}, "03": {"84", "Allier"}, "04": {"93", "Alpes-de-Haute-Provence"},
	"05": {"93", "Hautes-Alpes"}, "06": {"93", "Alpes-Maritimes"}, "07": {"84", "Ardèche"}, "08": {"44", "Ardennes"},
	"09": {"76", "Ariège"}, "10": {"44", "Aube"}, "11": {"76", "Aude"}, "12": {"76", "Aveyron"},
	"13": {"93", "Bouches-du-Rhône"}, "14": {"28", "Calvados"}, "15": {"84", "Cantal"}, "16": {"75", "Charente"},
	"17": {"75", "Charente-Maritime"}, "18": {"24", "Cher"}, "19": {"75", "Corrèze"}, "2A": {"94", "Corse-du-Sud"},
	"2B": {"94", "Haute-Corse"}, "21": {"27", "Côte-d'Or"}, "22": {"53", "Côtes-d'Armor"}, "23": {"75", "Creuse"},
	"24": {"75", "Dordogne"}, "25": {"27", "Doubs"}, "26": {"84", "Drôme"}, "27": {"28", "Eure"},
	"28": {"24", "Eure-et-Loir"}, "29": {"53", "Finistère"}, "30": {"76", "Gard"}, "31": {"76", "Haute-Garonne"},
	"32": {"76", "Gers"}, "33": {"75", "Gironde"}, "34": {"76", "Hérault"}, "35": {"53", "Ille-et-Vilaine"},
	"36": {"24", "Indre"}, "37": {"24", "Indre-et-Loire"}, "38": {"84", "Isère"}, "39": {"27", "Jura"},
	"40": {"75", "Landes"}, "41": {"24", "Loir-et-Cher"}, "42": {"84", "Loire"}, "43": {"84", "Haute-Loire"},
	"44": {"52", "Loire-Atlantique"}, "45": {"24", "Loiret"}, "46": {"76", "Lot"}, "47": {"75", "Lot-et-Garonne"},
	"48": {"76", "Lozère"}, "49": {"52", "Maine-et-Loire"}, "50": {"28", "Manche"}, "51": {"44", "Marne"},
	"52": {"44", "Haute-Marne"}, "53": {"52", "Mayenne"}, "54": {"44", "Meurthe-et-Moselle"}, "55": {"44", "Meuse"},
	"56": {"53", "Morbihan"}, "57": {"44", "Moselle"}, "58": {"27", "Nièvre"}, "59": {"32", "Nord"},
	"60": {"32", "Oise"}, "61": {"28", "Orne"}, "62": {"32", "Pas-de-Calais"}, "63": {"84", "Puy-de-Dôme"},
	"64": {"75", "Pyrénées-Atlantiques"}, "65": {"76", "Hautes-Pyrénées"}, "66": {"76", "Pyrénées-Orientales"},
	"67": {"44", "Bas-Rhin"}, "68": {"44", "Haut-Rhin"}, "69": {"84", "Rhône"}, "70": {"27", "Haute-Saône"},
	"71": {"27", "Saône-et-Loire"}, "72": {"52", "Sarthe"}, "73": {"84", "Savoie"}, "74": {"84", "Haute-Savoie"},
	"75": {"11", "Paris"}, "76": {"28", "Seine-Maritime"}, "77": {"11", "Seine-et-Marne"}, "78": {"11", "Yvelines"},
	"79": {"75", "Deux-Sèvres"}, "80": {"32", "Somme"}, "81": {"76", "Tarn"}, "82": {"76", "Tarn-et-Garonne"},
	"83": {"93", "Var"}, "84": {"93", "Vaucluse"}, "85": {"52", "Vendée"}, "86": {"75", "Vienne"},
	"87": {"75", "Haute-Vienne"}, "88": {"44", "Vosges"}, "89": {"27", "Yonne"}, "90": {"27", "Territoire de Belfort"},
	"91": {"11", "Essonne"}, "92": {"11", "Hauts-de-Seine"}, "93": {"11", "Seine-Saint-Denis"},
	"94": {"11", "Val-de-Marne"}, "95": {"11", "Val-d'Oise"}, "971": {"01", "Guadeloupe"}, "972": {"02", "Martinique"},
	"973": {"03", "Guyane"}, "974": {"04", "La Réunion"}, "976": {"06", "Mayotte"},
}

// collectivities are the territories overseas that are in no région; they hang under the country, at the level of a
// département.
var collectivities = map[string]string{
	"975": "Saint-Pierre-et-Miquelon", "977": "Saint-Barthélemy", "978": "Saint-Martin",
	"984": "Terres australes et antarctiques françaises", "986": "Wallis-et-Futuna", "987": "Polynésie française",
	"988": "Nouvelle-Calédonie", "989": "La Passion-Clipperton",
}

func regionName(code string) string {
	for _, r := range regions {
		if r.code == code {
			return r.name
		}
	}
	return ""
}

// frenchPath returns the path of a code at a level, or the slug of a reason and the detail.
func frenchPath(level, code string) (path, reason string, err error) {
	lower := strings.ToLower(code)
	switch level {
	case levelCountry:
		return "fr", "", nil
	case levelRegion:
		if regionName(code) != "" {
			return "fr." + lower, "", nil
		}
		return "", "unknown_value", fmt.Errorf("%.20q is not the code of one of the 18 régions", code)
	case levelDepartement:
		if parent := departementPath(code); parent != "" {
			return parent, "", nil
		}
		return "", "unknown_value", fmt.Errorf("%.20q is not the code of a département", code)
	case levelCommune, levelDistrict:
		return communePath(code, lower)
	case "":
		return "", "missing_level", fmt.Errorf("code %.20q may be a région's or a département's, or is none: say --level, or --root outside France", code)
	}
	return "", "missing_level", fmt.Errorf("level %.20q is not one of country, region, departement, commune: say --root for others", level)
}

// departementPath returns the path of a département or collectivity, "" for another code.
func departementPath(code string) string {
	if d, ok := departements[code]; ok {
		return "fr." + d.region + "." + strings.ToLower(code)
	}
	if _, ok := collectivities[code]; ok {
		return "fr." + code
	}
	return ""
}

func communePath(code, lower string) (path, reason string, err error) {
	if len(code) != 5 || strings.Trim(code[2:], "0123456789") != "" {
		return "", "bad_code", fmt.Errorf("%.20q is not the INSEE code of a commune: two digits (or 2A, 2B) and three digits", code)
	}
	departement := code[:2]
	if departement == "97" || departement == "98" {
		departement = code[:3]
	}
	parent := departementPath(departement)
	if parent == "" {
		return "", "unknown_value", fmt.Errorf("%.20q begins with no département's code", code)
	}
	switch { // the arrondissements of the three cities that have some
	case code > "75100" && code <= "75120":
		parent += ".75056"
	case code > "13200" && code <= "13216":
		parent += ".13055"
	case code > "69380" && code <= "69389":
		parent += ".69123"
	}
	return parent + "." + lower, "", nil
}

// known returns the area of a path that no file held: its name from the tables above, or its last part.
func known(path string) *geoengine.Area {
	code := strings.ToUpper(path[strings.LastIndexByte(path, '.')+1:])
	area := &geoengine.Area{Path: path, Level: depthLevel(path), Code: code, Name: code}
	rest, french := strings.CutPrefix(path, "fr.")
	switch {
	case path == "fr":
		area.Name = "France"
	case !french:
	case collectivities[code] != "" && rest == code:
		area.Level, area.Name = levelDepartement, collectivities[code]
	case strings.Count(path, ".") == 1 && regionName(code) != "":
		area.Name = regionName(code)
	case strings.Count(path, ".") == 2 && departementPath(code) == path:
		area.Name = departements[code].name
	case code == "75056":
		area.Name = "Paris"
	case code == "13055":
		area.Name = "Marseille"
	case code == "69123":
		area.Name = "Lyon"
	}
	return area
}
