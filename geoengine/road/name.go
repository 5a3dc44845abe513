package road

import (
	"math"
	"strings"
	"unicode"
)

const (
	// nameRight is how often a source's name of a road agrees with the network's on the right road, and nameOther how often on
	// another one nearby; where either is silent, nothing is learnt.
	nameRight = 0.8
	nameOther = 0.02
)

// agreement is the logarithm of how much a name speaks for a section.
func agreement(name string, s *Section) float64 {
	if name == "" || s.Name == "" && s.Number == "" {
		return 0
	}
	for number := range strings.SplitSeq(s.Number, ";") {
		if number != "" && agree(words(name), words(number)) {
			return math.Log(nameRight / nameOther)
		}
	}
	if s.Name != "" && agree(words(name), words(s.Name)) {
		return math.Log(nameRight / nameOther)
	}
	return math.Log((1 - nameRight) / (1 - nameOther))
}

// agree reports whether all words of the shorter name are in the longer one.
func agree(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	for _, word := range a {
		found := false
		for _, other := range b {
			found = found || word == other
		}
		if !found {
			return false
		}
	}
	return true
}

// letters without their accents.
var plain = strings.NewReplacer(
	"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e", "ì", "i", "í", "i",
	"î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ù", "u", "ú", "u", "û", "u", "ü", "u",
	"ÿ", "y", "œ", "oe", "æ", "ae", "ß", "ss")

// kinds of road and particles, which sources write in many ways or leave out.
var void = map[string]bool{
	"rue": true, "r": true, "avenue": true, "av": true, "ave": true, "boulevard": true, "bd": true, "bvd": true, "blvd": true,
	"chemin": true, "che": true, "ch": true, "route": true, "rte": true, "place": true, "pl": true, "impasse": true, "imp": true,
	"allee": true, "all": true, "quai": true, "cours": true, "street": true, "st": true, "road": true, "rd": true, "lane": true, "ln": true, "drive": true,
	"dr": true, "estrada": true, "estr": true, "avenida": true, "rua": true, "travessa": true, "de": true, "du": true, "des": true,
	"d": true, "l": true, "la": true, "le": true, "les": true, "da": true, "do": true, "dos": true, "das": true, "the": true,
}

// words are the telling words of a name: lower case, no accents, no kinds of road; "RD 606", "D.606" and "D606" are all d606.
func words(name string) []string {
	fields := strings.FieldsFunc(plain.Replace(strings.ToLower(name)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var list []string
	for i := 0; i < len(fields); i++ {
		word := fields[i]
		if i+1 < len(fields) && len(word) <= 2 && numeric(fields[i+1]) && !numeric(word) {
			word += fields[i+1]
			i++
		}
		if len(word) > 2 && word[0] == 'r' && (word[1] == 'd' || word[1] == 'n') && numeric(word[2:]) {
			word = word[1:]
		}
		if !void[word] {
			list = append(list, word)
		}
	}
	return list
}

func numeric(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }
