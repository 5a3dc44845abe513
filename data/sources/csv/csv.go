// Package csv turns any table of dated, located rows into events, as a small mapping file says.
//
// A mapping is YAML: which columns, which formats of dates, which coordinates, which values mean what. mapping.go holds
// its words, check.go refuses a mapping that cannot work before a row is read, read.go applies it. Ready mappings are in
// the folder mappings. docs/import.md is the reference for those who write one.
package csv

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"vigie/data"
	"vigie/geoengine"
)

// Name is the slug of the source; what a mapping imports is stored under the mapping's own name.
const Name = "csv"

// Source reads CSV files by the mapping that Options.Mapping names: a ready one, or the path of a YAML file.
func Source() data.Source {
	return data.Source{
		Name:      Name,
		Title:     "Any CSV file, by a mapping",
		Publisher: "as the mapping says",
		Licence:   "as the mapping says",
		Holds:     data.HoldsEvents,
		Hint:      "CSV files of dated rows, and --mapping NAME or FILE.yaml; ready mappings: " + strings.Join(Ready(), ", "),
		Digest: func(o data.Options) (string, error) {
			m, err := Load(o.Mapping)
			if err != nil {
				return "", err
			}
			return m.digest, nil
		},
		Describe: describe,
		Read: func(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
			return func(yield func(data.Record, error) bool) {
				m, err := Load(in.Options.Mapping)
				if err != nil {
					yield(data.Record{}, err)
					return
				}
				m.Read(ctx, in.Files)(yield)
			}
		},
	}
}

// describe returns the source as its mapping names it.
func describe(o data.Options) (data.Source, error) {
	s := Source()
	m, err := Load(o.Mapping)
	if err != nil {
		return s, err
	}
	s.Name, s.Title, s.Publisher, s.Licence, s.URL = m.Name, m.Title, m.Publisher, m.Licence, m.URL
	s.Synthetic = m.Synthetic
	return s, nil
}

// errorAt says which key of which mapping is wrong, and why.
func (m *Mapping) errorAt(key, format string, args ...any) error {
	return fmt.Errorf("mapping %s: %s: %s: %w", m.from, key, fmt.Sprintf(format, args...), geoengine.ErrInvalid)
}
