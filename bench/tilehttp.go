package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"vigie/geoengine"
	"vigie/tiles"
)

// tileHandler answers /z/x/y?category=…&from=…&to=… without a cache of answers.
func tileHandler(layer *tiles.Hexagons) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{z}/{x}/{y}", func(w http.ResponseWriter, r *http.Request) {
		t, q, err := readTile(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		plain, err := layer.MVT(r.Context(), t, q)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeTile(w, r, plain)
	})
	return mux
}

// writeTile answers a tile encoded once, as a server with nothing around it would.
func writeTile(w http.ResponseWriter, r *http.Request, plain []byte) {
	body := tiles.NewBody(plain, false)
	content, encoding := body.Encoded(r.Header.Get("Accept-Encoding"))
	w.Header().Set("Content-Type", "application/vnd.mapbox-vector-tile")
	w.Header().Set("ETag", body.ETagFor(encoding))
	if encoding != "" {
		w.Header().Set("Content-Encoding", encoding)
	}
	_, _ = w.Write(content) // the client may have left
}

func readTile(r *http.Request) (t tiles.Tile, q geoengine.Query, err error) {
	var wrong [5]error
	t.Z, wrong[0] = strconv.Atoi(r.PathValue("z"))
	t.X, wrong[1] = strconv.Atoi(r.PathValue("x"))
	t.Y, wrong[2] = strconv.Atoi(r.PathValue("y"))
	values := r.URL.Query()
	q.Categories = values["category"]
	q.From, wrong[3] = time.Parse(time.RFC3339, values.Get("from"))
	q.To, wrong[4] = time.Parse(time.RFC3339, values.Get("to"))
	return t, q, errors.Join(wrong[:]...)
}

// fetch asks for a tile and reads the answer.
func fetch(ctx context.Context, client *http.Client, address string, a asked) error {
	values := url.Values{
		"category": {LoadCategories[a.category]}, "from": {a.from.UTC().Format(time.RFC3339)}, "to": {a.to.UTC().Format(time.RFC3339)},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/"+a.tile.String()+"?"+values.Encode(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("tile %s: %s", a.tile, response.Status)
	}
	return nil
}
