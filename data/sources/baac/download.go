package baac

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"vigie/data/sources/datagouv"
	"vigie/geoengine"
)

// datasetID is the dataset of the yearly tables at data.gouv.fr.
const datasetID = "53698f4ca3a729239d2036df"

// DatasetAPI is the address that lists the files of the dataset.
const DatasetAPI = "https://www.data.gouv.fr/api/1/datasets/" + datasetID + "/"

// tableTitles are how the titles of a table's files begin, in all the spellings that the publisher has used.
var tableTitles = [tableCount][]string{
	{"caracteristiques", "carcteristiques", "caracteristique", "caract"}, {"lieux"}, {"vehicules"}, {"usagers"},
}

// Addresses asks the API (DatasetAPI) for the addresses of a vintage's tables; the last part of an address is not
// predictable, so it must be asked for. ErrMissing if the year has no caracteristiques.
func Addresses(ctx context.Context, client *http.Client, api string, year int) ([]string, error) {
	resources, err := datagouv.Resources(ctx, client, api)
	if err != nil {
		return nil, fmt.Errorf("list the accident tables of %d: %w", year, err)
	}
	return choose(resources, year)
}

// choose picks one file of each table of the year, the first listed, which is the latest version.
func choose(resources []datagouv.Resource, year int) ([]string, error) {
	var addresses []string
	for t, titles := range tableTitles {
		found := false
		for _, r := range resources {
			if !found && isTable(r, titles, year) {
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

// isTable tells whether the title, or the file name in the address, is a table's name, a joint and the year.
func isTable(r datagouv.Resource, titles []string, year int) bool {
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
