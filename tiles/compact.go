package tiles

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"vigie/geoengine"
	"vigie/geoengine/cube"
)

// The compact form "VHX1" carries hexagons with counts by time bin to our own map. It starts with a header of 48
// bytes, little-endian:
//
//	 0  "VHX1"
//	 4  u8   H3 resolution
//	 5  u8   flags: 1 if section 5 follows; else 0
//	 6  u16  number of time bins
//	 8  u32  C, number of cells: those with events whose centre is in the tile, also protected ones
//	12  u32  N, number of entries
//	16  u32  V, number of corners
//	20  u32  0
//	24  i64  start of the first bin, Unix seconds
//	32  i64  end of the last bin, Unix seconds, exclusive
//	40  u64  version of the data
//
// Then follow, varints being LEB128 as in protobuf:
//
//  1. C ids, ascending: varint of hex.FeatureID minus the one before.
//  2. C × u8: number of corners of the cell.
//  3. V corners, clockwise as seen on the map: zigzag varints dx, dy relative to the corner before in the same cell;
//     the first of a cell relative to the first of the cell before (0, 0 for the first cell). Units are 1/16384
//     of the tile, x east, y south; corners may lie outside the tile.
//  4. Per cell: varint number of its entries, not 0, then for each: varint bin minus the bin before (the first
//     absolute), varint count, varint weight × 1000, rounded.
//  5. Where protected families are counted, which belong to no time bin: u8 k, the highest threshold of what is hidden
//     (0 if nothing is), then per cell: varint count, u8 what is hidden beside it: 0 nothing, 1 fewer than k events,
//     2 a number that is withheld. A cell then may have 0 entries in section 4.
const (
	compactMagic  = "VHX1"
	compactHeader = 48
	// MaxBins is the most time bins of the compact form.
	MaxBins = 1<<16 - 1
)

// Compact returns the hexagons with events whose centre is in the tile, so that each is in one tile of a zoom
// only, with counts in the time bins b, in the form documented above. Events outside the bins do not count.
func (h *Hexagons) Compact(ctx context.Context, t Tile, q geoengine.Query, b cube.Bins) ([]byte, error) {
	if err := checkBins(b); err != nil {
		return nil, err
	}
	s, err := h.shapesOf(ctx, t)
	if err != nil {
		return nil, err
	}
	version := h.cube.Version()
	entries, err := h.cube.CellBins(q, s.own, s.resolution, b)
	if err != nil {
		return nil, fmt.Errorf("count the hexagons of tile %s by time: %w", t, err)
	}
	return s.compactTile(entries, b, version), nil
}

// compactTile encodes entries, sorted by cell and bin.
func (s *shapes) compactTile(entries []cube.BinCount, b cube.Bins, version uint64) []byte {
	present, vertices := s.present(entries)
	body := make([]byte, compactHeader, compactHeader+len(present)*24+len(entries)*4)
	s.putHeader(body, len(present), vertices, b, version)
	binary.LittleEndian.PutUint32(body[12:], uint32(len(entries)))
	body = s.appendCells(body, present)
	return appendEntries(body, entries)
}

func checkBins(b cube.Bins) error {
	if b.N < 1 || b.N > MaxBins || !b.From.Before(b.To) {
		return fmt.Errorf("bins: %d from %s to %s: need 1 to %d over a period: %w", b.N, b.From, b.To, MaxBins, geoengine.ErrInvalid)
	}
	return nil
}

// putHeader writes the header but for the number of entries.
func (s *shapes) putHeader(body []byte, cells, vertices int, b cube.Bins, version uint64) {
	copy(body, compactMagic)
	body[4] = byte(s.resolution)
	binary.LittleEndian.PutUint16(body[6:], uint16(b.N))
	binary.LittleEndian.PutUint32(body[8:], uint32(cells))
	binary.LittleEndian.PutUint32(body[16:], uint32(vertices))
	binary.LittleEndian.PutUint64(body[24:], uint64(b.From.Unix()))
	binary.LittleEndian.PutUint64(body[32:], uint64(b.To.Unix()))
	binary.LittleEndian.PutUint64(body[40:], version)
}

// present returns which of the tile's cells have entries, and their number of corners.
func (s *shapes) present(entries []cube.BinCount) (cells []int32, vertices int) {
	at := int32(0)
	for i := range entries {
		if i > 0 && entries[i].Cell == entries[i-1].Cell {
			continue
		}
		for s.own[at] != entries[i].Cell {
			at++
		}
		cells = append(cells, at)
		vertices += int(s.counts[at])
	}
	return cells, vertices
}

func (s *shapes) appendCorners(body []byte, present []int32) []byte {
	var before [2]int32
	for _, at := range present {
		first := s.firsts[at]
		body = binary.AppendVarint(body, int64(first[0]-before[0]))
		body = binary.AppendVarint(body, int64(first[1]-before[1]))
		before = first
		begin := uint32(0)
		if at > 0 {
			begin = s.after[at-1]
		}
		body = append(body, s.corners[begin:s.after[at]]...)
	}
	return body
}

func appendEntries(body []byte, entries []cube.BinCount) []byte {
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n].Cell == entries[0].Cell {
			n++
		}
		body = binary.AppendUvarint(body, uint64(n))
		last := uint16(0)
		for _, entry := range entries[:n] {
			body = binary.AppendUvarint(body, uint64(entry.Bin-last))
			body = binary.AppendUvarint(body, uint64(entry.Count))
			body = binary.AppendUvarint(body, uint64(max(0, math.Round(float64(entry.Weight)*1000))))
			last = entry.Bin
		}
		entries = entries[n:]
	}
	return body
}
