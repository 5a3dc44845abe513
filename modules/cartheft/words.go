package cartheft

import (
	"errors"
	"net/http"
	"unicode"
	"unicode/utf8"

	"vigie/api/ogc"
	"vigie/api/problem"
)

// language is the language of an Accept-Language header: "en" for who prefers English to French, else "fr".
func language(header string) string {
	return ogc.Language(&http.Request{Header: http.Header{"Accept-Language": {header}}})
}

// wrong is a field of a request that is wrong, with what to change.
func wrong(field, fr, en string) *problem.Problem {
	p := problem.New(http.StatusUnprocessableEntity, problem.CodeInvalid, en)
	p.Field, p.FR, p.EN = field, fr, en
	return p
}

// say puts an error into the language of a caller, as far as it is known in both.
func say(lang string, err error) error {
	var known *problem.Problem
	if !errors.As(err, &known) || known.FR == "" {
		return err
	}
	told := *known
	told.Detail = ogc.Text{FR: known.FR, EN: known.EN}.In(lang)
	return &told
}

// longestNote is the most that a person may say of a decision, in characters.
const longestNote = 1000

// checkNote checks what a person says: its length, and no control characters but the ends of lines.
func checkNote(note string) error {
	if utf8.RuneCountInString(note) > longestNote {
		return wrong("note", "Donnez un texte de 1000 caractères au plus.", "Give a text of at most 1000 characters.")
	}
	for _, r := range note {
		if (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) && r != '\n' && r != '\r' && r != '\t' || r == utf8.RuneError {
			return wrong("note", "Enlevez les caractères de commande.", "Take the control characters out.")
		}
	}
	return nil
}
