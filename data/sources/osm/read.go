package osm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/paulmach/orb"

	"vigie/data"
	"vigie/data/sources/junctions"
	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/progress"
)

// reading is one import: three passes over the files. The first notes which nodes roads use and how often, the second
// where these are, the third cuts the roads.
type reading struct {
	ctx     context.Context //nolint:containedctx // lives for one Read
	files   []file
	tell    progress.Func
	roads   places // nodes of roads
	lots    places // nodes of ways that are places beside the road
	stops   map[int64]bool
	turns   []turn
	pieces  map[int64][]piece // of the ways that turns name
	sites   []siteNode
	rejects []error // found before the records that they stand before
	yield   func(data.Record, error) bool
	done    int64 // elements looked at, for progress
}

type siteNode struct {
	at   data.Position
	site road.Site
}

// file is an input file with what is known of its blobs.
type file struct {
	data.File
	blobs []contents
}

// errStopped says that the receiver wants no more.
var errStopped = errors.New("stopped")

// Read yields the sections of the roads in the order of the files, then the restrictions, then the sites that are nodes;
// sites that are ways come among the sections.
func Read(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		r := &reading{ctx: ctx, tell: in.Progress, stops: map[int64]bool{}, pieces: map[int64][]piece{}, yield: yield}
		for _, f := range in.Files {
			r.files = append(r.files, file{File: f})
		}
		if err := r.run(); err != nil && !errors.Is(err, errStopped) {
			yield(data.Record{}, err)
		}
	}
}

func (r *reading) run() error {
	if len(r.files) == 0 {
		return fmt.Errorf("read osm: no file: %w", geoengine.ErrInvalid)
	}
	if err := r.survey(); err != nil {
		return err
	}
	if err := r.locate(); err != nil {
		return err
	}
	for _, reject := range r.rejects {
		if !r.yield(data.Record{}, reject) {
			return errStopped
		}
	}
	if err := r.cut(); err != nil {
		return err
	}
	return r.finish()
}

// scan reads every file once.
func (r *reading) scan(task string, want wanted) error {
	r.done = 0
	for i := range r.files {
		if err := r.scanFile(&r.files[i], want); err != nil {
			return err
		}
	}
	if r.done > 0 {
		r.tell.Report(progress.Update{Task: task, Unit: "elements", Done: r.done, Total: r.done, Finished: true})
	}
	return nil
}

func (r *reading) scanFile(f *file, want wanted) error {
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("read osm: %w", err)
	}
	defer func() { _ = in.Close() }() // only read from
	buffered := bufio.NewReaderSize(in, 256<<10)
	head, err := buffered.Peek(64)
	if len(head) == 0 {
		if err == nil || err.Error() == "EOF" {
			err = errEmpty
		}
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case looksLikePBF(head):
		f.blobs, err = scanPBF(r.ctx, buffered, f.Name, want, f.blobs)
		return err
	case bytes.HasPrefix(text, []byte("<")):
		return scanXML(r.ctx, buffered, f.Name, want)
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return fmt.Errorf("read %s: is JSON, not OSM PBF or XML; lines of roads in GeoJSON are read by vigie import roads: %w", f.Name, geoengine.ErrInvalid)
	}
	return fmt.Errorf("read %s: begins with %.16q: neither OSM PBF nor OSM XML: %w", f.Name, head, geoengine.ErrInvalid)
}

func (r *reading) count(task string) {
	if r.done++; r.done%100_000 == 0 {
		r.tell.Report(progress.Update{Task: task, Unit: "elements", Done: r.done})
	}
}

// survey is the first pass: nodes of roads and sites, and restrictions.
func (r *reading) survey() error {
	const task = "survey the roads"
	var ways, relations junctions.Once
	err := r.scan(task, wanted{
		keepWay: concerns,
		way: func(w *way) error {
			r.count(task)
			if !ways.First(w.id) {
				return nil
			}
			if _, ok := describe(w.tags); ok {
				r.roads.Add(simple(w.refs)...)
			} else {
				r.lots.Add(w.refs...)
			}
			return nil
		},
		relation: func(rel *relation) error {
			r.count(task)
			if !relations.First(rel.id) {
				return nil
			}
			found, err := parseTurn(rel)
			switch {
			case err == nil:
				r.turns = append(r.turns, *found)
			case !errors.Is(err, errNotForCars):
				r.rejects = append(r.rejects, err)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	for _, t := range r.turns {
		for _, ways := range [...][]int64{t.from, t.via, t.to} {
			for _, way := range ways {
				r.pieces[way] = nil
			}
		}
	}
	return nil
}

// concerns tells whether a way is a road or a site.
func concerns(t tags) bool {
	if _, ok := describe(t); ok {
		return true
	}
	_, ok := siteOf(t)
	return ok
}

// simple takes away a node that stands twice in a row.
func simple(refs []int64) []int64 {
	kept := refs[:0]
	for i, ref := range refs {
		if i == 0 || ref != kept[len(kept)-1] {
			kept = append(kept, ref)
		}
	}
	return kept
}

// locate is the second pass: where the nodes are, and the sites among them.
func (r *reading) locate() error {
	const task = "locate the roads"
	r.roads.seal()
	r.lots.seal()
	var sites junctions.Once
	return r.scan(task, wanted{node: func(n *node) error {
		r.count(task)
		if !(math.Abs(n.position.Lon()) <= 180 && math.Abs(n.position.Lat()) <= 90) {
			return r.badPosition(n)
		}
		onRoad := r.roads.put(n.id, n.position)
		r.lots.put(n.id, n.position)
		if len(n.tags) == 0 {
			return nil
		}
		if onRoad && stops(n.tags) {
			r.stops[n.id] = true
		}
		if site, ok := siteOf(n.tags); ok && sites.First(n.id) {
			place(&site, "n", n.id, orb.LineString{n.position})
			r.sites = append(r.sites, siteNode{n.at, site})
		}
		return nil
	}})
}

// badPosition rejects a node that a road or a site needs.
func (r *reading) badPosition(n *node) error {
	_, onRoad := r.roads.Index(n.id)
	_, inLot := r.lots.Index(n.id)
	if onRoad || inLot {
		r.rejects = append(r.rejects, data.Rejectf(n.at, fmt.Appendf(nil, "node %d", n.id), "bad_position",
			"node %d: longitude %v, latitude %v: not degrees within ±180, ±90", n.id, n.position.Lon(), n.position.Lat()))
	}
	return nil
}
