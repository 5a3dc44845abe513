package data

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"vigie/geoengine"
)

// kind is the format of a stream as its first bytes tell it.
type kind string

const (
	kindPlain kind = ""
	kindGzip  kind = "gzip"
	kindBzip2 kind = "bzip2"
	kindZstd  kind = "zstd"
	kindZip   kind = "zip"
	kindOther kind = "?" // an archive that is not read
)

// sniffLength is how many first bytes sniff looks at.
const sniffLength = 264

// maxNesting bounds compression inside compression.
const maxNesting = 3

func sniff(head []byte) kind {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
		return kindGzip
	case len(head) >= 10 && string(head[:3]) == "BZh" && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17rE8P\x90"):
		return kindBzip2
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return kindZstd
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return kindZip
	case unreadable(head) != "":
		return kindOther
	}
	return kindPlain
}

// unreadable names an archive format that must be unpacked first; "" for anything else.
func unreadable(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return "an xz file"
	case bytes.HasPrefix(head, []byte("7z\xbc\xaf\x27\x1c")):
		return "a 7z archive"
	case bytes.HasPrefix(head, []byte("Rar!\x1a\x07")):
		return "a rar archive"
	case len(head) >= 262 && string(head[257:262]) == "ustar":
		return "a tar archive"
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return "an old Excel or Word document; save it as CSV"
	}
	return ""
}

// addZip adds the members of an archive. Nothing is ever written to disk under their names.
func (o *opener) addZip(file, name, digest string, size int64) error {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("input %s: not a whole zip archive: %w: %w", name, err, geoengine.ErrInvalid)
	}
	defer func() { _ = archive.Close() }() // only read
	var total float64
	members := make([]*zip.File, 0, len(archive.File))
	for _, m := range archive.File {
		total += float64(m.UncompressedSize64) // the reader refuses a member that is longer than it declares
		switch {
		case m.Name == "[Content_Types].xml":
			return fmt.Errorf("input %s: is an Excel or Word document, not an archive of data: save it as CSV: %w", name, geoengine.ErrInvalid)
		case m.Flags&1 != 0:
			return fmt.Errorf("input %s!%s: is encrypted: unpack it first: %w", name, m.Name, geoengine.ErrInvalid)
		case m.FileInfo().IsDir(), strings.HasPrefix(path.Base(m.Name), "."), strings.HasPrefix(m.Name, "__MACOSX/"):
		default:
			members = append(members, m)
		}
	}
	if bomb := o.tooMuch(total, float64(size)); bomb != "" {
		return fmt.Errorf("input %s: refused as a zip bomb: %s: %w", name, bomb, geoengine.ErrInvalid)
	}
	if len(members) == 0 {
		return fmt.Errorf("input %s: the archive holds no file: %w", name, geoengine.ErrInvalid)
	}
	slices.SortStableFunc(members, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	for i, m := range members {
		if i > 0 && m.Name == members[i-1].Name {
			return fmt.Errorf("input %s!%s: is twice in the archive: %w", name, m.Name, geoengine.ErrInvalid)
		}
		stored := int64(m.CompressedSize64)
		err := o.append(File{
			Name: name + "!" + m.Name, Digest: digest + "!" + m.Name, size: stored, meter: o.meter,
			Open: o.opening(name+"!"+m.Name, stored, func() (io.ReadCloser, error) { return openMember(file, m.Name) }),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tooMuch says in words why the sizes break the limits; "" if they do not.
func (o *opener) tooMuch(output, stored float64) string {
	switch {
	case output > float64(o.limits.MaxBytes):
		return fmt.Sprintf("it decompresses to more than %d bytes", o.limits.MaxBytes)
	case output > 32<<20 && output > stored*o.limits.MaxRatio:
		return fmt.Sprintf("%.0f bytes become %.0f or more, over %.0f times as many", stored, output, o.limits.MaxRatio)
	}
	return ""
}

// openMember opens one member of an archive; closing it closes the archive.
func openMember(file, member string) (io.ReadCloser, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	for _, m := range archive.File {
		if m.Name == member {
			r, err := m.Open()
			if err != nil {
				return nil, errors.Join(err, archive.Close())
			}
			return closing{r, func() error { return errors.Join(r.Close(), archive.Close()) }}, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%s: no such member", member), archive.Close())
}

type closing struct {
	io.Reader
	close func() error
}

// Close closes everything below the reader.
func (c closing) Close() error { return c.close() }

// opening returns the File.Open of a stored stream of size bytes.
func (o *opener) opening(name string, size int64, open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	marks := &highWater{meter: o.meter}
	return func() (io.ReadCloser, error) {
		raw, err := open()
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", name, err)
		}
		s := &stream{opener: o, name: name, size: size, raw: raw, marks: marks}
		if err := s.unwrap(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	}
}

// unwrap puts decompressors around the stored bytes until plain text comes out.
func (s *stream) unwrap() error {
	var in io.Reader = bufio.NewReaderSize(countStored{s}, 64<<10)
	for depth := 0; ; depth++ {
		buffered := bufio.NewReaderSize(in, 64<<10)
		head, err := buffered.Peek(sniffLength)
		if err != nil && !errors.Is(err, io.EOF) {
			return s.explain(err)
		}
		switch k := sniff(head); {
		case k == kindPlain:
			s.out = buffered
			return nil
		case k == kindZip || k == kindOther || depth == maxNesting:
			what := unreadable(head)
			if what == "" {
				what = "compressed inside what is compressed already"
			}
			return fmt.Errorf("open %s: is %s: unpack it first: %w", s.name, what, geoengine.ErrInvalid)
		default:
			s.kind = k
			if in, err = s.decompressor(k, buffered); err != nil {
				return s.explain(err)
			}
		}
	}
}

func (s *stream) decompressor(k kind, in io.Reader) (io.Reader, error) {
	switch k {
	case kindGzip:
		return gzip.NewReader(in)
	case kindBzip2:
		return bzip2.NewReader(in), nil
	default:
		d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(512<<20))
		if err != nil {
			return nil, err
		}
		s.finish = append(s.finish, d.Close)
		return d, nil
	}
}
