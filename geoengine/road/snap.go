package road

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// SnapOptions say what to snap to. Zero fields do not restrict, but WithinM is 100 m if zero.
type SnapOptions struct {
	WithinM   float64  // farthest edge
	SigmaM    float64  // standard error of the position; 15 m if zero
	Heading   *float64 // degrees clockwise from north, if the direction of travel is known
	Name      string   // of the road, as the source of the position has it; an agreeing edge gains
	MaxClass  Class    // least rank accepted; zero accepts all
	Driveable bool     // only edges from which one can go on: not in small disconnected parts
}

const (
	snapWithinM = 100
	snapSigmaM  = 15
	// offNetwork is the probability, before looking, that a position belongs to no road of the network.
	offNetwork = 0.02
	// headingSigma is the standard error of a heading in radians, and headingWrong how often it tells nothing.
	headingSigma = 20 * math.Pi / 180
	headingWrong = 0.05
)

// Snap is the most probable place of a position on the network; false if no edge that is accepted lies within reach.
func (g *Graph) Snap(p orb.Point, o SnapOptions) (Spot, bool) {
	spots := g.SnapAll(p, o)
	if len(spots) == 0 {
		return Spot{}, false
	}
	return spots[0], true
}

// SnapAll are the places on the network that a position may belong to, the most probable first; their confidences sum to
// less than 1, the rest being that it belongs to no road of the network.
//
// The confidence is the probability by Bayes' rule if positions come from points spread evenly along all accepted roads and
// are moved by a Gaussian error of SigmaM east and north: the integral of the error's density along each road. A heading
// weighs with a Gaussian of 20°, wrong once in twenty; a name with how often names agree on the right road and on others. With a heading, the directions of a
// road come apart; without, the spot is on its forward edge and the confidence is that of both directions together.
func (g *Graph) SnapAll(p orb.Point, o SnapOptions) []Spot {
	o.WithinM, o.SigmaM = cmp.Or(o.WithinM, snapWithinM), cmp.Or(o.SigmaM, snapSigmaM)
	if !(o.WithinM > 0 && o.SigmaM > 0 && math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return nil
	}
	local := planeAt(p)
	var found []candidate
	total := 0.0 // metres of road within reach
	g.index.search(local.box(o.WithinM), func(i int) {
		e := g.edgeOf(int32(i))
		s := &g.sections[i]
		if o.MaxClass != 0 && s.Class > o.MaxClass || o.Driveable && !g.driveable(e) {
			return
		}
		if c := local.project(s.Line, o.WithinM, o.SigmaM); c.distance <= o.WithinM {
			c.section = int32(i)
			total += c.within
			c.weight += agreement(o.Name, s)
			found = append(found, c)
		}
	})
	if len(found) == 0 {
		return nil
	}
	return g.weigh(o, found, total)
}

// weigh makes spots of candidates.
func (g *Graph) weigh(o SnapOptions, found []candidate, total float64) []Spot {
	var spots []Spot
	for i := range found {
		c := &found[i]
		e := g.edgeOf(c.section)
		along := min(c.along(g.sections[c.section].Line), g.metres[c.section])
		spot := Spot{Edge: e, AlongM: g.flip(e, along), Position: at(g.sections[c.section].Line, along), DistanceM: c.distance, Confidence: c.weight}
		if o.Heading == nil {
			spots = append(spots, spot)
			continue
		}
		for back, e := range g.both[c.section] {
			if e != NoEdge {
				spot.Edge, spot.AlongM = e, g.flip(e, along)
				spot.Confidence = c.weight + heading(*o.Heading, c.heading+float64(back)*math.Pi)
				if g.twin[e] != NoEdge {
					spot.Confidence -= math.Ln2
				}
				spots = append(spots, spot)
			}
		}
	}
	// Until here confidences are logarithms: of densities per square metre, times the metres of road.
	none := math.Log(offNetwork/(1-offNetwork)) + math.Log(max(total, 1)/(math.Pi*o.WithinM*o.WithinM))
	if o.Heading != nil {
		none -= math.Log(2 * math.Pi)
	}
	highest := none
	for i := range spots {
		highest = max(highest, spots[i].Confidence)
	}
	sum := math.Exp(none - highest)
	for i := range spots {
		spots[i].Confidence = math.Exp(spots[i].Confidence - highest)
		sum += spots[i].Confidence
	}
	for i := range spots {
		spots[i].Confidence /= sum
	}
	slices.SortStableFunc(spots, func(a, b Spot) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.Edge, b.Edge))
	})
	return spots
}

// nearest is the nearest place on the network within some metres, alone by distance.
func (g *Graph) nearest(p orb.Point, within float64, driveable bool) (Spot, bool) {
	best := Spot{Edge: NoEdge}
	for _, s := range g.SnapAll(p, SnapOptions{WithinM: within, Driveable: driveable}) {
		if best.Edge == NoEdge || s.DistanceM < best.DistanceM {
			best = s
		}
	}
	return best, best.Edge != NoEdge
}

// candidate is a section within reach of a position.
type candidate struct {
	section  int32
	distance float64
	segment  int     // of the line, on which the nearest point lies
	share    float64 // of that segment before it
	heading  float64 // of that segment, radians clockwise from north
	weight   float64 // logarithm of the density of the position, were it on the section
	within   float64 // metres of the section within reach
}

// along is the length along the line up to the nearest point.
func (c *candidate) along(line orb.LineString) float64 {
	return Length(line[:c.segment+1]) + c.share*Distance(line[c.segment], line[c.segment+1])
}

// project finds the point of a line nearest to the origin, and the density of the origin under a Gaussian error from all
// points of the line.
func (l plane) project(line orb.LineString, within, sigma float64) candidate {
	best := candidate{distance: math.Inf(1), weight: math.Inf(-1)}
	x0, y0 := l.xy(line[0])
	for i := 1; i < len(line); i++ {
		x1, y1 := l.xy(line[i])
		dx, dy := x1-x0, y1-y0
		length := math.Hypot(dx, dy)
		share, begin, off := 0.0, 0.0, math.Hypot(x0, y0)
		if length > 0 {
			begin = (x0*dx + y0*dy) / length // of the segment, from the foot of the perpendicular
			off = math.Abs(x0*dy-y0*dx) / length
			share = min(max(-begin/length, 0), 1)
		}
		distance := math.Hypot(x0+share*dx, y0+share*dy)
		if distance < best.distance {
			best.distance, best.segment, best.share, best.heading = distance, i-1, share, math.Atan2(dx, dy)
		}
		if off < within {
			half := math.Sqrt(within*within - off*off)
			best.within += max(min(begin+length, half)-max(begin, -half), 0)
		}
		best.weight = logSum(best.weight, density(begin, max(length, 0.001), off, sigma))
		x0, y0 = x1, y1
	}
	return best
}

// density is the logarithm of the integral of a Gaussian density in the plane (standard deviation sigma in each direction)
// along a segment that begins at a length from the foot of the perpendicular of length off.
func density(begin, length, off, sigma float64) float64 {
	a, b := begin/(sigma*math.Sqrt2), (begin+length)/(sigma*math.Sqrt2)
	if b < 0 {
		a, b = -b, -a
	}
	scale := -off*off/(2*sigma*sigma) - math.Log(2*math.Sqrt(2*math.Pi)*sigma)
	if a <= 0 {
		return scale + math.Log(math.Erf(b)-math.Erf(a))
	}
	rest := scaledErfc(a)
	if d := a*a - b*b; d > -700 {
		rest -= math.Exp(d) * scaledErfc(b)
	}
	return scale - a*a + math.Log(max(rest, math.SmallestNonzeroFloat64))
}

// scaledErfc is exp(x²) erfc(x) for x ≥ 0, by its asymptotic series where the factors leave the range of numbers
// (Abramowitz and Stegun 7.1.23).
func scaledErfc(x float64) float64 {
	if x < 20 {
		return math.Exp(x*x) * math.Erfc(x)
	}
	return (1 - 1/(2*x*x)) / (x * math.Sqrt(math.Pi))
}

// logSum is the logarithm of the sum of two numbers given by theirs.
func logSum(a, b float64) float64 {
	high, low := max(a, b), min(a, b)
	if math.IsInf(high, -1) {
		return high
	}
	return high + math.Log1p(math.Exp(low-high))
}

// heading is the logarithm of the density of a measured heading in degrees, were the true one some radians.
func heading(degrees, radians float64) float64 {
	d := math.Remainder(degrees*math.Pi/180-radians, 2*math.Pi)
	return math.Log((1-headingWrong)*math.Exp(-d*d/(2*headingSigma*headingSigma))/(headingSigma*math.Sqrt(2*math.Pi)) + headingWrong/(2*math.Pi))
}
