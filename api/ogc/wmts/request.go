package wmts

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	ogctiles "vigie/api/ogc/tiles"
	draw "vigie/tiles"
)

// Request is one request for a tile, read from the key-value form or from the path.
type Request struct {
	Layer string
	Night bool
	Tile  draw.Tile
}

// exception is an error of WMTS: its code in the words of OWS, and which parameter is wrong.
type exception struct{ code, locator, text string }

// Error is what is wrong.
func (e *exception) Error() string { return e.text }

// The codes of OWS 1.1 and WMTS 1.0.0.
const (
	missingValue = "MissingParameterValue"
	invalidValue = "InvalidParameterValue"
	unsupported  = "OperationNotSupported"
	outOfRange   = "TileOutOfRange"
)

// The styles.
const (
	day   = "day"
	night = "night"
)

// parameters are the keys of the key-value form, in lower case, in which the door hands them over.
func parameters() []string {
	return []string{
		"service", "request", "version", "acceptversions", "sections", "updatesequence", "acceptformats", "layer", "style", "format",
		"tilematrixset", "tilematrix", "tilerow", "tilecol",
	}
}

// ParseKVP reads a GetTile in key-value form. Every error is one that the client is told.
func ParseKVP(values url.Values, layers []string) (Request, error) {
	for _, name := range []string{"version", "layer", "format", "tilematrixset", "tilematrix", "tilerow", "tilecol"} {
		if values.Get(name) == "" {
			return Request{}, &exception{missingValue, name, "the parameter " + name + " is missing"}
		}
	}
	if v := values.Get("version"); v != version {
		return Request{}, &exception{invalidValue, "version", fmt.Sprintf("version %.20q: must be %s", v, version)}
	}
	if f := values.Get("format"); f != mediaPNG {
		return Request{}, &exception{invalidValue, "format", fmt.Sprintf("format %.40q: must be %s", f, mediaPNG)}
	}
	return parse(layers, values.Get("layer"), values.Get("style"), values.Get("tilematrixset"), values.Get("tilematrix"),
		values.Get("tilerow"), values.Get("tilecol"))
}

// parsePath reads a GetTile from the path …/{layer}/{style}/{tileMatrixSet}/{tileMatrix}/{tileRow}/{tileCol}.png.
func parsePath(r *http.Request, layer string) (Request, error) {
	column, isPNG := strings.CutSuffix(r.PathValue("file"), ".png")
	if !isPNG {
		return Request{}, &exception{invalidValue, "format", "the path must end with .png"}
	}
	return parse([]string{layer}, layer, r.PathValue("style"), r.PathValue("tileMatrixSet"), r.PathValue("tileMatrix"),
		r.PathValue("tileRow"), column)
}

func parse(layers []string, layer, style, set, matrix, row, column string) (asked Request, err error) {
	if !slices.Contains(layers, layer) {
		return asked, &exception{invalidValue, "layer", fmt.Sprintf("layer %.40q: must be one of %s", layer, strings.Join(layers, ", "))}
	}
	asked.Layer = layer
	switch style {
	case "", "default", day:
	case night:
		asked.Night = true
	default:
		return asked, &exception{invalidValue, "style", fmt.Sprintf("style %.40q: must be %s or %s", style, day, night)}
	}
	if set != ogctiles.MatrixSet {
		return asked, &exception{invalidValue, "tilematrixset", fmt.Sprintf("tile matrix set %.40q: must be %s", set, ogctiles.MatrixSet)}
	}
	for _, part := range []struct {
		name, text string
		into       *int
	}{{"tilematrix", matrix, &asked.Tile.Z}, {"tilerow", row, &asked.Tile.Y}, {"tilecol", column, &asked.Tile.X}} {
		if *part.into, err = ogctiles.Number(part.name, part.text); err != nil {
			return asked, &exception{invalidValue, part.name, fmt.Sprintf("%s %.20q: must be a whole number", part.name, part.text)}
		}
	}
	first, last := zooms(layer)
	if t := asked.Tile; t.Z < first || t.Z > last {
		return asked, &exception{invalidValue, "tilematrix", fmt.Sprintf("tile matrix %d: %s has %d to %d", t.Z, layer, first, last)}
	}
	switch size := 1 << asked.Tile.Z; {
	case asked.Tile.Y >= size:
		return asked, &exception{outOfRange, "tilerow", fmt.Sprintf("row %d: the tile matrix has 0 to %d", asked.Tile.Y, size-1)}
	case asked.Tile.X >= size:
		return asked, &exception{outOfRange, "tilecol", fmt.Sprintf("column %d: the tile matrix has 0 to %d", asked.Tile.X, size-1)}
	}
	return asked, nil
}

// zooms are the first and the last zoom of a layer.
func zooms(layer string) (first, last int) {
	for _, known := range draw.Layers() {
		if known.ID == layer {
			return known.MinZoom, known.MaxZoom
		}
	}
	return 1, 0
}
