package geoengine

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"time"

	"github.com/paulmach/orb"
)

// copyBuffer encodes rows for COPY … FROM STDIN (FORMAT binary), without reflection.
type copyBuffer struct{ b []byte }

var (
	copyHeader  = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyTrailer = []byte{0xff, 0xff}
)

func (c *copyBuffer) row(fields int) { c.b = binary.BigEndian.AppendUint16(c.b, uint16(fields)) }

func (c *copyBuffer) int16(v int16) {
	c.b = binary.BigEndian.AppendUint16(append(c.b, 0, 0, 0, 2), uint16(v))
}

func (c *copyBuffer) int32(v int32) {
	c.b = binary.BigEndian.AppendUint32(append(c.b, 0, 0, 0, 4), uint32(v))
}

func (c *copyBuffer) int64(v int64) {
	c.b = binary.BigEndian.AppendUint64(append(c.b, 0, 0, 0, 8), uint64(v))
}

func (c *copyBuffer) float32(v float32) { c.int32(int32(math.Float32bits(v))) }

func (c *copyBuffer) text(v string) {
	c.b = append(binary.BigEndian.AppendUint32(c.b, uint32(len(v))), v...)
}

func (c *copyBuffer) null() { c.b = append(c.b, 0xff, 0xff, 0xff, 0xff) }

// postgresEpoch is 2000-01-01 in microseconds of Unix time.
const postgresEpoch = 946_684_800_000_000

func (c *copyBuffer) time(t time.Time) { c.int64(t.UnixMicro() - postgresEpoch) }

// point writes an EWKB point in SRID 4326, or null.
func (c *copyBuffer) point(p orb.Point, has bool) {
	if !has {
		c.null()
		return
	}
	c.b = append(c.b, 0, 0, 0, 25, 1, 1, 0, 0, 0x20, 0xe6, 0x10, 0, 0)
	c.b = binary.LittleEndian.AppendUint64(c.b, math.Float64bits(p[0]))
	c.b = binary.LittleEndian.AppendUint64(c.b, math.Float64bits(p[1]))
}

// attributes writes a jsonb object: each key with its value, or the array of its values.
func (c *copyBuffer) attributes(a Attributes) {
	at := len(c.b)
	c.b = append(c.b, 0, 0, 0, 0, 1) // length, then the version of jsonb's binary form
	c.b = a.AppendJSON(c.b)
	binary.BigEndian.PutUint32(c.b[at:], uint32(len(c.b)-at-4))
}

// AppendJSON appends the normalised attributes as a JSON object: each key with its value, or the array of its values.
func (a Attributes) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i := 0; i < len(a); {
		next := i + 1
		for next < len(a) && a[next].Key == a[i].Key {
			next++
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendJSONString(dst, a[i].Key), ':')
		if next == i+1 {
			dst = appendJSONString(dst, a[i].Value)
		} else {
			for j := i; j < next; j++ {
				dst = append(dst, "[,"[min(j-i, 1)])
				dst = appendJSONString(dst, a[j].Value)
			}
			dst = append(dst, ']')
		}
		i = next
	}
	return append(dst, '}')
}

func appendJSONString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			encoded, _ := json.Marshal(s) // a string never fails
			return append(dst, encoded...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}
