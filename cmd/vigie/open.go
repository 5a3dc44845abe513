package main

import (
	"context"
	"fmt"

	"vigie/geoengine"
	"vigie/geoengine/embedded"
)

// opened is the store with the cluster that it lives in, if that is ours.
type opened struct {
	*geoengine.Store
	cluster *embedded.Cluster // nil where DATABASE_URL names the database
	url     string
	log     func(msg string, args ...any)
}

// connect finds the database and starts the embedded cluster if need be; the schema may be of any version.
func (a *app) connect(ctx context.Context) (*opened, error) {
	o := &opened{url: a.config.DatabaseURL, log: a.log.Error}
	if o.url == "" {
		dir, err := a.config.dataFolder()
		if err != nil {
			return nil, err
		}
		if o.cluster, err = embedded.Start(ctx, dir, a.log); err != nil {
			return nil, err
		}
		o.url = o.cluster.URL()
	}
	var err error
	if o.Store, err = geoengine.Open(ctx, o.url); err != nil {
		o.leave(ctx)
		return nil, err
	}
	return o, nil
}

// open is connect with a schema that this program understands: an embedded cluster is migrated on the way.
func (a *app) open(ctx context.Context, migrate bool) (*opened, error) {
	o, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	if o.cluster != nil || migrate {
		err = migrateAll(ctx, o.Store)
	}
	if err == nil {
		err = checkSchema(ctx, o.Store)
	}
	if err != nil {
		o.close(ctx)
		return nil, err
	}
	return o, nil
}

// checkSchema says what to do about tables, of the house or of a module, that this program does not understand.
func checkSchema(ctx context.Context, store *geoengine.Store) error {
	has, needs, err := store.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if err := compareSchema("schema", has, needs); err != nil {
		return err
	}
	for _, schema := range moduleSchemas() {
		has, needs, err := store.ModuleVersion(ctx, schema)
		if err != nil {
			return err
		}
		if err := compareSchema("schema of module "+schema.Name, has, needs); err != nil {
			return err
		}
	}
	return nil
}

func compareSchema(what string, has, needs int32) error {
	switch {
	case has < needs:
		return fmt.Errorf("the database has %s %d and this program needs %d: vigie db migrate", what, has, needs)
	case has > needs:
		return fmt.Errorf("the database has %s %d, made by a newer vigie than this one (%d): use that one", what, has, needs)
	}
	return nil
}

// close ends the connections and leaves the cluster, also when ctx has ended.
func (o *opened) close(ctx context.Context) {
	o.Close()
	o.leave(ctx)
}

func (o *opened) leave(ctx context.Context) {
	if o.cluster == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := o.cluster.Stop(ctx); err != nil {
		o.log("leave the embedded cluster", "error", err)
	}
}
