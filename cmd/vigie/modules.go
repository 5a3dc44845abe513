package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/module"
	"vigie/modules"
)

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
