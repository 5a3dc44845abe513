package hex

import (
	"math"
	"sync"

	"github.com/uber/h3-go/v4"
)

// The H3 grid: the globe is projected from its centre onto the 20 faces of an icosahedron, each with a plane hexagon
// lattice, seven times finer in area at each resolution and turned to and fro by asin(√(3/28)). Lattice positions are
// written (i, j) on axes 120° apart, i towards one vertex of the face.
//
// The numbers of the base cells and the orientation of their digits are learnt from the C library by asking it for
// positions all over the faces; what was never seen stays unknown, and is asked again at run time.

const (
	faces     = 20
	neighbors = 3
	resUnit   = math.Phi * math.Phi // inverse of the lattice unit of resolution 0 on a plane at distance 1
	turn      = 0.33347317225183212 // asin(√(3/28)): odd resolutions are turned by it

	guessRows, guessColumns = 64, 128
)

// vector is a struct and no array, because Go keeps only structs in registers.
type vector struct{ x, y, z float64 }

func (a vector) dot(b vector) float64 { return a.x*b.x + a.y*b.y + a.z*b.z }

func (a vector) plus(b vector, times float64) vector {
	return vector{a.x + b.x*times, a.y + b.y*times, a.z + b.z*times}
}

func (a vector) cross(b vector) vector {
	return vector{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

func (a vector) unit() vector { return vector{}.plus(a, 1/math.Sqrt(a.dot(a))) }

// towards returns the unit vector of a position in degrees.
func towards(lon, lat float64) vector {
	sinLon, cosLon := sincos(lon)
	sinLat, cosLat := sincos(lat)
	return vector{cosLon * cosLat, sinLon * cosLat, sinLat}
}

// face is one side of the icosahedron. A position p on it has the lattice coordinates
// i = axes[res][0]·p / center·p and j = axes[res][1]·p / center·p.
type face struct {
	center   vector
	axes     [MaxResolution + 1][2]vector
	near     [neighbors]int
	vertices [3]vector
	bases    [5][5]base // by i + 2, j + 2 at resolution 0
}

// base is what lies at a lattice position of resolution 0.
type base struct {
	known bool
	cell  uint8
	// turns are the 60° turns, counter-clockwise, from the digits of the face's lattice to those of the base cell, by
	// the first digit that is not 0 (it matters for pentagons); unseen if not known.
	turns [7]uint8
}

const unseen = 0xff

// grid is everything that Cell needs; immutable once built.
type grid struct {
	faces   [faces]face
	guess   [guessRows][guessColumns]uint8 // the face of the middle of a patch of the globe: where to start looking
	doubles [2][49]double                  // by class of the finer resolution: even, odd
	tops    [2][16 * 16]top                // by resolution 0 or 1
}

// theGrid is built when the first cell is asked for, in about 10 ms.
var theGrid = sync.OnceValue(buildGrid)

func buildGrid() *grid {
	g := new(grid)
	g.buildFaces()
	for row := range guessRows {
		for column := range guessColumns {
			lat := (float64(row)+.5)*180/guessRows - 90
			lon := (float64(column)+.5)*360/guessColumns - 180
			g.guess[row][column] = uint8(g.nearest(towards(lon, lat)))
		}
	}
	g.buildSteps()
	g.learn()
	return g
}

// nearest returns the face that a unit vector is on.
func (g *grid) nearest(p vector) int {
	best := 0
	for f := range g.faces {
		if g.faces[f].center.dot(p) > g.faces[best].center.dot(p) {
			best = f
		}
	}
	return best
}

// buildFaces finds the faces as the triples of neighbouring vertices; the vertices are the twelve pentagons' centres.
func (g *grid) buildFaces() {
	pentagons, err := h3.Pentagons(0)
	if err != nil || len(pentagons) != 12 {
		panic("hex: the H3 library does not have twelve pentagons")
	}
	vertices := make([]vector, len(pentagons))
	for i, pentagon := range pentagons {
		at := Center(uint64(pentagon))
		vertices[i] = towards(at.Lon(), at.Lat())
	}
	adjacent := func(a, b int) bool { return vertices[a].dot(vertices[b]) > .4 } // 1/√5, else negative
	next := 0
	for a := range vertices {
		for b := a + 1; b < len(vertices); b++ {
			for c := b + 1; c < len(vertices); c++ {
				if adjacent(a, b) && adjacent(b, c) && adjacent(a, c) {
					g.faces[next] = newFace(vertices[a], vertices[b], vertices[c])
					next++
				}
			}
		}
	}
	for f := range g.faces {
		found := 0
		for n := range g.faces {
			if cos := g.faces[f].center.dot(g.faces[n].center); n != f && cos > .7 { // √5/3, else at most 1/3
				g.faces[f].near[found] = n
				found++
			}
		}
	}
}

func newFace(a, b, c vector) face {
	f := face{center: a.plus(b, 1).plus(c, 1).unit(), vertices: [3]vector{a, b, c}}
	x := a.plus(f.center, -a.dot(f.center)).unit()
	y := f.center.cross(x)
	scale := resUnit
	for res := range f.axes {
		sin, cos := 0., 1.
		if res%2 == 1 {
			sin, cos = math.Sincos(turn)
		}
		turnedX := vector{}.plus(x, cos*scale).plus(y, sin*scale)
		turnedY := vector{}.plus(x, -sin*scale).plus(y, cos*scale)
		j := vector{}.plus(turnedY, 2/math.Sqrt(3))
		f.axes[res] = [2]vector{turnedX.plus(j, .5), j}
		scale *= math.Sqrt(7)
	}
	for i := range f.bases {
		for j := range f.bases[i] {
			f.bases[i][j].turns = [7]uint8{unseen, unseen, unseen, unseen, unseen, unseen, unseen}
		}
	}
	return f
}

// learn asks the C library for cells of resolution 2 all over each face.
func (g *grid) learn() {
	const steps, res = 48, 2
	for f := range g.faces {
		v := g.faces[f].vertices
		for a := 1; a < steps; a++ {
			for b := 1; a+b < steps; b++ {
				p := vector{}.plus(v[0], float64(a)).plus(v[1], float64(b)).plus(v[2], float64(steps-a-b)).unit()
				lat, lon := math.Asin(p.z)/radian, math.Atan2(p.y, p.x)/radian
				if at, t, digits := g.locate(lon, lat, res); t.known && at == f {
					g.faces[f].bases[t.i][t.j].observe(digits, reference(lon, lat, res), res)
				}
			}
		}
	}
}

// observe notes that the C library gives the lattice cell with these digits this name.
func (b *base) observe(digits, cell uint64, res int) {
	b.known, b.cell = true, uint8(cell>>baseShift&127)
	if digits == 0 {
		return
	}
	want := cell & digitMask >> (digitBits * (MaxResolution - res))
	for turns := range uint8(6) {
		if turned(digits, turns) != want {
			continue
		}
		b.turns[leadingDigit(digits)] = turns
		if !pentagonBase(int(b.cell)) {
			b.turns = [7]uint8{turns, turns, turns, turns, turns, turns, turns}
		}
	}
}
