// Package deps pins modules that are being built upon; it goes away with the last of them in use.
package deps

import (
	_ "codeberg.org/go-pdf/fpdf"
	_ "github.com/arran4/golang-ical"
	_ "github.com/paulmach/osm/osmpbf"
	_ "github.com/paulmach/osm/osmxml"
	_ "github.com/twpayne/go-kml/v3"
	_ "golang.org/x/image/font/gofont/goregular"
	_ "gonum.org/v1/gonum/mat"
	_ "gonum.org/v1/gonum/stat/distuv"
	_ "zombiezen.com/go/sqlite"
)
