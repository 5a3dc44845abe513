package processes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigie/api/filter"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/hex"
	"vigie/geoengine/jobs"
)

// The media types of results.
const (
	mediaGeoJSON = "application/geo+json"
	mediaCSV     = "text/csv"
	mediaParquet = "application/vnd.apache.parquet"
)

// Sources are what the processes read.
type Sources struct {
	Store    *geoengine.Store
	Cube     *cube.Cube
	Releases *disclosure.Releases
	Filters  *filter.Parser
}

// By what aggregate counts.
const (
	byCell = "cell"
	byArea = "area"
	byTime = "time"
)

const (
	standardResolution = 7
	coarsest, finest   = 3, 11
	standardBins       = 52
	maxBins            = 400
	maxFilterValues    = 200
	recipientLetters   = 200
)

// Aggregate returns the process that counts events by hexagon, by area or by time.
func Aggregate(from Sources, roles ...identity.Role) jobs.Process {
	inputs := []jobs.Input{
		{ID: "by", Title: "What to count by", Description: "cell, area or time.", Schema: jobs.Schema{Type: "string", Enum: []string{byCell, byArea, byTime}}},
		{ID: "resolution", Title: "H3 resolution of cells, 7 if not given", Optional: true, Schema: jobs.Number("integer", coarsest, finest)},
		{ID: "level", Title: "Level of areas", Description: "commune, departement, region …; commune if not given.", Optional: true, Schema: jobs.Schema{Type: "string", MaxLength: 60}},
		{ID: "bins", Title: "Time bins of equal length, 52 if not given", Optional: true, Schema: jobs.Number("integer", 1, maxBins)},
	}
	return jobs.Process{
		ID: "aggregate", Title: "Counts of events", Version: "1.0.0", Keywords: []string{"events", "H3"}, Roles: names(roles),
		Description: "Counts and weights of events by H3 cell, by area of a level or by time. Small counts of protected categories are hidden.",
		Inputs:      append(inputs, filterInputs()...),
		Outputs: []jobs.Output{{
			ID: "result", Title: "The counts", Schema: jobs.Schema{Type: "object"}, Media: []string{jobs.MediaJSON, mediaCSV, mediaGeoJSON},
		}},
		Run: func(ctx context.Context, call jobs.Call) error { return aggregate(ctx, &from, &call) },
	}
}

// filterInputs are the filter parameters of the API as inputs.
func filterInputs() []jobs.Input {
	text := jobs.Schema{Type: "string", MaxLength: filter.MaxValueBytes}
	one := func(id, title string) jobs.Input {
		return jobs.Input{ID: id, Title: title, Optional: true, Schema: text}
	}
	many := func(id, title string) jobs.Input {
		return jobs.Input{ID: id, Title: title, Optional: true, Schema: text, Max: maxFilterValues}
	}
	return []jobs.Input{
		one("from", "Events that start at or after this instant (RFC 3339) or day"), one("to", "Events that start before this instant or day"),
		one("hours", "Local hours of the week, 0 to 167, as ranges: 8-9,32-33"), many("category", "Category slugs, with their descendants"),
		many("severity", "Severities"), many("source", "Sources"), many("area", "Area paths, with their descendants"),
		{ID: "attributes", Title: "Accepted values by attribute, e.g. {\"light\": [\"night\"]}", Optional: true, Schema: jobs.Schema{Type: "object"}},
		{ID: "bbox", Title: "Box: west, south, east, north in degrees", Optional: true, Schema: boxSchema()},
	}
}

func boxSchema() jobs.Schema {
	degrees := jobs.Number("number", -180, 180)
	return jobs.Schema{Type: "array", MinItems: 4, MaxItems: 4, Items: &degrees}
}

// escape writes a value so that the filter's lists do not part it.
func escape(value string) string { return strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(value) }

// query reads the filter of a call.
func query(filters *filter.Parser, call *jobs.Call) (geoengine.Query, error) {
	values := url.Values{}
	for _, id := range []string{"from", "to", "hours"} {
		var text string
		if err := call.Decode(id, &text); err != nil {
			return geoengine.Query{}, err
		}
		if text != "" {
			values.Set(id, text)
		}
	}
	for _, id := range []string{"category", "severity", "source", "area"} {
		var list []string
		if err := call.Decode(id, &list); err != nil {
			return geoengine.Query{}, err
		}
		for _, value := range list {
			values.Add(id, escape(value))
		}
	}
	attributes := map[string][]string{}
	if err := call.Decode("attributes", &attributes); err != nil {
		return geoengine.Query{}, fmt.Errorf("input attributes: must be lists of strings by attribute: %w", geoengine.ErrInvalid)
	}
	for key, list := range attributes {
		for _, value := range list {
			values.Add("attr."+key, escape(value))
		}
	}
	var box []json.Number
	if err := call.Decode("bbox", &box); err != nil {
		return geoengine.Query{}, err
	}
	if len(box) == 4 {
		values.Set("bbox", fmt.Sprintf("%s,%s,%s,%s", box[0], box[1], box[2], box[3]))
	}
	q, err := filters.Parse(values)
	if err != nil {
		return geoengine.Query{}, fmt.Errorf("%s: %w", strings.ReplaceAll(err.Error(), "query.", "input "), geoengine.ErrInvalid)
	}
	return call.Query(q), nil
}

// countRow is one counted thing: a cell, an area or a time bin.
type countRow struct {
	H3     string     `json:"h3,omitempty"`
	Path   string     `json:"path,omitempty"`
	Name   string     `json:"name,omitempty"`
	Code   string     `json:"code,omitempty"`
	From   *time.Time `json:"from,omitempty"`
	To     *time.Time `json:"to,omitempty"`
	Count  *uint32    `json:"count"`  // null where nothing may be told
	Weight *float64   `json:"weight"` // null where events of protected families are counted, and by time
	Hidden string     `json:"hidden,omitempty"`
	K      int        `json:"k,omitempty"`
	cell   uint64
}

// counts is the result of aggregate.
type counts struct {
	By         string           `json:"by"`
	Resolution int              `json:"resolution,omitempty"`
	Level      string           `json:"level,omitempty"`
	Rows       []countRow       `json:"rows"`
	Version    uint64           `json:"version"`             // of the events
	LeftOut    []string         `json:"left_out,omitempty"`  // protected families that this form does not count
	Protected  *disclosure.Note `json:"protected,omitempty"` // what holds for the protected families that are counted
}

func aggregate(ctx context.Context, from *Sources, call *jobs.Call) error {
	q, err := query(from.Filters, call)
	if err != nil {
		return err
	}
	body := counts{Rows: []countRow{}, Version: from.Cube.Version()}
	if err := call.Decode("by", &body.By); err != nil {
		return err
	}
	call.Progress(10, "counting")
	switch body.By {
	case byCell:
		err = body.cells(ctx, from, call, q)
	case byArea:
		err = body.areas(ctx, from, call, q)
	default:
		err = body.times(from, call, q)
	}
	if err != nil {
		return err
	}
	call.Progress(60, "writing")
	switch call.Wanted["result"] {
	case mediaCSV:
		return body.writeCSV(call)
	case mediaGeoJSON:
		return body.writeGeoJSON(ctx, from, call)
	}
	return call.WriteJSON("result", body)
}

// rounded is a sum of weights to the thousandth.
func rounded(weight float64) *float64 {
	weight = math.Round(weight*1000) / 1000
	return &weight
}

// tell sets what may be told of a number.
func (r *countRow) tell(count uint32, weight float64, hidden disclosure.Hidden, k int, protected bool) {
	if count > 0 || hidden == disclosure.None {
		r.Count = &count
	}
	if !protected {
		r.Weight = rounded(weight)
	}
	if hidden != disclosure.None {
		r.Hidden, r.K = hidden.String(), k
	}
}

func (b *counts) cells(ctx context.Context, from *Sources, call *jobs.Call, q geoengine.Query) error {
	b.Resolution = standardResolution
	if err := call.Decode("resolution", &b.Resolution); err != nil {
		return err
	}
	cells, note, err := from.Releases.With(ctx, from.Cube, call.Policy, q, b.Resolution)
	if err != nil {
		return err
	}
	b.Protected = note.OrNil()
	for _, c := range cells {
		row := countRow{H3: hex.String(c.Cell), cell: c.Cell}
		row.tell(c.Count, c.Weight, c.Hidden, c.K, c.Protected)
		b.Rows = append(b.Rows, row)
	}
	return nil
}

func (b *counts) areas(ctx context.Context, from *Sources, call *jobs.Call, q geoengine.Query) error {
	b.Level = "commune"
	if err := call.Decode("level", &b.Level); err != nil {
		return err
	}
	list, err := from.Store.AreaNames(ctx)
	if err != nil {
		return err
	}
	names := make(map[string]geoengine.AreaName, len(list))
	known := false
	for _, a := range list {
		names[a.Path] = a
		known = known || a.Level == b.Level
	}
	if !known {
		return fmt.Errorf("input level: there are no areas of level %.60q: %w", b.Level, geoengine.ErrInvalid)
	}
	open, err := from.Cube.Areas(q)
	if err != nil {
		return err
	}
	levelOf := func(path string) string { return names[path].Level }
	hidden, note, err := from.Releases.Areas(ctx, call.Policy, q, b.Level, levelOf)
	if err != nil {
		return err
	}
	b.Protected = note.OrNil()
	sums := map[string]cube.Count{}
	for path, count := range open {
		if at := ancestor(path, b.Level, levelOf); at != "" {
			sum := sums[at]
			sum.Count += count.Count
			sum.Weight += count.Weight
			sums[at] = sum
		}
	}
	for path := range hidden {
		if _, listed := sums[path]; !listed {
			sums[path] = cube.Count{}
		}
	}
	for path, sum := range sums {
		amount, protected := hidden[path]
		row := countRow{Path: path, Name: names[path].Name, Code: names[path].Code}
		row.tell(sum.Count+amount.Count, sum.Weight, amount.Hidden, amount.K, protected)
		b.Rows = append(b.Rows, row)
	}
	slices.SortFunc(b.Rows, func(a, c countRow) int { return cmp.Compare(a.Path, c.Path) })
	return nil
}

// ancestor is the area of a level that an area lies in; "" if there is none.
func ancestor(path, level string, levelOf func(string) string) string {
	for path != "" && levelOf(path) != level {
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return path
}

// times counts open families: protected ones have no counts of periods that a caller chooses.
func (b *counts) times(from *Sources, call *jobs.Call, q geoengine.Query) error {
	bins := cube.Bins{From: q.From, To: q.To, N: standardBins}
	if err := call.Decode("bins", &bins.N); err != nil {
		return err
	}
	for _, family := range call.Policy.Protected {
		if common := geoengine.Common([]string{family.Category}, q.Categories); len(common) > 0 {
			b.LeftOut = append(b.LeftOut, family.Category)
		}
	}
	extent, err := from.Cube.Extent(q)
	if err != nil || extent.Events == 0 && (bins.From.IsZero() || bins.To.IsZero()) {
		return err
	}
	if bins.From.IsZero() {
		bins.From = extent.From
	}
	if bins.To.IsZero() {
		bins.To = extent.To.Add(time.Second)
	}
	if err := bins.Check(); err != nil {
		return err
	}
	numbers, err := from.Cube.Histogram(q, bins)
	if err != nil {
		return err
	}
	for i, n := range numbers {
		start, end := bins.Edge(i).UTC(), bins.Edge(i+1).UTC()
		b.Rows = append(b.Rows, countRow{From: &start, To: &end, Count: &n})
	}
	return nil
}

func (b *counts) writeCSV(call *jobs.Call) error {
	w, err := call.Output("result", mediaCSV)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	columns := map[string]string{byCell: "h3,lon,lat", byArea: "path,name,code", byTime: "from,to"}
	out.WriteString(columns[b.By] + ",count,weight,hidden,k\r\n")
	for _, r := range b.Rows {
		switch b.By {
		case byCell:
			center := hex.Center(r.cell)
			fmt.Fprintf(&out, "%s,%.6f,%.6f", r.H3, center.Lon(), center.Lat())
		case byArea:
			fmt.Fprintf(&out, "%s,%s,%s", r.Path, quoted(r.Name), quoted(r.Code))
		default:
			fmt.Fprintf(&out, "%s,%s", r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))
		}
		count, weight, k := "", "", ""
		if r.Count != nil {
			count = strconv.FormatUint(uint64(*r.Count), 10)
		}
		if r.Weight != nil {
			weight = strconv.FormatFloat(*r.Weight, 'f', -1, 64)
		}
		if r.K > 0 {
			k = strconv.Itoa(r.K)
		}
		fmt.Fprintf(&out, ",%s,%s,%s,%s\r\n", count, weight, r.Hidden, k)
	}
	_, err = w.Write(out.Bytes())
	return err
}

// quoted is a text as a cell of CSV that no spreadsheet takes for a formula.
func quoted(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		text = "'" + text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
