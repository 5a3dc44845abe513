package geoengine

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
)

// CopyRows are rows for COPY … FROM STDIN (FORMAT BINARY), for packages that keep tables of their own: begin each by
// Row, then give its fields in order. The zero value is empty and ready.
type CopyRows struct{ buffer copyBuffer }

// Row begins a row of so many fields.
func (c *CopyRows) Row(fields int) {
	if len(c.buffer.b) == 0 {
		c.buffer.b = append(c.buffer.b, copyHeader...)
	}
	c.buffer.row(fields)
}

// Bool is a field of type boolean.
func (c *CopyRows) Bool(v bool) {
	c.buffer.b = append(c.buffer.b, 0, 0, 0, 1, 0)
	if v {
		c.buffer.b[len(c.buffer.b)-1] = 1
	}
}

// Int16 is a field of type smallint.
func (c *CopyRows) Int16(v int16) { c.buffer.int16(v) }

// Int32 is a field of type int.
func (c *CopyRows) Int32(v int32) { c.buffer.int32(v) }

// Int64 is a field of type bigint.
func (c *CopyRows) Int64(v int64) { c.buffer.int64(v) }

// Float32 is a field of type real.
func (c *CopyRows) Float32(v float32) { c.buffer.float32(v) }

// Float64 is a field of type double precision.
func (c *CopyRows) Float64(v float64) { c.buffer.int64(int64(math.Float64bits(v))) }

// Time is a field of type timestamptz.
func (c *CopyRows) Time(t time.Time) { c.buffer.time(t) }

// UUID is a field of type uuid.
func (c *CopyRows) UUID(v [16]byte) {
	c.int32s(int32(len(v)))
	c.buffer.b = append(c.buffer.b, v[:]...)
}

// Null is a field without a value.
func (c *CopyRows) Null() { c.buffer.null() }

// Text is a field of type text.
func (c *CopyRows) Text(v string) { c.buffer.text(v) }

// Texts is a field of type text[].
func (c *CopyRows) Texts(v []string) {
	const arrayOf = "\x00\x00\x00\x00\x00\x00\x00\x19" // no null in it; of type text
	at := len(c.buffer.b)
	c.buffer.b = append(c.buffer.b, 0, 0, 0, 0, 0, 0, 0, min(1, byte(len(v))))
	c.buffer.b = append(c.buffer.b, arrayOf...)
	if len(v) > 0 {
		c.int32s(int32(len(v)), 1)
	}
	for _, s := range v {
		c.buffer.text(s)
	}
	size := len(c.buffer.b) - at - 4
	copy(c.buffer.b[at:], []byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
}

func (c *CopyRows) int32s(values ...int32) {
	for _, v := range values {
		c.buffer.b = append(c.buffer.b, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
}

// Geometry is a field of type geometry, in longitude and latitude.
func (c *CopyRows) Geometry(g orb.Geometry) error {
	body, err := ewkb.Marshal(g, 4326)
	if err != nil {
		return fmt.Errorf("encode a %s: %w", g.GeoJSONType(), err)
	}
	c.int32s(int32(len(body)))
	c.buffer.b = append(c.buffer.b, body...)
	return nil
}

// Send runs the COPY statement with the rows; without rows it does nothing. It may be repeated.
func (c *CopyRows) Send(ctx context.Context, tx pgx.Tx, sql string) error {
	if len(c.buffer.b) == 0 {
		return nil
	}
	return copyRows(ctx, tx, sql, append(c.buffer.b[:len(c.buffer.b):len(c.buffer.b)], copyTrailer...))
}
