package csv

import "strings"

// monthNames are beginnings of the names of the months, lower case, in English, French, Spanish, Portuguese and German,
// that are enough to know them; longer ones stand before shorter ones that they begin with.
var monthNames = []struct {
	name  string
	month int
}{
	{"january", 1}, {"janvier", 1}, {"janeiro", 1}, {"januar", 1}, {"enero", 1}, {"janv", 1}, {"jan", 1}, {"ene", 1},
	{"february", 2}, {"fevereiro", 2}, {"février", 2}, {"fevrier", 2}, {"febrero", 2}, {"februar", 2}, {"févr", 2}, {"feb", 2}, {"fév", 2}, {"fev", 2},
	{"march", 3}, {"março", 3}, {"marzo", 3}, {"mars", 3}, {"märz", 3}, {"mar", 3}, {"mär", 3},
	{"april", 4}, {"avril", 4}, {"abril", 4}, {"apr", 4}, {"avr", 4}, {"abr", 4},
	{"mayo", 5}, {"maio", 5}, {"may", 5}, {"mai", 5},
	{"june", 6}, {"juin", 6}, {"junio", 6}, {"junho", 6}, {"juni", 6}, {"jun", 6},
	{"july", 7}, {"juillet", 7}, {"julio", 7}, {"julho", 7}, {"juli", 7}, {"juil", 7}, {"jul", 7},
	{"august", 8}, {"agosto", 8}, {"août", 8}, {"aout", 8}, {"aug", 8}, {"ago", 8},
	{"september", 9}, {"septembre", 9}, {"septiembre", 9}, {"setembro", 9}, {"sept", 9}, {"sep", 9}, {"set", 9},
	{"october", 10}, {"octobre", 10}, {"octubre", 10}, {"outubro", 10}, {"oktober", 10}, {"oct", 10}, {"out", 10}, {"okt", 10},
	{"november", 11}, {"novembre", 11}, {"noviembre", 11}, {"novembro", 11}, {"nov", 11},
	{"decembre", 12}, //nolint:misspell // French, without its accent
	{"december", 12}, {"décembre", 12}, {"diciembre", 12}, {"dezembro", 12}, {"dezember", 12}, {"déc", 12}, {"dec", 12}, {"dic", 12}, {"dez", 12},
}

// monthName returns the month whose name text begins with, and the bytes that it takes; 0 bytes if none. A point after
// a shortened name belongs to it.
func monthName(text string) (month, size int) {
	for _, m := range monthNames {
		if len(text) >= len(m.name) && strings.EqualFold(text[:len(m.name)], m.name) {
			size = len(m.name)
			if strings.HasPrefix(text[size:], ".") {
				size++
			}
			return m.month, size
		}
	}
	return 0, 0
}
