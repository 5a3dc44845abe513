package emergency

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"vigie/data"
	"vigie/geoengine"
)

// Operations are how many operations a commune had in a year.
type Operations struct {
	Commune string // INSEE code
	Name    string
	Year    int
	N       int
}

// Coverage says which stations answered the calls of a commune: the shares that the service publishes, and of how many
// operations they are.
type Coverage struct {
	Commune string // INSEE code
	Name    string
	Of      int // operations
	Shares  []Share
}

// Share is a station's part in a commune: above 0, at most 1.
type Share struct {
	Station string // code: EVRY
	Share   float64
}

// Sector is the territory that a station covers first.
type Sector struct {
	Station     string      // code: EVRY
	Departement string      // 91
	Polygon     orb.Polygon // WGS 84, longitude, latitude
}

// Tables are what the files of the service hold. Each is in the order of its file.
type Tables struct {
	Operations []Operations
	Coverage   []Coverage
	Sectors    []Sector
}

// Essonne reads the three tables of the fire and rescue service of the Essonne from any of their files; a file that holds
// none of them is ErrInvalid. A table that is wrong anywhere
// is refused as a whole, with the file and the row: shares that do not sum to 1 would give wrong counts everywhere.
func Essonne(ctx context.Context, in data.Input) (*Tables, error) {
	t := &Tables{}
	for _, file := range in.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := t.file(file); err != nil {
			return nil, err
		}
	}
	return t, t.agree()
}

func (t *Tables) file(file data.File) error {
	r, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read from
	s, err := parseScript(r, file.Name)
	if err != nil {
		return err
	}
	o, ok := s.value.(object)
	if !ok {
		return fmt.Errorf("read %s: var %.40s is not an object: %w", file.Name, s.name, geoengine.ErrInvalid)
	}
	if _, one := o.get("columns"); !one {
		return t.years(file.Name, o)
	}
	grid, err := newGrid(file.Name, o)
	if err != nil {
		return err
	}
	switch {
	case slices.Equal(grid.columns, []string{"geom"}):
		return t.sectors(grid)
	case grid.index("ope_code_insee") >= 0 && grid.index("somme") >= 0:
		return t.coverage(grid)
	case grid.index("nb_ope") >= 0:
		return t.operations(grid)
	}
	return fmt.Errorf("read %s: the columns are neither those of operations (nb_ope), of coverage (somme) nor of sectors (geom): %w", file.Name, geoengine.ErrInvalid)
}

// agree checks what one table says of another, and that nothing stands twice.
func (t *Tables) agree() error {
	known := map[string]bool{}
	for i := range t.Sectors {
		if known[t.Sectors[i].Station] {
			return fmt.Errorf("sdis91: the sector of %s stands twice: %w", t.Sectors[i].Station, geoengine.ErrInvalid)
		}
		known[t.Sectors[i].Station] = true
	}
	communes := map[string]bool{}
	for i := range t.Coverage {
		c := &t.Coverage[i]
		if communes[c.Commune] {
			return fmt.Errorf("sdis91: the shares of commune %s stand twice: %w", c.Commune, geoengine.ErrInvalid)
		}
		communes[c.Commune] = true
		for _, s := range c.Shares {
			if len(t.Sectors) > 0 && !known[s.Station] {
				return fmt.Errorf("sdis91: commune %s is covered by %s, which has no sector: %w", c.Commune, s.Station, geoengine.ErrInvalid)
			}
		}
	}
	counted := map[string]bool{}
	for _, o := range t.Operations {
		key := fmt.Sprint(o.Commune, " ", o.Year)
		if counted[key] {
			return fmt.Errorf("sdis91: the operations of commune %s in %d stand twice: %w", o.Commune, o.Year, geoengine.ErrInvalid)
		}
		counted[key] = true
	}
	return nil
}

// years reads one table of operations by year.
func (t *Tables) years(file string, o object) error {
	if len(o) == 0 {
		return fmt.Errorf("read %s: the object is empty: %w", file, geoengine.ErrInvalid)
	}
	for _, year := range o {
		inner, ok := year.value.(object)
		if !ok {
			return fmt.Errorf("read %s: %.40s is not a table: %w", file, year.key, geoengine.ErrInvalid)
		}
		g, err := newGrid(file+" "+year.key, inner)
		if err == nil {
			err = t.operations(g)
		}
		if err != nil {
			return err
		}
		for _, o := range t.Operations[len(t.Operations)-len(g.rows):] {
			if strconv.Itoa(o.Year) != year.key {
				return fmt.Errorf("read %s: a row of %d in the table of %.40s: %w", file, o.Year, year.key, geoengine.ErrInvalid)
			}
		}
	}
	return nil
}

func (t *Tables) operations(g *grid) error {
	for i := range g.rows {
		year, errYear := strconv.Atoi(g.get(i, "ope_annee"))
		n, errN := strconv.Atoi(g.get(i, "nb_ope"))
		o := Operations{g.get(i, "ope_code_insee"), g.get(i, "ope_nom_commune"), year, n}
		if errYear != nil || errN != nil || year < 1900 || year > 2100 || n < 0 || n > 10_000_000 {
			return g.wrong(i, "ope_annee and nb_ope must be a year and a number")
		}
		if !insee(o.Commune) {
			return g.wrong(i, "ope_code_insee must be five digits")
		}
		t.Operations = append(t.Operations, o)
	}
	return nil
}

func (t *Tables) coverage(g *grid) error {
	for i := range g.rows {
		c := Coverage{Commune: g.get(i, "ope_code_insee"), Name: g.get(i, "ope_nom_commune")}
		var err error
		if c.Of, err = strconv.Atoi(g.get(i, "somme")); err != nil || c.Of < 0 || !insee(c.Commune) {
			return g.wrong(i, "ope_code_insee must be five digits and somme a number")
		}
		sum := 0.0
		for k, column := range g.columns {
			if column == "ope_nom_commune" || column == "ope_code_insee" || column == "somme" {
				continue
			}
			share, err := strconv.ParseFloat(g.rows[i][k], 64)
			if err != nil || !(share >= 0 && share <= 100) || !stationCode(column) {
				return g.wrong(i, column+" must be the code of a station with a share of 0 to 100")
			}
			if sum += share; share > 0 {
				c.Shares = append(c.Shares, Share{column, share / 100})
			}
		}
		if math.Abs(sum-100) > 0.01 {
			return g.wrong(i, fmt.Sprintf("the shares sum to %.4g, not to 100", sum))
		}
		t.Coverage = append(t.Coverage, c)
	}
	return nil
}

// feature is a row of the table of sectors: GeoJSON whose numbers are strings.
type feature struct {
	Geometry struct {
		Type        string        `json:"type"`
		Coordinates [][][2]string `json:"coordinates"`
	} `json:"geometry"`
	Properties struct {
		Code        string `json:"CS_COD"`
		Departement string `json:"codeDepartement"`
	} `json:"properties"`
}

func (t *Tables) sectors(g *grid) error {
	for i := range g.rows {
		var f feature
		if err := json.Unmarshal([]byte(g.rows[i][0]), &f); err != nil {
			return g.wrong(i, "is not GeoJSON: "+err.Error())
		}
		if f.Geometry.Type != "Polygon" || !stationCode(f.Properties.Code) {
			return g.wrong(i, "must be a Polygon whose CS_COD is the code of a station")
		}
		polygon, err := polygon(f.Geometry.Coordinates)
		if err != nil {
			return g.wrong(i, err.Error())
		}
		t.Sectors = append(t.Sectors, Sector{f.Properties.Code, f.Properties.Departement, polygon})
	}
	return nil
}

// polygon reads rings of at least four points, closed, in degrees.
func polygon(rings [][][2]string) (orb.Polygon, error) {
	if len(rings) == 0 {
		return nil, fmt.Errorf("has no ring: %w", geoengine.ErrInvalid)
	}
	var p orb.Polygon
	for _, points := range rings {
		var ring orb.Ring
		for _, xy := range points {
			x, errX := strconv.ParseFloat(xy[0], 64)
			y, errY := strconv.ParseFloat(xy[1], 64)
			if errX != nil || errY != nil || geoengine.CheckPosition(orb.Point{x, y}) != nil {
				return nil, fmt.Errorf("%.40q, %.40q are not degrees: %w", xy[0], xy[1], geoengine.ErrInvalid)
			}
			ring = append(ring, orb.Point{x, y})
		}
		if len(ring) < 4 || !ring.Closed() || geo.Area(ring) == 0 {
			return nil, fmt.Errorf("a ring has less than four points, is not closed or is empty: %w", geoengine.ErrInvalid)
		}
		p = append(p, ring)
	}
	return p, nil
}

// readStations is the Read of the source: the stations as units. They have no position: the service publishes their
// sectors only.
func readStations(ctx context.Context, in data.Input) iter.Seq2[data.Record, error] {
	return func(yield func(data.Record, error) bool) {
		for _, file := range in.Files {
			t, err := Essonne(ctx, data.Input{Files: []data.File{file}})
			if err != nil {
				yield(data.Record{}, err)
				return
			}
			for i := range t.Sectors {
				s := &t.Sectors[i]
				unit := &geoengine.Unit{
					Ref: s.Station, Name: "Centre de secours " + s.Station, Kind: "fire.station",
					Attributes: geoengine.Attributes{
						{Key: "departement", Value: s.Departement}, {Key: "position_note", Value: "missing"},
						{Key: "sector_km2", Value: strconv.FormatFloat(geo.Area(s.Polygon)/1e6, 'f', 1, 64)},
					}.Normalise(),
				}
				if !yield(data.Record{At: data.Position{File: file.Name, Line: int64(i + 1)}, Unit: unit}, nil) {
					return
				}
			}
		}
	}
}
