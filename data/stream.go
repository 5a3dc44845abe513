package data

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"vigie/geoengine"
)

// stream is one opening of a file: it counts, bounds and explains.
type stream struct {
	opener *opener
	name   string
	kind   kind
	size   int64 // stored bytes
	raw    io.ReadCloser
	out    io.Reader
	stored int64 // bytes read of raw
	output int64 // bytes given out
	marks  *highWater
	finish []func()
}

// countStored reads the stored bytes.
type countStored struct{ s *stream }

// Read counts what it reads.
func (c countStored) Read(p []byte) (int, error) {
	n, err := c.s.raw.Read(p)
	c.s.stored += int64(n)
	return n, err
}

// Read gives decompressed bytes.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.out.Read(p)
	s.output += int64(n)
	total := s.marks.reach(s.stored, s.output)
	if s.kind != kindPlain {
		if bomb := s.opener.tooMuch(float64(s.output), float64(max(s.stored, 1))); bomb != "" {
			return 0, fmt.Errorf("read %s: refused as a decompression bomb: %s: %w", s.name, bomb, geoengine.ErrInvalid)
		}
		if total > s.opener.limits.MaxBytes {
			return 0, fmt.Errorf("read %s: the input decompresses to more than %d bytes: %w", s.name, s.opener.limits.MaxBytes, geoengine.ErrInvalid)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = s.explain(err)
	}
	return n, err
}

// explain says what a decompressor's error means for the person who gave the file.
func (s *stream) explain(err error) error {
	var path *os.PathError
	switch {
	case errors.As(err, &path):
		return fmt.Errorf("read %s: %w", s.name, err)
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return fmt.Errorf("read %s: the file is cut off: its %s data ends too early, at byte %d (after %d decompressed bytes): %w",
			s.name, s.format(), s.stored, s.output, geoengine.ErrInvalid)
	default:
		return fmt.Errorf("read %s: the %s data is damaged near byte %d (after %d decompressed bytes): %w: %w",
			s.name, s.format(), s.stored, s.output, err, geoengine.ErrInvalid)
	}
}

func (s *stream) format() string {
	if s.kind == kindPlain {
		return "stored"
	}
	return string(s.kind)
}

// Close closes the file.
func (s *stream) Close() error {
	for _, finish := range s.finish {
		finish()
	}
	return s.raw.Close()
}

// highWater remembers how far a file has been read, over all its openings.
type highWater struct {
	mu             sync.Mutex
	meter          *meter
	stored, output int64
}

// reach moves the marks and returns the bytes that all files together have given.
func (h *highWater) reach(stored, output int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if stored > h.stored {
		h.meter.stored.Add(stored - h.stored)
		h.stored = stored
	}
	if output > h.output {
		h.meter.output.Add(output - h.output)
		h.output = output
	}
	return h.meter.output.Load()
}
