package tiles_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"

	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

// protect gives every second cell of the tile a protected count in turn: told, below, withheld, both told and hidden.
func protect(_ context.Context, cells []uint64, _ int) (found []disclosure.Cell, err error) {
	for i, cell := range cells {
		if i%2 != 0 {
			continue
		}
		c := disclosure.Cell{Cell: cell, Protected: true, K: 5}
		switch i / 2 % 4 {
		case 0:
			c.Count, c.K = 17, 0
		case 1:
			c.Hidden = disclosure.Below
		case 2:
			c.Hidden = disclosure.Withheld
		case 3:
			c.Count, c.Hidden = 200, disclosure.Below
		}
		found = append(found, c)
	}
	return found, nil
}

func nothingProtected(context.Context, []uint64, int) ([]disclosure.Cell, error) { return nil, nil }

func TestVectorTilesHoldProtectedCounts(t *testing.T) {
	t.Parallel()
	_, c := synthetic(t, 4000)
	layer := tiles.NewHexagons(c)
	tile := tiles.TileAt(orb.Point{1.3, 46.9}, 10)
	res := tiles.ResolutionForZoom(tile.Z)
	open, err := c.Cells(geoengine.Query{}, res)
	if err != nil {
		t.Fatal(err)
	}
	var protected []disclosure.Cell
	body, err := layer.ProtectedMVT(t.Context(), tile, geoengine.Query{}, func(ctx context.Context, cells []uint64, at int) ([]disclosure.Cell, error) {
		if at != res {
			t.Errorf("asked at resolution %d, want %d", at, res)
		}
		protected, err = protect(ctx, cells, at)
		return protected, err
	})
	if err != nil {
		t.Fatal(err)
	}
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]any{}
	for _, feature := range layers[0].Features {
		got[feature.Properties.MustString("h3")] = feature.Properties
	}
	reached := map[uint64]bool{} // by the tile
	for cell := range got {
		id, err := hex.Parse(cell)
		if err != nil {
			t.Fatal(err)
		}
		reached[id] = true
	}
	want := map[string]map[string]any{}
	for _, cell := range disclosure.Merge(open, protected) {
		if !reached[cell.Cell] && !cell.Protected {
			continue
		}
		p := map[string]any{"h3": hex.String(cell.Cell)}
		if cell.Count > 0 {
			p["count"] = float64(cell.Count)
		}
		if !cell.Protected {
			p["weight"] = cell.Weight
		}
		if cell.Hidden != disclosure.None {
			p["hidden"], p["k"] = float64(cell.Hidden), float64(cell.K)
		}
		want[hex.String(cell.Cell)] = p
	}
	if diff := cmp.Diff(want, got); diff != "" || len(protected) < 8 {
		t.Errorf("%d protected cells, tile (-want +got):\n%s", len(protected), diff)
	}
	plain, err := layer.MVT(t.Context(), tile, geoengine.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if same, err := layer.ProtectedMVT(t.Context(), tile, geoengine.Query{}, nothingProtected); err != nil || string(same) != string(plain) {
		t.Errorf("nothing protected: another tile, %v", err)
	}
}

func TestCompactTilesHoldProtectedCounts(t *testing.T) {
	t.Parallel()
	_, c := synthetic(t, 4000)
	layer := tiles.NewHexagons(c)
	tile := tiles.TileAt(orb.Point{1.3, 46.9}, 10)
	extent, err := c.Extent(geoengine.Query{})
	if err != nil {
		t.Fatal(err)
	}
	bins := cube.Bins{From: extent.From, To: extent.To.Add(time.Second), N: 3}
	plain, err := layer.Compact(t.Context(), tile, geoengine.Query{}, bins)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := layer.ProtectedCompact(t.Context(), tile, geoengine.Query{}, bins, nothingProtected); err != nil || string(same) != string(plain) {
		t.Errorf("nothing protected: another tile, %v", err)
	}
	var protected []disclosure.Cell
	body, err := layer.ProtectedCompact(t.Context(), tile, geoengine.Query{}, bins, func(ctx context.Context, cells []uint64, res int) ([]disclosure.Cell, error) {
		protected, err = protect(ctx, cells, res)
		return protected, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if body[5] != 1 || plain[5] != 0 {
		t.Fatalf("flags %d and %d", body[5], plain[5])
	}
	n := int(binary.LittleEndian.Uint32(body[8:]))
	ids, k, fixed := readProtected(t, body, n)
	if k != 5 {
		t.Errorf("k %d", k)
	}
	want := map[uint64]string{}
	for _, cell := range protected {
		want[hex.FeatureID(cell.Cell)] = fmt.Sprint(cell.Count, uint8(cell.Hidden))
	}
	for i, id := range ids {
		if _, isProtected := want[id]; !isProtected {
			want[id] = "0 0"
		}
		if fixed[i] != want[id] {
			t.Errorf("cell %d: got %s, want %s", id, fixed[i], want[id])
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("%d protected cells are not in the tile", len(want))
	}
}

// readProtected reads the ids and, by the description of the format, the last section.
func readProtected(t *testing.T, body []byte, n int) (ids []uint64, k byte, fixed []string) {
	t.Helper()
	rest := body[48:]
	varint := func() uint64 {
		v, size := binary.Uvarint(rest)
		if size <= 0 {
			t.Fatal("the tile ends early")
		}
		rest = rest[size:]
		return v
	}
	id := uint64(0)
	for range n {
		id += varint()
		ids = append(ids, id)
	}
	corners := 0
	for _, count := range rest[:n] {
		corners += int(count)
	}
	for rest = rest[n:]; corners > 0; corners-- {
		varint()
		varint()
	}
	entries := 0
	for range n {
		for left := varint(); left > 0; left-- {
			varint()
			varint()
			varint()
			entries++
		}
	}
	if want := int(binary.LittleEndian.Uint32(body[12:])); entries != want {
		t.Errorf("%d entries, the head says %d", entries, want)
	}
	k, rest = rest[0], rest[1:]
	for range n {
		count := varint()
		fixed = append(fixed, fmt.Sprint(count, rest[0]))
		rest = rest[1:]
	}
	if len(rest) > 0 {
		t.Errorf("%d bytes after the end", len(rest))
	}
	return ids, k, fixed
}
