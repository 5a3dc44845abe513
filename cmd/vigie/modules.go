package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/module"
	"vigie/modules"
)

// modulesCommand lists the modules.
type modulesCommand struct{}

type moduleReport struct {
	Name       string        `json:"name"`
	Title      module.Text   `json:"title"`
	Purpose    module.Text   `json:"purpose"`
	LegalBasis []module.Text `json:"legal_basis"`
	Makes      []string      `json:"makes"`
	Keeps      []keptReport  `json:"keeps"`
}

type keptReport struct {
	What module.Text `json:"what"`
	Days int         `json:"days"` // 0 is for good
}

// Help says what is listed.
func (c *modulesCommand) Help() string {
	return "What each module is for, which law allows it, what it makes, and how long it keeps what."
}

// Run lists them.
func (c *modulesCommand) Run(a *app) error {
	reports := []moduleReport{}
	for _, m := range modules.All() {
		r := moduleReport{Name: m.Name, Title: m.Title, Purpose: m.Purpose, LegalBasis: m.LegalBasis, Keeps: []keptReport{}}
		for _, made := range m.Makes {
			r.Makes = append(r.Makes, string(made))
		}
		for _, kept := range m.Keeps {
			r.Keeps = append(r.Keeps, keptReport{kept.What, int(kept.For / (24 * time.Hour))})
		}
		reports = append(reports, r)
	}
	a.print(map[string]any{"modules": reports}, func(w io.Writer) {
		for _, r := range reports {
			fmt.Fprintf(w, "%s: %s\n", r.Name, r.Title.EN)
			rows := [][]string{{"  purpose", r.Purpose.EN}}
			for _, law := range r.LegalBasis {
				rows = append(rows, []string{"  law", law.EN})
			}
			rows = append(rows, []string{"  makes", strings.Join(r.Makes, ", ")})
			for _, kept := range r.Keeps {
				period := "for good"
				if kept.Days > 0 {
					period = fmt.Sprintf("%d days", kept.Days)
				}
				rows = append(rows, []string{"  keeps", kept.What.EN + ": " + period})
			}
			table(w, rows)
		}
	})
	return nil
}

// moduleRoles are the roles of the house and those that modules add.
func moduleRoles() identity.RoleSet {
	var added []identity.Role
	for _, m := range modules.All() {
		added = append(added, m.Roles...)
	}
	return identity.NewRoles(added...)
}

// moduleSchemas are the tables that modules have.
func moduleSchemas() []geoengine.ModuleSchema {
	var schemas []geoengine.ModuleSchema
	for _, m := range modules.All() {
		if schema, ok := m.Schema(); ok {
			schemas = append(schemas, schema)
		}
	}
	return schemas
}

// migrateAll brings the tables of the house and of every module up to date.
func migrateAll(ctx context.Context, store *geoengine.Store) error {
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	for _, schema := range moduleSchemas() {
		if err := store.MigrateModule(ctx, schema); err != nil {
			return err
		}
	}
	return nil
}

// startModules makes what the server runs of each module.
func (a *app) startModules(store *geoengine.Store, cube *cube.Cube) ([]api.Extension, error) {
	host := module.Host{Store: store, Cube: cube, Log: a.log, Clock: a.clock, Random: rand.Reader, PublicURL: a.config.PublicURL}
	var extensions []api.Extension
	for _, m := range modules.All() {
		extension, err := m.Start(host)
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", m.Name, err)
		}
		extensions = append(extensions, extension)
	}
	return extensions, nil
}
