package tiles

import (
	"fmt"
	"math"
	"strconv"

	"vigie/geoengine"
)

// MatrixSet is the identifier of the one tile matrix set: the square Web Mercator map that halves its tiles.
const MatrixSet = "WebMercatorQuad"

// URIs of what the tile matrix set is made of.
const (
	MatrixSetURI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
	CRS          = "http://www.opengis.net/def/crs/EPSG/0/3857"
	scaleSetURI  = "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible"
)

// The figures of annex D.1 of OGC 17-083r4.
const (
	matrices        = 25               // zooms 0 to 24
	zeroScale       = 559082264.028717 // scale denominator of zoom 0, for pixels of 0.28 mm
	HalfWorld       = 20037508.3427892 // metres from the middle of the map to its edge
	PixelsPerTile   = 256
	zeroCell        = 2 * HalfWorld / PixelsPerTile
	matrixSetTitle  = "Google Maps Compatible for the World"
	tilingSchemeRel = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
)

// Matrix is one zoom of a tile matrix set, as 2D-TMS writes it.
type Matrix struct {
	ID               string     `json:"id"`
	ScaleDenominator float64    `json:"scaleDenominator"`
	CellSize         float64    `json:"cellSize"` // metres a pixel at the equator
	CornerOfOrigin   string     `json:"cornerOfOrigin"`
	PointOfOrigin    [2]float64 `json:"pointOfOrigin"`
	TileWidth        int        `json:"tileWidth"`
	TileHeight       int        `json:"tileHeight"`
	MatrixWidth      int        `json:"matrixWidth"`
	MatrixHeight     int        `json:"matrixHeight"`
}

// matrixSet is the definition of a tile matrix set (OGC 17-083r4, JSON encoding).
type matrixSet struct {
	ID                string   `json:"id"`
	Title             string   `json:"title"`
	URI               string   `json:"uri"`
	CRS               string   `json:"crs"`
	OrderedAxes       []string `json:"orderedAxes"`
	WellKnownScaleSet string   `json:"wellKnownScaleSet"`
	TileMatrices      []Matrix `json:"tileMatrices"`
}

// Matrices returns the zooms of the tile matrix set, 0 first.
func Matrices() []Matrix {
	list := make([]Matrix, matrices)
	for z := range list {
		list[z] = Matrix{
			ID: strconv.Itoa(z), ScaleDenominator: math.Ldexp(zeroScale, -z), CellSize: math.Ldexp(zeroCell, -z),
			CornerOfOrigin: "topLeft", PointOfOrigin: [2]float64{-HalfWorld, HalfWorld},
			TileWidth: PixelsPerTile, TileHeight: PixelsPerTile, MatrixWidth: 1 << z, MatrixHeight: 1 << z,
		}
	}
	return list
}

func webMercatorQuad() matrixSet {
	return matrixSet{
		ID: MatrixSet, Title: matrixSetTitle, URI: MatrixSetURI, CRS: CRS, OrderedAxes: []string{"X", "Y"},
		WellKnownScaleSet: scaleSetURI, TileMatrices: Matrices(),
	}
}

// limits are the tiles of one zoom that a tile set has.
type limits struct {
	TileMatrix string `json:"tileMatrix"`
	MinTileRow int    `json:"minTileRow"`
	MaxTileRow int    `json:"maxTileRow"`
	MinTileCol int    `json:"minTileCol"`
	MaxTileCol int    `json:"maxTileCol"`
}

// limitsOf returns the limits of a tile set that has every tile from zoom first to last.
func limitsOf(first, last int) []limits {
	var list []limits
	for z := first; z <= last; z++ {
		list = append(list, limits{TileMatrix: strconv.Itoa(z), MaxTileRow: 1<<z - 1, MaxTileCol: 1<<z - 1})
	}
	return list
}

// Number reads the decimal number of a zoom, row or column: digits only, without leading zeros; ErrInvalid otherwise.
func Number(name, text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || (len(text) > 1 && text[0] == '0') || text[0] == '+' {
		return 0, fmt.Errorf("%s %.20q: must be a whole number: %w", name, text, geoengine.ErrInvalid)
	}
	return int(n), nil
}

// decimal writes a figure for people.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
