// Package feature reads what the store holds as geographic features: events, areas and units with declared properties,
// page by page, in any of a few reference systems, and writes them as GeoJSON, CSV or GeoParquet. Every read is under a
// caller's rights. Read collection.go, query.go, then reader.go.
package feature

import (
	"slices"

	"vigie/geoengine"
	"vigie/geoengine/cql2"
)

// The collections.
const (
	Events = "events"
	Areas  = "areas"
	Units  = "units"
)

// GeometryName is the name of the geometry in filters and in column formats.
const GeometryName = "geometry"

// AttributePrefix begins the names of properties that are attributes: attr.light.
const AttributePrefix = "attr."

// Property is one declared property of a collection.
type Property struct {
	Name      string
	Kind      cql2.Kind // String, Number, Integer, Boolean or Instant; Interval only to filter
	FR, EN    string    // title
	Enum      []string  // every value that there can be; nil is open
	Attribute string    // key of the attribute that it is; "" for none
	sql, end  string    // expression of the Kind's type; end is that of an Interval
}

// Collection is a set of features of one form.
type Collection struct {
	ID         string
	FR, EN     string
	Geometry   string     // Point or MultiPolygon
	Properties []Property // without attributes
	Attributes bool       // its features have attributes
	Time       string     // property that the parameter datetime looks at; "" for none
	layout     layout
}

// layout is how the collection lies in the database.
type layout struct {
	from     string // tables and joins
	large    bool   // too large to be sorted for a page; the main table, e, has zone, cell and starts
	keys     []string
	casts    []string // SQL types of the keys
	identity []string // expressions of the parts of a feature's id
	geometry string
	start    string
	scope    string // expression of the area's path
	category string // expression of the category's slug; "" for none
}

// property finds a declared property.
func (c *Collection) property(name string) (Property, bool) {
	i := slices.IndexFunc(c.Properties, func(p Property) bool { return p.Name == name })
	if i < 0 {
		return Property{}, false
	}
	return c.Properties[i], true
}

// Listed are the properties that features show; the others are for filters only.
func (c *Collection) Listed() []Property {
	return slices.DeleteFunc(slices.Clone(c.Properties), func(p Property) bool { return p.Kind == cql2.Interval })
}

// Collections lists the collections.
func Collections() []Collection { return []Collection{events(), areas(), units()} }

// Find returns a collection by its id.
func Find(id string) (Collection, bool) {
	all := Collections()
	i := slices.IndexFunc(all, func(c Collection) bool { return c.ID == id })
	if i < 0 {
		return Collection{}, false
	}
	return all[i], true
}

func events() Collection {
	return Collection{
		ID: Events, FR: "Événements", EN: "Events", Geometry: "Point", Attributes: true, Time: "start",
		Properties: []Property{
			{Name: "source", Kind: cql2.String, FR: "Source", EN: "Source", sql: "s.name"},
			{Name: "ref", Kind: cql2.String, FR: "Référence dans la source", EN: "Reference within the source", sql: "e.ref"},
			{Name: "category", Kind: cql2.String, FR: "Catégorie", EN: "Category", sql: "c.slug"},
			{Name: "severity", Kind: cql2.String, FR: "Gravité", EN: "Severity", Enum: geoengine.SeverityNames[:], sql: severitySQL()},
			{Name: "weight", Kind: cql2.Number, FR: "Poids de gravité (un mort vaut 1)", EN: "Severity weight (a death is 1)", sql: "e.weight::text::float8"},
			{Name: "start", Kind: cql2.Instant, FR: "Début", EN: "Start", sql: "e.starts"},
			{Name: "end", Kind: cql2.Instant, FR: "Fin", EN: "End", sql: "e.ends"},
			{Name: "period", Kind: cql2.Interval, FR: "Du début à la fin", EN: "From start to end", sql: "e.starts", end: "e.ends"},
			{Name: "reported", Kind: cql2.Instant, FR: "Signalé", EN: "Reported", sql: "e.reported"},
			{Name: "utc_offset", Kind: cql2.Integer, FR: "Heure locale moins UTC (s)", EN: "Local time minus UTC (s)", sql: "e.utc_offset::bigint"},
			{Name: "precision_m", Kind: cql2.Number, FR: "Précision de la position (m)", EN: "Precision of the position (m)", sql: "e.precision_m::text::float8"},
			{Name: "area", Kind: cql2.String, FR: "Territoire (chemin)", EN: "Area (path)", sql: "e.area"},
			{Name: "area_name", Kind: cql2.String, FR: "Territoire", EN: "Area", sql: "coalesce(a.name, '')"},
			{Name: "cell", Kind: cql2.String, FR: "Hexagone H3 (résolution 11)", EN: "H3 hexagon (resolution 11)", sql: "case when e.cell = 0 then null else to_hex(e.cell) end"},
			{Name: "synthetic", Kind: cql2.Boolean, FR: "Généré, non réel", EN: "Generated, not real", sql: "s.synthetic"},
		},
		layout: layout{
			from: `event e
				join source s on s.id = e.source
				join category c on c.id = e.category
				left join area a on a.path = e.area`,
			large: true, keys: []string{"e.source", "e.ref"}, casts: []string{"int", "text"}, identity: []string{"s.name", "e.ref"},
			geometry: "e.geom", start: "e.starts", scope: "e.area", category: "c.slug",
		},
	}
}

func units() Collection {
	return Collection{
		ID: Units, FR: "Unités et moyens fixes", EN: "Units and fixed means", Geometry: "Point", Attributes: true,
		Properties: []Property{
			{Name: "source", Kind: cql2.String, FR: "Source", EN: "Source", sql: "s.name"},
			{Name: "ref", Kind: cql2.String, FR: "Référence dans la source", EN: "Reference within the source", sql: "e.ref"},
			{Name: "kind", Kind: cql2.String, FR: "Genre", EN: "Kind", sql: "e.kind"},
			{Name: "name", Kind: cql2.String, FR: "Nom", EN: "Name", sql: "e.name"},
			{Name: "since", Kind: cql2.Instant, FR: "En service depuis", EN: "In service since", sql: "e.since"},
			{Name: "precision_m", Kind: cql2.Number, FR: "Précision de la position (m)", EN: "Precision of the position (m)", sql: "e.precision_m::text::float8"},
			{Name: "area", Kind: cql2.String, FR: "Territoire (chemin)", EN: "Area (path)", sql: "e.area"},
			{Name: "area_name", Kind: cql2.String, FR: "Territoire", EN: "Area", sql: "coalesce(a.name, '')"},
			{Name: "synthetic", Kind: cql2.Boolean, FR: "Généré, non réel", EN: "Generated, not real", sql: "s.synthetic"},
		},
		layout: layout{
			from: `unit e
				join source s on s.id = e.source
				left join area a on a.path = e.area`,
			keys: []string{"e.source", "e.ref"}, casts: []string{"int", "text"}, identity: []string{"s.name", "e.ref"},
			geometry: "e.geom", scope: "e.area",
		},
	}
}

func areas() Collection {
	return Collection{
		ID: Areas, FR: "Territoires", EN: "Areas", Geometry: "MultiPolygon",
		Properties: []Property{
			{Name: "path", Kind: cql2.String, FR: "Chemin depuis la racine", EN: "Path from the root", sql: "e.path"},
			{Name: "parent", Kind: cql2.String, FR: "Chemin du territoire qui le contient", EN: "Path of the area that holds it", sql: "e.parent"},
			{Name: "level", Kind: cql2.String, FR: "Niveau", EN: "Level", sql: "e.level"},
			{Name: "code", Kind: cql2.String, FR: "Code officiel", EN: "Official code", sql: "e.code"},
			{Name: "name", Kind: cql2.String, FR: "Nom", EN: "Name", sql: "e.name"},
			{Name: "source", Kind: cql2.String, FR: "Source", EN: "Source", sql: "s.name"},
		},
		layout: layout{
			from: `area e
				join source s on s.id = e.source`,
			keys: []string{"e.path"}, casts: []string{"text"}, identity: []string{"e.path"},
			geometry: "coalesce(e.geom, e.outline)", scope: "e.path",
		},
	}
}

// severitySQL is the slug of an event's severity.
func severitySQL() string {
	sql := "case e.severity"
	for i, name := range geoengine.SeverityNames {
		sql += " when " + string(rune('0'+i)) + " then '" + name + "'"
	}
	return sql + " else 'unknown' end"
}
