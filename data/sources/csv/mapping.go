package csv

import (
	"strings"
	"time"
)

// Mapping says how the rows of a table become events. Its fields are the keys of the YAML file; docs/import.md
// explains each.
type Mapping struct {
	Name      string `yaml:"name"`
	Title     string `yaml:"title"`
	Publisher string `yaml:"publisher"`
	Licence   string `yaml:"licence"`
	URL       string `yaml:"url"`
	Synthetic bool   `yaml:"synthetic"`

	File       Layout           `yaml:"file"`
	Keep       []Condition      `yaml:"keep"`
	Ref        Ref              `yaml:"ref"`
	Group      *Group           `yaml:"group"`
	Time       Times            `yaml:"time"`
	Position   *Place           `yaml:"position"`
	Category   Facts            `yaml:"category"` // the first that gives one
	Severity   Facts            `yaml:"severity"` // the worst that any gives
	Weight     *Weight          `yaml:"weight"`
	Attributes map[string]Facts `yaml:"attributes"`

	from   string // where the mapping came from, for messages
	digest string
	zone   *time.Location
}

// Layout is how the file is written.
type Layout struct {
	Separator string   `yaml:"separator"`  // auto (default), tab, or one character
	Encoding  string   `yaml:"encoding"`   // auto (default), utf-8, latin-1, windows-1252
	Header    string   `yaml:"header"`     // present (default), absent, maybe
	Columns   []string `yaml:"columns"`    // the names, where a header may be absent
	Optional  []string `yaml:"optional"`   // columns named below that some files lack
	ShortRows bool     `yaml:"short_rows"` // rows with fewer fields than the header are accepted
	SkipLines int      `yaml:"skip_lines"` // lines before the header that are no data

	comma rune
}

// Condition is true for a row when all of its set fields hold.
type Condition struct {
	Column string   `yaml:"column"`
	Equals *string  `yaml:"equals"`
	In     []string `yaml:"in"`
	Not    []string `yaml:"not"`
	Like   string   `yaml:"like"`
	Unlike string   `yaml:"unlike"`
	Empty  *bool    `yaml:"empty"`
	Min    *float64 `yaml:"min"`
	Max    *float64 `yaml:"max"`

	like, unlike pattern
}

// Ref is the identity of an event within its source.
type Ref struct {
	Columns   []string `yaml:"columns"`
	Separator *string  `yaml:"separator"` // between several columns; "-" by default
	Hash      bool     `yaml:"hash"`      // of the whole row, where it has no identity
}

// Group joins the rows that have the same ref to one event.
type Group struct {
	Adjacent bool                   `yaml:"adjacent"` // equal refs follow each other
	Rows     string                 `yaml:"rows"`     // attribute that counts the rows
	Counts   map[string][]Condition `yaml:"counts"`   // attributes that count the rows for which all conditions hold
}

// Times is when it happened.
type Times struct {
	Zone     string     `yaml:"zone"`
	Zones    []ZoneRule `yaml:"zones"` // where some rows have another one
	Start    Clock      `yaml:"start"`
	End      *Clock     `yaml:"end"`
	Reported *Clock     `yaml:"reported"`
}

// ZoneRule gives a time zone to the rows for which its conditions hold and whose position is in its box.
type ZoneRule struct {
	When   []Condition `yaml:"when"`
	Within *[4]float64 `yaml:"within"`
	Zone   string      `yaml:"zone"`

	zone *time.Location
}

// Clock is a date and time in one or several columns, which are joined by one blank.
type Clock struct {
	Columns []string `yaml:"columns"`
	Extract string   `yaml:"extract"`
	Formats []string `yaml:"formats"`

	extract pattern
	layouts []layout
}

// Place is where it happened.
type Place struct {
	Lon          string       `yaml:"lon"` // column of the longitude or easting
	Lat          string       `yaml:"lat"` // column of the latitude or northing
	Point        string       `yaml:"point"`
	Order        string       `yaml:"order"` // of point: lon_lat (default; also WKT) or lat_lon
	EPSG         int          `yaml:"epsg"`
	DecimalComma bool         `yaml:"decimal_comma"`
	Scale        float64      `yaml:"scale"`
	Scales       []Scale      `yaml:"scales"`
	Mirrors      []Mirror     `yaml:"mirrors"`
	Within       [][4]float64 `yaml:"within"`
	Outside      string       `yaml:"outside"` // reject (default) or no_position
	Absent       []string     `yaml:"absent"`  // coordinates that mean that there is none
	Precision    float64      `yaml:"precision"`
}

// Scale is a factor for the rows for which its conditions hold.
type Scale struct {
	When       []Condition `yaml:"when"`
	LargerThan float64     `yaml:"larger_than"` // either coordinate, without its sign
	Each       bool        `yaml:"each"`        // only the coordinates that are larger
	Scale      float64     `yaml:"scale"`
}

// Mirror restores a sign that the publisher lost: positions in the box change it.
type Mirror struct {
	From [4]float64 `yaml:"from"` // west, south, east, north of the wrong positions
	Lon  bool       `yaml:"lon"`
	Lat  bool       `yaml:"lat"`
}

// Value is how a text comes from a row.
type Value struct {
	When     []Condition       `yaml:"when"` // the value counts only if all hold
	Constant string            `yaml:"constant"`
	Column   string            `yaml:"column"`
	Empty    []string          `yaml:"empty"`
	Extract  string            `yaml:"extract"`
	Split    string            `yaml:"split"`
	Table    map[string]string `yaml:"table"`
	Match    []Rule            `yaml:"match"`
	Number   *Number           `yaml:"number"`
	Slug     bool              `yaml:"slug"`
	Keep     bool              `yaml:"keep"`
	Prefix   string            `yaml:"prefix"`
	Default  string            `yaml:"default"`

	extract pattern
	table   map[string]string // by comparable value
	empty   map[string]bool
}

// Rule gives a value to what a regular expression matches.
type Rule struct {
	Like  string `yaml:"like"`
	Gives string `yaml:"gives"`

	like pattern
}

// Number reads a number and writes it in one way.
type Number struct {
	DecimalComma bool     `yaml:"decimal_comma"`
	Factor       float64  `yaml:"factor"`
	Decimals     int      `yaml:"decimals"`
	Min          *float64 `yaml:"min"`
	Max          *float64 `yaml:"max"`
}

// Weight is the severity weight of a row: what its severity weighs, unless said otherwise here.
type Weight struct {
	Constant     float64            `yaml:"constant"`
	Sum          map[string]float64 `yaml:"sum"` // column → factor
	DecimalComma bool               `yaml:"decimal_comma"`
}

// Facts are the ways in which the values of one thing come from a row: one Value or a list.
type Facts []Value

// UnmarshalYAML accepts one value or a list of values.
func (f *Facts) UnmarshalYAML(unmarshal func(any) error) error {
	var many []Value
	errMany := unmarshal(&many)
	if errMany == nil {
		*f = many
		return nil
	}
	var one Value
	if err := unmarshal(&one); err != nil {
		if strings.Contains(err.Error(), "sequence") || strings.Contains(err.Error(), "Sequence") {
			return errMany
		}
		return err
	}
	*f = Facts{one}
	return nil
}
