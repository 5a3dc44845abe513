package order

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// The parts of GPX 1.1 (topografix.com/GPX/1/1) that an order uses.
type (
	gpx struct {
		XMLName  xml.Name   `xml:"http://www.topografix.com/GPX/1/1 gpx"`
		Version  string     `xml:"version,attr"`
		Creator  string     `xml:"creator,attr"`
		Metadata gpxMeta    `xml:"metadata"`
		Points   []gpxPoint `xml:"wpt"`
		Routes   []gpxRoute `xml:"rte"`
	}
	gpxMeta struct {
		Name string    `xml:"name"`
		Desc string    `xml:"desc"`
		Time time.Time `xml:"time"`
	}
	gpxPoint struct {
		Lat  string     `xml:"lat,attr"`
		Lon  string     `xml:"lon,attr"`
		Time *time.Time `xml:"time,omitempty"`
		Name string     `xml:"name"`
		Desc string     `xml:"desc,omitempty"`
		Sym  string     `xml:"sym,omitempty"`
	}
	gpxRoute struct {
		Name   string     `xml:"name"`
		Number int        `xml:"number"`
		Points []gpxPoint `xml:"rtept"`
	}
)

// GPX writes the posts as waypoints, and the way of each team on each day as a route from its unit through its posts.
func GPX(w io.Writer, o Order) error {
	if err := o.check(); err != nil {
		return err
	}
	words := o.words()
	doc := gpx{Version: "1.1", Creator: "Vigie", Metadata: gpxMeta{Name: o.title(), Desc: fmt.Sprintf(words.revision, o.ID, o.Revision), Time: o.Made.UTC()}}
	routes := map[string]int{}
	for i := range o.Plan.Posts {
		post := &o.Plan.Posts[i]
		point := o.gpxPoint(i)
		doc.Points = append(doc.Points, point)
		shift := o.crew(post) + " – " + words.day(o.local(o.shiftStart(i)))
		at, begun := routes[shift]
		if !begun {
			at = len(doc.Routes)
			routes[shift] = at
			unit := o.Units[post.Unit]
			home := gpxPoint{Lat: coordinate(unit.Position.Lat()), Lon: coordinate(unit.Position.Lon()), Name: unit.Name}
			doc.Routes = append(doc.Routes, gpxRoute{Name: shift, Number: at + 1, Points: []gpxPoint{home}})
		}
		doc.Routes[at].Points = append(doc.Routes[at].Points, point)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write gpx: %w", err)
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", " ")
	if err := encoder.Encode(doc); err != nil {
		return fmt.Errorf("write gpx: %w", err)
	}
	return nil
}

func (o *Order) gpxPoint(i int) gpxPoint {
	post := &o.Plan.Posts[i]
	site, arrive := o.site(post), post.Arrive.UTC()
	return gpxPoint{
		Lat: coordinate(site.Position.Lat()), Lon: coordinate(site.Position.Lon()), Time: &arrive,
		Name: o.label(post), Desc: o.describe(post), Sym: "Flag, Blue",
	}
}

// coordinate writes degrees to seven decimals, a centimetre.
func coordinate(v float64) string { return fmt.Sprintf("%.7f", v) }
