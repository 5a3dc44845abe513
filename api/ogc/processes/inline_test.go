package processes

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// A text that is written in pieces of any size becomes one JSON string.
func TestTextInPieces(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a\"\\\r\n\té€😀 ", 3)
	for size := 1; size < len(text); size++ {
		var out bytes.Buffer
		w := &textWriter{w: &out}
		for rest := []byte(text); len(rest) > 0; {
			n := min(size, len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.close(); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := json.Unmarshal([]byte(`"`+out.String()+`"`), &got); err != nil || got != text {
			t.Fatalf("in pieces of %d: %q, %v", size, got, err)
		}
	}
	var out bytes.Buffer
	w := &textWriter{w: &out}
	if _, err := w.Write([]byte("a\xf0\x9f")); err != nil { // an end within a character
		t.Fatal(err)
	}
	if err := w.close(); err != nil || !json.Valid([]byte(`"`+out.String()+`"`)) {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "/", "2024-05-01T00:00:00Z": "2024/2024", "2024-05-01T00:00:00Z/..": "2024/", "../2025-05-01T00:00:00Z": "/2025", "/2025-05-01T00:00:00Z": "/2025", "../..": "/",
	} {
		from, to, err := interval(text)
		got := "/"
		if !from.IsZero() {
			got = from.Format("2006") + got
		}
		if !to.IsZero() {
			got += to.Format("2006")
		}
		if err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	for _, wrong := range []string{"..", "now", "2024", "2024-05-01T00:00:00Z/x", "0001-05-01T00:00:00Z", "2024-05-01T00:00:00Z/../.."} {
		if _, _, err := interval(wrong); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
}
