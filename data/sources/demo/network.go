package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"vigie/geoengine/road"
)

// osmClass is the class of a road in the words of package road.
func (r *Road) osmClass() road.Class {
	switch r.Class {
	case Motorway:
		return road.Motorway
	case National:
		return road.Primary
	case Departmental:
		return road.Secondary
	case Communal:
	}
	if strings.HasPrefix(r.Name, "Rue ") {
		return road.Residential
	}
	return road.Unclassified
}

// Sections are the roads as sections of a network, open in both directions, with the nodes as junctions.
func (t *Territory) Sections() []*road.Section {
	sections := make([]*road.Section, len(t.Roads))
	for i := range t.Roads {
		r := &t.Roads[i]
		s := &road.Section{
			Ref: "road-" + strconv.Itoa(i+1), From: int64(r.From), To: int64(r.To), Line: r.Line, Class: r.osmClass(),
			Forward: true, Backward: true, SpeedForward: uint8(r.SpeedLimit), SpeedBackward: uint8(r.SpeedLimit),
			BuiltUp: road.No, Lit: road.No, Lanes: 2,
		}
		if r.BuiltUp {
			s.BuiltUp, s.Lit = road.Yes, road.Yes
		}
		if s.Class == road.Motorway {
			s.Lanes = 4
		}
		if s.Class == road.Residential {
			s.Name = r.Name
		} else {
			s.Number = r.Name
		}
		sections[i] = s
	}
	return sections
}

// The distances in metres between places to stand, on average, by class of road; streets have none but car parks.
const (
	layByEveryM    = 7_000
	restAreaEveryM = 22_000
	beside         = 14 // from the middle of the carriageway
)

// Sites are the places beside the roads with room to stop vehicles: lay-bys, rest areas, and a car park or more in each
// town.
func (t *Territory) Sites() []*road.Site {
	b := siteBuilder{t: t, r: t.random(purposeSites)}
	for i := range t.Roads {
		switch t.Roads[i].Class {
		case Motorway:
			b.along(i, restAreaEveryM, road.RestArea)
		case National, Departmental:
			b.along(i, layByEveryM, road.LayBy)
		case Communal:
		}
	}
	roads := t.incident()
	for i := range t.Communes {
		for n := range 1 + t.Communes[i].Population/4000 {
			if len(roads[i]) > 0 {
				b.carPark(i, roads[i][n%len(roads[i])], n)
			}
		}
	}
	return b.sites
}

type siteBuilder struct {
	t     *Territory
	r     *rand.Rand
	sites []*road.Site
}

// along puts sites beside a road, one every so many metres on average.
func (b *siteBuilder) along(i int, every float64, kind road.SiteKind) {
	r := &b.t.Roads[i]
	for at := b.r.ExpFloat64() * every; at < r.LengthM; at += every/2 + b.r.ExpFloat64()*every/2 {
		lit := road.No
		if kind == road.RestArea {
			lit = road.Yes
		} else if b.r.Float64() < 0.3 {
			lit = road.Unknown // nobody has mapped it
		}
		b.add(kind, r, at, lit, fmt.Sprintf("Aire de %s", pick(b.r, placesToStop[:])))
	}
}

// carPark puts a car park beside a road that leaves the middle of a town.
func (b *siteBuilder) carPark(commune, i, n int) {
	r := &b.t.Roads[i]
	away := math.Min(60+100*b.r.Float64(), r.LengthM/2)
	if r.From != commune {
		away = r.LengthM - away
	}
	lit := road.Yes
	if b.r.Float64() < 0.25 {
		lit = road.Unknown
	}
	name := [...]string{"de la mairie", "de la gare", "du stade", "de la salle des fêtes", "du marché"}[n%5]
	b.add(road.CarPark, r, away, lit, "Parking "+name+", "+b.t.Communes[commune].Name)
}

func (b *siteBuilder) add(kind road.SiteKind, r *Road, along float64, lit road.Known, name string) {
	here, ahead := r.at(along), r.at(math.Min(along+5, r.LengthM))
	if here == ahead {
		ahead = here.plus(here).plus(r.at(math.Max(along-5, 0)).times(-1))
	}
	way := turned(here, ahead, -math.Pi/2) // to the right
	at := here.plus(way.times(beside / math.Max(math.Hypot(way.x, way.y), 1e-9)))
	if b.t.communeAt(at) < 0 {
		return
	}
	b.sites = append(b.sites, &road.Site{
		Ref: "site-" + strconv.Itoa(len(b.sites)+1), Kind: kind, Name: name, Position: at.point(), Lit: lit,
		AreaM2: math.Round(200 + 1200*b.r.Float64()),
	})
}
