package geoengine

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// Locator finds the area of a position in memory: the pieces of area_part in an R-tree for each depth of the tree of
// areas, and ray casting on the piece. It gives what ST_Intersects gives, borders included.
type Locator struct {
	depths []*rtree.RTreeG[*piece] // by number of dots in the path
	pieces int
}

type piece struct {
	path  string
	rings []orb.Ring // closed; the first is the outer one
}

const selectParts = `
	select a.path, st_asbinary(p.geom, 'NDR') from area_part p join area a on a.id = p.area`

// LoadLocator reads every piece of every area.
func (s *Store) LoadLocator(ctx context.Context) (*Locator, error) {
	l := &Locator{}
	rows, err := s.Pool.Query(ctx, selectParts)
	if err != nil {
		return nil, fmt.Errorf("load the areas: %w", err)
	}
	var path, last string
	var wkb []byte
	_, err = pgx.ForEachRow(rows, []any{&path, &wkb}, func() error {
		if path == last {
			path = last // one string for the pieces of an area
		}
		last = path
		rings, err := readPolygon(wkb)
		if err != nil {
			return fmt.Errorf("area %s: %w", path, err)
		}
		l.add(path, rings)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load the areas: %w", err)
	}
	return l, nil
}

func (l *Locator) add(path string, rings []orb.Ring) {
	if len(rings) == 0 || len(rings[0]) == 0 {
		return
	}
	depth := strings.Count(path, ".")
	for len(l.depths) <= depth {
		l.depths = append(l.depths, &rtree.RTreeG[*piece]{})
	}
	box := rings[0].Bound()
	l.depths[depth].Insert(box.Min, box.Max, &piece{path, rings})
	l.pieces++
}

// Locate returns the path of the deepest area that holds p (longitude, latitude), its border included, "" for none.
// Where several areas of the same depth hold it (a common border), the smallest path wins.
func (l *Locator) Locate(p orb.Point) string {
	for depth := len(l.depths) - 1; depth >= 0; depth-- {
		found := ""
		l.depths[depth].Search(p, p, func(_, _ [2]float64, c *piece) bool {
			if (found == "" || c.path < found) && c.holds(p) {
				found = c.path
			}
			return true
		})
		if found != "" {
			return found
		}
	}
	return ""
}

// holds tells whether the piece holds p or has it on its border.
func (c *piece) holds(p orb.Point) bool {
	for i, ring := range c.rings {
		switch side := ringSide(ring, p); {
		case side == 0:
			return true
		case (side > 0) != (i == 0): // outside the outer ring, or inside a hole
			return false
		}
	}
	return true
}

// ringSide is 1 inside the closed ring, 0 on it, -1 outside: a ray to the right, each edge closed below and open above.
func ringSide(ring orb.Ring, p orb.Point) int {
	inside := -1
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		if (a[1] > p[1]) == (b[1] > p[1]) && a[1] != p[1] && b[1] != p[1] {
			continue // neither crosses nor touches the ray's line
		}
		if a[0] < p[0] && b[0] < p[0] {
			continue
		}
		turn := (b[0]-a[0])*(p[1]-a[1]) - (p[0]-a[0])*(b[1]-a[1])
		if turn == 0 && between(p[0], a[0], b[0]) && between(p[1], a[1], b[1]) {
			return 0
		}
		if (a[1] <= p[1] && p[1] < b[1] && turn > 0) || (b[1] <= p[1] && p[1] < a[1] && turn < 0) {
			inside = -inside
		}
	}
	return inside
}

func between(v, a, b float64) bool { return min(a, b) <= v && v <= max(a, b) }

// readPolygon decodes a little-endian WKB polygon.
func readPolygon(wkb []byte) ([]orb.Ring, error) {
	const head = 9
	if len(wkb) < head || wkb[0] != 1 || binary.LittleEndian.Uint32(wkb[1:]) != 3 {
		return nil, fmt.Errorf("not a polygon: %w", ErrInvalid)
	}
	rings := make([]orb.Ring, binary.LittleEndian.Uint32(wkb[5:]))
	rest := wkb[head:]
	for i := range rings {
		n := int(binary.LittleEndian.Uint32(rest))
		rest = rest[4:]
		ring := make(orb.Ring, n)
		for j := range ring {
			ring[j][0] = math.Float64frombits(binary.LittleEndian.Uint64(rest[16*j:]))
			ring[j][1] = math.Float64frombits(binary.LittleEndian.Uint64(rest[16*j+8:]))
		}
		rings[i], rest = ring, rest[16*n:]
	}
	return rings, nil
}
