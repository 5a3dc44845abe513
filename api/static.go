package api

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"vigie/api/door"
	"vigie/geoengine"
)

// static serves the front end's files, in the smallest form that the browser takes and the build made.
func (s *Server) static(w http.ResponseWriter, r *http.Request, _ door.Pass) error {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = "index.html"
	}
	if s.config.Frontend == nil || !fs.ValidPath(name) || hidden(name) {
		return fmt.Errorf("file: %w", geoengine.ErrMissing)
	}
	file, encoding, err := openSmallest(s.config.Frontend, name, r.Header.Get("Accept-Encoding"))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only: nothing can be lost
	h := w.Header()
	h.Set("Content-Type", mediaType(name))
	h.Set("Vary", "Accept-Encoding")
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") { // their names hold the hash of their content
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("file %s: %w", name, err)
	}
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w, file)
	return err
}

// hidden tells whether a file is no page's: a dot file, or the packed twin of another.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") || strings.HasSuffix(name, ".br") ||
		strings.HasSuffix(name, ".gz")
}

// openSmallest opens the brotli or gzip twin of a file if the browser accepts it, or else the file itself.
func openSmallest(files fs.FS, name, accepted string) (fs.File, string, error) {
	for _, form := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		if form.encoding != "" && !accepts(accepted, form.encoding) {
			continue
		}
		file, err := files.Open(name + form.suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("file %s: %w", name, err)
		}
		if info, err := file.Stat(); err != nil || info.IsDir() {
			_ = file.Close() // it was only looked at
			continue
		}
		return file, form.encoding, nil
	}
	return nil, "", fmt.Errorf("file: %w", geoengine.ErrMissing)
}

// accepts tells whether an Accept-Encoding header names an encoding and does not weigh it 0.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == encoding {
			weight = strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			return strings.Trim(weight, "0.") != "" || weight == ""
		}
	}
	return false
}

// mediaType is the content type of a file, the same on every machine for what a front end holds.
func mediaType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	case ".txt":
		return "text/plain; charset=utf-8"
	default:
		if found := mime.TypeByExtension(ext); found != "" {
			return found
		}
		return "application/octet-stream"
	}
}
