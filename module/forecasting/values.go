package forecasting

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

// maxPage is the most values of a page.
const maxPage = 10_000

// valueBody is a value as the API shows it.
type valueBody struct {
	ID string `json:"id"`
	forecast.Value
	Step  string   `json:"step"`
	Width int      `json:"width"`
	Lon   *float64 `json:"lon,omitempty"`
	Lat   *float64 `json:"lat,omitempty"`
	// Cell hides that of the value: ids are in hexadecimal.
	Cell any `json:"cell,omitempty"`
}

func shown(v *forecast.Located, whole bool) valueBody {
	body := valueBody{ID: tiles.PlaceID(&v.Value), Value: v.Value, Step: v.Step, Width: tiles.UncertaintyClass(&v.Value)}
	if !whole {
		body.Rank = 0
	}
	if v.Center != nil {
		body.Lon, body.Lat = &v.Center[0], &v.Center[1]
	}
	return body
}

func valueForms() []ogc.Format {
	return []ogc.Format{{Name: "json", Media: "application/json"}, {Name: "csv", Media: "text/csv"}, {Name: "geojson", Media: "application/geo+json"}}
}

// values shows values of a run.
func (d *desk) values(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	err := d.answerValues(w, r, pass)
	if err != nil {
		return say(ogc.Language(r), err)
	}
	return nil
}

func (d *desk) answerValues(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	form, err := ogc.Negotiate(r, pass.Values().Get("f"), valueForms())
	if err != nil {
		return err
	}
	run, err := d.run(r.Context(), pass, r.PathValue("id"))
	if err != nil {
		return err
	}
	whole := run.Whole(pass.Scope())
	ask, err := readAsk(pass, &run, whole)
	if err != nil {
		return err
	}
	limit := ask.Limit
	ask.Limit, ask.Shapes = limit+1, form.Name == "geojson"
	list, err := d.store.Values(r.Context(), pass.Rights(), run.ID, ask)
	if err != nil {
		return err
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = cursor(ask.Skip + limit)
	}
	var body []byte
	switch form.Name {
	case "csv":
		body = writeCSV(list, whole)
	case "geojson":
		body, err = writeGeoJSON(list, whole)
	default:
		body, err = writeValues(list, whole, next)
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", form.Media)
	h.Set("Cache-Control", "private, no-cache")
	if next != "" {
		query := r.URL.Query()
		query.Set("cursor", next)
		h.Set("Link", `<`+r.URL.Path+`?`+query.Encode()+`>; rel="next"`)
	}
	_, err = w.Write(body)
	return err
}

// query reads parameters and notes those that are wrong.
type query struct {
	values url.Values
	bad    problem.Fields
}

// count reads a whole number.
func (q *query) count(name string, standard, least, most int) int {
	text := q.values.Get(name)
	if text == "" {
		return standard
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		q.bad.Add("query."+name, fmt.Sprintf("must be %d to %d", least, most))
	}
	return n
}

// instant reads a time; zero if there is none.
func (q *query) instant(name string) time.Time {
	text := q.values.Get(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Before(geoengine.Earliest) || at.After(geoengine.Latest) {
		q.bad.Add("query."+name, "must be a date and time of RFC 3339, 1900 to 2100")
	}
	return at
}

// text reads a text.
func (q *query) text(name string) string {
	const longest = 300
	text := q.values.Get(name)
	if len(text) > longest || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		q.bad.Add("query."+name, "is no text of at most 300 bytes")
	}
	return text
}

// readAsk reads which values are asked for.
func readAsk(pass door.Pass, run *forecast.Run, whole bool) (forecast.Ask, error) {
	const standard = 1000
	q := query{values: pass.Values()}
	ask := forecast.Ask{
		Area: q.text("area"), Step: q.text("step"), From: q.instant("from"), To: q.instant("to"), Place: q.text("place"), Rank: q.count("rank", 0, 1, forecast.MaxValues),
		Limit: q.count("limit", standard, 1, maxPage),
	}
	if ask.Area != "" && !geoengine.ValidAreaPath(ask.Area) {
		q.bad.Add("query.area", "must be the path of an area")
	}
	if kind := q.text("kind"); q.values.Has("kind") {
		ask.Kind = &kind
	}
	if ask.Place != "" && run.Head.Place == forecast.Cells {
		cell, err := hex.Parse(ask.Place)
		if err != nil {
			q.bad.Add("query.place", "must be an H3 cell")
		}
		ask.Cell, ask.Place = cell, ""
	}
	if text := q.text("cursor"); text != "" && !readCursor(text, &ask) {
		q.bad.Add("query.cursor", "is none of a page of these values")
	}
	if err := q.bad.Err(); err != nil {
		return ask, err
	}
	if ask.Rank > 0 && !whole {
		return ask, wrong("query.rank", "Le rang dépend de tous les territoires de la prévision, dont vous ne voyez qu'une partie : demandez les valeurs sans rang.",
			"Ranks hang on all areas of the run, of which you see a part: ask for values without rank.")
	}
	return ask, nil
}

// cursor says how many values the pages before held. What they were numbered in the run is not told: it would say how many
// values there are that the caller does not see.
func cursor(shown int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "v%d", shown))
}

func readCursor(text string, ask *forecast.Ask) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || !strings.HasPrefix(string(raw), "v") {
		return false
	}
	ask.Skip, err = strconv.Atoi(string(raw[1:]))
	return err == nil && ask.Skip > 0 && ask.Skip <= forecast.MaxValues && cursor(ask.Skip) == text
}

func writeValues(list []forecast.Located, whole bool, next string) ([]byte, error) {
	page := struct {
		Values []valueBody `json:"values"`
		Next   string      `json:"next,omitempty"`
	}{[]valueBody{}, next}
	for i := range list {
		page.Values = append(page.Values, shown(&list[i], whole))
	}
	return json.Marshal(&page)
}

func writeGeoJSON(list []forecast.Located, whole bool) ([]byte, error) {
	collection := geojson.NewFeatureCollection()
	for i := range list {
		v := &list[i]
		var shape orb.Geometry
		switch {
		case v.Cell != 0:
			ring := orb.Ring(hex.Boundary(nil, v.Cell))
			shape = orb.Polygon{append(ring, ring[0])}
		case v.Geometry != nil:
			shape = v.Geometry
		case v.Center != nil:
			shape = *v.Center
		}
		feature := geojson.NewFeature(shape)
		raw, err := json.Marshal(shown(v, whole))
		if err == nil {
			err = json.Unmarshal(raw, &feature.Properties)
		}
		if err != nil {
			return nil, fmt.Errorf("write values: %w", err)
		}
		collection.Append(feature)
	}
	return json.Marshal(collection)
}

func writeCSV(list []forecast.Located, whole bool) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	write := func(fields ...string) { _ = w.Write(fields) } // to memory
	write("id", "label", "area", "kind", "step", "from", "to", "expected", "median", "low50", "high50", "low80", "high80", "low95", "high95", "last_year", "count", "rank", "lon", "lat")
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for i := range list {
		v := shown(&list[i], whole)
		fields := []string{tame(v.ID), tame(v.Label), v.Area, tame(v.Kind), v.Step, v.From.Format(time.RFC3339), v.To.Format(time.RFC3339)}
		for _, n := range []float64{v.Expected, v.Median, v.Low50, v.High50, v.Low80, v.High80, v.Low95, v.High95, v.LastYear, v.Count} {
			fields = append(fields, number(n))
		}
		rank, lon, lat := "", "", ""
		if v.Rank > 0 {
			rank = strconv.Itoa(v.Rank)
		}
		if v.Lon != nil {
			lon, lat = number(*v.Lon), number(*v.Lat)
		}
		write(append(fields, rank, lon, lat)...)
	}
	w.Flush()
	return out.Bytes()
}

// tame keeps a spreadsheet from taking a text for a formula.
func tame(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
