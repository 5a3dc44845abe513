package firestations

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/planar"

	"vigie/geoengine"
)

// place is what calls are counted for.
type place struct {
	ID    string // source/ref of a station, or the path of a commune
	Label string
	Area  string // path of the deepest area that is known to hold it; ""
	Point *orb.Point
}

const (
	selectStations = `
		select s.name || '/' || u.ref, u.name, u.area, st_x(u.geom), st_y(u.geom)
		from unit u join source s on s.id = u.source
		where u.kind = 'fire.station' or u.kind like 'fire.station.%'
		order by 1`
	selectSectors = `select source || '/' || station, st_asbinary(geom) from firestations_sector order by 1`
	selectShares  = `select commune, source || '/' || station, share from firestations_share order by 1, 2`
	selectNames   = `select path, name, st_x(p), st_y(p) from (select path, name, st_pointonsurface(geom) p from area where path = any($1)) a order by 1`
)

// stations are what is known of who answers where.
type stations struct {
	units   map[string]place
	sectors []sector
	shares  map[string][]share // by INSEE code
}

type sector struct {
	station string
	polygon orb.Polygon
	box     orb.Bound
}

type share struct {
	station string
	share   float64
}

func loadStations(ctx context.Context, store *geoengine.Store) (*stations, error) {
	s := &stations{units: map[string]place{}, shares: map[string][]share{}}
	err := each(ctx, store, selectStations, nil, func(rows pgx.Rows) error {
		var p place
		var lon, lat *float64
		if err := rows.Scan(&p.ID, &p.Label, &p.Area, &lon, &lat); err != nil {
			return err
		}
		if lon != nil && lat != nil {
			p.Point = &orb.Point{*lon, *lat}
		}
		s.units[p.ID] = p
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the stations: %w", err)
	}
	if err := each(ctx, store, selectSectors, nil, s.addSector); err != nil {
		return nil, fmt.Errorf("read the sectors: %w", err)
	}
	err = each(ctx, store, selectShares, nil, func(rows pgx.Rows) error {
		var commune string
		var one share
		if err := rows.Scan(&commune, &one.station, &one.share); err != nil {
			return err
		}
		s.shares[commune] = append(s.shares[commune], one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the shares of communes: %w", err)
	}
	return s, nil
}

func (s *stations) addSector(rows pgx.Rows) error {
	var one sector
	var shape []byte
	if err := rows.Scan(&one.station, &shape); err != nil {
		return err
	}
	geometry, err := wkb.Unmarshal(shape)
	if err != nil {
		return err
	}
	var ok bool
	if one.polygon, ok = geometry.(orb.Polygon); !ok {
		return fmt.Errorf("the sector of %s is a %s", one.station, geometry.GeoJSONType())
	}
	one.box = one.polygon.Bound()
	s.sectors = append(s.sectors, one)
	return nil
}

// each runs a query for its rows.
func each(ctx context.Context, store *geoengine.Store, sql string, args []any, do func(pgx.Rows) error) error {
	rows, err := store.Pool.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// named is the id of the station that a call names: the attribute as it is where it holds a source (source/ref), else with
// the source of the call before it.
func named(source, attribute string) string {
	if attribute == "" || strings.Contains(attribute, "/") {
		return attribute
	}
	return source + "/" + attribute
}

// covering is the station that covers a call which names none: that in whose sector it lies; else, by the shares of its
// commune, a draw that is fixed by the identity of the call, so that it falls the same way each time. "" if nothing is
// known.
func (s *stations) covering(source, ref, area string, at *orb.Point) string {
	if at != nil {
		for i := range s.sectors {
			if s.sectors[i].box.Contains(*at) && planar.PolygonContains(s.sectors[i].polygon, *at) {
				return s.sectors[i].station
			}
		}
	}
	list := s.shares[insee(area)]
	if len(list) == 0 {
		return ""
	}
	draw := chance(source + "/" + ref)
	for _, one := range list {
		if draw -= one.share; draw < 0 {
			return one.station
		}
	}
	return list[len(list)-1].station
}

// insee is the code of the commune that an area path of France ends with.
func insee(area string) string {
	const communeDots = 3
	if !strings.HasPrefix(area, "fr.") || strings.Count(area, ".") < communeDots {
		return ""
	}
	return strings.ToUpper(strings.Split(area, ".")[communeDots])
}

// chance is a number from 0 to below 1 that an identity always has: the upper bits of FNV-1a, mixed (the finaliser of
// MurmurHash3), because alike identities have alike hashes.
func chance(identity string) float64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(identity)) // never fails
	x := binary.BigEndian.Uint64(hash.Sum(nil))
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// common is the deepest area that holds both; "" if none does.
func common(a, b string) string {
	for a != "" && !geoengine.Within(b, []string{a}) {
		a = a[:max(strings.LastIndexByte(a, '.'), 0)]
	}
	return a
}
