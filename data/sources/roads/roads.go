// Package roads reads road networks from GeoJSON lines: collections and files of one feature per line.
//
// Lines are cut and joined wherever two of them, or one of them twice, have the same position to 1e-7 degrees (of
// projected coordinates, to a centimetre). Read feature.go for the geometry, words.go for the properties and their values.
package roads

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/geojson"
	"vigie/data/sources/junctions"
	"vigie/geoengine"
	"vigie/progress"
)

// Name is the slug of the source.
const Name = "roads"

// Source describes road networks in GeoJSON and reads them.
func Source() data.Source {
	return data.Source{
		Name:      Name,
		Title:     "Réseau routier (lignes GeoJSON)",
		Publisher: "of the files: Ordnance Survey, IGN, or any other",
		Licence:   "of the files",
		URL:       "https://datatracker.ietf.org/doc/html/rfc7946",
		Holds:     data.HoldsRoads,
		Hint:      "GeoJSON lines (collections or one feature per line) with the properties highway, name, ref, oneway, maxspeed, …",
		Read:      Read,
		Digest:    func(data.Options) (string, error) { return version, nil },
	}
}

// version of the reader: another one where the same file would give other records.
const version = "roads 1"

// reading is one import: a pass that notes where lines meet, and one that cuts them there.
type reading struct {
	ctx   context.Context //nolint:containedctx // lives for one Read
	files []data.File
	tell  progress.Func
	uses  junctions.Uses
	yield func(data.Record, error) bool
}

// errStopped says that the receiver wants no more.
var errStopped = errors.New("stopped")

// Read yields the sections of the lines in the order of the files.
func Read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		r := &reading{ctx: ctx, files: in.Files, tell: in.Progress, yield: yield}
		err := r.each("survey the roads", r.survey)
		if err == nil {
			r.uses.Seal()
			err = r.each("", r.cut)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(data.Record{}, err)
		}
	}
}

// each reads every file once; of a feature that cannot be read, do gets the reject.
func (r *reading) each(task string, do func(geojson.Feature, error) error) error {
	if len(r.files) == 0 {
		return fmt.Errorf("read roads: no file: %w", geoengine.ErrInvalid)
	}
	var done int64
	for _, f := range r.files {
		if err := r.file(f, func(raw geojson.Feature, err error) error {
			if done++; done%10_000 == 0 && task != "" {
				r.tell.Report(progress.Update{Task: task, Unit: "lines", Done: done})
			}
			return do(raw, err)
		}); err != nil {
			return err
		}
	}
	if task != "" {
		r.tell.Report(progress.Update{Task: task, Unit: "lines", Done: done, Total: done, Finished: true})
	}
	return nil
}

func (r *reading) file(f data.File, do func(geojson.Feature, error) error) error {
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("read roads: %w", err)
	}
	defer func() { _ = in.Close() }() // only read from
	for raw, err := range geojson.Features(in, f.Name) {
		var reject *data.Reject
		if err != nil && !errors.As(err, &reject) {
			return err
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := do(raw, err); err != nil {
			return err
		}
	}
	return nil
}

// survey notes the positions of the lines that are roads.
func (r *reading) survey(raw geojson.Feature, err error) error {
	if err != nil {
		return nil //nolint:nilerr // the second pass rejects it
	}
	f, err := parse(raw)
	var reject *data.Reject
	if errors.As(err, &reject) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, line := range f.lines {
		points := make([]int64, len(line))
		for i, p := range line {
			points[i] = number(p, f.epsg)
		}
		r.uses.Add(points...)
	}
	return nil
}

// number is that of the junction at a position: equal for positions that are equal to 1e-7 degrees, or to a centimetre.
func number(p orb.Point, epsg int) int64 {
	scale := 1e7
	if epsg != 0 {
		scale = 100
	}
	return int64(math.Round(p[0]*scale))<<32 | int64(uint32(int32(math.Round(p[1]*scale))))
}

// cut gives the sections of a feature.
func (r *reading) cut(raw geojson.Feature, err error) error {
	if err != nil {
		return r.give(data.Record{}, err)
	}
	f, err := parse(raw)
	if err != nil {
		return r.give(data.Record{}, err)
	}
	count := 0
	for _, line := range f.lines {
		shared := func(i int) bool { return r.uses.Shared(number(line[i], f.epsg)) }
		same := func(i, j int) bool { return number(line[i], f.epsg) == number(line[j], f.epsg) }
		for _, c := range junctions.Cuts(len(line), shared, same) {
			count++
			s := f.section
			s.Ref = f.ref + "/" + strconv.Itoa(count)
			s.From, s.To = number(line[c.From], f.epsg), number(line[c.To], f.epsg)
			s.Line = append(orb.LineString(nil), line[c.From:c.To+1]...)
			if err := r.give(data.Record{At: raw.At, Raw: raw.Text, EPSG: f.epsg, Section: &s}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// give hands a record on; an error that is no reject ends the reading.
func (r *reading) give(record data.Record, err error) error {
	var reject *data.Reject
	if err != nil && !errors.As(err, &reject) {
		return err
	}
	if !r.yield(record, err) {
		return errStopped
	}
	return nil
}
