package baac

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"vigie/geoengine"
)

// datasetID is the dataset of the yearly tables at data.gouv.fr.
const datasetID = "53698f4ca3a729239d2036df"

// DatasetAPI is the address that lists the files of the dataset.
const DatasetAPI = "https://www.data.gouv.fr/api/1/datasets/" + datasetID + "/"

// maxListing bounds the answer of the API in bytes.
const maxListing = 16 << 20

// tableTitles are how the titles of a table's files begin, in all the spellings that the publisher has used.
var tableTitles = [tableCount][]string{
	{"caracteristiques", "carcteristiques", "caracteristique", "caract"}, {"lieux"}, {"vehicules"}, {"usagers"},
}

type resource struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Addresses asks the API (DatasetAPI) for the addresses of a vintage's tables; the last part of an address is not
// predictable, so it must be asked for. ErrMissing if the year has no caracteristiques.
func Addresses(ctx context.Context, client *http.Client, api string, year int) ([]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, api, nil)
	if err != nil {
		return nil, fmt.Errorf("list the accident tables of %d: %w", year, err)
	}
	request.Header.Set("Accept", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("list the accident tables of %d: %w", year, err)
	}
	defer closeQuietly(answer.Body)
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("list the accident tables of %d: %s answers %s: %w", year, api, answer.Status, geoengine.ErrMissing)
	}
	var dataset struct {
		Resources []resource `json:"resources"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxListing)).Decode(&dataset); err != nil {
		return nil, fmt.Errorf("list the accident tables of %d: the answer of %s: %w: %w", year, api, err, geoengine.ErrInvalid)
	}
	return choose(dataset.Resources, year)
}

// choose picks one file of each table of the year, the first listed, which is the latest version.
func choose(resources []resource, year int) ([]string, error) {
	var addresses []string
	for t, titles := range tableTitles {
		found := false
		for _, r := range resources {
			if !found && r.is(titles, year) {
				addresses = append(addresses, r.URL)
				found = true
			}
		}
		if !found && table(t) == characteristics {
			return nil, fmt.Errorf("accident tables of %d: data.gouv.fr lists no caracteristiques of that year among %d files: %w",
				year, len(resources), geoengine.ErrMissing)
		}
	}
	return addresses, nil
}

// is tells whether the title, or the file name in the address, is a table's name, a joint and the year.
func (r resource) is(titles []string, year int) bool {
	for _, name := range [...]string{r.Title, r.URL[strings.LastIndexByte(r.URL, '/')+1:]} {
		name = strings.ReplaceAll(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), ".csv"), "é", "e")
		for _, title := range titles {
			rest, ok := strings.CutPrefix(name, title)
			if ok && strings.Trim(rest, "-_ ") == fmt.Sprint(year) {
				return true
			}
		}
	}
	return false
}
