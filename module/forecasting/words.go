package forecasting

import (
	"errors"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/module"
)

// refuse is a problem that is said in both languages.
func refuse(status int, code, field, fr, en string) *problem.Problem {
	p := problem.New(status, code, en)
	p.Field, p.FR, p.EN = field, fr, en
	return p
}

// wrong is a field of a request that is wrong, with what to change.
func wrong(field, fr, en string) *problem.Problem {
	return refuse(http.StatusUnprocessableEntity, problem.CodeInvalid, field, fr, en)
}

// closed says that a forecast is made of events that the caller may not read one by one.
func closed() *problem.Problem {
	return refuse(http.StatusForbidden, problem.CodeDenied, "", "Cette prévision est faite d'événements que vous ne pouvez pas lire un par un : ses valeurs en diraient presque le nombre.",
		"This forecast is made of events that you may not read one by one: its values would nearly tell their number.")
}

// say puts an error into the language of a caller, as far as it is known in both, and says what a denied run is denied for.
func say(language string, err error) error {
	var known *problem.Problem
	if !errors.As(err, &known) {
		if !errors.Is(err, geoengine.ErrDenied) {
			return err
		}
		known = closed()
	}
	if known.FR == "" {
		return err
	}
	told := *known
	told.Detail = in(module.Text{FR: known.FR, EN: known.EN}, language)
	return &told
}

// in returns a text in a language: "en", or French for any other.
func in(t module.Text, language string) string { return ogc.Text{FR: t.FR, EN: t.EN}.In(language) }

// note checks what a person writes: length in characters, no control characters.
func note(field, given string, most int) error {
	if utf8.RuneCountInString(given) > most || !utf8.ValidString(given) {
		return wrong(field, "Ce texte est trop long.", "This text is too long.")
	}
	if strings.ContainsFunc(given, func(r rune) bool {
		return (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) && !strings.ContainsRune("\n\r\t", r)
	}) {
		return wrong(field, "Enlevez les caractères de commande.", "Take the control characters out.")
	}
	return nil
}

// spoken is the language of an Accept-Language header.
func spoken(header string) string {
	return ogc.Language(&http.Request{Header: http.Header{"Accept-Language": {header}}})
}
