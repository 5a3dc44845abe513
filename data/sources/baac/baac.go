// Package baac reads the yearly tables of the injury accidents of France (the national file BAAC, published by the
// road safety observatory ONISR), every vintage from 2005 to 2024.
//
// A vintage is up to four tables joined by the accident's number: caracteristiques (where and when; the only one that
// must be there), lieux (the road), vehicules and usagers (severity). Read tables.go for how they are recognised,
// accident.go for what becomes of a row, side.go for the joined tables, place.go for the rules on positions.
// docs/import.md tells users the same.
package baac

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"vigie/data"
)

// Name is the slug of the source.
const Name = "baac"

// readerVersion changes whenever the same files would give other records, so that a cut-off import is not resumed.
const readerVersion = "baac 1"

// Category is the category of every event of this source.
const Category = "road.accident"

// Source describes the accident tables and reads them.
func Source() data.Source {
	return data.Source{
		Name:      Name,
		Title:     "Accidents corporels de la circulation routière (BAAC)",
		Publisher: "Observatoire national interministériel de la sécurité routière (ONISR)",
		Licence:   "Licence Ouverte / Open Licence 2.0",
		URL:       "https://www.data.gouv.fr/fr/datasets/" + datasetID + "/",
		Holds:     data.HoldsEvents,
		Hint: "the yearly tables caracteristiques, lieux, vehicules and usagers, 2005 to 2024, in any order and under any " +
			"name; only caracteristiques must be there, severities come from usagers",
		Download: func(ctx context.Context, client *http.Client, year int) ([]string, error) {
			return Addresses(ctx, client, DatasetAPI, year)
		},
		Digest: func(data.Options) (string, error) { return readerVersion, nil },
		Read:   Read,
	}
}

// Read yields one event per row of the caracteristiques tables, year by year, with what the other tables say of it.
// Rows of those others are read first, so that their rejects come first. A file that is none of the tables is a reject.
func Read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		r := reader{ctx: ctx, yield: yield, zones: territory{}}
		groups, err := r.sort(in.Files)
		if err == nil {
			err = r.groups(groups)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(data.Record{}, err)
		}
	}
}
