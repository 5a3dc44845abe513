package tiles

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/maypok86/otter/v2"

	"vigie/geoengine"
	"vigie/geoengine/cube"
)

// shapesBytes bounds the encoded geometry kept in memory: some ten thousand tiles.
const shapesBytes = 256 << 20

// Hexagons draws the cube's counts on the H3 grid. The geometry of a tile is encoded once and kept; an answer copies
// it and adds the numbers. Methods may be called at the same time.
type Hexagons struct {
	cube   *cube.Cube
	shapes *otter.Cache[Tile, *shapes]
}

// NewHexagons returns the hexagon layer of a cube.
func NewHexagons(c *cube.Cube) *Hexagons {
	return &Hexagons{cube: c, shapes: otter.Must(&otter.Options[Tile, *shapes]{
		MaximumWeight: shapesBytes,
		Weigher:       func(_ Tile, s *shapes) uint32 { return uint32(s.size()) },
	})}
}

// shapesOf returns the tile's hexagons, drawn now or before.
func (h *Hexagons) shapesOf(ctx context.Context, t Tile) (*shapes, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if found, ok := h.shapes.GetIfPresent(t); ok {
		return found, nil
	}
	drawn, err := h.shapes.Get(context.WithoutCancel(ctx), t,
		otter.LoaderFunc[Tile, *shapes](func(_ context.Context, t Tile) (*shapes, error) { return drawShapes(t), nil }))
	if err != nil {
		return nil, fmt.Errorf("draw hexagons of tile %s: %w", t, err)
	}
	return drawn, nil
}

// MVT returns the layer "hexagons" of the tile: every hexagon with events that touches it, whole (clients clip), with
// id hex.FeatureID, h3 (15 hexadecimal digits), count and weight. No events is an empty body. The resolution is
// ResolutionForZoom; q.Box chooses cells by their centre.
func (h *Hexagons) MVT(ctx context.Context, t Tile, q geoengine.Query) ([]byte, error) {
	s, err := h.shapesOf(ctx, t)
	if err != nil {
		return nil, err
	}
	counts, err := h.cube.CellsIn(q, s.cells, s.resolution)
	if err != nil {
		return nil, fmt.Errorf("count the hexagons of tile %s: %w", t, err)
	}
	return s.vectorTile(counts), nil
}

// Draw puts numbers by cell, which are sorted by cell and of the tile's resolution, into the layer "hexagons" as MVT
// does; cells that do not touch the tile are left out.
func (h *Hexagons) Draw(ctx context.Context, t Tile, counts []cube.Count) ([]byte, error) {
	s, err := h.shapesOf(ctx, t)
	if err != nil {
		return nil, err
	}
	at, kept := 0, make([]cube.Count, 0, len(counts))
	for _, count := range counts {
		for at < len(s.cells) && s.cells[at] < count.Cell {
			at++
		}
		if at < len(s.cells) && s.cells[at] == count.Cell {
			kept = append(kept, count)
		}
	}
	return s.vectorTile(kept), nil
}

// layerHead is how the layer starts, layerKeys stands before its values.
var (
	layerHead = appendBytes([]byte{layerVersion, mvtVersion, layerExtent, 0x80, Extent >> 7}, layerName, "hexagons")
	layerKeys = appendBytes(appendBytes(appendBytes(nil, layerKey, "h3"), layerKey, "count"), layerKey, "weight")
)

// scratch are the numbers of a tile being drawn.
var scratch = sync.Pool{New: func() any { return new(values) }}

// vectorTile puts counts, sorted by cell and all of them in the tile, into the shapes.
func (s *shapes) vectorTile(counts []cube.Count) []byte {
	if len(counts) == 0 {
		return nil
	}
	const lead = 1 + binary.MaxVarintLen32 // room for the layer's field and length, known at the end
	perFeature := len(s.features)/len(s.cells) + nameBytes + 40
	body := make([]byte, lead, lead+64+len(counts)*perFeature)
	body = append(body, layerHead...)
	numbers := scratch.Get().(*values)
	defer scratch.Put(numbers)
	*numbers = values{encoded: numbers.encoded[:0], next: uint64(len(counts))}
	at, tags := 0, make([]byte, 0, 32)
	for feature, count := range counts {
		for s.cells[at] != count.Cell {
			at++
		}
		shape := s.features[s.begin(at):s.ends[at]]
		tags = appendTags(tags[:0], uint64(feature), numbers.count(count.Count), numbers.weight(count.Weight))
		body = binary.AppendUvarint(append(body, layerFeature), uint64(len(shape)+len(tags)))
		body = append(append(body, shape...), tags...)
	}
	body = append(body, layerKeys...)
	at = 0
	for _, count := range counts {
		for s.cells[at] != count.Cell {
			at++
		}
		body = append(body, s.names[at*nameBytes:(at+1)*nameBytes]...)
	}
	body = append(body, numbers.encoded...)
	var head [lead]byte
	start := lead - 1 - len(binary.AppendUvarint(head[:0], uint64(len(body)-lead)))
	head[0] = tileLayer
	binary.PutUvarint(head[1:], uint64(len(body)-lead))
	copy(body[start:lead], head[:lead-start])
	return body[start:]
}

func (s *shapes) begin(cell int) uint32 {
	if cell == 0 {
		return 0
	}
	return s.ends[cell-1]
}
