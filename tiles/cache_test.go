package tiles_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"

	"vigie/tiles"
)

func TestBodyEncoded(t *testing.T) {
	t.Parallel()
	plain := []byte(strings.Repeat("hexagon ", 1000))
	body := tiles.NewBody(plain, false)
	tests := []struct{ accept, encoding string }{
		{"", ""}, {"br", ""}, {"gzip", "gzip"}, {"gzip, deflate, br, zstd", "zstd"}, {"zstd;q=0, GZIP", "gzip"},
		{"gzip;q=0", ""}, {"gzip; q=0.5", "gzip"}, {"gzipped", ""},
	}
	tags := map[string]string{}
	for _, test := range tests {
		encoded, encoding := body.Encoded(test.accept)
		if encoding != test.encoding {
			t.Errorf("%q: got %q, want %q", test.accept, encoding, test.encoding)
			continue
		}
		tags[body.ETagFor(encoding)] = encoding
		if got := decode(t, encoded, encoding); !bytes.Equal(got, plain) {
			t.Errorf("%q: another body", test.accept)
		}
	}
	if len(tags) != 3 {
		t.Errorf("three encodings, tags %v", tags)
	}
	if other := tiles.NewBody(plain[1:], false); other.ETag == body.ETag {
		t.Error("two bodies share a tag")
	}
	if _, encoding := tiles.NewBody([]byte("few"), false).Encoded("gzip"); encoding != "" {
		t.Error("three bytes were compressed")
	}
}

func decode(t *testing.T, body []byte, encoding string) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	var err error
	switch encoding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestCacheSharesOneMaking(t *testing.T) {
	t.Parallel()
	cache := tiles.NewCache(1 << 20)
	var made atomic.Int32
	gate := make(chan struct{})
	var askers sync.WaitGroup
	for range 20 {
		askers.Go(func() {
			body, err := cache.Get(t.Context(), "key", func(context.Context) (*tiles.Body, error) {
				made.Add(1)
				<-gate
				return tiles.NewBody([]byte("tile"), false), nil
			})
			if err != nil || string(body.Plain) != "tile" {
				t.Errorf("got %v, %v", body, err)
			}
		})
	}
	close(gate)
	askers.Wait()
	if again, err := cache.Get(t.Context(), "key", nil); err != nil || string(again.Plain) != "tile" {
		t.Errorf("not held: %v", err)
	}
	if n := made.Load(); n < 1 || n > 20 {
		t.Errorf("made %d times", n)
	}
	cache.Clear()
	if _, err := cache.Get(t.Context(), "key", func(context.Context) (*tiles.Body, error) { return nil, io.ErrUnexpectedEOF }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("after clearing: %v", err)
	}
}

func TestCacheSurvivesAnAskerThatLeaves(t *testing.T) {
	t.Parallel()
	cache := tiles.NewCache(1 << 20)
	ctx, cancel := context.WithCancel(t.Context())
	gate, started := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	make1 := func(ctx context.Context) (*tiles.Body, error) {
		close(started)
		<-gate
		return tiles.NewBody([]byte("tile"), false), ctx.Err()
	}
	go func() {
		_, err := cache.Get(ctx, "key", make1)
		done <- err
	}()
	<-started
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := cache.Get(t.Context(), "key", func(context.Context) (*tiles.Body, error) { return tiles.NewBody([]byte("tile"), false), nil })
		waiting <- err
	}()
	close(gate)
	if err := <-waiting; err != nil {
		t.Error(err)
	}
}
