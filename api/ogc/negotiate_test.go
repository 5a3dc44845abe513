package ogc

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func request(t testing.TB, target string, header ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestNegotiate(t *testing.T) {
	t.Parallel()
	offers := []Format{{"geojson", "application/geo+json"}, formatJSON, formatHTML}
	for accept, want := range map[string]string{
		"": "geojson", "*/*": "geojson", "application/*": "geojson", "application/json": "json", "text/*": "html",
		"text/html, */*;q=0.1": "html", "application/geo+json;q=0.2, application/json;q=0.3": "json",
		"application/geo+json;q=0, application/*": "json", "image/png": "", "nonsense": "", "text/html;q=7": "", ";;;": "",
		"image/png, */*;q=0.01": "geojson", "application/json;charset=utf-8": "json",
	} {
		got, err := Negotiate(request(t, "/ogc", "Accept", accept), "", offers)
		if got.Name != want || (err == nil) != (want != "") {
			t.Errorf("%q: %s %v, want %s", accept, got.Name, err, want)
		}
	}
	if got, err := Negotiate(request(t, "/ogc", "Accept", "text/html"), "json", offers); err != nil || got != formatJSON {
		t.Errorf("f=json: %v %v", got, err)
	}
	if _, err := Negotiate(request(t, "/ogc"), "shp", offers); err == nil {
		t.Error("f=shp")
	}
}

func FuzzAccept(f *testing.F) {
	f.Add("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	f.Add(strings.Repeat("a/b,", 1000))
	f.Fuzz(func(t *testing.T, accept string) {
		for _, r := range parseAccept(accept) {
			if !(r.weight >= 0 && r.weight <= 1) {
				t.Fatalf("%q: weight %v", accept, r.weight)
			}
		}
	})
}

func TestRoot(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"vigie.example": "http://vigie.example/ogc", "127.0.0.1:8080": "http://127.0.0.1:8080/ogc", "[::1]:8080": "http://[::1]:8080/ogc",
		"evil.example/<script>": "", "a b": "", "": "", "a@b": "", "a:b": "", "-a": "",
	} {
		r := request(t, "/ogc")
		r.Host = host
		got, err := Config{}.Root(r)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", host, got, err)
		}
	}
	r := request(t, "/ogc")
	r.Host = "evil.example"
	if got, _ := (Config{PublicURL: "https://vigie.example/"}).Root(r); got != "https://vigie.example/ogc" {
		t.Error(got)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "fr", "en": "en", "de": "fr", "de, en;q=0.5": "en", "fr-CA, en": "fr", "en;q=0.3, fr;q=0.2": "en", ";;": "fr",
	} {
		if got := Language(request(t, "/ogc", "Accept-Language", header)); got != want {
			t.Errorf("%q: %s", header, got)
		}
	}
}
