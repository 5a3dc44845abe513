package accidents

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/paulmach/orb/geojson"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/predict"
	"vigie/predict/roadrisk"
)

// ZAACInput asks for the zones of an area. It is exported for huma to see it.
type ZAACInput struct {
	Spoken
	Area string `query:"area" required:"true" maxLength:"200" doc:"Path of the territory."`
	From string `query:"from" maxLength:"10" doc:"Accidents from this day on; the last five years of the records if empty."`
	To   string `query:"to" maxLength:"10" doc:"Accidents before this day."`
}

// ZAACBody is the zones as GeoJSON, with the rule that they keep.
type ZAACBody struct {
	Type string `json:"type" enum:"FeatureCollection"`
	Rule struct {
		LengthM   float64 `json:"length_m"`
		Accidents float64 `json:"accidents" doc:"With somebody hurt, at least, in the period."`
		Serious   float64 `json:"serious" doc:"People killed or hospitalised, at least, in the period."`
		Years     float64 `json:"years"`
		Scaled    bool    `json:"scaled" doc:"The rule is for five years; for another period its numbers are scaled."`
	} `json:"rule"`
	From     string         `json:"from"`
	To       string         `json:"to"`
	Used     int            `json:"used" doc:"Accidents on the network."`
	Unplaced int            `json:"unplaced" doc:"Accidents without a position, or with no road within 100 m."`
	Missing  *forecast.Text `json:"missing,omitempty" doc:"Why there is no zone at all, and what to import."`
	Features []zone         `json:"features" nullable:"false"`
}

type zone struct {
	Type       string   `json:"type" enum:"Feature"`
	Geometry   shape    `json:"geometry"`
	Properties zoneBody `json:"properties"`
}

type zoneBody struct {
	Name      string  `json:"name"`
	Class     string  `json:"class"`
	Area      string  `json:"area"`
	Metres    float64 `json:"metres"`
	Accidents float64 `json:"accidents" doc:"Of the zone of 500 m with most accidents that touches the stretch."`
	Serious   float64 `json:"serious"`
}

type zaacOutput struct {
	ContentType string `header:"Content-Type"`
	Body        ZAACBody
}

// zaac lists the stretches of road that have an accident of a zone: an exact rule, no model.
func (d *desk) zaac(ctx context.Context, pass door.Pass, in *ZAACInput) (*zaacOutput, error) {
	out := &zaacOutput{"application/geo+json", ZAACBody{Type: "FeatureCollection", Features: []zone{}}}
	if err := d.territory(ctx, pass, in.Area); err != nil {
		return nil, err
	}
	from, to, some, err := d.period(pass, in.Area, in.From, in.To)
	if err != nil {
		return nil, err
	}
	if !some {
		out.Body.Missing = &forecast.Text{FR: "Aucun accident n'est connu dans ce territoire et cette période.", EN: "No accident is known in this area and period."}
		return out, nil
	}
	n, err := d.nets.of(ctx, in.Area)
	if errors.Is(err, geoengine.ErrMissing) {
		out.Body.Missing = &forecast.Text{FR: "Aucune route n'est importée ici : vigie import osm.", EN: "No roads are imported here: vigie import osm."}
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	var found []roadrisk.Accident
	err = d.db.EachEvent(ctx, pass.Query(geoengine.Query{Areas: []string{in.Area}, Categories: []string{category}, From: from, To: to}), func(e *geoengine.LocatedEvent) {
		found = append(found, roadrisk.FromEvent(&e.Event))
	})
	if err != nil {
		return nil, err
	}
	network := &roadrisk.Network{Graph: n.graph, Lixels: n.lixels}
	stretches, placement, err := network.ZAAC(ctx, found, roadrisk.Period{From: from, To: to})
	if err != nil {
		return nil, err
	}
	body := &out.Body
	body.From, body.To, body.Used, body.Unplaced = from.Format(time.DateOnly), to.Format(time.DateOnly), len(placement.Accidents), placement.Unplaced
	body.state(from, to)
	for i, in := range stretches.In {
		if in && n.area[i] != "" {
			l := &n.lixels.List[i]
			g := geojson.NewGeometry(l.Line)
			body.Features = append(body.Features, zone{"Feature", shape{g.Type, g.Coordinates}, zoneBody{
				Name: l.Name, Class: l.Class.String(), Area: n.area[i], Metres: math.Round(l.Metres), Accidents: stretches.Accidents[i], Serious: stretches.Serious[i],
			}})
		}
	}
	return out, nil
}

// state says the rule.
func (b *ZAACBody) state(from, to time.Time) {
	years := roadrisk.RuleYears(to.Sub(from).Hours() / 24 / 365.25)
	rule := predict.ZAAC(years)
	const five = 5
	b.Rule.LengthM, b.Rule.Accidents, b.Rule.Serious = rule.LengthM, digits(rule.Accidents), digits(rule.Serious)
	b.Rule.Years, b.Rule.Scaled = digits(years), years != five
}
