// Package module is the contract between the house and a module: one folder that declares what it adds, why it may, and
// how long it keeps what it makes. Modules never import one another; they meet through events, areas, units and the
// road network in the store. modules/modules.go lists those that there are.
package module

import (
	"io"
	"io/fs"
	"log/slog"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/data"
	"vigie/geoengine"
	"vigie/geoengine/cube"
)

// Text is said in French and in English.
type Text struct {
	FR string `json:"fr"`
	EN string `json:"en"`
}

// Output is a kind of thing that a module makes. The list is closed: what is not in it is not made.
type Output string

// The outputs. None is about a person.
const (
	Events   Output = "events"   // located events
	Layer    Output = "layer"    // something drawn on the map
	Plan     Output = "plan"     // a proposal that a person accepts, changes or refuses
	Forecast Output = "forecast" // values per place with an interval
)

// Kept is something that a module keeps, and for how long.
type Kept struct {
	What Text
	For  time.Duration // from its last change; zero is for good
}

// Module declares one system. Name, Title, Purpose, LegalBasis, Makes and Start must be set.
type Module struct {
	Name       string // lower-case letters and _; prefix of its tables
	Title      Text
	Purpose    Text   // what it is for, and nothing else
	LegalBasis []Text // that allow it
	Makes      []Output
	Keeps      []Kept
	Roles      []identity.Role // that it adds to those of the house
	Sources    []data.Source   // that it can import
	Migrations fs.FS           // its tables, 001_….sql and so on
	Reads      []string        // of its tables, those that callers read under row-level security
	// Start makes what the server runs of it.
	Start func(Host) (api.Extension, error)
}

// Schema is the module's tables; ok is false if it has none.
func (m *Module) Schema() (schema geoengine.ModuleSchema, ok bool) {
	return geoengine.ModuleSchema{Name: m.Name, Files: m.Migrations, Reads: m.Reads}, m.Migrations != nil
}

// Host is what the house lends to a module.
type Host struct {
	Store     *geoengine.Store
	Cube      *cube.Cube
	Log       *slog.Logger
	Clock     func() time.Time
	Random    io.Reader // crypto/rand.Reader
	PublicURL string    // address that people use; "" if not configured
}
