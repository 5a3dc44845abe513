package ogc

import (
	"net/http"

	"golang.org/x/text/language"
)

// Text is what people read, in French and in English.
type Text struct{ FR, EN string }

// Plain is a text that is the same in both languages.
func Plain(text string) Text { return Text{text, text} }

// In returns the text in a language: "en", or French for any other.
func (t Text) In(lang string) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.FR
}

// Language is "fr", or "en" for a client that prefers English to French.
func Language(r *http.Request) string {
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return "fr"
	}
	for _, tag := range wanted {
		switch base, _ := tag.Base(); base.String() {
		case "fr":
			return "fr"
		case "en":
			return "en"
		}
	}
	return "fr"
}
