package disclosure

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

const selectLevels = `select path, level from area`

// Territories tell in which territory protected counts are told: the département of an area, or where there is none
// the region or country, or the root of its path. A territory is never cut.
type Territories struct{ levels map[string]string }

// LoadTerritories reads the areas of the store.
func LoadTerritories(ctx context.Context, store *geoengine.Store) (*Territories, error) {
	rows, err := store.Pool.Query(ctx, selectLevels)
	if err != nil {
		return nil, fmt.Errorf("read territories: %w", err)
	}
	t := &Territories{map[string]string{}}
	var path, level string
	_, err = pgx.ForEachRow(rows, []any{&path, &level}, func() error {
		if level == "departement" || level == "region" || level == "country" {
			t.levels[path] = level
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read territories: %w", err)
	}
	return t, nil
}

// Of returns the territory of an area's path; "" for "".
func (t *Territories) Of(path string) string {
	larger := ""
	for at := path; at != ""; at = parentPath(at) {
		switch t.levels[at] {
		case "departement":
			return at
		case "region", "country":
			if larger == "" {
				larger = at
			}
		}
	}
	if larger == "" {
		larger, _, _ = strings.Cut(path, ".")
	}
	return larger
}

// cut tells whether some of the areas is a part of a territory.
func (t *Territories) cut(areas []string) bool {
	for _, path := range areas {
		if len(t.Of(path)) < len(path) {
			return true
		}
	}
	return false
}

func parentPath(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }
