package forecasting

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/geoengine/forecast"
	"vigie/tiles"
)

// tile draws a run.
func (d *desk) tile(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	at, window, err := readTile(r, pass)
	if err != nil {
		return err
	}
	run, err := d.run(r.Context(), pass, r.PathValue("run"))
	if err != nil {
		return say(ogc.Language(r), err)
	}
	if _, given := pass.Values()["kind"]; !given && run.Whole(pass.Scope()) && len(run.Kinds) > 0 && !slices.Contains(run.Kinds, "") {
		window.Kind = run.Kinds[0]
	}
	body, truncated, err := d.tiles.MVT(r.Context(), pass.Rights(), &run, window, at)
	if err != nil {
		return err
	}
	return tiles.NewBody(body, truncated).Serve(w, r, "application/vnd.mapbox-vector-tile")
}

// readTile reads which tile is asked for, and what it shows.
func readTile(r *http.Request, pass door.Pass) (t tiles.Tile, window forecast.Window, err error) {
	q := query{values: pass.Values()}
	number := func(name, text string) int {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil || len(text) > 1 && text[0] == '0' {
			q.bad.Add("path."+name, "must be a whole number")
		}
		return int(n)
	}
	row, form, _ := strings.Cut(r.PathValue("file"), ".")
	t = tiles.Tile{Z: number("z", r.PathValue("z")), X: number("x", r.PathValue("x")), Y: number("file", row)}
	if form != "mvt" {
		q.bad.Add("path.file", "must end with .mvt")
	}
	window.Kind, window.Step, window.At = q.text("kind"), q.text("step"), q.instant("at")
	if err := q.bad.Err(); err != nil {
		return t, window, err
	}
	return t, window, t.Check()
}
