package order

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/paulmach/orb/geojson"

	"vigie/modules/checkpoints/plan"
)

// fields are what the data formats say of a post, in this order.
type fields struct {
	Post, Unit, UnitName, Site, SiteName, SiteStatus, Lit string
	Team, HeldMinutes, TravelSeconds                      int
	Arrive, Leave                                         time.Time
}

func (o *Order) fields(post *plan.Post) fields {
	site := o.site(post)
	return fields{
		Post: post.ID, Unit: post.Unit, UnitName: o.Units[post.Unit].Name, Team: post.Team, Site: site.ID, SiteName: site.Name,
		SiteStatus: string(site.Status), Lit: site.Lit, Arrive: o.local(post.Arrive), Leave: o.local(post.Leave),
		HeldMinutes: post.HeldMinutes, TravelSeconds: post.TravelSeconds,
	}
}

// unitIDs lists the units that hold posts, sorted.
func (o *Order) unitIDs() []string {
	var ids []string
	for i := range o.Plan.Posts {
		ids = append(ids, o.Plan.Posts[i].Unit)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// GeoJSON writes a point for each post (RFC 7946; longitude, latitude; times RFC 3339 with the local offset).
func GeoJSON(w io.Writer, o Order) error {
	if err := o.check(); err != nil {
		return err
	}
	collection := geojson.NewFeatureCollection()
	collection.ExtraMembers = geojson.Properties{
		"plan": o.ID, "revision": o.Revision, "state": o.State, "title": o.title(), "kind": string(o.Plan.Request.Kind),
		"basis": string(o.Plan.Request.Basis),
	}
	for i := range o.Plan.Posts {
		post := &o.Plan.Posts[i]
		f := o.fields(post)
		feature := geojson.NewFeature(o.site(post).Position)
		feature.ID = f.Post
		feature.Properties = geojson.Properties{
			"post": f.Post, "unit": f.Unit, "unit_name": f.UnitName, "team": f.Team, "site": f.Site, "site_name": f.SiteName,
			"site_status": f.SiteStatus, "lit": f.Lit, "arrive": f.Arrive.Format(time.RFC3339), "leave": f.Leave.Format(time.RFC3339),
			"held_minutes": f.HeldMinutes, "travel_seconds": f.TravelSeconds,
		}
		collection.Append(feature)
	}
	if err := json.NewEncoder(w).Encode(collection); err != nil {
		return fmt.Errorf("write geojson: %w", err)
	}
	return nil
}
