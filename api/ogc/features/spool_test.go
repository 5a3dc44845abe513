package features

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/klauspost/compress/gzip"

	"vigie/geoengine"
)

// TestSpool sends small and large answers, plain and compressed, and refuses one without bounds.
func TestSpool(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 10, spooled, spooled + 1, 3 * spooled} {
		for _, encoding := range []string{"", "gzip"} {
			s := newSpool()
			want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
			for part := want; len(part) > 0; {
				n, err := s.Write(part[:min(len(part), 70_001)])
				if err != nil {
					t.Fatal(err)
				}
				part = part[n:]
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", encoding)
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", "application/geo+json")
			if err := s.send(w, r); err != nil {
				t.Fatal(err)
			}
			s.close()
			var got io.Reader = w.Body
			if w.Header().Get("Content-Encoding") == "gzip" {
				unpacked, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				got = unpacked
			} else if encoding == "gzip" && size > spooled {
				t.Errorf("%d bytes are not compressed", size)
			}
			if body, err := io.ReadAll(got); err != nil || !bytes.Equal(body, want) {
				t.Errorf("%d bytes, %q: %d came, %v", size, encoding, len(body), err)
			}
		}
	}
	s := newSpool()
	defer s.close()
	s.size = longest
	if _, err := s.Write([]byte("x")); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("without bounds: %v", err)
	}
}
