package processes

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"vigie/api/ogc"
	"vigie/geoengine/jobs"
)

// inline writes an output as a member of a JSON object: a link, a plain value, or a value with its form beside it.
// Nothing of it is held whole.
func inline(w io.Writer, r *ogc.Request, asked jobs.Asked, p *part) error {
	if asked.ByRef[p.id] {
		return json.NewEncoder(w).Encode(struct {
			Href string `json:"href"`
			Type string `json:"type"`
		}{p.href, p.media})
	}
	ctx := r.Context()
	switch {
	case p.media == jobs.MediaJSON:
		return inlineJSON(ctx, w, p)
	case strings.HasSuffix(p.media, "+json"):
		return wrapped(w, p.media, "", "", func() error { return p.write(ctx, w) })
	case strings.HasPrefix(p.media, "text/"):
		return wrapped(w, p.media, "", `"`, func() error {
			text := &textWriter{w: w}
			if err := p.write(ctx, text); err != nil {
				return err
			}
			return text.close()
		})
	}
	return wrapped(w, p.media, `"encoding":"base64",`, `"`, func() error {
		encoder := base64.NewEncoder(base64.StdEncoding, w)
		if err := p.write(ctx, encoder); err != nil {
			return err
		}
		return encoder.Close()
	})
}

// wrapped writes a value with its media type, within quotes or not.
func wrapped(w io.Writer, media, more, quote string, value func() error) error {
	name, err := json.Marshal(media)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, `{"mediaType":`+string(name)+`,`+more+`"value":`+quote); err != nil {
		return err
	}
	if err := value(); err != nil {
		return err
	}
	_, err = io.WriteString(w, quote+"}")
	return err
}

// inlineJSON writes a JSON value: an object within {"value": …}, as the standard wants, others as they are.
func inlineJSON(ctx context.Context, w io.Writer, p *part) error {
	first := &firstByte{w: w}
	if err := p.write(ctx, first); err != nil {
		return err
	}
	if first.object {
		_, err := io.WriteString(w, "}")
		return err
	}
	return nil
}

// firstByte looks at the first byte of a JSON value, and opens {"value": before an object.
type firstByte struct {
	w             io.Writer
	began, object bool
}

// Write passes the value on.
func (f *firstByte) Write(data []byte) (int, error) {
	if !f.began && len(data) > 0 {
		f.began, f.object = true, data[0] == '{'
		if f.object {
			if _, err := io.WriteString(f.w, `{"value":`); err != nil {
				return 0, err
			}
		}
	}
	return f.w.Write(data)
}

// textWriter writes text as the inside of a JSON string. A character may lie across two pieces.
type textWriter struct {
	w    io.Writer
	rest []byte
}

// Write passes the text on.
func (t *textWriter) Write(data []byte) (int, error) {
	text := slices.Concat(t.rest, data)
	end := len(text)
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if c := text[len(text)-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(text[len(text)-back:]) {
				end = len(text) - back
			}
			break
		}
	}
	if err := t.write(text[:end]); err != nil {
		return 0, err
	}
	t.rest = append([]byte(nil), text[end:]...)
	return len(data), nil
}

func (t *textWriter) close() error { return t.write(t.rest) }

func (t *textWriter) write(text []byte) error {
	quoted, err := json.Marshal(string(text))
	if err != nil {
		return err
	}
	_, err = t.w.Write(quoted[1 : len(quoted)-1])
	return err
}
