package tiles

import (
	"context"
	"encoding/binary"
	"fmt"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/hex"
)

// Protected tells the protected counts of some cells of a resolution, given ascending, in their order.
type Protected func(ctx context.Context, cells []uint64, res int) ([]disclosure.Cell, error)

// ProtectedMVT is MVT with the counts of protected families. A hexagon where some are counted or hidden has no weight;
// one where some are hidden has the properties hidden, 1 for fewer than k or 2 for withheld, and k, and no count
// unless some events may be told.
func (h *Hexagons) ProtectedMVT(ctx context.Context, t Tile, q geoengine.Query, protected Protected) ([]byte, error) {
	s, err := h.shapesOf(ctx, t)
	if err != nil {
		return nil, err
	}
	open, err := h.cube.CellsIn(q, s.cells, s.resolution)
	if err != nil {
		return nil, fmt.Errorf("count the hexagons of tile %s: %w", t, err)
	}
	hidden, err := protected(ctx, s.cells, s.resolution)
	if err != nil {
		return nil, fmt.Errorf("count the hexagons of tile %s: %w", t, err)
	}
	if len(hidden) == 0 {
		return s.vectorTile(open), nil
	}
	return s.protectedTile(disclosure.Merge(open, hidden)), nil
}

// The keys of a layer with protected counts.
const (
	keyName = iota
	keyCount
	keyWeight
	keyHidden
	keyK
)

// protectedTile puts cells, ascending and all of them in the tile, into the shapes.
func (s *shapes) protectedTile(cells []disclosure.Cell) []byte {
	layer := append([]byte(nil), layerHead...)
	numbers := &values{next: uint64(len(cells))}
	at := 0
	var tags, names []byte
	for feature, cell := range cells {
		for s.cells[at] != cell.Cell {
			at++
		}
		tags = binary.AppendUvarint(append(tags[:0], keyName), uint64(feature))
		if cell.Count > 0 {
			tags = binary.AppendUvarint(append(tags, keyCount), numbers.count(cell.Count))
		}
		if !cell.Protected {
			tags = binary.AppendUvarint(append(tags, keyWeight), numbers.weight(cell.Weight))
		}
		if cell.Hidden != disclosure.None {
			tags = binary.AppendUvarint(append(tags, keyHidden), numbers.count(uint32(cell.Hidden)))
			tags = binary.AppendUvarint(append(tags, keyK), numbers.count(uint32(cell.K)))
		}
		shape := s.features[s.begin(at):s.ends[at]]
		head := append([]byte{featureTags}, byte(len(tags))) // at most 5 keys with indexes of 3 bytes
		layer = binary.AppendUvarint(append(layer, layerFeature), uint64(len(shape)+len(head)+len(tags)))
		layer = append(append(append(layer, shape...), head...), tags...)
		names = append(names, s.names[at*nameBytes:(at+1)*nameBytes]...)
	}
	layer = append(layer, layerKeys...)
	layer = appendBytes(appendBytes(layer, layerKey, "hidden"), layerKey, "k")
	layer = append(append(layer, names...), numbers.encoded...)
	body := binary.AppendUvarint([]byte{tileLayer}, uint64(len(layer)))
	return append(body, layer...)
}

// ProtectedCompact is Compact with the counts of protected families, which belong to no time bin.
func (h *Hexagons) ProtectedCompact(ctx context.Context, t Tile, q geoengine.Query, b cube.Bins, protected Protected) ([]byte, error) {
	s, err := h.shapesOf(ctx, t)
	if err != nil {
		return nil, err
	}
	hidden, err := protected(ctx, s.own, s.resolution)
	if err != nil {
		return nil, fmt.Errorf("count the hexagons of tile %s by time: %w", t, err)
	}
	if len(hidden) == 0 {
		return h.Compact(ctx, t, q, b)
	}
	if err := checkBins(b); err != nil {
		return nil, err
	}
	version := h.cube.Version()
	entries, err := h.cube.CellBins(q, s.own, s.resolution, b)
	if err != nil {
		return nil, fmt.Errorf("count the hexagons of tile %s by time: %w", t, err)
	}
	return s.protectedCompact(entries, hidden, b, version), nil
}

// compactProtected is the flag of a compact tile with protected counts.
const compactProtected = 1

// protectedCompact encodes entries, sorted by cell and bin, and protected counts, sorted by cell.
func (s *shapes) protectedCompact(entries []cube.BinCount, protected []disclosure.Cell, b cube.Bins, version uint64) []byte {
	var (
		present  []int32
		vertices int
		count    = len(entries)
		numbers  []byte // section 4
		fixed    []byte // section 5, after k
		k        int
	)
	for at, cell := range s.own {
		n := 0
		for n < len(entries) && entries[n].Cell == cell {
			n++
		}
		isProtected := len(protected) > 0 && protected[0].Cell == cell
		if n == 0 && !isProtected {
			continue
		}
		present, vertices = append(present, int32(at)), vertices+int(s.counts[at])
		if n == 0 {
			numbers = append(numbers, 0)
		}
		numbers, entries = appendEntries(numbers, entries[:n]), entries[n:]
		var own disclosure.Cell
		if isProtected {
			own, protected = protected[0], protected[1:]
		}
		fixed = append(binary.AppendUvarint(fixed, uint64(own.Count)), byte(own.Hidden))
		k = max(k, own.K)
	}
	body := make([]byte, compactHeader, compactHeader+len(present)*26+len(numbers)+len(fixed))
	s.putHeader(body, len(present), vertices, b, version)
	body[5] = compactProtected
	binary.LittleEndian.PutUint32(body[12:], uint32(count))
	body = s.appendCells(body, present)
	body = append(append(body, numbers...), byte(k))
	body = append(body, fixed...)
	return body
}

// appendCells appends the ids, numbers of corners and corners of the cells present.
func (s *shapes) appendCells(body []byte, present []int32) []byte {
	last := uint64(0)
	for _, at := range present {
		id := hex.FeatureID(s.own[at])
		body = binary.AppendUvarint(body, id-last)
		last = id
	}
	for _, at := range present {
		body = append(body, s.counts[at])
	}
	return s.appendCorners(body, present)
}
