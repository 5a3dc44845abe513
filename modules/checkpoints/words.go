package checkpoints

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/modules/checkpoints/plan"
)

// State is how far a plan has come. Only drafts change.
type State string

// The states: draft → approved or refused; approved → executed → evaluated.
const (
	Draft     State = "draft"
	Approved  State = "approved"
	Refused   State = "refused"
	Executed  State = "executed"
	Evaluated State = "evaluated"
)

// States lists every state.
func States() []State { return []State{Draft, Approved, Refused, Executed, Evaluated} }

// Act is what made a revision.
type Act string

// The acts.
const (
	ActProposed  Act = "proposed"
	ActChanged   Act = "changed"
	ActUndone    Act = "undone"
	ActRedrawn   Act = "redrawn" // proposed anew around what people have locked
	ActApproved  Act = "approved"
	ActRefused   Act = "refused"
	ActClosed    Act = "closed"
	ActEvaluated Act = "evaluated"
)

// text is said in both languages.
type text = ogc.Text

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

// conflict says that a plan is no longer, or is not, as the request takes it to be.
func conflict(field, fr, en string) *problem.Problem {
	p := problem.New(http.StatusConflict, problem.CodeConflict, en)
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
	told.Detail = text{FR: known.FR, EN: known.EN}.In(lang)
	return &told
}

// told is the problem that a refusal of package plan is; other errors stay what they are.
func told(err error) error {
	var refusal *plan.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return wrong(refusal.Field, refusal.FR, refusal.EN)
}

// stale says that a plan has been changed since the base of a request.
func stale() error {
	return conflict("base", "Quelqu'un a modifié ce plan entre-temps : rechargez-le, puis recommencez.",
		"Somebody has changed this plan meanwhile: load it again, then repeat.")
}

// inState refuses an act that a plan in another state allows.
func inState(state State, allowed ...State) error {
	fr := map[State]string{Draft: "à l'état de projet", Approved: "approuvé", Refused: "refusé", Executed: "exécuté", Evaluated: "évalué"}
	en := map[State]string{Draft: "a draft", Approved: "approved", Refused: "refused", Executed: "executed", Evaluated: "evaluated"}
	wanted, words := make([]string, len(allowed)), make([]string, len(allowed))
	for i, one := range allowed {
		if state == one {
			return nil
		}
		wanted[i], words[i] = fr[one], en[one]
	}
	return conflict("state", fmt.Sprintf("Ce plan est %s : cela demande un plan %s.", fr[state], strings.Join(wanted, " ou ")),
		fmt.Sprintf("This plan is %s: this needs one that is %s.", en[state], strings.Join(words, " or ")))
}

// line checks a text of people: length in characters, no control characters; several lines where lines is true.
func line(field, given string, least, most int, lines bool) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(given)); n < least || n > most {
		return wrong(field, fmt.Sprintf("Donnez un texte de %d à %d caractères.", least, most),
			fmt.Sprintf("Give a text of %d to %d characters.", least, most))
	}
	if strings.ContainsFunc(given, func(r rune) bool {
		return (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) && !(lines && (r == '\n' || r == '\r' || r == '\t'))
	}) || !utf8.ValidString(given) {
		return wrong(field, "Enlevez les caractères de commande.", "Take the control characters out.")
	}
	return nil
}

// missing is the answer to what there is not, or not for this caller.
func missing(what string) error { return fmt.Errorf("%s: %w", what, geoengine.ErrMissing) }
