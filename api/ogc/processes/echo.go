package processes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// longestPause is the longest that echo waits, in seconds.
const longestPause = 60

const mediaBinary = "application/octet-stream"

// Echo returns the process that gives back what it is given: to try clients, and for tests of the standard.
func Echo(roles ...identity.Role) jobs.Process {
	values := echoValues()
	p := jobs.Process{
		ID: "echo", Title: "Echo", Version: "1.0.0", Keywords: []string{"test"}, Roles: names(roles), Run: echo,
		Description: "Gives back what it is given, to try clients. It reads no data.",
	}
	for _, v := range values {
		p.Inputs = append(p.Inputs, jobs.Input{ID: v.ID, Title: v.Title, Description: v.Description, Schema: v.Schema, Optional: true, Max: v.Max})
		out := v.Schema
		if v.Max > 1 {
			out = jobs.Schema{Type: "array", Items: &v.Schema}
		}
		output := jobs.Output{ID: v.ID, Title: v.Title, Description: v.Description, Schema: out}
		if v.Schema.ContentEncoding != "" {
			output.Media = []string{mediaBinary}
		}
		p.Outputs = append(p.Outputs, output)
	}
	p.Inputs = append(p.Inputs, jobs.Input{
		ID: "pause", Title: "Pause", Description: "Seconds to wait first.", Optional: true, Schema: jobs.Number("number", 0, longestPause),
	})
	return p
}

func names(roles []identity.Role) []string {
	list := make([]string, len(roles))
	for i, role := range roles {
		list[i] = string(role)
	}
	return list
}

// echoValues are the kinds of values there are. The first is the plainest.
func echoValues() []jobs.Input {
	const many = 100
	coordinates := jobs.Number("number", -180, 180)
	return []jobs.Input{
		{ID: "string", Title: "A string", Schema: jobs.Schema{Type: "string", MaxLength: 10_000}},
		{ID: "number", Title: "A number", Schema: jobs.Schema{Type: "number"}},
		{ID: "integer", Title: "A whole number", Schema: jobs.Schema{Type: "integer"}},
		{ID: "boolean", Title: "True or false", Schema: jobs.Schema{Type: "boolean"}},
		{ID: "array", Title: "Strings", Schema: jobs.Schema{Type: "array", MaxItems: many, Items: &jobs.Schema{Type: "string"}}},
		{ID: "numbers", Title: "Up to 100 numbers, each a value of its own", Max: many, Schema: jobs.Schema{Type: "number"}},
		{ID: "object", Title: "An object with any members", Schema: jobs.Schema{Type: "object"}},
		{ID: "mixed", Title: "A string or a GeoJSON point", Schema: jobs.Schema{OneOf: []jobs.Schema{
			{Type: "string"},
			{Type: "object", Properties: []jobs.Property{
				{Name: "type", Required: true, Schema: jobs.Schema{Type: "string", Enum: []string{"Point"}}},
				{Name: "coordinates", Required: true, Schema: jobs.Schema{Type: "array", MinItems: 2, MaxItems: 3, Items: &jobs.Schema{Type: "number"}}},
			}},
		}}},
		{ID: "bbox", Title: "A box, west, south, east, north in degrees", Schema: jobs.Schema{AllOf: []jobs.Schema{{Format: "ogc-bbox"}, {
			Type: "object", Properties: []jobs.Property{
				{Name: "bbox", Required: true, Schema: jobs.Schema{Type: "array", MinItems: 4, MaxItems: 4, Items: &coordinates}},
				{Name: "crs", Schema: jobs.Schema{Type: "string", Format: "uri", Enum: []string{"http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}},
			},
		}}}},

		{ID: "binary", Title: "Bytes, as base64", Schema: jobs.Schema{Type: "string", ContentEncoding: "base64", ContentMediaType: mediaBinary}},
	}
}

// echo runs the process.
func echo(ctx context.Context, call jobs.Call) error {
	given := false
	for id := range call.Inputs {
		given = given || id != "pause"
	}
	if !given {
		return fmt.Errorf("inputs: give at least one value: %w", geoengine.ErrInvalid)
	}
	var pause float64
	if err := call.Decode("pause", &pause); err != nil {
		return err
	}
	if err := wait(ctx, pause, call.Progress); err != nil {
		return err
	}
	for _, v := range echoValues() {
		raw, given := call.Inputs[v.ID]
		if !given {
			continue
		}
		if err := echoOne(&call, v, raw); err != nil {
			return err
		}
	}
	return nil
}

func echoOne(call *jobs.Call, v jobs.Input, raw json.RawMessage) error {
	data, media := slices.Clone(raw), jobs.MediaJSON
	if v.Schema.ContentEncoding != "" {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		var err error
		if data, err = jobs.Base64(text); err != nil {
			return err
		}
		media = mediaBinary
	}
	w, err := call.Output(v.ID, media)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// wait waits some seconds and tells how far it is.
func wait(ctx context.Context, pause float64, progress func(int, string)) error {
	const step = 50 * time.Millisecond
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for waited := 0.0; waited < pause; waited += step.Seconds() {
		progress(int(100*waited/pause), "waiting")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}
