package tiles

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"
)

const (
	leastCompressed = 256 // bytes; smaller bodies are sent as they are
	bodyOverhead    = 512 // bytes of bookkeeping counted for each cached body
	makeTimeout     = 30 * time.Second
)

// Body is an answer that is compressed at most once for each encoding, whoever asks for it.
type Body struct {
	Plain []byte
	// ETag is strong and made of the content, quotes included, so that it stays right across restarts and replicas.
	ETag      string
	Truncated bool

	gzip, zstd func() []byte
}

// NewBody wraps an answer.
func NewBody(plain []byte, truncated bool) *Body {
	return &Body{
		Plain:     plain,
		ETag:      `"` + strconv.FormatUint(xxhash.Sum64(plain), 36) + `"`,
		Truncated: truncated,
		gzip:      sync.OnceValue(func() []byte { return gzipped(plain) }),
		zstd:      sync.OnceValue(func() []byte { return zstandard(plain) }),
	}
}

// Encoded returns the body in the best encoding that an Accept-Encoding header allows, and the encoding's name, ""
// for none. The ETag of an encoded body is ETagFor its name.
func (b *Body) Encoded(acceptEncoding string) (body []byte, encoding string) {
	if len(b.Plain) < leastCompressed {
		return b.Plain, ""
	}
	switch {
	case accepts(acceptEncoding, "zstd"):
		return b.zstd(), "zstd"
	case accepts(acceptEncoding, "gzip"):
		return b.gzip(), "gzip"
	default:
		return b.Plain, ""
	}
}

// ETagFor returns the tag of the body in one encoding: a strong tag names bytes.
func (b *Body) ETagFor(encoding string) string {
	if encoding == "" {
		return b.ETag
	}
	return strings.TrimSuffix(b.ETag, `"`) + "-" + encoding + `"`
}

// accepts tells whether an Accept-Encoding header names the encoding without refusing it (q=0).
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			quality, found := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q=")
			value, err := strconv.ParseFloat(quality, 64)
			return !found || (err == nil && value > 0)
		}
	}
	return false
}

// gzipWriters are used again: each has some hundred kilobytes of tables.
var gzipWriters = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

func gzipped(plain []byte) []byte {
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	out := bytes.NewBuffer(make([]byte, 0, len(plain)/2+64))
	w.Reset(out)
	_, _ = w.Write(plain) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

func zstandard(plain []byte) []byte { return zstdEncoder().EncodeAll(plain, nil) }

// zstdEncoder is shared because one costs megabytes; EncodeAll may be called by several at once.
var zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		panic(err) // the options are constants
	}
	return w
})

// Cache holds answers, bounded by bytes. The key must name everything that the answer depends on: layer, tile, version
// of the data, and Query.Key, which holds the caller's scope. Several askers of one key share one making.
type Cache struct {
	bodies  *otter.Cache[string, *Body]
	flights singleflight.Group
}

// NewCache returns a cache of at most maxBytes of uncompressed answers.
func NewCache(maxBytes uint64) *Cache {
	return &Cache{bodies: otter.Must(&otter.Options[string, *Body]{
		MaximumWeight: maxBytes,
		Weigher:       func(key string, body *Body) uint32 { return uint32(len(key) + 2*len(body.Plain) + bodyOverhead) },
	})}
}

// Get returns the answer of the key, made if it is not held. The making outlives an asker that goes away, because others
// may wait for it; it has half a minute.
func (c *Cache) Get(ctx context.Context, key string, make func(context.Context) (*Body, error)) (*Body, error) {
	if body, found := c.bodies.GetIfPresent(key); found {
		return body, nil
	}
	flight := c.flights.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeTimeout)
		defer cancel()
		body, err := make(ctx)
		if err == nil {
			c.bodies.Set(key, body)
		}
		return body, err
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for an answer in the making: %w", ctx.Err())
	case made := <-flight:
		if made.Err != nil {
			return nil, made.Err
		}
		return made.Val.(*Body), nil
	}
}

// Clear drops everything held.
func (c *Cache) Clear() { c.bodies.InvalidateAll() }
