package journal

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"vigie/geoengine"
)

// Record is a row as exports write it, so that it can be verified without the database.
type Record struct {
	Seq       int64  `json:"seq"`
	At        string `json:"at"` // RFC 3339, UTC, to the microsecond; "" where it is erased
	Machine   bool   `json:"machine"`
	Account   string `json:"account"`
	Operation string `json:"operation"`
	Class     string `json:"class"`
	Act       string `json:"act"`
	Reason    string `json:"reason"`
	Reference string `json:"reference"`
	Recipient string `json:"recipient"`
	Address   string `json:"address"`
	Outcome   string `json:"outcome"`
	RequestID string `json:"request_id"`
	ErasedBy  int64  `json:"erased_by"` // 0 if it is whole
	Salt      Salt   `json:"salt"`
	Digest    Hash   `json:"digest"`
	Hash      Hash   `json:"hash"`
}

const exactTime = "2006-01-02T15:04:05.000000Z"

// Record is the row for an export.
func (r *Row) Record() Record {
	rec := Record{
		Seq: r.Seq, Machine: r.Machine, Account: r.Account, Operation: r.Operation, Class: r.Class, Act: r.Act,
		Reason: r.Reason, Reference: r.Reference, Recipient: r.Recipient, Address: r.Address, Outcome: r.Outcome,
		RequestID: r.RequestID, ErasedBy: r.ErasedBy, Salt: r.Salt, Digest: r.Digest, Hash: r.Hash,
	}
	if r.ErasedBy == 0 {
		rec.At = r.At.UTC().Format(exactTime)
	}
	return rec
}

// Row is what was exported; ErrInvalid if its time is none.
func (rec *Record) Row() (Row, error) {
	r := Row{
		Seq: rec.Seq, ErasedBy: rec.ErasedBy, Salt: rec.Salt, Digest: rec.Digest, Hash: rec.Hash,
		Entry: Entry{
			Machine: rec.Machine, Account: rec.Account, Operation: rec.Operation, Class: rec.Class, Act: rec.Act,
			Reason: rec.Reason, Reference: rec.Reference, Recipient: rec.Recipient, Address: rec.Address, Outcome: rec.Outcome,
			RequestID: rec.RequestID,
		},
	}
	if rec.At == "" && rec.ErasedBy != 0 {
		return r, nil
	}
	at, err := time.Parse(time.RFC3339Nano, rec.At)
	if err != nil {
		return r, fmt.Errorf("entry %d: time %.40q: %w", rec.Seq, rec.At, geoengine.ErrInvalid)
	}
	r.At = at.UTC()
	return r, nil
}

// csvHeader names the columns of the CSV form.
func csvHeader() []string {
	return []string{
		"seq", "at", "machine", "account", "operation", "class", "act", "reason", "reference", "recipient", "address",
		"outcome", "request_id", "erased_by", "salt", "digest", "hash",
	}
}

// Write writes rows as CSV with a header or, with asJSON, as one JSON object a line, and returns how many.
func Write(w io.Writer, rows iter.Seq2[Row, error], asJSON bool) (int64, error) {
	buffered := bufio.NewWriterSize(w, 64<<10)
	table, lines := csv.NewWriter(buffered), json.NewEncoder(buffered)
	lines.SetEscapeHTML(false)
	if !asJSON {
		if err := table.Write(csvHeader()); err != nil {
			return 0, fmt.Errorf("write the export: %w", err)
		}
	}
	var n int64
	for row, err := range rows {
		if err != nil {
			return n, err
		}
		rec := row.Record()
		if asJSON {
			err = lines.Encode(&rec)
		} else {
			err = table.Write(rec.csv())
		}
		if err != nil {
			return n, fmt.Errorf("write the export: %w", err)
		}
		n++
	}
	table.Flush()
	if err := errors.Join(table.Error(), buffered.Flush()); err != nil {
		return n, fmt.Errorf("write the export: %w", err)
	}
	return n, nil
}

func (rec *Record) csv() []string {
	return []string{
		strconv.FormatInt(rec.Seq, 10), rec.At, strconv.FormatBool(rec.Machine), cell(rec.Account), cell(rec.Operation), cell(rec.Class), cell(rec.Act),
		cell(rec.Reason), cell(rec.Reference), cell(rec.Recipient), cell(rec.Address), cell(rec.Outcome), cell(rec.RequestID), strconv.FormatInt(rec.ErasedBy, 10),
		rec.Salt.String(), rec.Digest.String(), rec.Hash.String(),
	}
}

// cell keeps a spreadsheet from taking a text for a formula: an apostrophe comes before what looks like one.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@'", rune(s[0])) {
		return "'" + s
	}
	return s
}

// uncell undoes cell.
func uncell(s string) string { return strings.TrimPrefix(s, "'") }

// Read reads an export, CSV or JSON lines; ErrInvalid says what is wrong with it.
func Read(r io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		buffered := bufio.NewReaderSize(r, 64<<10)
		first, err := buffered.Peek(1)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Row{}, fmt.Errorf("read the export: %w", err))
			return
		}
		next := readCSV(buffered)
		if first[0] == '{' {
			next = readJSON(buffered)
		}
		for {
			rec, err := next()
			if errors.Is(err, io.EOF) {
				return
			}
			var row Row
			if err == nil {
				row, err = rec.Row()
			}
			if err != nil {
				yield(Row{}, fmt.Errorf("read the export: %w", errors.Join(err, geoengine.ErrInvalid)))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func readJSON(r io.Reader) func() (Record, error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	return func() (rec Record, err error) {
		err = decoder.Decode(&rec)
		return rec, err
	}
}

func readCSV(r io.Reader) func() (Record, error) {
	table := csv.NewReader(r)
	table.FieldsPerRecord, table.ReuseRecord = len(csvHeader()), true
	begun := false
	return func() (Record, error) {
		if !begun {
			begun = true
			head, err := table.Read()
			if err != nil {
				return Record{}, err
			}
			for i, name := range csvHeader() {
				if head[i] != name {
					return Record{}, fmt.Errorf("column %d is %.40q, not %s", i+1, head[i], name)
				}
			}
		}
		c, err := table.Read()
		if err != nil {
			return Record{}, err
		}
		rec := Record{
			At: c[1], Account: uncell(c[3]), Operation: uncell(c[4]), Class: uncell(c[5]), Act: uncell(c[6]), Reason: uncell(c[7]),
			Reference: uncell(c[8]), Recipient: uncell(c[9]), Address: uncell(c[10]), Outcome: uncell(c[11]), RequestID: uncell(c[12]),
		}
		var errs [6]error
		rec.Seq, errs[0] = strconv.ParseInt(c[0], 10, 64)
		rec.Machine, errs[1] = strconv.ParseBool(c[2])
		rec.ErasedBy, errs[2] = strconv.ParseInt(c[13], 10, 64)
		errs[3], errs[4], errs[5] = rec.Salt.UnmarshalText([]byte(c[14])), rec.Digest.UnmarshalText([]byte(c[15])), rec.Hash.UnmarshalText([]byte(c[16]))
		return rec, errors.Join(errs[:]...)
	}
}
