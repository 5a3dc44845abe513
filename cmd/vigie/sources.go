package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"vigie/data"
	"vigie/data/sources"
	"vigie/modules"
)

// Two sources are special on the command line: one stands for all parts of the demonstration, one names its records
// after a mapping.
const (
	generatorName = "demo"
	mappedName    = "csv"
)

// sourcesCommand lists the sources.
type sourcesCommand struct {
	Name string `arg:"" optional:"" predictor:"source" help:"Only this source."`
}

type sourceReport struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Publisher string `json:"publisher"`
	Licence   string `json:"licence"`
	URL       string `json:"url"`
	Holds     string `json:"holds"`
	Synthetic bool   `json:"synthetic"`
	Download  bool   `json:"download"` // by --year
	Hint      string `json:"hint"`
}

// Run lists them.
func (c *sourcesCommand) Run(a *app) error {
	reports := []sourceReport{}
	for _, s := range allSources() {
		if c.Name == "" || c.Name == s.Name {
			reports = append(reports, sourceReport{
				s.Name, s.Title, s.Publisher, s.Licence, s.URL, s.Holds, s.Synthetic, s.Download != nil, s.Hint,
			})
		}
	}
	if len(reports) == 0 {
		_, err := findSource(c.Name)
		return err
	}
	a.print(map[string]any{"sources": reports}, func(w io.Writer) {
		for i, r := range reports {
			if i > 0 {
				fmt.Fprintln(w)
			}
			note := r.Holds
			if r.Synthetic {
				note += ", synthetic"
			}
			if r.Download {
				note += ", downloads by --year"
			}
			fmt.Fprintf(w, "%s: %s (%s)\n", r.Name, r.Title, note)
			rows := [][]string{{"  publisher", r.Publisher}, {"  licence", r.Licence}, {"  address", r.URL}, {"  reads", r.Hint}}
			table(w, slices.DeleteFunc(rows, func(row []string) bool { return row[1] == "" }))
		}
	})
	return nil
}

// allSources are the sources of the house and those of modules.
func allSources() []data.Source {
	all := sources.All()
	for _, m := range modules.All() {
		all = append(all, m.Sources...)
	}
	return all
}

func sourceNames() []string {
	var names []string
	for _, s := range allSources() {
		names = append(names, s.Name)
	}
	return names
}

// findSource returns the source of a name; the error names those that exist.
func findSource(name string) (data.Source, error) {
	for _, s := range allSources() {
		if s.Name == name {
			return s, nil
		}
	}
	return data.Source{}, usagef("there is no source %q; there are %s", name, strings.Join(sourceNames(), ", "))
}

// findSources is findSource, and all parts of the demonstration for its one name, in the order of their import.
func findSources(name string) ([]data.Source, error) {
	var parts []data.Source
	for _, s := range allSources() {
		if s.Name == name || name == generatorName && strings.HasPrefix(s.Name, generatorName+"_") {
			parts = append(parts, s)
		}
	}
	if len(parts) > 0 {
		return parts, nil
	}
	_, err := findSource(name)
	return nil, err
}
