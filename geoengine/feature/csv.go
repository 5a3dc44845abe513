package feature

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

// csvWriter writes RFC 4180 with a header line: id, the geometry as two numbers for points (lon, lat in degrees; x, y
// in metres) or as WKT in the system's axis order, then the columns. A text that a spreadsheet would take for a formula
// begins with a single quote in addition.
type csvWriter struct {
	csv     *csv.Writer
	points  bool
	swap    bool
	decimal int
	columns []Property
	record  []string
	begun   bool
}

func newCSVWriter(w io.Writer, c *Collection, crs CRS, columns []Property) *csvWriter {
	out := &csvWriter{csv: csv.NewWriter(w), points: c.Geometry == "Point", swap: crs.LatitudeFirst, decimal: 7, columns: columns}
	out.csv.UseCRLF = true
	if !crs.Geographic() {
		out.decimal = 3
	}
	return out
}

func (w *csvWriter) header() error {
	w.begun = true
	head := []string{"id"}
	switch {
	case !w.points:
		head = append(head, "WKT")
	case w.decimal == 7:
		head = append(head, "lon", "lat")
	default:
		head = append(head, "x", "y")
	}
	for _, p := range w.columns {
		head = append(head, safeCell(p.Name))
	}
	return w.csv.Write(head)
}

// Write adds a line.
func (w *csvWriter) Write(row *Row) error {
	if !w.begun {
		if err := w.header(); err != nil {
			return err
		}
	}
	w.record = append(w.record[:0], row.ID)
	switch {
	case !w.points:
		w.record = append(w.record, string(row.Geometry))
	case row.Point == nil:
		w.record = append(w.record, "", "")
	default:
		x, y := row.Point[0], row.Point[1]
		if w.swap { // the columns have names, whatever the order of the axes
			x, y = y, x
		}
		w.record = append(w.record, w.number(x), w.number(y))
	}
	for _, value := range row.Values {
		w.record = append(w.record, cellText(value))
	}
	for _, p := range w.columns[len(row.Values):] {
		text := ""
		for _, a := range row.Attributes {
			if a.Key == p.Attribute {
				text = safeCell(a.Value)
				break
			}
		}
		w.record = append(w.record, text)
	}
	return w.csv.Write(w.record)
}

func (w *csvWriter) number(v float64) string {
	text := strconv.FormatFloat(v, 'f', w.decimal, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// Close writes the header of an empty file, and what is left.
func (w *csvWriter) Close() error {
	if !w.begun {
		if err := w.header(); err != nil {
			return err
		}
	}
	w.csv.Flush()
	return w.csv.Error()
}

func cellText(value any) string {
	switch v := value.(type) {
	case string:
		return safeCell(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	default:
		return ""
	}
}

// safeCell keeps spreadsheets from running a text as a formula (OWASP, CSV injection).
func safeCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
