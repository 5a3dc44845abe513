package cube

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// copyReader is an io.Writer that takes what COPY … TO STDOUT (FORMAT binary) sends, in pieces of any size, and
// calls row with the fields of each row (nil for null), valid until it returns.
type copyReader struct {
	row     func(fields [][]byte) error
	rest    []byte // an incomplete piece
	fields  [][]byte
	started bool
	ended   bool
}

var (
	copySignature = []byte("PGCOPY\n\xff\r\n\x00")
	errCopy       = errors.New("not binary COPY data")
	errCopyEnd    = errors.New("binary COPY data ends early")
)

// Write implements io.Writer.
func (c *copyReader) Write(p []byte) (int, error) {
	data := p
	if len(c.rest) > 0 {
		c.rest = append(c.rest, p...)
		data = c.rest
	}
	used, err := c.consume(data)
	if err != nil {
		return 0, err
	}
	c.rest = append(c.rest[:0], data[used:]...)
	return len(p), nil
}

// Close tells whether the data were whole.
func (c *copyReader) Close() error {
	if !c.ended || len(c.rest) > 0 {
		return errCopyEnd
	}
	return nil
}

func (c *copyReader) consume(data []byte) (used int, err error) {
	if !c.started {
		header := len(copySignature) + 8
		if len(data) < header {
			return 0, nil
		}
		if !bytes.HasPrefix(data, copySignature) {
			return 0, errCopy
		}
		extension := int(binary.BigEndian.Uint32(data[header-4:]))
		if extension > 1<<20 {
			return 0, errCopy
		}
		if used = header + extension; len(data) < used {
			return 0, nil
		}
		c.started = true
	}
	for !c.ended {
		n, err := c.tuple(data[used:])
		if err != nil || n == 0 {
			return used, err
		}
		used += n
	}
	if used < len(data) {
		return used, errCopy
	}
	return used, nil
}

// tuple reads one row and returns its length, 0 if it is not whole yet.
func (c *copyReader) tuple(data []byte) (int, error) {
	if len(data) < 2 {
		return 0, nil
	}
	count, at := int(int16(binary.BigEndian.Uint16(data))), 2
	if count == -1 {
		c.ended = true
		return at, nil
	}
	if count < 0 {
		return 0, errCopy
	}
	c.fields = c.fields[:0]
	for range count {
		if len(data) < at+4 {
			return 0, nil
		}
		size := int(int32(binary.BigEndian.Uint32(data[at:])))
		at += 4
		switch {
		case size < -1:
			return 0, errCopy
		case size == -1:
			c.fields = append(c.fields, nil)
			continue
		case len(data)-at < size:
			return 0, nil
		}
		c.fields = append(c.fields, data[at:at+size])
		at += size
	}
	return at, c.row(c.fields)
}
