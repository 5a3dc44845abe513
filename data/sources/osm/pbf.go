package osm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zlib"
	"github.com/paulmach/protoscan"

	"vigie/geoengine"
)

// The limits of the format: https://wiki.openstreetmap.org/wiki/PBF_Format.
const (
	maxHeaderBytes = 64 << 10
	maxBlobBytes   = 32 << 20
)

// blob is a piece of a file: a header, or some thousands of elements.
type blob struct {
	number int64 // from 1
	offset int64 // of its beginning in the file
	kind   string
	size   int
	body   []byte // as stored; nil if it was passed over
}

// pbfReader cuts a file into blobs.
type pbfReader struct {
	in     io.Reader
	file   string
	number int64
	offset int64
}

var errEmpty = fmt.Errorf("holds nothing: %w", geoengine.ErrInvalid)

// fault names the place of an error in the file.
func (p *pbfReader) fault(format string, args ...any) error {
	return fmt.Errorf("read %s, blob %d at byte %d: %w", p.file, p.number, p.offset, fmt.Errorf(format, args...))
}

// next reads the next blob, without its body if skip says so; io.EOF at the end.
func (p *pbfReader) next(skip func(number int64) bool) (blob, error) {
	p.number++
	var size [4]byte
	if _, err := io.ReadFull(p.in, size[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return blob{}, io.EOF
		}
		return blob{}, p.cut(err)
	}
	length := binary.BigEndian.Uint32(size[:])
	if length == 0 || length > maxHeaderBytes {
		return blob{}, p.fault("its header says to be of %d bytes, not 1 to %d: not a PBF file, or broken before here: %w", length, maxHeaderBytes, geoengine.ErrInvalid)
	}
	header, err := p.bytes(int(length))
	if err != nil {
		return blob{}, err
	}
	kind, body, err := blobHeader(header)
	if err != nil {
		return blob{}, p.fault("its header: %w: %w", err, geoengine.ErrInvalid)
	}
	if body < 0 || body > maxBlobBytes {
		return blob{}, p.fault("says to be of %d bytes, more than the %d that the format allows: %w", body, maxBlobBytes, geoengine.ErrInvalid)
	}
	b := blob{number: p.number, offset: p.offset, kind: kind, size: body}
	if skip != nil && skip(p.number) {
		_, err = io.CopyN(io.Discard, p.in, int64(body))
		if err != nil {
			return blob{}, p.cut(err)
		}
	} else if b.body, err = p.bytes(body); err != nil {
		return blob{}, err
	}
	p.offset += int64(4 + int(length) + body)
	return b, nil
}

// bytes reads that many bytes, without trusting the number before they are there.
func (p *pbfReader) bytes(n int) ([]byte, error) {
	const trusted = 1 << 20
	if n <= trusted {
		b := make([]byte, n)
		if _, err := io.ReadFull(p.in, b); err != nil {
			return nil, p.cut(err)
		}
		return b, nil
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, p.in, int64(n)); err != nil {
		return nil, p.cut(err)
	}
	return b.Bytes(), nil
}

// cut explains an end in the middle of a blob.
func (p *pbfReader) cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return p.fault("the file ends in the middle of it (a broken download?): %w", geoengine.ErrInvalid)
	}
	return p.fault("%w", err)
}

func blobHeader(header []byte) (kind string, size int, err error) {
	size = -1
	for m := protoscan.New(header); ; {
		if !m.Next() {
			if err == nil {
				err = m.Err()
			}
			if err == nil && size < 0 {
				err = errors.New("it does not say how long the blob is")
			}
			return kind, size, err
		}
		switch m.FieldNumber() {
		case 1:
			kind, err = m.String()
		case 3:
			var n int32
			n, err = m.Int32()
			size = int(n)
			if n < 0 {
				err = errors.New("it says that the blob is of a negative length")
			}
		default:
			m.Skip()
		}
		if err != nil {
			return kind, size, err
		}
	}
}

// compression names the field of a blob that holds data in a form that is not read; "" for other fields.
func compression(field int) string {
	switch field {
	case 4:
		return "lzma"
	case 5:
		return "bzip2"
	case 6:
		return "lz4"
	case 7:
		return "zstd"
	}
	return ""
}

// unpack returns the content of a blob.
func unpack(body []byte) ([]byte, error) {
	m := protoscan.New(body)
	var raw, packed []byte
	size, found := int64(-1), false
	for m.Next() {
		var err error
		switch field := m.FieldNumber(); field {
		case 1:
			raw, err = m.MessageData()
			found = true
		case 2:
			var n int32
			n, err = m.Int32()
			size = int64(n)
		case 3:
			packed, err = m.MessageData()
		default:
			if name := compression(field); name != "" {
				return nil, fmt.Errorf("is compressed by %s, which is not read: write it with zlib (osmium cat -f pbf,pbf_compression=zlib): %w", name, geoengine.ErrInvalid)
			}
			m.Skip()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", err, geoengine.ErrInvalid)
		}
	}
	if err := m.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", err, geoengine.ErrInvalid)
	}
	switch {
	case found && len(raw) <= maxBlobBytes:
		return raw, nil
	case packed == nil:
		return nil, fmt.Errorf("holds no data: %w", geoengine.ErrInvalid)
	case size < 0 || size > maxBlobBytes:
		return nil, fmt.Errorf("says to unpack to %d bytes, not 0 to %d: %w", size, maxBlobBytes, geoengine.ErrInvalid)
	}
	return inflate(packed, size)
}

func inflate(packed []byte, size int64) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("its zlib data: %w: %w", err, geoengine.ErrInvalid)
	}
	var out bytes.Buffer
	out.Grow(int(min(size, 1<<20)) + bytes.MinRead)
	n, err := io.Copy(&out, io.LimitReader(r, size+1))
	if err != nil {
		return nil, fmt.Errorf("its zlib data: %w: %w", err, geoengine.ErrInvalid)
	}
	if n != size {
		return nil, fmt.Errorf("unpacks to %d bytes or more, not to %d as it says: %w", n, size, geoengine.ErrInvalid)
	}
	return out.Bytes(), nil
}

// checkHeader refuses what files may demand of readers and this one cannot do.
func checkHeader(body []byte) error {
	m := protoscan.New(body)
	for m.Next() {
		if m.FieldNumber() != 4 {
			m.Skip()
			continue
		}
		feature, err := m.String()
		if err != nil {
			return fmt.Errorf("the header: %w: %w", err, geoengine.ErrInvalid)
		}
		switch feature {
		case "OsmSchema-V0.6", "DenseNodes":
		case "HistoricalInformation":
			return fmt.Errorf("is a history file, with several versions of each element: take one day out of it (osmium time-filter): %w", geoengine.ErrInvalid)
		default:
			return fmt.Errorf("demands %.60q of its readers, which this one cannot do: %w", feature, geoengine.ErrInvalid)
		}
	}
	if err := m.Err(); err != nil {
		return fmt.Errorf("the header: %w: %w", err, geoengine.ErrInvalid)
	}
	return nil
}

// looksLikePBF tells by the first bytes: the length of a header whose first field is "OSMHeader" or "OSMData".
func looksLikePBF(head []byte) bool {
	return len(head) > 10 && head[0] == 0 && head[1] == 0 && head[4] == '\n' && strings.HasPrefix(string(head[6:]), "OSM")
}
