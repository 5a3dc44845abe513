package csv

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"vigie/data"
	"vigie/geoengine"
)

// guessRows is how many rows a guess looks at.
const guessRows = 5000

// fewValues is up to how many different values make a column an attribute.
const fewValues = 40

// guess is what is found out about a file.
type guess struct {
	file       string
	columns    []*column
	rows       int
	date, hour *column
	lon, lat   *column
	point      *column
	ref        *column
}

// column is what the first rows say of a column.
type column struct {
	name     string
	values   []string // that are not empty
	distinct map[string]int
	low      float64 // of the numbers, without the outermost hundredths
	high     float64
	numbers  int
	formats  []string // that together read the values as dates
}

// Guess drafts a mapping for a file from its first rows: a start for a person, who must check every line of it. The
// text is a mapping that Parse accepts. ErrInvalid if the file has no rows or nothing that looks like a date.
func Guess(file data.File) (string, error) {
	g, err := sample(file)
	if err != nil {
		return "", fmt.Errorf("guess a mapping: %w", err)
	}
	g.findDate()
	g.findPlace()
	g.findRef()
	if g.date == nil {
		return "", fmt.Errorf("guess a mapping: %s: none of the columns %s looks like a date: %w", file.Name, g.names(), geoengine.ErrInvalid)
	}
	text := g.draft()
	if _, err := Parse("draft", []byte(text)); err != nil {
		return "", fmt.Errorf("guess a mapping: %w", err)
	}
	return text, nil
}

// sample reads the first rows.
func sample(file data.File) (*guess, error) {
	in, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // it was only read
	g := &guess{file: file.Name}
	for row, err := range data.CSV(in, file.Name, data.CSVOptions{Encoding: "auto", Trim: true, Short: true}) {
		var bad *data.Reject
		if errors.As(err, &bad) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if g.columns == nil {
			for _, name := range row.Header.Names {
				g.columns = append(g.columns, &column{name: name, distinct: map[string]int{}})
			}
		}
		for i, c := range g.columns {
			if text := strings.TrimSpace(row.Fields[i]); text != "" {
				c.values = append(c.values, text)
				c.distinct[text]++
			}
		}
		if g.rows++; g.rows == guessRows {
			break
		}
	}
	if g.rows == 0 {
		return nil, fmt.Errorf("%s: has no rows: %w", file.Name, geoengine.ErrInvalid)
	}
	g.columns = slices.DeleteFunc(g.columns, func(c *column) bool { return c.name == "" })
	for _, c := range g.columns {
		c.measure()
	}
	return g, nil
}

// measure finds the range of the numbers.
func (c *column) measure() {
	var numbers []float64
	for _, text := range c.values {
		if n, ok := number(text, true); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	if c.numbers = len(numbers); c.numbers > 0 {
		edge := c.numbers / 100
		c.low, c.high = numbers[edge], numbers[c.numbers-1-edge]
	}
}

func (g *guess) names() string {
	var names []string
	for _, c := range g.columns {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// dateFormats are tried in this order; of several that read all values the first is taken.
var dateFormats = []string{
	"YYYY-MM-DDTHH:mm:ss.fZ", "YYYY-MM-DDTHH:mm:ssZ", "YYYY-MM-DDT00:00:00.000", "YYYY-MM-DDTHH:mm:ss.f", "YYYY-MM-DDTHH:mm:ss",
	"YYYY-MM-DDTHH:mm", "YYYY-MM-DD HH:mm:ss", "YYYY-MM-DD H:mm", "YYYY-MM-DD", "YYYY/MM/DD HH:mm:ss", "YYYY/MM/DD H:mm", "YYYY/MM/DD",
	"D/M/YYYY H:mm:ss", "D/M/YYYY H:mm", "D/M/YYYY h:mm:ss A", "D/M/YYYY", "M/D/YYYY h:mm:ss A", "M/D/YYYY h:mm A",
	"M/D/YYYY H:mm:ss", "M/D/YYYY H:mm", "M/D/YYYY", "D.M.YYYY H:mm", "D.M.YYYY", "D-M-YYYY", "D/M/YY", "M/D/YY", "YYYYMMDD",
	"D MMM YYYY", "MMM D, YYYY",
}

// hourFormats are those of a column of hours beside a date.
var hourFormats = []string{"H:mm:ss", "H:mm", "h:mm:ss A", "h:mm A", "Hmm", "H"}

var hourName = regexp.MustCompile(`(?i)hour|heure|hora|time|hrmn|uhr|zeit`)

// findDate takes the column that reads as dates, and one of hours beside it if it has none itself.
func (g *guess) findDate() {
	best := 0.7
	for _, c := range g.columns {
		format, share := bestFormat(dateFormats, "", c.values)
		share *= float64(len(c.values)) / float64(g.rows)
		if share > best {
			best, g.date = share, c
			c.formats = []string{format}
		}
	}
	if g.date == nil || strings.Contains(g.date.formats[0], "mm") {
		return
	}
	day := g.date.formats[0]
	for _, c := range g.columns {
		if c == g.date || !hourName.MatchString(c.name) {
			continue
		}
		if format, share := bestFormat(hourFormats, "2000 ", c.values); share > 0.9 {
			g.hour = c
			g.date.formats = []string{day + " " + format, day, day + " *"}
			return
		}
	}
}

// bestFormat returns the format that reads most of the values, and how many of them. prefix is put before the values,
// and a year before the formats, where these are of hours.
func bestFormat(formats []string, prefix string, values []string) (string, float64) {
	best, most := "", 0
	for _, format := range formats {
		text := format
		if prefix != "" {
			text = "YYYY M D " + format
		}
		l, err := compile(text)
		if err != nil {
			continue
		}
		n := 0
		for _, value := range values {
			if prefix != "" {
				value = prefix + "1 1 " + value
			}
			if start, _, ok := l.parse(value, time.UTC); ok && start.Year() >= 1950 && start.Year() < 2100 {
				n++
			}
		}
		if n > most {
			best, most = format, n
		}
	}
	return best, float64(most) / float64(max(1, len(values)))
}

var (
	lonName = regexp.MustCompile(`(?i)^(lon|lng|long|longitude|x|.*_lon|.*longitude.*|easting|coord_?x|point_?x)$`)
	latName = regexp.MustCompile(`(?i)^(lat|latitude|y|.*_lat|.*latitude.*|northing|coord_?y|point_?y)$`)
	pair    = regexp.MustCompile(`^\(?-?\d{1,3}\.\d+\s*[,; ]\s*-?\d{1,3}\.\d+\)?$|(?i)^(SRID=\d+;)?POINT`)
)

// findPlace takes the columns of the coordinates; degrees before others.
func (g *guess) findPlace() {
	find := func(name *regexp.Regexp, limit float64) (found *column) {
		for _, c := range g.columns {
			if !name.MatchString(c.name) || c.numbers == 0 || float64(c.numbers) < 0.9*float64(len(c.values)) {
				continue
			}
			degrees := math.Abs(c.low) <= limit && math.Abs(c.high) <= limit
			if found == nil || degrees && math.Abs(found.high) > limit {
				found = c
			}
		}
		return found
	}
	g.lon, g.lat = find(lonName, 180), find(latName, 90)
	if g.lon != nil && g.lat != nil {
		return
	}
	g.lon, g.lat = nil, nil
	for _, c := range g.columns {
		n := 0
		for _, text := range c.values {
			if pair.MatchString(text) {
				n++
			}
		}
		if n > 0 && float64(n) > 0.9*float64(len(c.values)) {
			g.point = c
			return
		}
	}
}

// findRef takes the first column that is full and has no value twice, one that is called a number before others.
func (g *guess) findRef() {
	named := regexp.MustCompile(`(?i)id|ref|num|key|case|incident|report`)
	unique := slices.DeleteFunc(slices.Clone(g.columns), func(c *column) bool {
		return c == g.date || c == g.lon || c == g.lat || c == g.point || g.rows < 2 || len(c.distinct) != g.rows
	})
	slices.SortStableFunc(unique, func(a, b *column) int {
		return cmp.Compare(btoi(named.MatchString(b.name)), btoi(named.MatchString(a.name)))
	})
	if len(unique) > 0 && named.MatchString(unique[0].name) {
		g.ref = unique[0]
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mappingName makes a slug of the file's name.
func mappingName(file string) string {
	base := path.Base(strings.ReplaceAll(file, "!", "/"))
	base, _, _ = strings.Cut(base, ".")
	name := slug(base)
	if name == "" || slices.Contains(taken, name) || slices.Contains(Ready(), name) {
		name = "my_" + name
	}
	return strings.TrimSuffix(name, "_")
}
