package features

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"vigie/geoengine"
)

// spooled is how much of an answer is kept in memory, in bytes; what is larger goes to a temporary file.
const spooled = 1 << 20

// longest bounds an answer in bytes: a page of large polygons must not fill the disk.
const longest = 256 << 20

// spool is an answer in the making.
type spool struct {
	memory bytes.Buffer
	file   *os.File
	size   int64
}

func newSpool() *spool { return &spool{} }

// Write adds to the answer.
func (s *spool) Write(b []byte) (int, error) {
	if s.size += int64(len(b)); s.size > longest {
		return 0, fmt.Errorf("the answer is longer than %d MB: ask for less by limit, bbox or properties: %w", longest>>20, geoengine.ErrInvalid)
	}
	if s.file == nil && s.size <= spooled {
		return s.memory.Write(b)
	}
	if s.file == nil {
		file, err := os.CreateTemp("", "vigie-answer-*")
		if err != nil {
			return 0, fmt.Errorf("spool: %w", err)
		}
		_ = os.Remove(file.Name()) // it lives as long as it is open, whatever happens to this program
		s.file = file
		if _, err := file.Write(s.memory.Bytes()); err != nil {
			return 0, fmt.Errorf("spool: %w", err)
		}
		s.memory = bytes.Buffer{}
	}
	return s.file.Write(b)
}

// send writes the answer, compressed for a client that takes it; files of columns are compressed already.
func (s *spool) send(w http.ResponseWriter, r *http.Request) error {
	var content io.Reader = &s.memory
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("spool: %w", err)
		}
		content = s.file
	}
	if w.Header().Get("Content-Type") == geoParquet.Media {
		w.Header().Set("Content-Length", strconv.FormatInt(s.size, 10))
		_, err := io.Copy(w, content)
		return err
	}
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(gzhttp.DefaultMinSize), gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	var sending error
	wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, sending = io.Copy(w, content) })).ServeHTTP(w, r)
	return sending
}

func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close() // nothing in it is kept
	}
}
