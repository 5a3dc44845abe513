package road

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/orb/simplify"
)

const (
	rasterCells = 300 // across the larger side of an outline
	rasterLeast = 20  // metres of a cell
	rasterReach = 2   // cells of land on each side of a road
	rasterHole  = 64  // cells of a hole that is filled
)

// raster is a plane of cells that belong to a shape or not.
type raster struct {
	local         plane
	x, y, cell    float64 // corner in metres of the plane, and the size of a cell
	width, height int
	filled        []bool
}

// surround is the land around some lines, as polygons with holes.
func surround(lines []orb.LineString) orb.MultiPolygon {
	if len(lines) == 0 {
		return nil
	}
	box := lines[0].Bound()
	for _, line := range lines {
		box = box.Union(line.Bound())
	}
	r := raster{local: planeAt(box.Center())}
	x0, y0 := r.local.xy(box.Min)
	x1, y1 := r.local.xy(box.Max)
	r.cell = max(rasterLeast, max(x1-x0, y1-y0)/rasterCells)
	margin := (rasterReach + 1.5) * r.cell
	r.x, r.y = x0-margin, y0-margin
	r.width, r.height = int((x1-x0+2*margin)/r.cell)+1, int((y1-y0+2*margin)/r.cell)+1
	r.filled = make([]bool, r.width*r.height)
	roads := make([]bool, len(r.filled))
	for _, line := range lines {
		r.draw(roads, line)
	}
	r.widen(roads)
	return r.polygons()
}

// draw marks the cells of a line.
func (r *raster) draw(cells []bool, line orb.LineString) {
	for i := 1; i < len(line); i++ {
		ax, ay := r.local.xy(line[i-1])
		bx, by := r.local.xy(line[i])
		n := max(math.Ceil(math.Hypot(bx-ax, by-ay)/(r.cell/2)), 1)
		for k := 0.0; k <= n; k++ {
			cells[int((ay+(by-ay)*k/n-r.y)/r.cell)*r.width+int((ax+(bx-ax)*k/n-r.x)/r.cell)] = true
		}
	}
}

// widen fills all cells within reach of marked ones.
func (r *raster) widen(cells []bool) {
	for i, marked := range cells {
		if !marked {
			continue
		}
		for dy := -rasterReach; dy <= rasterReach; dy++ {
			for dx := -rasterReach; dx <= rasterReach; dx++ {
				if dx*dx+dy*dy <= rasterReach*rasterReach+1 {
					r.filled[i+dy*r.width+dx] = true
				}
			}
		}
	}
}

// in reports whether a cell is filled; those outside are not.
func (r *raster) in(x, y int) bool {
	return x >= 0 && y >= 0 && x < r.width && y < r.height && r.filled[y*r.width+x]
}

// rings follows the borders of the filled cells, these to the left, as corners of cells: shells run counter-clockwise, holes
// clockwise. Where two cells touch at a corner only, their borders stay apart.
func (r *raster) rings() [][][2]int {
	turns := [4][2]int{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} // east, north, west, south
	border := func(x, y, d int) bool {                   // whether the border leaves corner (x, y) in a direction
		left := [4][2]int{{x, y}, {x - 1, y}, {x - 1, y - 1}, {x, y - 1}}[d]
		right := [4][2]int{{x, y - 1}, {x, y}, {x - 1, y}, {x - 1, y - 1}}[d]
		return r.in(left[0], left[1]) && !r.in(right[0], right[1])
	}
	seen := make([]bool, (r.width+1)*(r.height+1)) // eastward borders
	var rings [][][2]int
	for y := range r.height + 1 {
		for x := range r.width {
			if !border(x, y, 0) || seen[y*(r.width+1)+x] {
				continue
			}
			var ring [][2]int
			for cx, cy, d := x, y, 0; ; {
				if d == 0 {
					if seen[cy*(r.width+1)+cx] {
						break
					}
					seen[cy*(r.width+1)+cx] = true
				}
				ring = append(ring, [2]int{cx, cy})
				cx, cy = cx+turns[d][0], cy+turns[d][1]
				for _, turn := range [3]int{1, 0, 3} { // left first
					if border(cx, cy, (d+turn)%4) {
						d = (d + turn) % 4
						break
					}
				}
			}
			rings = append(rings, ring)
		}
	}
	return rings
}

// polygons makes shells with their holes, in degrees.
func (r *raster) polygons() orb.MultiPolygon {
	var shapes orb.MultiPolygon
	var holes []orb.Ring
	for _, corners := range r.rings() {
		ring := make(orb.Ring, 0, len(corners)+1)
		for _, c := range corners {
			ring = append(ring, r.local.point(r.x+float64(c[0])*r.cell, r.y+float64(c[1])*r.cell))
		}
		ring = append(ring, ring[0])
		area := signed(corners)
		smooth := simplify.DouglasPeucker(0.75 * r.cell / MetresPerDegree).Ring(ring.Clone())
		if len(smooth) < 4 {
			smooth = ring
		}
		if area > 0 {
			shapes = append(shapes, orb.Polygon{smooth})
		} else if area < -rasterHole {
			holes = append(holes, smooth)
		}
	}
	slices.SortStableFunc(shapes, func(a, b orb.Polygon) int { // an inner shell before the one around it
		return cmp.Compare(math.Abs(planar.Area(a[0])), math.Abs(planar.Area(b[0])))
	})
	for _, hole := range holes {
		for i := range shapes {
			if planar.RingContains(shapes[i][0], hole[0]) {
				shapes[i] = append(shapes[i], hole)
				break
			}
		}
	}
	return shapes
}

// signed is the area of a ring in cells, negative if it runs clockwise.
func signed(ring [][2]int) float64 {
	twice := 0
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		twice += a[0]*b[1] - b[0]*a[1]
	}
	return float64(twice) / 2
}
