package main

import (
	"testing"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
)

// databaseURL is the address of a throw-away database with the tables of the house and of every module.
func databaseURL(t *testing.T) string {
	t.Helper()
	url := geotest.URL(t)
	store, err := geoengine.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := migrateAll(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	return url
}
