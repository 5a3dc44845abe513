// Package frontend carries the built map application inside the binary.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built application: index.html and hashed assets, each with its .br and .gz twin
// where compression pays. Before `npm run build` it holds nothing but .keep, so that Go compiles without Node.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only an invalid literal path can fail
	}
	return files
}
