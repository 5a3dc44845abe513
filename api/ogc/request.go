package ogc

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"vigie/api/door"
	"vigie/api/problem"
)

// Request is a request with what its answer depends on.
type Request struct {
	*http.Request
	Pass   door.Pass
	Root   string // address of the API, without a final slash: https://vigie.example/ogc
	Format Format // that the client wants
	Lang   string // "fr" or "en"
	offers []Format
}

// Handler answers with a page in the form that the client wants.
func Handler(config Config, formats []Format, build func(*Request) (Page, error)) door.Handler {
	media := make([]string, len(formats))
	for i, f := range formats {
		media[i] = f.Media
	}
	return door.Raw(func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		request, err := config.Open(r, pass, formats)
		if err != nil {
			return err
		}
		page, err := build(request)
		if err != nil {
			return err
		}
		return request.Write(w, page)
	}, media...)
}

// Open negotiates a request: for parts that write their own bodies.
func (c Config) Open(r *http.Request, pass door.Pass, formats []Format) (*Request, error) {
	format, err := Negotiate(r, pass.Values().Get("f"), formats)
	if err != nil {
		return nil, err
	}
	root, err := c.Root(r)
	if err != nil {
		return nil, err
	}
	return &Request{Request: r, Pass: pass, Root: root, Format: format, Lang: Language(r), offers: formats}, nil
}

// hostForm is what a Host header may look like.
var hostForm = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?$`)

// Root is the address by which the client reaches the API, without a final slash. A Host header that is none is 400:
// addresses in answers are made of it.
func (c Config) Root(r *http.Request) (string, error) {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/") + Base, nil
	}
	if !hostForm.MatchString(r.Host) {
		if _, err := netip.ParseAddrPort(r.Host); err != nil {
			return "", problem.New(http.StatusBadRequest, problem.CodeInvalid, "the header Host is no host")
		}
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + Base, nil
}

// URL makes a link's address absolute.
func (r *Request) URL(href string) string {
	if href == "" || (strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//")) {
		return r.Root + href
	}
	return href
}

// Absolute makes the addresses of links absolute.
func (r *Request) Absolute(links []Link) []Link {
	out := make([]Link, len(links))
	for i, l := range links {
		l.Href = r.URL(l.Href)
		out[i] = l
	}
	return out
}

// path is where the request goes, below Base.
func (r *Request) path() string { return strings.TrimPrefix(r.Request.URL.EscapedPath(), Base) }

// With is the address of this request with query parameters set, or taken away where the value is "".
func (r *Request) With(pairs ...string) string {
	query := url.Values{}
	for name, values := range r.Pass.Values() {
		query[name] = values
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if query.Del(pairs[i]); pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return r.Root + r.path()
	}
	return r.Root + r.path() + "?" + query.Encode()
}

// Self are the links of this resource to itself and to its other forms.
func (r *Request) Self() []Link {
	links := []Link{{Href: r.With(), Rel: "self", Type: r.Format.Media, Title: thisDocument.In(r.Lang)}}
	for _, f := range r.offers {
		if f != r.Format {
			links = append(links, Link{Href: r.With("f", f.Name), Rel: "alternate", Type: f.Media, Title: strings.ToUpper(f.Name)})
		}
	}
	return links
}

// Write answers with a page in the form that was negotiated: HTML for people, or else the page's body as JSON.
func (r *Request) Write(w http.ResponseWriter, page Page) error {
	r.Head(w)
	if page.Status == 0 {
		page.Status = http.StatusOK
	}
	if r.Format == formatHTML {
		return r.writeHTML(w, page)
	}
	body, err := json.Marshal(page.Body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", r.Format.Media)
	w.WriteHeader(page.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// Head sets the headers of every answer of the API.
func (r *Request) Head(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Vary", "Accept, Accept-Language, Accept-Encoding, Cookie, Authorization, X-API-Key")
	h.Set("Content-Language", r.Lang)
}
