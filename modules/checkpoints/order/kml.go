package order

import (
	"fmt"
	"image/color"
	"io"

	"github.com/twpayne/go-kml/v3"
)

// KML writes the units and the posts, in a folder for each local day, with their times (OGC KML 2.2).
func KML(w io.Writer, o Order) error {
	if err := o.check(); err != nil {
		return err
	}
	words := o.words()
	document := kml.Document(
		kml.Name(o.title()), kml.Description(fmt.Sprintf(words.revision, o.ID, o.Revision)),
		kml.SharedStyle("post", kml.IconStyle(kml.Color(color.RGBA{R: 0, G: 83, B: 156, A: 255}))),
		kml.SharedStyle("unknown", kml.IconStyle(kml.Color(color.RGBA{R: 200, G: 110, B: 0, A: 255}))),
		kml.SharedStyle("unit", kml.IconStyle(kml.Color(color.RGBA{R: 60, G: 60, B: 60, A: 255}))),
	)
	folders := map[string]*kml.FolderElement{}
	for i := range o.Plan.Posts {
		post := &o.Plan.Posts[i]
		day := words.day(o.local(post.Slot))
		if folders[day] == nil {
			folders[day] = kml.Folder(kml.Name(day))
			document.Append(folders[day])
		}
		site, style := o.site(post), "#post"
		if site.Status == "reconnoitre" {
			style = "#unknown"
		}
		folders[day].Append(kml.Placemark(
			kml.Name(o.label(post)), kml.Description(o.describe(post)),
			kml.TimeSpan(kml.Begin(post.Arrive.UTC()), kml.End(post.Leave.UTC())), kml.StyleURL(style),
			kml.Point(kml.Coordinates(kml.Coordinate{Lon: site.Position.Lon(), Lat: site.Position.Lat()})),
		))
	}
	units := kml.Folder(kml.Name(words.crewTitle))
	for _, id := range o.unitIDs() {
		unit := o.Units[id]
		units.Append(kml.Placemark(kml.Name(unit.Name), kml.StyleURL("#unit"),
			kml.Point(kml.Coordinates(kml.Coordinate{Lon: unit.Position.Lon(), Lat: unit.Position.Lat()}))))
	}
	document.Append(units)
	if err := kml.KML(document).WriteIndent(w, "", " "); err != nil {
		return fmt.Errorf("write kml: %w", err)
	}
	return nil
}
