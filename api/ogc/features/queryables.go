package features

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/cql2"
	"vigie/geoengine/feature"
)

// known is what a caller may know of a collection's open vocabulary.
type known struct {
	keys       []string            // of attributes, sorted
	values     map[string][]string // of an attribute with a closed vocabulary, the most frequent first
	categories []string
	sources    []string
	read       time.Time
}

// knownFor is how long that is kept.
const knownFor = time.Minute

// maxKnown bounds the callers' rights for which it is kept.
const maxKnown = 200

// keyCache keeps what is known by rights and collection.
type keyCache struct {
	clock   func() time.Time
	mu      sync.Mutex
	entries map[string]known
}

func newKeyCache(clock func() time.Time) *keyCache {
	return &keyCache{clock: clock, entries: map[string]known{}}
}

// known reads what the caller may know: of events from the cube and a sample, of units from a sample. What cannot be
// read now is left out: filters by attribute then say that there is no such property.
func (p *part) known(ctx context.Context, pass door.Pass, collection string) known {
	rights, err := json.Marshal(pass.Rights())
	if err != nil {
		return known{} // lists of texts always marshal
	}
	id, cache := collection+" "+string(rights), p.keys
	now := cache.clock()
	cache.mu.Lock()
	found, ok := cache.entries[id]
	cache.mu.Unlock()
	if ok && now.Sub(found.read) < knownFor {
		return found
	}
	found = known{values: map[string][]string{}, read: now}
	complete := true
	if collection == feature.Events {
		facets, err := p.config.Cube.Facets(pass.Query(geoengine.Query{}))
		complete = err == nil
		for key, values := range facets {
			names := make([]string, len(values))
			for i, value := range values {
				names[i] = value.Value
			}
			switch key {
			case "category":
				found.categories = names
			case "source":
				found.sources = names
			case "severity":
			default:
				found.keys, found.values[key] = append(found.keys, key), names
			}
		}
	}
	sample, err := p.reader.AttributeKeys(ctx, pass.Rights(), collection)
	found.keys = append(found.keys, sample...)
	slices.Sort(found.keys)
	found.keys = slices.Compact(found.keys)
	found.keys = found.keys[:min(len(found.keys), feature.MaxAttributes)]
	if err == nil && complete {
		cache.mu.Lock()
		if len(cache.entries) >= maxKnown {
			clear(cache.entries)
		}
		cache.entries[id] = found
		cache.mu.Unlock()
	}
	return found
}

// attributeKeys are the keys of the attributes that the caller may see.
func (p *part) attributeKeys(ctx context.Context, pass door.Pass, collection string) []string {
	return p.known(ctx, pass, collection).keys
}

// schema serves the properties of a collection as JSON Schema: those to filter by, or those that features have.
func (p *part) schema(r *ogc.Request, c feature.Collection, queryable bool) (ogc.Page, error) {
	of := ogc.Text{FR: c.FR, EN: c.EN}
	title := ogc.Text{FR: "Propriétés de " + c.FR, EN: "Properties of " + c.EN}
	if queryable {
		title = ogc.Text{FR: "Filtres de " + c.FR, EN: "Filters of " + c.EN}
	}
	table := ogc.Table{Caption: title, Head: []ogc.Text{{FR: "Nom", EN: "Name"}, {FR: "Titre", EN: "Title"}, {FR: "Type", EN: "Type"}}}
	properties := map[string]any{feature.GeometryName: map[string]any{
		"title": ogc.Text{FR: "Géométrie", EN: "Geometry"}.In(r.Lang), "format": "geometry-" + strings.ToLower(c.Geometry), "x-ogc-role": "primary-geometry",
	}}
	add := func(property feature.Property, examples []string) {
		described := describeProperty(r, c, property, examples)
		properties[property.Name] = described
		kind, _ := described["type"].(string)
		table.Rows = append(table.Rows, []ogc.Cell{{Text: property.Name, Code: true}, {Text: ogc.Text{FR: property.FR, EN: property.EN}.In(r.Lang)}, {Text: kind}})
	}
	declared := c.Listed()
	if queryable {
		declared = c.Properties
	}
	for _, property := range declared {
		add(property, nil)
	}
	if c.Attributes {
		known := p.known(r.Context(), r.Pass, c.ID)
		for _, key := range known.keys {
			values := known.values[key]
			add(feature.AttributeProperty(key), values[:min(len(values), 10)])
		}
	}
	body := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": r.With(), "type": "object",
		"title": of.In(r.Lang), "properties": properties, "additionalProperties": false,
	}
	return ogc.Page{Body: body, Title: title, Trail: trail(r, c), Tables: []ogc.Table{table}}, nil
}

func describeProperty(r *ogc.Request, c feature.Collection, p feature.Property, examples []string) map[string]any {
	described := map[string]any{"title": ogc.Text{FR: p.FR, EN: p.EN}.In(r.Lang), "type": "string"}
	switch p.Kind {
	case cql2.Number:
		described["type"] = "number"
	case cql2.Integer:
		described["type"] = "integer"
	case cql2.Boolean:
		described["type"] = "boolean"
	case cql2.Instant:
		described["format"] = "date-time"
	case cql2.Interval:
		described["type"], described["items"] = "array", map[string]any{"type": "string", "format": "date-time"}
		described["minItems"], described["maxItems"] = 2, 2
	default: // text
	}
	if p.Enum != nil {
		described["enum"] = p.Enum
	}
	if len(examples) > 0 {
		described["examples"] = examples
	}
	if p.Name == c.Time && c.Time != "" {
		described["x-ogc-role"] = "primary-instant"
	}
	return described
}

// describe names in the API document the attributes by which this caller can filter.
func (p *part) describe(pass door.Pass, doc map[string]any) {
	paths, _ := doc["paths"].(map[string]any)
	for _, c := range feature.Collections() {
		item, _ := paths["/collections/"+c.ID+"/items"].(map[string]any)
		get, _ := item["get"].(map[string]any)
		params, _ := get["parameters"].([]any)
		if !c.Attributes || params == nil {
			continue
		}
		params = slices.DeleteFunc(params, func(param any) bool {
			described, _ := param.(map[string]any)
			return described["name"] == door.AttributePrefix+"KEY"
		})
		for _, key := range p.attributeKeys(context.Background(), pass, c.ID) {
			params = append(params, map[string]any{
				"name": feature.AttributePrefix + key, "in": "query", "schema": map[string]any{"type": "string"},
				"description": "Only features whose attribute has this value, or has it among others.",
			})
		}
		get["parameters"] = params
	}
}
