package processes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cql2"
	"vigie/geoengine/feature"
	"vigie/geoengine/jobs"
)

// pageTimeout bounds each page that an export reads.
const pageTimeout = time.Minute

const maxFilterBytes = 32 << 10

// Export returns the process that writes single features to a file.
func Export(from Sources, roles ...identity.Role) jobs.Process {
	var ids []string
	for _, c := range feature.Collections() {
		ids = append(ids, c.ID)
	}
	text := func(id, title string, longest int) jobs.Input {
		return jobs.Input{ID: id, Title: title, Optional: true, Schema: jobs.Schema{Type: "string", MaxLength: longest}}
	}
	return jobs.Process{
		ID: "export", Title: "Features as a file", Version: "1.0.0", Keywords: []string{"features", "file"}, Roles: names(roles),
		Description: "Writes events, areas or units as GeoJSON, CSV or GeoParquet. The header Vigie-Reason and the recipient are required and kept in the journal.",
		Inputs: []jobs.Input{
			{ID: "collection", Title: "Collection", Schema: jobs.Schema{Type: "string", Enum: ids}},
			{ID: "recipient", Title: "To whom the data go", Schema: jobs.Schema{Type: "string", MaxLength: recipientLetters}},
			{ID: "filter", Title: "Filter in CQL2, as text or as JSON", Optional: true, Schema: jobs.Schema{OneOf: []jobs.Schema{
				{Type: "string", MaxLength: maxFilterBytes}, {Type: "object"},
			}}},
			{ID: "equal", Title: "Values that properties must have, e.g. {\"kind\": \"brigade\"}", Optional: true, Schema: jobs.Schema{Type: "object"}},
			{ID: "bbox", Title: "Box: west, south, east, north in degrees", Optional: true, Schema: boxSchema()},
			text("from", "At or after this instant (RFC 3339) or day", 40), text("to", "Before this instant or day", 40),
			{ID: "properties", Title: "Names of the wanted properties; all if not given", Optional: true, Max: maxFilterValues, Schema: jobs.Schema{Type: "string", MaxLength: 200}},
			text("crs", "Coordinate system of GeoJSON and CSV, as a URI; CRS84 if not given", 200),
		},
		Outputs: []jobs.Output{{
			ID: "result", Title: "The features", Schema: jobs.Schema{Type: "object"}, Media: []string{mediaGeoJSON, mediaCSV, mediaParquet},
		}},
		Communicates: true,
		Run:          func(ctx context.Context, call jobs.Call) error { return export(ctx, &from, &call) },
	}
}

// formats are the formats of files by media type.
func formats(media string) feature.Format {
	switch media {
	case mediaCSV:
		return feature.CSV
	case mediaParquet:
		return feature.GeoParquet
	default:
		return feature.GeoJSON
	}
}

func export(ctx context.Context, from *Sources, call *jobs.Call) error {
	media := call.Wanted["result"]
	reader := feature.NewReader(from.Store, pageTimeout)
	q, err := featureQuery(ctx, from, reader, call)
	if err != nil {
		return err
	}
	c, ok := feature.Find(q.Collection)
	if !ok {
		return fmt.Errorf("input collection: %w", geoengine.ErrInvalid)
	}
	format := formats(media)
	q.Form = format.Form(&c)
	columns, err := feature.Columns(q, q.Attributes)
	if err != nil {
		return err
	}
	total, err := reader.Count(ctx, call.Rights, q)
	if err != nil && !errors.Is(err, geoengine.ErrBusy) && !errors.Is(err, context.DeadlineExceeded) { // too many to count
		return err
	}
	w, err := call.Output("result", media)
	if err != nil {
		return err
	}
	writer, err := feature.NewWriter(format, w, q, columns)
	if err != nil {
		return err
	}
	written := 0
	err = reader.Each(ctx, call.Rights, q, func(row *feature.Row) error {
		written++
		if written%1000 == 0 {
			call.Progress(progress(written, total), fmt.Sprintf("%d features", written))
		}
		return writer.Write(row)
	})
	if err != nil {
		return err
	}
	return writer.Close()
}

// progress is the share of what is written, in percent; 0 of a total that is not known.
func progress(written, total int) int {
	if total == 0 {
		return 0
	}
	return min(99, 100*written/total)
}

// featureQuery reads the inputs of an export.
func featureQuery(ctx context.Context, from *Sources, reader *feature.Reader, call *jobs.Call) (feature.Query, error) {
	q := feature.Query{CRS: feature.CRS84()}
	if err := call.Decode("collection", &q.Collection); err != nil {
		return q, err
	}
	var err error
	if q.Attributes, err = reader.AttributeKeys(ctx, call.Rights, q.Collection); err != nil {
		return q, err
	}
	if err := decodePeriod(from, call, &q); err != nil {
		return q, err
	}
	if err := decodePlace(call, &q); err != nil {
		return q, err
	}
	equal := map[string]string{}
	if err := call.Decode("equal", &equal); err != nil {
		return q, fmt.Errorf("input equal: must be strings by property: %w", geoengine.ErrInvalid)
	}
	for name, value := range equal {
		q.Equal = append(q.Equal, feature.Equal{Name: name, Value: value})
	}
	if err := call.Decode("properties", &q.Properties); err != nil {
		return q, err
	}
	return q, decodeFilter(call, &q)
}

func decodePeriod(from *Sources, call *jobs.Call, q *feature.Query) error {
	period, err := query(from.Filters, &jobs.Call{Inputs: map[string]json.RawMessage{
		"from": orNull(call.Inputs["from"]), "to": orNull(call.Inputs["to"]),
	}})
	q.From, q.Before = period.From, period.To
	return err
}

// orNull is a value, or null where it was not given: nothing is read from it.
func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}

func decodePlace(call *jobs.Call, q *feature.Query) error {
	var (
		numbers []float64
		crs     string
	)
	if err := call.Decode("bbox", &numbers); err != nil {
		return err
	}
	if len(numbers) > 0 {
		box, err := feature.NewBox(numbers, feature.CRS84())
		if err != nil {
			return err
		}
		q.Box = &box
	}
	if err := call.Decode("crs", &crs); err != nil || crs == "" {
		return err
	}
	var err error
	q.CRS, err = feature.ParseCRS(crs)
	return err
}

func decodeFilter(call *jobs.Call, q *feature.Query) error {
	raw, given := call.Inputs["filter"]
	if !given {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		expr, err := cql2.Parse(text)
		q.Filter = &expr
		return err
	}
	expr, err := cql2.ParseJSON(raw)
	q.Filter = &expr
	return err
}
