package tiles

import (
	"net/http"
	"strconv"
	"strings"
)

// Serve sends the body in the best encoding that the request allows, or 304 to a client that has it. Only this
// caller's client may keep it, and asks again each time: what may be seen hangs on the caller. An error is a client
// that went away.
func (b *Body) Serve(w http.ResponseWriter, r *http.Request, media string) error {
	content, encoding := b.Encoded(r.Header.Get("Accept-Encoding"))
	tag := b.ETagFor(encoding)
	h := w.Header()
	h.Add("Vary", "Accept-Encoding") // beside what the door set
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", tag)
	if b.Truncated {
		h.Set("X-Vigie-Truncated", "true")
	}
	if MatchesTag(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", media)
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(content)
	return err
}

// MatchesTag tells whether an If-None-Match header names the tag, by the weak comparison of RFC 9110.
func MatchesTag(header, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}
