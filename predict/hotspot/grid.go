package hotspot

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"vigie/geoengine/hex"
)

// Grid cuts a territory into places. It is immutable and safe for concurrent use.
type Grid struct {
	IDs     []uint64    // ascending: H3 indices, or row and column of a rectangle in 32 bits each
	Areas   []float64   // of the part of each place within the territory, m²
	Middles []orb.Point // of the whole places, longitude and latitude
	// Open is true where no territory was given: the places seen in the past and Rings rings around them stand for it.
	Open bool

	res    int        // of H3; −1 with rectangles
	layout *Rectangle // nil with H3
	plane  Plane
	at     []orb.Point // Middles on the plane, metres
	side   float64     // square root of the median area of whole places, metres
	reach  float64     // how far the middle of a neighbour may be, metres
}

// Rectangle says how rectangles are laid: sides in metres, where a corner lies (metres on the plane) and by how much
// they are turned, in radians counter-clockwise.
type Rectangle struct {
	Width, Height float64
	East, North   float64
	Turn          float64
}

// Rings is how many rings of cells around those with an event belong to a territory that nobody has drawn.
const Rings = 2

// Whole is the area of the territory in square metres.
func (g *Grid) Whole() float64 {
	sum := 0.
	for _, a := range g.Areas {
		sum += a
	}
	return sum
}

// Resolution is that of H3, or −1 of a grid of rectangles.
func (g *Grid) Resolution() int { return g.res }

// Locate is the index of the place that holds a position (longitude, latitude); −1 outside.
func (g *Grid) Locate(at orb.Point) int32 {
	var id uint64
	if g.layout == nil {
		id = hex.Cell(at.Lon(), at.Lat(), g.res)
	} else {
		id = g.layout.id(g.plane.On(at))
	}
	i, found := slices.BinarySearch(g.IDs, id)
	if !found {
		return -1
	}
	return int32(i)
}

// middle of row and column numbers, so that they are positive.
const zero = 1 << 31

func (r *Rectangle) turned(at orb.Point) (float64, float64) {
	s, c := math.Sincos(r.Turn)
	x, y := at[0]-r.East, at[1]-r.North
	return c*x + s*y, c*y - s*x
}

func (r *Rectangle) id(at orb.Point) uint64 {
	u, v := r.turned(at)
	i, j := int64(math.Floor(u/r.Width))+zero, int64(math.Floor(v/r.Height))+zero
	return uint64(j)<<32 | uint64(i)&(1<<32-1)
}

// corner is the position of a corner of a rectangle; fractions of u and v reach into it.
func (r *Rectangle) corner(id uint64, u, v float64) orb.Point {
	x := (float64(int64(id&(1<<32-1))-zero) + u) * r.Width
	y := (float64(int64(id>>32)-zero) + v) * r.Height
	s, c := math.Sincos(r.Turn)
	return orb.Point{r.East + c*x - s*y, r.North + s*x + c*y}
}

func (r *Rectangle) outline(id uint64) []orb.Point {
	return []orb.Point{r.corner(id, 0, 0), r.corner(id, 1, 0), r.corner(id, 1, 1), r.corner(id, 0, 1)}
}

// NewHex cuts a territory into H3 cells of a resolution. Without a territory (nil) the cells of the positions and Rings
// rings around them are taken; the grid says so (Open). A cell on the border counts with the area of its part within.
func NewHex(res int, territory orb.MultiPolygon, positions []orb.Point) (*Grid, error) {
	if res < 5 || res > 12 {
		return nil, fmt.Errorf("%w: H3 resolution %d; 5 to 12 are meant", ErrInvalid, res)
	}
	g := &Grid{res: res, Open: len(territory) == 0}
	var ids []uint64
	if g.Open {
		ids = grown(positions, res)
	} else {
		box := territory.Bound()
		if n := box.Right() - box.Left(); !(n >= 0) || n > 20 {
			return nil, fmt.Errorf("%w: a territory from %g° to %g° East", ErrInvalid, box.Left(), box.Right())
		}
		ids = hex.Cover(box, res)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: a grid needs a territory or positions", ErrInvalid)
	}
	g.plane = LocalPlane(hex.Center(ids[len(ids)/2]))
	areas := make([]float64, len(ids))
	for i, id := range ids {
		areas[i] = hex.AreaM2(id)
	}
	corners := make([]orb.Point, 0, 10)
	g.keep(ids, areas, territory, func(id uint64) []orb.Point {
		corners = hex.Boundary(corners[:0], id)
		for i := range corners {
			corners[i] = g.plane.On(corners[i])
		}
		return corners
	}, hex.Center)
	g.reach = 1.4 * g.side // neighbours are at 1.07 sides, the next ring at 1.86
	return g.checked()
}

// NewRectangles cuts a territory into equal rectangles on a plane; those on the border are trimmed. Without a territory
// the rectangles that hold a position, and Rings rings around them, are taken.
func NewRectangles(layout Rectangle, plane Plane, territory orb.MultiPolygon, positions []orb.Point) (*Grid, error) {
	if !(layout.Width >= 10 && layout.Height >= 10 && layout.Width <= 1e5 && layout.Height <= 1e5) {
		return nil, fmt.Errorf("%w: rectangles of %g m × %g m; sides of 10 m to 100 km are meant", ErrInvalid, layout.Width, layout.Height)
	}
	g := &Grid{res: -1, layout: &layout, plane: plane, Open: len(territory) == 0}
	var ids []uint64
	if g.Open {
		for _, p := range positions {
			id := layout.id(plane.On(p))
			for j := -Rings; j <= Rings; j++ {
				for i := -Rings; i <= Rings; i++ {
					ids = append(ids, uint64(int64(id)+int64(j)<<32+int64(i)))
				}
			}
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
	} else {
		ids = layout.cover(plane, territory)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: a grid needs a territory or positions", ErrInvalid)
	}
	areas := make([]float64, len(ids))
	for i := range areas {
		areas[i] = layout.Width * layout.Height
	}
	g.keep(ids, areas, territory, layout.outline, func(id uint64) orb.Point { return plane.Off(layout.corner(id, .5, .5)) })
	g.reach = 1.05 * math.Hypot(layout.Width, layout.Height)
	return g.checked()
}

func (g *Grid) checked() (*Grid, error) {
	if len(g.IDs) == 0 || g.Whole() <= 0 {
		return nil, fmt.Errorf("%w: the territory holds no place of the grid", ErrInvalid)
	}
	return g, nil
}

// cover are the rectangles whose bounding box touches that of the territory.
func (r *Rectangle) cover(plane Plane, territory orb.MultiPolygon) []uint64 {
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, polygon := range territory {
		for _, ring := range polygon {
			for _, p := range ring {
				u, v := r.turned(plane.On(p))
				low[0], low[1] = min(low[0], u), min(low[1], v)
				high[0], high[1] = max(high[0], u), max(high[1], v)
			}
		}
	}
	var ids []uint64
	for j := math.Floor(low[1] / r.Height); j*r.Height < high[1]; j++ {
		for i := math.Floor(low[0] / r.Width); i*r.Width < high[0]; i++ {
			ids = append(ids, uint64(int64(j)+zero)<<32|uint64(int64(i)+zero))
		}
	}
	return ids
}

// grown are the cells of positions and the rings around them, ascending.
func grown(positions []orb.Point, res int) []uint64 {
	ids := hex.Cells(nil, positions, res)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) > 0 && ids[0] == 0 {
		ids = ids[1:] // what is no position
	}
	edge := ids
	corners := make([]orb.Point, 0, 10)
	for range Rings {
		var next []uint64
		for _, id := range edge {
			corners = hex.Boundary(corners[:0], id)
			middle := hex.Center(id)
			for i, a := range corners {
				b := corners[(i+1)%len(corners)]
				// Across the edge, as far as it is to the edge: the middle of the neighbour, but for a small distortion.
				next = append(next, hex.Cell(a[0]+b[0]-middle[0], a[1]+b[1]-middle[1], res))
			}
		}
		slices.Sort(next)
		next = slices.Compact(next)
		edge = edge[:0:0]
		for _, id := range next {
			if _, found := slices.BinarySearch(ids, id); !found && id != 0 {
				edge = append(edge, id)
			}
		}
		ids = append(slices.Clone(ids), edge...)
		slices.SortFunc(ids, cmp.Compare)
	}
	return ids
}
