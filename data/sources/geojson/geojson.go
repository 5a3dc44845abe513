// Package geojson finds the features of GeoJSON files, for the sources that read them: collections and files of one
// feature per line, told apart by their content. It does not decode them.
package geojson

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"vigie/data"
	"vigie/geoengine"
)

// MaxBytes bounds one feature; Nunavut in full detail has some 30 MB.
const MaxBytes = 64 << 20

// Feature is the text of a feature, not yet decoded.
type Feature struct {
	At     data.Position
	Number int    // from 1, in a collection; 0 in a file of lines
	Text   []byte // reused by the next iteration
	CRS    []byte // the collection's crs member, if it came before
}

// Label names the feature in a collection, whose lines say little: whole collections stand on one.
func (f Feature) Label() string {
	if f.Number == 0 {
		return ""
	}
	return fmt.Sprintf("feature %d: ", f.Number)
}

// Features yields the features of a file, whichever form it has. A *data.Reject as error is one feature that cannot be
// read, and reading goes on; any other error is the last, and wraps geoengine.ErrInvalid if the file is to blame.
func Features(r io.Reader, name string) iter.Seq2[Feature, error] {
	in := bufio.NewReaderSize(r, 256<<10)
	collection, err := isCollection(in)
	switch {
	case err != nil:
		return func(yield func(Feature, error) bool) {
			yield(Feature{}, fmt.Errorf("read %s: %w", name, err))
		}
	case collection:
		return func(yield func(Feature, error) bool) {
			(&splitter{in: in, line: 1, name: name}).run(yield)
		}
	}
	return func(yield func(Feature, error) bool) {
		for line, err := range data.Lines(in, name, MaxBytes) {
			text := bytes.TrimSpace(bytes.TrimPrefix(line.Text, []byte{0x1e})) // RFC 8142 puts RS before each
			if err == nil && len(text) == 0 {
				continue
			}
			if !yield(Feature{At: line.At, Text: text}, err) {
				return
			}
		}
	}
}

// isCollection looks at the beginning: a first object that is a Feature says lines, anything but that a collection.
func isCollection(in *bufio.Reader) (bool, error) {
	if bom, _ := in.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3) // just peeked: cannot fail
	}
	head, err := in.Peek(128 << 10)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	head = bytes.TrimLeft(head, " \t\r\n\x1e")
	if len(head) == 0 || head[0] != '{' {
		return false, fmt.Errorf("begins with %.20q, not with a GeoJSON object: %w", head, geoengine.ErrInvalid)
	}
	decoder := json.NewDecoder(bytes.NewReader(head))
	_, _ = decoder.Token() // the brace just seen
	for {
		key, err := decoder.Token()
		if err != nil {
			return true, nil //nolint:nilerr // a long or broken beginning: the splitter says what is wrong
		}
		if key == "features" {
			return true, nil
		}
		if key == "geometry" || key == "properties" {
			return false, nil
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return true, nil //nolint:nilerr // as above
		}
		if key == "type" {
			return kindOf(value)
		}
	}
}

func kindOf(value json.RawMessage) (collection bool, err error) {
	switch string(value) {
	case `"FeatureCollection"`:
		return true, nil
	case `"Feature"`:
		return false, nil
	}
	return false, fmt.Errorf("holds a %.40s, not GeoJSON features: %w", value, geoengine.ErrInvalid)
}

// splitter finds the members of a collection's features array by counting brackets, so that a feature with an error in
// it costs that feature only, and a huge one is passed over in bounded memory.
type splitter struct {
	in     *bufio.Reader
	name   string
	line   int64
	number int
	text   []byte // of the value being read
	long   bool   // it is longer than MaxBytes
	crs    []byte
}

func (s *splitter) run(yield func(Feature, error) bool) {
	err := s.object(yield)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("ends in the middle of the collection, after %d features (a broken download?): %w", s.number, geoengine.ErrInvalid)
	}
	if err != nil && !errors.Is(err, errStopped) {
		yield(Feature{}, fmt.Errorf("read %s, line %d: %w", s.name, s.line, err))
	}
}

// errStopped says that the receiver wants no more.
var errStopped = errors.New("stopped")

// object reads the collection: members by name, and the features one by one.
func (s *splitter) object(yield func(Feature, error) bool) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	found := false
	for {
		c, err := s.next()
		switch {
		case err != nil:
			return err
		case c == '}' && !found:
			return fmt.Errorf("the object has no features: %w", geoengine.ErrInvalid)
		case c == '}':
			return nil
		case c == ',':
			continue
		case c != '"':
			return fmt.Errorf("%q where a member's name was expected: %w", c, geoengine.ErrInvalid)
		}
		if err := s.value(c); err != nil {
			return err
		}
		key := string(s.text)
		if err := s.expect(':'); err != nil {
			return err
		}
		if key == `"features"` {
			found = true
			if err := s.array(yield); err != nil {
				return err
			}
			continue
		}
		if c, err = s.next(); err == nil {
			err = s.value(c)
		}
		if err != nil {
			return err
		}
		if key == `"crs"` {
			s.crs = bytes.Clone(s.text)
		}
	}
}

// array yields the members of the features array.
func (s *splitter) array(yield func(Feature, error) bool) error {
	if err := s.expect('['); err != nil {
		return err
	}
	for {
		c, err := s.next()
		if err != nil {
			return err
		}
		if c == ']' {
			return nil
		}
		if c == ',' {
			continue
		}
		at := data.Position{File: s.name, Line: s.line}
		s.number++
		if err := s.value(c); err != nil {
			return err
		}
		f := Feature{At: at, Number: s.number, Text: s.text, CRS: s.crs}
		if s.long {
			err = data.Rejectf(at, s.text[:min(len(s.text), data.MaxRaw)], "too_long", f.Label()+"has more than %d bytes", MaxBytes)
		}
		if !yield(f, err) {
			return errStopped
		}
	}
}
