package data

import (
	"context"
	"errors"
	"iter"
)

// Rows reads every file of in as a CSV table and yields what convert makes of each row: a record, or a *Reject. It is the
// whole of Source.Read for a table with one row per record.
func Rows(ctx context.Context, in Input, options CSVOptions, convert func(Row) (Record, error)) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, file := range in.Files {
			if !fileRows(ctx, file, options, convert, yield) {
				return
			}
		}
	}
}

// fileRows yields the records of one file and tells whether to go on with the next.
func fileRows(ctx context.Context, file File, options CSVOptions, convert func(Row) (Record, error), yield func(Record, error) bool) bool {
	r, err := file.Open()
	if err != nil {
		yield(Record{}, err)
		return false
	}
	defer func() { _ = r.Close() }() // only read from
	for row, err := range CSV(r, file.Name, options) {
		var record Record
		if err == nil {
			record, err = convert(row)
		}
		if err == nil {
			err = ctx.Err()
		}
		reject := (*Reject)(nil)
		if !yield(record, err) || err != nil && !errors.As(err, &reject) {
			return false
		}
	}
	return true
}
