package order

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
)

// chart is a map being drawn: a box on the ground onto a box on the page.
type chart struct {
	d                   *document
	x, y, width, height float64 // on the page, mm
	centre              orb.Point
	scale               float64 // mm per metre
	taken               [][4]float64
}

// chart begins a map that shows at least metres around centre.
func (d *document) chart(x, y, width, height float64, centre orb.Point, metres float64) *chart {
	c := &chart{d: d, x: x, y: y, width: width, height: height, centre: centre, scale: min(width, height) / (2 * metres)}
	d.SetFillColor(248, 248, 245)
	d.Rect(x, y, width, height, "F")
	d.ClipRect(x, y, width, height, false)
	return c
}

// end draws the frame, the scale and north.
func (c *chart) end() {
	d := c.d
	d.ClipEnd()
	d.SetDrawColor(120, 120, 120)
	d.SetLineWidth(0.2)
	d.Rect(c.x, c.y, c.width, c.height, "D")
	length := scaleBar(c.width * 0.35 / c.scale)
	x, y := c.x+3, c.y+c.height-3
	d.SetDrawColor(0, 0, 0)
	d.SetLineWidth(0.5)
	d.Line(x, y, x+length*c.scale, y)
	d.SetFont("go", "", 6.5)
	text := fmt.Sprintf("%.0f m", length)
	if length >= 1000 {
		text = fmt.Sprintf("%.0f km", length/1000)
	}
	d.Text(x, y-1, text)
	d.SetFont("go", "B", 7)
	d.Text(c.x+c.width-4.5, c.y+8.5, c.d.w.north)
	d.Line(c.x+c.width-3.5, c.y+5.5, c.x+c.width-3.5, c.y+2)
	d.Line(c.x+c.width-4.3, c.y+3.4, c.x+c.width-3.5, c.y+2)
	d.Line(c.x+c.width-2.7, c.y+3.4, c.x+c.width-3.5, c.y+2)
	d.SetLineWidth(0.2)
}

// scaleBar is the longest of 1, 2 or 5 times a power of ten within the length.
func scaleBar(longest float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(longest)))
	for _, step := range []float64{5, 2, 1} {
		if step*power <= longest {
			return step * power
		}
	}
	return power
}

// at is where a position is on the page.
func (c *chart) at(p orb.Point) (x, y float64) {
	east := (p.Lon() - c.centre.Lon()) * road.MetresPerDegree * math.Cos(c.centre.Lat()*math.Pi/180)
	north := (p.Lat() - c.centre.Lat()) * road.MetresPerDegree
	return c.x + c.width/2 + east*c.scale, c.y + c.height/2 - north*c.scale
}

// bound is the ground that the map shows.
func (c *chart) bound() orb.Bound {
	lat := c.height / 2 / c.scale / road.MetresPerDegree
	lon := c.width / 2 / c.scale / road.MetresPerDegree / math.Cos(c.centre.Lat()*math.Pi/180)
	return orb.Bound{
		Min: orb.Point{c.centre.Lon() - lon, c.centre.Lat() - lat},
		Max: orb.Point{c.centre.Lon() + lon, c.centre.Lat() + lat},
	}
}

// ink is how a class of road is drawn: width in mm and grey or colour.
func ink(class road.Class) (width float64, r, g, b int) {
	switch class {
	case road.Motorway, road.Trunk:
		return 1.1, 176, 58, 46
	case road.Primary:
		return 0.9, 200, 120, 40
	case road.Secondary:
		return 0.7, 190, 160, 60
	case road.Tertiary:
		return 0.5, 120, 120, 120
	default:
		return 0.3, 165, 165, 165
	}
}

// roads draws the roads up to a class, the lesser ones first, then names them.
func (c *chart) roads(lowest road.Class) {
	if c.d.o.Lines == nil {
		return
	}
	lines := slices.DeleteFunc(c.d.o.Lines(c.bound()), func(l Line) bool { return l.Class > lowest || len(l.Points) < 2 })
	slices.SortStableFunc(lines, func(a, b Line) int { return int(b.Class) - int(a.Class) })
	for i := range lines {
		width, r, g, b := ink(lines[i].Class)
		c.d.SetLineWidth(width)
		c.d.SetDrawColor(r, g, b)
		c.path(lines[i].Points)
	}
	c.names(lines)
}

// path draws a line, without the vertices that one would not see.
func (c *chart) path(points orb.LineString) {
	const seen = 0.15 // mm
	x, y := c.at(points[0])
	c.d.MoveTo(x, y)
	for i, p := range points[1:] {
		nx, ny := c.at(p)
		if i+2 < len(points) && math.Hypot(nx-x, ny-y) < seen {
			continue
		}
		c.d.LineTo(nx, ny)
		x, y = nx, ny
	}
	c.d.DrawPath("D")
}

// names writes the name of each road once, where there is room: the main roads first.
func (c *chart) names(lines []Line) {
	c.d.SetFont("go", "", 6)
	c.d.SetTextColor(50, 50, 50)
	named := map[string]bool{}
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].Name == "" || named[lines[i].Name] {
			continue
		}
		x, y := c.at(lines[i].Points[len(lines[i].Points)/2])
		named[lines[i].Name] = c.label(x, y, lines[i].Name)
	}
	c.d.SetTextColor(0, 0, 0)
}

// label writes a text around a place of the page, if nothing is written there and it is inside the map.
func (c *chart) label(x, y float64, text string) bool {
	w, h := c.d.GetStringWidth(text)+1, 2.6
	box := [4]float64{x - w/2, y - h/2, x + w/2, y + h/2}
	if box[0] < c.x || box[1] < c.y || box[2] > c.x+c.width || box[3] > c.y+c.height-7 {
		return false
	}
	for _, other := range c.taken {
		if box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3] {
			return false
		}
	}
	c.taken = append(c.taken, box)
	c.d.SetFillColor(255, 255, 255)
	c.d.SetAlpha(0.75, "Normal")
	c.d.Rect(box[0], box[1], w, h, "F")
	c.d.SetAlpha(1, "Normal")
	c.d.Text(box[0]+0.5, box[3]-0.7, text)
	return true
}

// pin marks a place with a number or a letter; it keeps names away from it.
func (c *chart) pin(p orb.Point, text string, filled bool) {
	x, y := c.at(p)
	const radius = 2.3
	c.d.SetLineWidth(0.5)
	c.d.SetDrawColor(0, 60, 130)
	c.d.SetFillColor(255, 255, 255)
	c.d.SetTextColor(0, 60, 130)
	if filled {
		c.d.SetFillColor(0, 60, 130)
		c.d.SetTextColor(255, 255, 255)
	}
	c.d.Circle(x, y, radius, "FD")
	c.d.SetFont("go", "B", 6)
	c.d.Text(x-c.d.GetStringWidth(text)/2, y+0.8, text)
	c.d.SetTextColor(0, 0, 0)
	c.taken = append(c.taken, [4]float64{x - radius, y - radius, x + radius, y + radius})
}
