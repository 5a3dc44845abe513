package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
)

// readCSV renders every row and reject as one line.
func readCSV(r io.Reader, options CSVOptions) ([]string, error) {
	var got []string
	for row, err := range CSV(r, "f.csv", options) {
		var reject *Reject
		switch {
		case errors.As(err, &reject):
			got = append(got, fmt.Sprintf("%d !%s %s", reject.At.Line, reject.Reason, clipString(string(reject.Raw))))
		case err != nil:
			return got, err
		default:
			got = append(got, fmt.Sprintf("%d %s", row.At.Line, strings.Join(row.Fields, "¦")))
		}
	}
	return got, nil
}

func clipString(s string) string { return s[:min(len(s), 40)] }

func TestCSV(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		options  CSVOptions
		want     []string
	}{
		{"plain", "a,b\n1,2\n3,4\n", CSVOptions{}, []string{"2 1¦2", "3 3¦4"}},
		{"no end of line", "a,b\r\n1,2", CSVOptions{}, []string{"2 1¦2"}},
		{"byte order mark, semicolons", "\ufeffa;b\n1;2\n", CSVOptions{Required: []string{"a"}}, []string{"2 1¦2"}},
		{"tabs, empty fields", "a\tb\tc\n\t\t1\n", CSVOptions{}, []string{"2 ¦¦1"}},
		{"quotes", "a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\n3,4\n", CSVOptions{}, []string{"2 x,\"y\"¦two\nlines", "4 3¦4"}},
		{"a quote inside", "a,b\n5\" nail,x\n", CSVOptions{}, []string{"2 5\" nail¦x"}},
		{"an unclosed quote loses its line only", "a,b\n\"x,1\n2,3\n4,5\n", CSVOptions{}, []string{"2 !bad_quotes \"x,1", "3 2¦3", "4 4¦5"}},
		{"text after a quote", "a,b\n\"x\"y,1\n2,3\n", CSVOptions{}, []string{"2 !bad_quotes \"x\"y,1", "3 2¦3"}},
		{"wrong number of fields", "a,b\n1\n1,2,3\n1,2,,\n", CSVOptions{}, []string{"2 !wrong_fields 1", "3 !wrong_fields 1,2,3", "4 1¦2"}},
		{"short rows", "a,b\n1\n", CSVOptions{Short: true}, []string{"2 1¦"}},
		{"separator at every end", "a,b,\n1,2,\n", CSVOptions{}, []string{"2 1¦2"}},
		{"blank lines", "\n\na,b\n\n1,2\n  \n3,4\n", CSVOptions{}, []string{"5 1¦2", "7 3¦4"}},
		{"no header", "1;2\n", CSVOptions{Columns: []string{"a", "b"}}, []string{"1 1¦2"}},
		{"trim", "a, b\n1 , \"2\" \n", CSVOptions{Trim: true}, []string{"2 1¦2"}},
		{"latin-1", "a,b\nh\xe9,\x80\n", CSVOptions{Encoding: "latin-1"}, []string{"2 hé¦\u0080"}},
		{"windows-1252", "a,b\nh\xe9,\x80\n", CSVOptions{Encoding: "windows-1252"}, []string{"2 hé¦€"}},
		{"auto", "a,b\nh\xe9,1\nhé,2\n", CSVOptions{Encoding: "auto"}, []string{"2 hé¦1", "3 hé¦2"}},
		{"utf-16", "\xff\xfea\x00,\x00b\x00\n\x001\x00,\x00\xe9\x00", CSVOptions{}, []string{"2 1¦é"}},
		{"bad utf-8 and NUL", "a,b\nh\xe9,1\n1,\x00\n1,2\n", CSVOptions{}, []string{"2 !bad_encoding h\xe9,1", "3 !bad_encoding 1,\x00", "4 1¦2"}},
		{"too long", "a,b\n" + strings.Repeat("x", 50) + ",1\n1,2\n", CSVOptions{MaxLine: 20}, []string{"2 !too_long xxxxxxxxxxxxxxxxxxxx", "3 1¦2"}},
		{"too long in quotes", "a,b\n\"x\n" + strings.Repeat("y", 50) + "\n\",1\n1,2\n", CSVOptions{MaxLine: 20}, []string{"2 !bad_quotes \"x", "3 !too_long yyyyyyyyyyyyyyyyyyyy", "4 !bad_quotes \",1", "5 1¦2"}},
		{"SQL", "a,b\n'; drop table event; --,\"\"\"); delete from event; --\"\n", CSVOptions{}, []string{"2 '; drop table event; --¦\"); delete from event; --"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := readCSV(strings.NewReader(c.in), c.options)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCSVRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		options  CSVOptions
		want     []string // what the message must hold
	}{
		{"wrong separator", "id;lat;lon\n1;2;3\n", CSVOptions{Comma: ',', Required: []string{"lat", "lon|lng"}},
			[]string{"f.csv", "lat, lon|lng", `separator "," the first line has 1`, `looks separated by ";", which gives 3`}},
		{"wrong separator, nothing required", "id;lat\n1;2\n", CSVOptions{Comma: ','}, []string{`looks separated by ";"`}},
		{"wrong separator, no header", "1;2;3\n", CSVOptions{Comma: ',', Columns: []string{"a", "b", "c"}}, []string{"f.csv", "a, b, c", `looks separated by ";"`}},
		{"missing column", "id,lat\n1,2\n", CSVOptions{Required: []string{"lat", "lon"}}, []string{"the columns lon are missing"}},
		{"empty", "", CSVOptions{Required: []string{"lat"}}, []string{"f.csv", "empty", "lat"}},
		{"binary", "\x00\x01\x02", CSVOptions{}, []string{"f.csv", "line 1", "NUL"}},
		{"endless header", strings.Repeat("x", 100), CSVOptions{MaxLine: 10}, []string{"more than 10 bytes"}},
		{"encoding", "a\n", CSVOptions{Encoding: "ebcdic"}, []string{"ebcdic", "windows-1252"}},
		{"separator", "a\n", CSVOptions{Comma: '→'}, []string{"ASCII"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := readCSV(strings.NewReader(c.in), c.options)
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("got %v, want ErrInvalid", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
		})
	}
}

func TestHeaderIndex(t *testing.T) {
	t.Parallel()
	for row, err := range CSV(strings.NewReader(" Num_Acc ,LAT,lat\n 7 ,1,2\n"), "f", CSVOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got := []any{row.Header.Index("accident_id", "num_acc"), row.Header.Index("LAT"), row.Header.Index("lat"), row.Header.Index("x"), row.Get("NUM_ACC"), row.Get("x")}
		if d := cmp.Diff([]any{0, 1, 2, -1, "7", ""}, got); d != "" {
			t.Error(d)
		}
	}
}

// endless is a stream of one letter, with a line after it.
type endless struct {
	left int64
	tail *strings.Reader
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return e.tail.Read(p)
	}
	n := int(min(int64(len(p)), e.left))
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= int64(n)
	return n, nil
}

func TestHugeLineIsPassedOver(t *testing.T) {
	t.Parallel()
	r := io.MultiReader(strings.NewReader("a,b\n"), &endless{left: 2 << 30, tail: strings.NewReader("\n1,2\n")})
	got, err := readCSV(r, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"2 !too_long " + strings.Repeat("x", 40), "3 1¦2"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	in := "\ufeffone\r\n\nthr\xe9e\nlong line\n1234567\n12345678\nfo\x00ur\nfive"
	var got []string
	for line, err := range Lines(strings.NewReader(in), "f", 7) {
		var reject *Reject
		if errors.As(err, &reject) {
			got = append(got, reject.At.String()+" "+reject.Reason)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line.At.String()+" "+string(line.Text))
	}
	want := []string{"f:1 one", "f:2 ", "f:3 bad_encoding", "f:4 too_long", "f:5 1234567", "f:6 too_long", "f:7 bad_encoding", "f:8 five"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// FuzzCSV holds that what the standard writer wrote is read back, and that no input breaks the reader.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "\"x\ny\",\"\"\"\"\n", "\xff\xfea", "a;b\n\"\n\"\n\"", "a\n\"\"x\n", "\"\"\"\n\"\"\"\n,"} {
		f.Add([]byte(seed), "q\"\n,", "é")
	}
	f.Fuzz(func(t *testing.T, in []byte, one, two string) {
		last, lines := int64(0), int64(bytes.Count(in, []byte("\n"))+1)
		for _, trim := range []bool{false, true} {
			last = 0
			for row, err := range CSV(bytes.NewReader(in), "f", CSVOptions{Encoding: "auto", Trim: trim, MaxLine: 64}) {
				at := row.At.Line
				var reject *Reject
				if errors.As(err, &reject) {
					at = reject.At.Line
				} else if err != nil {
					break
				}
				if at <= last || at > lines+1 {
					t.Fatalf("line %d after %d of %d", at, last, lines)
				}
				last = at
			}
		}
		roundTrip(t, one, two)
	})
}

func roundTrip(t *testing.T, one, two string) {
	clean := func(s string) string {
		s = strings.NewReplacer("\x00", "", "\r", "").Replace(strings.ToValidUTF8(s, ""))
		return s
	}
	want := []string{clean(one), "x", clean(two)}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"a", "b", "c"})
	_ = w.Write(want)
	w.Flush()
	n := 0
	for row, err := range CSV(&b, "f", CSVOptions{Comma: ','}) {
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, row.Fields); d != "" {
			t.Error(d)
		}
		n++
	}
	if n != 1 {
		t.Errorf("read %d rows, want 1", n)
	}
}

// FuzzLines holds that the lines are those of bytes.Split, but for the long and the ill-encoded.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\n\nc"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.HasPrefix(in, []byte("\xff\xfe")) || bytes.HasPrefix(in, []byte("\xfe\xff")) || bytes.HasPrefix(in, []byte("\xef\xbb\xbf")) {
			return
		}
		want := bytes.Split(in, []byte("\n"))
		if len(want[len(want)-1]) == 0 {
			want = want[:len(want)-1]
		}
		n := 0
		for line, err := range Lines(bytes.NewReader(in), "f", 16) {
			exact := bytes.TrimSuffix(want[n], []byte("\r"))
			if err == nil && !bytes.Equal(line.Text, exact) {
				t.Fatalf("line %d is %q, want %q", n, line.Text, exact)
			}
			n++
		}
		if n != len(want) {
			t.Fatalf("%d lines, want %d", n, len(want))
		}
	})
}
