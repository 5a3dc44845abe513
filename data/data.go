// Package data is the ingest loop: open, read, check, reject, resume, report.
//
// A Source turns files into records; Import writes them to the store in batches. Read data.go for the words,
// open.go for what an input may be, csv.go and lines.go for the readers that sources use, import.go for the loop.
package data

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"

	"vigie/geoengine"
	"vigie/geoengine/road"
	"vigie/progress"
)

// Position is where in the input a record begins: the file as people know it, and its line, counted from 1.
type Position struct {
	File string
	Line int64
}

// String returns "file:line".
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Record is one thing that a source read: exactly one of Event, Area, Unit, Section, Turn and Site is set.
// Everything that it points to belongs to the receiver, but for Raw, which may be reused after the next iteration.
type Record struct {
	At    Position
	Raw   []byte // the row as it stood in the file; may be nil
	Event *geoengine.Event
	Area  *geoengine.Area
	Unit  *geoengine.Unit
	// Of a source that holds roads. Sections come before the restrictions that name them.
	Section *road.Section
	Turn    *road.Restriction
	Site    *road.Site
	// Implied marks what the input does not hold but follows from it (the parent of an area): written, not counted.
	Implied bool
	// EPSG is the reference system of the coordinates; 0 and 4326 are longitude, latitude. With another one
	// the position or geometry holds x (easting), y (northing), and Import projects it.
	EPSG int
}

// Reject is a row that cannot be stored. It is the error of one record: reading goes on after it.
type Reject struct {
	At     Position
	Reason string // slug, counted in the report: bad_date, bad_position, missing_ref, unknown_value, too_long, …
	Detail string // for people: the field, the value and what was expected
	Raw    []byte // the row as it stood in the file; at most MaxRaw bytes of it are kept
}

// MaxRaw is how many bytes of a rejected row are kept.
const MaxRaw = 64 << 10

// Error returns the position, the reason and the detail.
func (r *Reject) Error() string { return fmt.Sprintf("%s: %s: %s", r.At, r.Reason, r.Detail) }

// Rejectf makes a Reject with a formatted detail.
func Rejectf(at Position, raw []byte, reason, format string, args ...any) *Reject {
	return &Reject{At: at, Reason: reason, Detail: fmt.Sprintf(format, args...), Raw: raw}
}

// File is one input file, already decompressed. Open may be called several times.
type File struct {
	Name string // as people know it: thefts.csv, a.zip!b.csv
	Open func() (io.ReadCloser, error)
	// Digest names the content, the same whenever the bytes are the same; "" makes Import read the file for it.
	Digest string

	size  int64  // bytes as stored, 0 if unknown
	meter *meter // of the whole input
}

// The kinds of records that a source holds.
const (
	HoldsEvents = "events"
	HoldsAreas  = "areas"
	HoldsUnits  = "units"
	// HoldsRoads is a road network: an import replaces that of the source as a whole.
	HoldsRoads = "roads"
)

// Source is a publisher's data and how to read it.
type Source struct {
	Name      string // slug: baac
	Title     string
	Publisher string
	Licence   string
	URL       string
	Synthetic bool   // invented by a generator; marked wherever it shows
	Holds     string // HoldsEvents, HoldsAreas, HoldsUnits or HoldsRoads
	Hint      string // what files it reads, for --help
	// Download returns the addresses of a year at the publisher, which it may have to ask; nil if it offers none.
	Download func(ctx context.Context, client *http.Client, year int) ([]string, error)
	// Digest names what else than the files decides the records (the content of a mapping, a version of the
	// reader), so that a half-done import is resumed only if it is the same; nil if only Options do.
	Digest func(Options) (string, error)
	// Describe returns the source as the options make it: a mapping may carry its own name, title, publisher,
	// licence and address. nil if they do not change it.
	Describe func(Options) (Source, error)
	// Read yields the records in a fixed order: the same input gives the same sequence. A *Reject as error is one
	// bad row, and reading goes on; any other error ends the import.
	Read func(ctx context.Context, in Input) iter.Seq2[Record, error]
}

// Input is what an import reads.
type Input struct {
	Files   []File
	Options Options
	// Progress is told of work before the first record; Import sets it to its own.
	Progress progress.Func
}

// Options are a source's settings, as given by the user. Each source documents those that it heeds.
type Options struct {
	Mapping string  `json:"mapping,omitempty"` // path or ready name of a mapping (csv)
	Year    int     `json:"year,omitempty"`    // vintage, where the files do not say it
	Level   string  `json:"level,omitempty"`   // level of the areas in the files (areas)
	Root    string  `json:"root,omitempty"`    // path under which the areas hang (areas)
	Seed    uint64  `json:"seed,omitempty"`    // of the generator (demo)
	Scale   float64 `json:"scale,omitempty"`   // of the generator (demo); 0 is 1
}

// Report says what an import did. Read is New + Changed + Unchanged + the sum of Rejected.
type Report struct {
	Run             int64            `json:"run,omitempty"` // number of the import_run; 0 for a dry run
	Source          string           `json:"source"`
	Input           string           `json:"input"`
	Read            int64            `json:"read"`
	New             int64            `json:"new"`
	Changed         int64            `json:"changed"`
	Unchanged       int64            `json:"unchanged"`
	WithoutPosition int64            `json:"without_position"`  // of those stored
	Removed         int64            `json:"removed,omitempty"` // of a network, what the input has no more
	Mended          int64            `json:"mended,omitempty"`  // areas whose broken polygons were mended
	Rejected        map[string]int64 `json:"rejected"`          // by reason
	Seconds         float64          `json:"seconds"`           // of this call
	DryRun          bool             `json:"dry_run,omitempty"`
	Resumed         bool             `json:"resumed,omitempty"` // goes on with an import that was cut off
}

// RejectedTotal is the number of rejected rows, whatever the reason.
func (r *Report) RejectedTotal() int64 {
	var n int64
	for _, count := range r.Rejected {
		n += count
	}
	return n
}
