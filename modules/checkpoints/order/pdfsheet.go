package order

import (
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"vigie/geoengine/road"
	"vigie/modules/checkpoints/plan"
)

// overview is the map of all sites, numbered as their sheets are, with the units.
func (d *document) overview() {
	stands := d.o.stands()
	if len(stands) == 0 {
		return
	}
	const height = 150.0
	if d.GetY()+height+20 > bottom {
		d.AddPage()
	}
	d.heading(d.w.overview)
	places := orb.MultiPoint{}
	for _, s := range stands {
		places = append(places, s.site.Position)
	}
	for _, id := range d.o.unitIDs() {
		places = append(places, d.o.Units[id].Position)
	}
	b := places.Bound()
	east := (b.Max.Lon() - b.Min.Lon()) / 2 * road.MetresPerDegree * math.Cos(b.Center().Lat()*math.Pi/180) * height / textWidth
	north := (b.Max.Lat() - b.Min.Lat()) / 2 * road.MetresPerDegree
	reach := max(east, north)*1.1 + 1000
	lowest := road.Tertiary
	if reach > 15_000 {
		lowest = road.Secondary
	}
	y := d.GetY()
	c := d.chart(margin, y, textWidth, height, b.Center(), reach)
	d.drawOverview(c, stands, lowest)
	c.end()
	d.SetXY(margin, y+height+2)
	d.SetFont("go", "", 7.5)
	var units []string
	for i, id := range d.o.unitIDs() {
		units = append(units, letter(i)+" "+d.o.Units[id].Name)
	}
	d.paragraph(3.8, strings.Join(units, " – "))
}

func (d *document) drawOverview(c *chart, stands []stand, lowest road.Class) {
	for _, s := range stands { // names keep away from the pins, which are drawn over the roads
		x, y := c.at(s.site.Position)
		c.taken = append(c.taken, [4]float64{x - 2.5, y - 2.5, x + 2.5, y + 2.5})
	}
	c.roads(lowest)
	for i, id := range d.o.unitIDs() {
		c.pin(d.o.Units[id].Position, letter(i), false)
	}
	for i, s := range stands {
		c.pin(s.site.Position, strconv.Itoa(i+1), true)
	}
}

// letter names a unit on the map: A to Z, then AA.
func letter(i int) string {
	if i >= 26 {
		return letter(i/26-1) + letter(i%26)
	}
	return string(rune('A' + i))
}

// sheets writes a sheet for each site, two on a page.
func (d *document) sheets() {
	const height = 128.0
	for i, s := range d.o.stands() {
		if i%2 == 0 {
			d.AddPage()
			d.SetXY(margin, margin)
			if i == 0 {
				d.heading(d.w.sheetsTitle)
			}
		}
		top := margin + 9 + float64(i%2)*height
		d.sheet(i+1, s, top)
	}
}

// A sheet: the side of its map, and where the text beside the map begins and how wide it is.
const (
	side        = 84.0
	beside      = margin + side + 5
	besideWidth = margin + textWidth - beside
)

// sheet is what a team needs to find a site and to stand there.
func (d *document) sheet(number int, s stand, top float64) {
	const reach = 600.0
	w, site := d.w, s.site
	d.SetXY(margin, top)
	d.SetFont("go", "B", 11)
	d.CellFormat(textWidth, 6, strconv.Itoa(number)+". "+site.Name, "T", 1, "L", false, 0, "")
	c := d.chart(margin, top+8, side, side, site.Position, reach)
	x, y := c.at(site.Position)
	c.taken = append(c.taken, [4]float64{x - 2.5, y - 2.5, x + 2.5, y + 2.5})
	c.roads(road.Track)
	c.pin(site.Position, strconv.Itoa(number), true)
	c.end()
	d.SetXY(beside, top+8)
	d.note(w.coordinates, degrees(site.Position, w))
	d.note(w.status, w.statuses[site.Status])
	d.note(w.light, w.lit[site.Lit])
	if site.Note != "" {
		d.note(w.note, site.Note)
	}
	d.posts(s)
	d.SetXY(margin, top+8+side+2)
	if site.Status != plan.Safe {
		d.SetFont("go", "", 8.5)
		boxes := make([]string, len(w.checks))
		for i, check := range w.checks {
			boxes[i] = "[  ] " + check
		}
		d.paragraph(4.2, w.toCheck+" : "+strings.Join(boxes, "   "))
	}
}

// posts lists when a site is held, and by whom; what does not fit is in the table.
func (d *document) posts(s stand) {
	end := d.GetY() + 48
	for i, post := range s.posts {
		if d.GetY() > end {
			d.SetX(beside)
			d.CellFormat(besideWidth, 4, "+ "+strconv.Itoa(len(s.posts)-i), "", 1, "L", false, 0, "")
			return
		}
		arrive, leave := d.o.local(post.Arrive), d.o.local(post.Leave)
		d.SetFont("go", "B", 8.5)
		d.SetX(beside)
		d.CellFormat(besideWidth, 4.4, d.w.day(arrive)+", "+d.w.hour(arrive)+" – "+d.w.hour(leave), "", 1, "L", false, 0, "")
		d.SetFont("go", "", 8.5)
		for _, line := range d.SplitText(d.o.crew(post)+" ("+d.w.travel+" "+minutes(post.TravelSeconds/60, d.w)+")", besideWidth) {
			d.SetX(beside)
			d.CellFormat(besideWidth, 4.2, line, "", 1, "L", false, 0, "")
		}
		d.SetY(d.GetY() + 1)
	}
}

// note is a fact of a sheet, beside its map.
func (d *document) note(name, text string) {
	d.SetFont("go", "B", 8.5)
	d.SetX(beside)
	d.CellFormat(besideWidth, 4.2, name, "", 1, "L", false, 0, "")
	d.SetFont("go", "", 8.5)
	for _, line := range d.SplitText(text, besideWidth) {
		d.SetX(beside)
		d.CellFormat(besideWidth, 4.2, line, "", 1, "L", false, 0, "")
	}
	d.SetY(d.GetY() + 1)
}
