package feature

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"vigie/geoengine"
)

// The id of a feature is stable and safe in a path: its parts (an area's path; a source and a reference) joined by ~.
// Bytes beyond letters, digits, dot and hyphen are written _XX in hexadecimal.

const idSeparator = "~"

func formatID(parts []string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString(idSeparator)
		}
		for _, c := range []byte(part) {
			if plainInID(c) {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "_%02X", c)
			}
		}
	}
	return b.String()
}

func plainInID(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-'
}

// parseID reads an id of n parts; ErrMissing for what is none, since no feature has it.
func parseID(id string, n int) ([]string, error) {
	missing := fmt.Errorf("feature %.60q: %w", id, geoengine.ErrMissing)
	const longest = 3 * 400
	if len(id) > longest {
		return nil, missing
	}
	parts := strings.Split(id, idSeparator)
	if len(parts) != n {
		return nil, missing
	}
	for i, part := range parts {
		var b strings.Builder
		for j := 0; j < len(part); j++ {
			switch c := part[j]; {
			case plainInID(c):
				b.WriteByte(c)
			case c == '_' && j+2 < len(part):
				v, err := strconv.ParseUint(part[j+1:j+3], 16, 8)
				if err != nil {
					return nil, missing
				}
				b.WriteByte(byte(v))
				j += 2
			default:
				return nil, missing
			}
		}
		parts[i] = b.String()
		if parts[i] == "" || !utf8.ValidString(parts[i]) || strings.ContainsRune(parts[i], 0) {
			return nil, missing
		}
	}
	return parts, nil
}

// cursor is the key of the last feature of a page. It holds nothing but what the page shows, so that it is no secret,
// and is checked, so that it cannot be wrong for the statement.
type cursor []any

// String is the cursor for an address.
func (c cursor) String() string {
	text, err := json.Marshal([]any(c))
	if err != nil {
		return "" // keys are numbers and texts
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseCursor reads a cursor for keys of these SQL types.
func parseCursor(text string, casts []string) (cursor, error) {
	wrong := fmt.Errorf("cursor: not one that this server gave: %w", geoengine.ErrInvalid)
	const longest = 1000
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) > longest {
		return nil, wrong
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) != len(casts) {
		return nil, wrong
	}
	c := make(cursor, len(parts))
	for i, part := range parts {
		var number int32
		var word string
		if casts[i] == "int" {
			err = json.Unmarshal(part, &number)
			c[i] = number
		} else {
			err = json.Unmarshal(part, &word)
			c[i] = word
		}
		if err != nil || strings.ContainsRune(word, 0) || string(part) == "null" {
			return nil, wrong
		}
	}
	return c, nil
}
