package baac_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/data/sources/baac"
	"vigie/geoengine"
)

// listing has the shape of the API's answer, with the spellings that the publisher has used.
const listing = `{"title": "Bases de données annuelles", "resources": [
	{"title": "caract-2023.csv", "url": "https://example.org/r/1/caract-2023.csv"},
	{"title": "carcteristiques-2022.csv", "url": "https://example.org/r/2/carcteristiques-2022.csv"},
	{"title": "lieux-2022.csv", "url": "https://example.org/r/3/lieux-2022.csv"},
	{"title": "vehicules-2022.csv", "url": "https://example.org/r/4/vehicules-2022.csv"},
	{"title": "vehicules-immatricules-baac-2022.csv", "url": "https://example.org/r/5/vehicules-immatricules-baac-2022.csv"},
	{"title": "usagers-2022.csv", "url": "https://example.org/r/6/usagers-2022.csv"},
	{"title": "usagers-2022.csv", "url": "https://example.org/r/older/usagers-2022.csv"},
	{"title": "Caractéristiques_2016", "url": "https://example.org/r/7/x"},
	{"title": "Table of the places", "url": "https://example.org/r/8/lieux_2016.csv"},
	{"title": "description-2022.pdf", "url": "https://example.org/r/9/description.pdf"}
]}`

func TestAddresses(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			_, _ = w.Write([]byte(listing))
		case "/bad":
			_, _ = w.Write([]byte(`{"resources": [`))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	tests := []struct {
		name, path string
		year       int
		want       []string
		err        error
	}{
		{"all four", "/good", 2022, []string{
			"https://example.org/r/2/carcteristiques-2022.csv", "https://example.org/r/3/lieux-2022.csv",
			"https://example.org/r/4/vehicules-2022.csv", "https://example.org/r/6/usagers-2022.csv"}, nil},
		{"accents, and names in the address", "/good", 2016, []string{
			"https://example.org/r/7/x", "https://example.org/r/8/lieux_2016.csv"}, nil},
		{"one table", "/good", 2023, []string{"https://example.org/r/1/caract-2023.csv"}, nil},
		{"no such year", "/good", 2004, nil, geoengine.ErrMissing},
		{"no such page", "/none", 2022, nil, geoengine.ErrMissing},
		{"broken answer", "/bad", 2022, nil, geoengine.ErrInvalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := baac.Addresses(context.Background(), server.Client(), server.URL+test.path, test.year)
			if !errors.Is(err, test.err) {
				t.Fatalf("got %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
