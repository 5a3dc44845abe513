package tiles

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"golang.org/x/image/vector"
)

// PictureSize is the width and height of a picture in pixels.
const PictureSize = 256

// Widths in pixels, and the share of the ground that shows through hexagons.
const (
	hexagonAlpha = 0.82
	hexagonLine  = 0.6
	pointRadius  = 3.0
	pointRing    = 4.0
	hatchPeriod  = 8 // divides PictureSize, so that marks go on over the edges of tiles
)

// Painter draws vector tiles of this package's layers as pictures, for clients that show nothing else. It draws what
// the vector tile holds and nothing else: whoever may see the one may see the other.
type Painter struct {
	ramp  Ramp
	scale Scale
}

// NewPainter returns a painter by day or by night; scale classes the counts of hexagons.
func NewPainter(night bool, scale Scale) *Painter { return &Painter{NewRamp(night), scale} }

// PNG draws a vector tile on a clear ground: hexagons by class of count, hatched where the count is hidden, areas as
// outlines, events and units as dots; other layers are left out. An empty tile is a clear picture. The tile must be one
// that this package drew: the reader of vector tiles does not bear others.
func (p *Painter) PNG(tile []byte) ([]byte, error) {
	layers, err := mvt.Unmarshal(tile)
	if err != nil {
		return nil, fmt.Errorf("draw a picture: read the vector tile: %w", err)
	}
	c := newCanvas()
	for _, layer := range layers {
		scale := float64(PictureSize) / float64(layer.Extent)
		switch layer.Name {
		case "hexagons":
			p.hexagons(c, layer.Features, scale)
		case "areas":
			p.areas(c, layer.Features, scale)
		case "events", "units":
			p.points(c, layer.Features, scale)
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, c.image); err != nil {
		return nil, fmt.Errorf("draw a picture: %w", err)
	}
	return out.Bytes(), nil
}

// The property "hidden" of a hexagon.
const (
	hiddenBelow    = 1
	hiddenWithheld = 2
)

// hexagons draws class by class: one filling for all hexagons of a colour.
func (p *Painter) hexagons(c *canvas, features []*geojson.Feature, scale float64) {
	var (
		classes                            [Classes][]orb.Ring
		untold, below, withheld, everybody []orb.Ring
	)
	for _, feature := range features {
		rings := outlines(feature.Geometry)
		everybody = append(everybody, rings...)
		if count, counted := number(feature.Properties["count"]); counted && count > 0 {
			class := p.scale.Class(uint32(min(count, math.MaxUint32)))
			classes[class] = append(classes[class], rings...)
		} else {
			untold = append(untold, rings...)
		}
		switch hidden, _ := number(feature.Properties["hidden"]); hidden {
		case hiddenBelow:
			below = append(below, rings...)
		case hiddenWithheld:
			withheld = append(withheld, rings...)
		}
	}
	c.fill(untold, scale, image.NewUniform(faded(p.ramp.Ground, hexagonAlpha)))
	for class, rings := range classes {
		c.fill(rings, scale, image.NewUniform(faded(p.ramp.Classes[class], hexagonAlpha)))
	}
	c.fill(below, scale, marks{p.ramp.Hatch, onLine})
	c.fill(withheld, scale, marks{p.ramp.Hatch, onDot})
	c.stroke(everybody, scale, hexagonLine, faded(p.ramp.Outline, hexagonAlpha))
}

// areas draws borders, the wider the higher the level.
func (p *Painter) areas(c *canvas, features []*geojson.Feature, scale float64) {
	levels := [...]struct {
		name  string
		width float64
	}{{"commune", 0.5}, {"departement", 0.9}, {"region", 1.3}, {"country", 1.3}}
	for _, level := range levels {
		var rings []orb.Ring
		for _, feature := range features {
			if feature.Properties["level"] == level.name {
				rings = append(rings, outlines(feature.Geometry)...)
			}
		}
		c.stroke(rings, scale, level.width, p.ramp.Border)
	}
}

// points draws dots with a ring that sets them off from any ground.
func (p *Painter) points(c *canvas, features []*geojson.Feature, scale float64) {
	var places []orb.Point
	for _, feature := range features {
		switch g := feature.Geometry.(type) {
		case orb.Point:
			places = append(places, g)
		case orb.MultiPoint:
			places = append(places, g...)
		}
	}
	for _, layer := range [...]struct {
		radius float64
		colour color.NRGBA
	}{{pointRing, p.ramp.Surface}, {pointRadius, p.ramp.Point}} {
		for _, at := range places {
			c.dot(at, scale, layer.radius)
		}
		c.paint(image.NewUniform(layer.colour)) // all at once: a picture may hold thousands
	}
}

// outlines returns the rings of a polygon or of several, holes included; nothing of other shapes.
func outlines(g orb.Geometry) (rings []orb.Ring) {
	switch g := g.(type) {
	case orb.Polygon:
		return g
	case orb.MultiPolygon:
		for _, polygon := range g {
			rings = append(rings, polygon...)
		}
	}
	return rings
}

// number reads a numeric property of a vector tile.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case float32:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	}
	return 0, false
}

func faded(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(math.Round(255 * alpha))
	return c
}

// marks are an endless pattern on a clear ground, as the front end draws it.
type marks struct {
	colour color.NRGBA
	on     func(x, y int) bool
}

// onLine is the pattern of counts below k: diagonal lines.
func onLine(x, y int) bool { return (x+y)%hatchPeriod < 2 }

// onDot is the pattern of counts that are withheld: dots in staggered rows.
func onDot(x, y int) bool {
	if y%(2*hatchPeriod) >= hatchPeriod {
		x += hatchPeriod / 2
	}
	return x%hatchPeriod < 3 && y%hatchPeriod < 3
}

// ColorModel is that of color.NRGBA.
func (m marks) ColorModel() color.Model { return color.NRGBAModel }

// Bounds are those of a picture.
func (m marks) Bounds() image.Rectangle { return image.Rect(0, 0, PictureSize, PictureSize) }

// At returns the colour on a mark, and nothing between marks.
func (m marks) At(x, y int) color.Color {
	if m.on(x, y) {
		return m.colour
	}
	return color.NRGBA{}
}

// canvas is a picture being drawn.
type canvas struct {
	image  *image.RGBA // for which the rasterizer has a fast way
	raster *vector.Rasterizer
}

func newCanvas() *canvas {
	return &canvas{image.NewRGBA(image.Rect(0, 0, PictureSize, PictureSize)), vector.NewRasterizer(PictureSize, PictureSize)}
}

// paint puts what the rasterizer holds on the picture and empties it.
func (c *canvas) paint(source image.Image) {
	c.raster.DrawOp = draw.Over
	c.raster.Draw(c.image, c.image.Bounds(), source, image.Point{})
	c.raster.Reset(PictureSize, PictureSize)
}

// reach bounds coordinates, in pixels: far enough outside not to be seen, near enough not to cost time.
const reach = 4 * PictureSize

func pixel(v, scale float64) float32 { return float32(min(max(v*scale, -reach), reach)) }

// fill fills rings; holes run against the ring around them.
func (c *canvas) fill(rings []orb.Ring, scale float64, source image.Image) {
	if len(rings) == 0 {
		return
	}
	for _, ring := range rings {
		for i, at := range ring {
			x, y := pixel(at[0], scale), pixel(at[1], scale)
			if i == 0 {
				c.raster.MoveTo(x, y)
			} else {
				c.raster.LineTo(x, y)
			}
		}
		c.raster.ClosePath()
	}
	c.paint(source)
}

// stroke draws the lines of rings, width in pixels. The edges that tiles cut, which lie outside the picture, are not
// seen.
func (c *canvas) stroke(rings []orb.Ring, scale, width float64, colour color.NRGBA) {
	if len(rings) == 0 {
		return
	}
	for _, ring := range rings {
		for i := 1; i < len(ring); i++ {
			c.segment(ring[i-1], ring[i], scale, float32(width/2))
		}
	}
	c.paint(image.NewUniform(colour))
}

// segment adds a straight line as a rectangle. All run the same way round, so that where two meet is filled once.
func (c *canvas) segment(a, b orb.Point, scale float64, half float32) {
	ax, ay, bx, by := pixel(a[0], scale), pixel(a[1], scale), pixel(b[0], scale), pixel(b[1], scale)
	length := float32(math.Hypot(float64(bx-ax), float64(by-ay)))
	outside := max(ax, bx) < -half || max(ay, by) < -half || min(ax, bx) > PictureSize+half || min(ay, by) > PictureSize+half
	if length == 0 || outside {
		return
	}
	dx, dy := (bx-ax)/length*half, (by-ay)/length*half
	c.raster.MoveTo(ax-dx-dy, ay-dy+dx)
	c.raster.LineTo(bx+dx-dy, by+dy+dx)
	c.raster.LineTo(bx+dx+dy, by+dy-dx)
	c.raster.LineTo(ax-dx+dy, ay-dy-dx)
	c.raster.ClosePath()
}

// dot adds a disc of a radius in pixels. All run the same way round.
func (c *canvas) dot(at orb.Point, scale, radius float64) {
	x, y := at[0]*scale, at[1]*scale
	if x < -radius || y < -radius || x > PictureSize+radius || y > PictureSize+radius {
		return
	}
	const corners = 16
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		px, py := float32(x+radius*cos), float32(y+radius*sin)
		if i == 0 {
			c.raster.MoveTo(px, py)
		} else {
			c.raster.LineTo(px, py)
		}
	}
	c.raster.ClosePath()
}
