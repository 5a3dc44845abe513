package demo

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"
)

// Config chooses a territory. The zero value is the ordinary one.
type Config struct {
	Seed     uint64  // 0 is 1
	Scale    float64 // of the number of events; 0 is 1
	LastYear int     // events are those of this year and the two before; 0 is 2025
}

func (c Config) filled() Config {
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Scale == 0 {
		c.Scale = 1
	}
	if c.LastYear == 0 {
		c.LastYear = 2025
	}
	return c
}

// Years is how many years of events there are.
const Years = 3

// Territory is the fictional département: everything that is fixed before anything happens, and the truth of what may.
// It is not changed once made, and safe for concurrent use.
type Territory struct {
	Config   Config
	From, To time.Time // local midnights; events begin in [From, To)
	Communes []Commune // in the order of their codes
	Outline  orb.Polygon
	Nodes    []Node // of the road network
	Roads    []Road
	Stations []Station // that answer calls
	// NearRepeat is how a theft brings further ones about.
	NearRepeat NearRepeat

	zone       *time.Location
	ground     *lattice
	components []component
	weather    []string      // of each day from From
	answers    []int         // by commune, that whose stations answer
	stationsIn map[int][]int // indexes in Stations by commune
}

// New makes a territory; the same Config gives the same one to the last bit.
func New(c Config) *Territory {
	c = c.filled()
	t := &Territory{Config: c, zone: paris(), NearRepeat: NearRepeat{Branching: 0.25, MeanDelay: 6 * 24 * time.Hour, SigmaM: 150}}
	t.From = time.Date(c.LastYear-Years+1, 1, 1, 0, 0, 0, 0, t.zone)
	t.To = time.Date(c.LastYear+1, 1, 1, 0, 0, 0, 0, t.zone)
	t.ground = newLattice(t.random(purposeGround))
	t.ground.grow(communeCount, t.random(purposeGrowth))
	t.ground.shape(t.random(purposeVertices))
	t.Outline = t.ground.polygon(-1)
	t.settle(t.random(purposeTowns))
	t.build(t.random(purposeRoads))
	t.components = t.truth(t.random(purposeTruth))
	t.weather = t.drawWeather(t.random(purposeWeather))
	t.assign()
	return t
}

// The purposes of random numbers: each has its own stream, so that a change in one part leaves the others alone.
const (
	purposeGround = iota + 1
	purposeGrowth
	purposeVertices
	purposeTowns
	purposeRoads
	purposeTruth
	purposeWeather
	purposeUnits
	purposeDetails    // + index of the kind
	purposeSites      = 90
	purposeOccurrence = 100 // + index of the component
)

func (t *Territory) random(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(t.Config.Seed, purpose*0x9e3779b97f4a7c15))
}

// paris is the zone of the territory; where the machine knows no zones, central European time all year.
func paris() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.FixedZone("CET", 3600)
	}
	return zone
}

// The centre of the territory in degrees, and metres per degree on the sphere of the Earth's mean radius.
const (
	centreLon, centreLat = -6.5, 46.5
	metresPerDegree      = 6371008.8 * math.Pi / 180
)

// xy is a place in metres east and north of the centre.
type xy struct{ x, y float64 }

func (p xy) to(q xy) float64              { return math.Hypot(q.x-p.x, q.y-p.y) }
func (p xy) plus(q xy) xy                 { return xy{p.x + q.x, p.y + q.y} }
func (p xy) times(f float64) xy           { return xy{p.x * f, p.y * f} }
func (p xy) mix(q xy, f float64) xy       { return xy{p.x + (q.x-p.x)*f, p.y + (q.y-p.y)*f} }
func metresPerLon() float64               { return metresPerDegree * math.Cos(centreLat*math.Pi/180) }
func round(v float64, to float64) float64 { return math.Round(v*to) / to }

// point returns the longitude and latitude, to a millionth of a degree (0.1 m).
func (p xy) point() orb.Point {
	return orb.Point{round(centreLon+p.x/metresPerLon(), 1e6), round(centreLat+p.y/metresPerDegree, 1e6)}
}

func plane(p orb.Point) xy {
	return xy{(p.Lon() - centreLon) * metresPerLon(), (p.Lat() - centreLat) * metresPerDegree}
}

// weigher draws indexes in proportion to weights.
type weigher struct{ sums []float64 }

func newWeigher(n int, weight func(int) float64) weigher {
	w := weigher{make([]float64, n)}
	sum := 0.0
	for i := range n {
		sum += weight(i)
		w.sums[i] = sum
	}
	return w
}

func (w weigher) total() float64 { return w.sums[len(w.sums)-1] }

func (w weigher) draw(r *rand.Rand) int {
	at := r.Float64() * w.total()
	low, high := 0, len(w.sums)-1
	for low < high {
		if mid := (low + high) / 2; w.sums[mid] > at {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// poisson draws a count of small mean.
func poisson(r *rand.Rand, mean float64) int {
	n := 0
	for at := r.ExpFloat64(); at < mean; at += r.ExpFloat64() {
		n++
	}
	return n
}
