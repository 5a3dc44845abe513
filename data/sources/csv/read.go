package csv

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"vigie/data"
)

var errStopped = errors.New("the receiver wants no more")

// Read yields the events of the files: one for a row, or one for the rows of equal ref if the mapping groups them, in
// the order in which they first appear. Rows that the mapping's conditions leave out are passed over without a word.
func (m *Mapping) Read(ctx context.Context, files []data.File) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		for _, file := range files {
			switch err := m.readFile(ctx, file, yield); {
			case errors.Is(err, errStopped):
				return
			case err != nil:
				yield(data.Record{}, fmt.Errorf("read %s: %w", m.Name, err))
				return
			}
		}
	}
}

func (m *Mapping) readFile(ctx context.Context, file data.File, yield func(data.Record, error) bool) error {
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	text := bufio.NewReaderSize(in, 1<<16)
	if err := skip(text, m.File.SkipLines); err != nil {
		return fmt.Errorf("%s: skip %d lines: %w", file.Name, m.File.SkipLines, err)
	}
	b := builder{mapping: m, yield: yield, seen: map[identity]int{}}
	first := true
	for row, err := range data.CSV(text, file.Name, m.csvOptions()) {
		row.At.Line += int64(m.File.SkipLines)
		isHeader := first && err == nil && m.File.Header == headerMaybe && repeatsHeader(row)
		first = false
		if isHeader {
			continue
		}
		if err == nil && holds(m.Keep, row) {
			err = b.add(row)
		}
		var bad *data.Reject
		if errors.As(err, &bad) {
			bad.At = row.At
			err = b.reject(bad)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return b.flush()
}

// skip passes over whole lines, however long.
func skip(r *bufio.Reader, lines int) error {
	for n := 0; n < lines; {
		_, err := r.ReadSlice('\n')
		switch {
		case err == nil:
			n++
		case errors.Is(err, io.EOF):
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
	return nil
}

func repeatsHeader(row data.Row) bool {
	return slices.EqualFunc(row.Fields, row.Header.Names, func(a, b string) bool {
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	})
}

func (m *Mapping) csvOptions() data.CSVOptions {
	return data.CSVOptions{
		Comma: m.File.comma, Encoding: m.File.Encoding, Columns: m.File.Columns,
		Required: m.required(), Short: m.File.ShortRows, Trim: true,
	}
}

// required are the columns that the mapping names, in the order of the keys in the documentation.
func (m *Mapping) required() []string {
	var names []string
	add := func(columns ...string) {
		for _, c := range columns {
			if c != "" && c != fileColumn && !slices.Contains(names, c) && !slices.Contains(m.File.Optional, c) {
				names = append(names, c)
			}
		}
	}
	conditions := func(list []Condition) {
		for _, c := range list {
			add(c.Column)
		}
	}
	add(m.Ref.Columns...)
	for _, clock := range []*Clock{&m.Time.Start, m.Time.End, m.Time.Reported} {
		if clock != nil {
			add(clock.Columns...)
		}
	}
	for _, z := range m.Time.Zones {
		conditions(z.When)
	}
	if p := m.Position; p != nil {
		add(p.Lon, p.Lat, p.Point)
		for _, s := range p.Scales {
			conditions(s.When)
		}
	}
	facts := func(list Facts) {
		for _, v := range list {
			add(v.Column)
			conditions(v.When)
		}
	}
	facts(m.Category)
	facts(m.Severity)
	if m.Weight != nil {
		add(sortedKeys(m.Weight.Sum)...)
	}
	for _, key := range sortedKeys(m.Attributes) {
		facts(m.Attributes[key])
	}
	conditions(m.Keep)
	if m.Group != nil {
		for _, key := range sortedKeys(m.Group.Counts) {
			conditions(m.Group.Counts[key])
		}
	}
	return names
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
