// Package areas reads territories (régions, départements, communes, or any other tree) from GeoJSON: FeatureCollections
// and files of one feature per line, told apart by their content.
//
// The tree of France is fr.<région>.<département>.<commune> in codes of the official geographic code (COG), lower case:
// fr.76.31.31555. cog.go holds its two upper levels, so the parents of a commune are known without their files; a parent
// that no file of the input held is created without a geometry. Read place.go for how a feature's place in the tree is
// found, package geojson for how a collection is streamed, geometry.go for what a geometry must be.
package areas

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"vigie/data"
	"vigie/geoengine"
)

// Name is the slug of the source.
const Name = "areas"

// Publisher's address of the yearly outlines, made by Etalab from IGN's ADMIN EXPRESS.
const outlines = "https://etalab-datasets.geo.data.gouv.fr/contours-administratifs"

// latestOutlines is the year that is downloaded where none is asked for.
const latestOutlines = 2024

// Source describes the territories and reads them.
//
// Options: Level is the level of every feature, for files that do not say it; Root is the path that features outside
// France hang under (br.poa), whose own parts are created without a geometry.
func Source() data.Source {
	return data.Source{
		Name:      Name,
		Title:     "Contours administratifs : régions, départements, communes",
		Publisher: "IGN, Insee and Etalab (ADMIN EXPRESS, code officiel géographique)",
		Licence:   "Licence Ouverte / Open Licence 2.0",
		URL:       "https://www.data.gouv.fr/fr/datasets/contours-administratifs/",
		Holds:     data.HoldsAreas,
		Hint: "GeoJSON collections or one feature per line, with a code and a name (code, nom, INSEE_COM, NOM_COM, …); " +
			"outside France: --root br.poa --level district",
		Download: func(_ context.Context, _ *http.Client, year int) ([]string, error) { return Addresses(outlines, year) },
		Read:     Read,
	}
}

// Addresses returns where the regions, départements and communes of a year lie under the base address; the year 0 is
// the latest known. ErrMissing for years before the first.
func Addresses(base string, year int) ([]string, error) {
	if year == 0 {
		year = latestOutlines
	}
	if year < 2018 {
		return nil, fmt.Errorf("outlines of %d: the publisher offers 2018 and later: %w", year, geoengine.ErrMissing)
	}
	var addresses []string
	for _, level := range [...]string{"regions", "departements", "communes"} {
		addresses = append(addresses, fmt.Sprintf("%s/%d/geojson/%s-100m.geojson.gz", base, year, level))
	}
	return addresses, nil
}

// Read yields the areas in the order of the files, then the parents that no file held, without a geometry.
func Read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		tree, err := newTree(in.Options)
		if err != nil {
			yield(data.Record{}, err)
			return
		}
		for _, file := range in.Files {
			for record, err := range readFile(ctx, file, tree) {
				if !yield(record, err) || fatal(err) {
					return
				}
			}
		}
		for _, parent := range tree.missing() {
			if !yield(data.Record{At: data.Position{File: "(parents)"}, Area: parent, Implied: true}, nil) {
				return
			}
		}
	}
}

// fatal tells whether err ends the reading: any error but a reject.
func fatal(err error) bool {
	var reject *data.Reject
	return err != nil && !errors.As(err, &reject)
}
