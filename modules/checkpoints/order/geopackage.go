package order

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// geoPackage makes the tables of OGC GeoPackage 1.3 (12-128r17) and the two layers of an order.
const geoPackage = `
	pragma application_id = 1196444487;
	pragma user_version = 10300;
	create table gpkg_spatial_ref_sys (srs_name text not null, srs_id integer primary key, organization text not null,
		organization_coordsys_id integer not null, definition text not null, description text);
	insert into gpkg_spatial_ref_sys values
		('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined cartesian coordinate reference system'),
		('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
		('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]', 'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid');
	create table gpkg_contents (table_name text not null primary key, data_type text not null, identifier text unique,
		description text default '', last_change datetime not null, min_x double, min_y double, max_x double, max_y double,
		srs_id integer references gpkg_spatial_ref_sys(srs_id));
	create table gpkg_geometry_columns (table_name text not null references gpkg_contents(table_name), column_name text not null,
		geometry_type_name text not null, srs_id integer not null references gpkg_spatial_ref_sys(srs_id), z tinyint not null,
		m tinyint not null, primary key (table_name, column_name));
	create table posts (fid integer primary key autoincrement not null, geom point, post text not null, unit text not null,
		unit_name text not null, team integer not null, site text not null, site_name text not null, site_status text not null,
		lit text not null, arrive datetime not null, leave datetime not null, held_minutes integer not null,
		travel_seconds integer not null);
	create table units (fid integer primary key autoincrement not null, geom point, unit text not null, name text not null);`

const (
	insertContents = `insert into gpkg_contents values (?1, 'features', ?1, ?2, ?3, ?4, ?5, ?6, ?7, 4326)`
	insertGeometry = `insert into gpkg_geometry_columns values (?1, 'geom', 'POINT', 4326, 0, 0)`
	insertPost     = `insert into posts (geom, post, unit, unit_name, team, site, site_name, site_status, lit, arrive, leave,
		held_minutes, travel_seconds) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`
	insertUnit = `insert into units (geom, unit, name) values (?1, ?2, ?3)`
)

// gpkgTime is how GeoPackage writes instants: UTC with milliseconds.
const gpkgTime = "2006-01-02T15:04:05.000Z"

// GeoPackage writes the layers posts and units into a new file at path.
func GeoPackage(path string, o Order) error {
	if err := o.check(); err != nil {
		return err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return fmt.Errorf("write geopackage: %w", err)
	}
	err = o.fill(conn)
	if closed := conn.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write geopackage: %w", err)
	}
	return nil
}

func (o *Order) fill(conn *sqlite.Conn) (err error) {
	if err := sqlitex.ExecuteScript(conn, geoPackage, nil); err != nil {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	posts, units := orb.MultiPoint{}, orb.MultiPoint{}
	for i := range o.Plan.Posts {
		post := &o.Plan.Posts[i]
		f, at := o.fields(post), o.site(post).Position
		posts = append(posts, at)
		if err := execute(conn, insertPost, gpkgPoint(at), f.Post, f.Unit, f.UnitName, f.Team, f.Site, f.SiteName, f.SiteStatus, f.Lit,
			f.Arrive.UTC().Format(gpkgTime), f.Leave.UTC().Format(gpkgTime), f.HeldMinutes, f.TravelSeconds); err != nil {
			return err
		}
	}
	for _, id := range o.unitIDs() {
		units = append(units, o.Units[id].Position)
		if err := execute(conn, insertUnit, gpkgPoint(o.Units[id].Position), id, o.Units[id].Name); err != nil {
			return err
		}
	}
	for _, layer := range []struct {
		name, says string
		points     orb.MultiPoint
	}{{"posts", o.title(), posts}, {"units", o.words().crewTitle, units}} {
		b := layer.points.Bound()
		if err := execute(conn, insertContents, layer.name, layer.says, o.Made.UTC().Format(gpkgTime), b.Min[0], b.Min[1], b.Max[0], b.Max[1]); err != nil {
			return err
		}
		if err := execute(conn, insertGeometry, layer.name); err != nil {
			return err
		}
	}
	return nil
}

func execute(conn *sqlite.Conn, sql string, args ...any) error {
	return sqlitex.Execute(conn, sql, &sqlitex.ExecOptions{Args: args})
}

// gpkgPoint is a point in GeoPackage's binary form: header without envelope, then WKB, little-endian.
func gpkgPoint(p orb.Point) []byte {
	b := []byte{'G', 'P', 0, 1}
	b = binary.LittleEndian.AppendUint32(b, 4326)
	b = append(b, 1, 1, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p.Lon()))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(p.Lat()))
}
