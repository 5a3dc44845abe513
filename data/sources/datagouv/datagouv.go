// Package datagouv asks the API of data.gouv.fr for the files of a dataset: their addresses end in what nobody can guess.
package datagouv

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"vigie/geoengine"
)

// maxListing bounds the answer of the API in bytes.
const maxListing = 16 << 20

// Resource is a file of a dataset.
type Resource struct {
	Title  string `json:"title"`
	URL    string `json:"url"`
	Format string `json:"format"`
}

// Resources lists the files of the dataset whose API address is given, in the order of the publisher. ErrMissing if there
// is no such dataset, ErrInvalid if the answer is no listing.
func Resources(ctx context.Context, client *http.Client, api string) ([]Resource, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, api, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // only read from
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s: %w", api, answer.Status, geoengine.ErrMissing)
	}
	var dataset struct {
		Resources []Resource `json:"resources"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxListing)).Decode(&dataset); err != nil {
		return nil, fmt.Errorf("the answer of %s: %w: %w", api, err, geoengine.ErrInvalid)
	}
	return dataset.Resources, nil
}
