package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

const communeCount = 300

// Paths of the upper areas.
const (
	PathCountry     = "demo"
	PathRegion      = "demo.99"
	PathDepartement = "demo.99.990"
)

// Commune is one of the communes, which divide the territory without gap or overlap.
type Commune struct {
	Code       string // 99001 and on, by name
	Name       string
	Population int
	Centre     orb.Point // of the town: the node of the same index
	Boundary   orb.Polygon
	AreaKm2    float64

	seed   int32 // its number on the ground
	centre xy
	rank   int // by population, from 1
}

// Path is the commune's path in the tree of areas.
func (c *Commune) Path() string { return PathDepartement + "." + c.Code }

// settle names and peoples the communes. Populations follow Zipf's law; the eight largest towns are far apart.
func (t *Territory) settle(r *rand.Rand) {
	communes := make([]Commune, communeCount)
	names := newNames(r)
	for i, cell := range t.ground.seeds {
		c := &communes[i]
		c.seed, c.centre = int32(i), t.ground.cells[cell].centre()
		c.Centre, c.Boundary = c.centre.point(), t.ground.polygon(int32(i))
		for _, member := range t.ground.members[i] {
			c.AreaKm2 += t.ground.areas[member] / 1e6
		}
	}
	for rank, i := range ranked(communes, r) {
		c := &communes[i]
		c.rank = rank + 1
		c.Population = int(68000 * math.Pow(float64(c.rank), -0.95) * (0.9 + 0.2*r.Float64()))
		c.Name = names.next(c.Population)
	}
	slices.SortFunc(communes, func(a, b Commune) int { return strings.Compare(geoName(a.Name), geoName(b.Name)) })
	numbers := make([]int32, communeCount) // from the number on the ground to that in the list
	for i := range communes {
		communes[i].Code = fmt.Sprintf("99%03d", i+1)
		numbers[communes[i].seed] = int32(i)
	}
	t.Communes, t.ground.numbers = communes, numbers
}

// geoName is what a name is sorted by.
func geoName(name string) string {
	return strings.NewReplacer("É", "E", "é", "e", "è", "e", "ê", "e", "â", "a", "-", " ").Replace(name)
}

// ranked orders the communes by size: first the one in the middle, then seven far apart, then the others at random.
func ranked(communes []Commune, r *rand.Rand) []int {
	order := r.Perm(len(communes))
	slices.SortStableFunc(order, func(a, b int) int {
		middle := xy{6000, 0}
		near := func(i int) bool { return communes[i].centre.to(middle) < 4000 }
		switch {
		case near(a) == near(b):
			return 0
		case near(a):
			return -1
		}
		return 1
	})
	chosen, apart := order[:1:1], 24000.0
	for len(chosen) < 8 {
		for _, i := range order {
			close := slices.ContainsFunc(chosen, func(c int) bool { return communes[c].centre.to(communes[i].centre) < apart })
			if !close && len(chosen) < 8 {
				chosen = append(chosen, i)
			}
		}
		apart *= 0.9
	}
	for _, i := range order {
		if !slices.Contains(chosen[:8], i) {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// CommuneAt returns the index of the commune that holds the position, or -1.
func (t *Territory) CommuneAt(p orb.Point) int {
	return t.communeAt(plane(p))
}

func (t *Territory) communeAt(p xy) int {
	cell := t.ground.cellAt(p)
	if cell < 0 {
		return -1
	}
	return int(t.ground.numbers[t.ground.owner[cell]])
}

// Areas are the country, the région and the département, one geometry for the three, and the communes.
func (t *Territory) Areas() []*geoengine.Area {
	whole := orb.MultiPolygon{t.Outline}
	areas := []*geoengine.Area{
		{Path: PathCountry, Level: "country", Code: "demo", Name: "Territoire de démonstration (fictif)", Geometry: whole},
		{Path: PathRegion, Level: "region", Code: "99", Name: "Région des Atterrages (fictive)", Geometry: whole},
		{Path: PathDepartement, Level: "departement", Code: "990", Name: "Valmarne (département fictif)", Geometry: whole},
	}
	for i := range t.Communes {
		c := &t.Communes[i]
		areas = append(areas, &geoengine.Area{Path: c.Path(), Level: "commune", Code: c.Code, Name: c.Name, Geometry: orb.MultiPolygon{c.Boundary}})
	}
	return areas
}
