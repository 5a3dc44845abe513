package accidents

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb/geojson"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
)

// What a ratio is over.
const (
	perInhabitant = "inhabitant"
	perKm         = "km"
	perVehicleKm  = "vehicle_km"
)

// RatiosInput asks for a choropleth. It is exported for huma to see it.
type RatiosInput struct {
	Spoken
	Area    string `query:"area" required:"true" maxLength:"200" doc:"Path of the territory."`
	Per     string `query:"per" enum:"inhabitant,km,vehicle_km" default:"inhabitant"`
	Level   string `query:"level" enum:"commune,departement" default:"commune" doc:"Of the areas compared."`
	Measure string `query:"measure" enum:"accidents,severity" default:"accidents" doc:"Injury accidents, or their severity weights."`
	From    string `query:"from" maxLength:"10" doc:"Accidents from this day on; the last five years of the records if empty."`
	To      string `query:"to" maxLength:"10" doc:"Accidents before this day."`
}

type ratioArea struct {
	Path        string  `json:"path"`
	Name        string  `json:"name"`
	Count       int     `json:"count" doc:"Injury accidents of the period (per vehicle-km: on counted roads)."`
	Weight      float64 `json:"weight" doc:"Their severity weights."`
	Denominator float64 `json:"denominator" doc:"Inhabitants, km of road, or vehicle-km in the period."`
	Raw         float64 `json:"raw" doc:"The ratio as it is, in the unit."`
	Ratio       float64 `json:"ratio" doc:"Shrunk towards the common ratio, as far as chance explains the difference: what may be compared."`
	Low         float64 `json:"low95"`
	High        float64 `json:"high95"`
	Shrunk      float64 `json:"shrunk" doc:"Weight of the common ratio in it, 0 to 1."`
	Lon         float64 `json:"lon"`
	Lat         float64 `json:"lat"`
}

// RatiosBody is a choropleth of ratios.
type RatiosBody struct {
	Area    string         `json:"area"`
	Level   string         `json:"level"`
	Per     string         `json:"per"`
	Measure string         `json:"measure"`
	Unit    forecast.Text  `json:"unit"`
	From    string         `json:"from" doc:"First day counted; empty without accidents."`
	To      string         `json:"to" doc:"The day after the last one counted."`
	Years   float64        `json:"years"`
	Whole   float64        `json:"whole" doc:"The ratio of all areas together, in the unit."`
	Areas   []ratioArea    `json:"areas" nullable:"false"`
	Located float64        `json:"located" doc:"Share of the period's accidents that have a position, of all that the caller may see anywhere: the others are in no area, and every ratio is too low by them."`
	Without int            `json:"without" doc:"Areas left out: without a denominator there is no ratio."`
	Base    forecast.Text  `json:"base" doc:"What the denominator is, with its year."`
	Missing *forecast.Text `json:"missing,omitempty" doc:"Why there is no ratio at all, and what to import."`
}

// mostAreas bounds a choropleth: the communes of a région.
const mostAreas = 5000

// ratios answers with figures.
func (d *desk) ratios(ctx context.Context, pass door.Pass, in *RatiosInput) (*struct{ Body RatiosBody }, error) {
	body, err := d.choropleth(ctx, pass, in)
	return &struct{ Body RatiosBody }{body}, err
}

// quotient is what a choropleth is made of, by member.
type quotient struct {
	counts, weights, denominators map[string]float64
	base                          forecast.Text
	missing                       *forecast.Text
}

func (d *desk) choropleth(ctx context.Context, pass door.Pass, in *RatiosInput) (RatiosBody, error) {
	body := RatiosBody{Area: in.Area, Level: in.Level, Per: in.Per, Measure: in.Measure, Unit: ratioUnit(in.Per, in.Measure), Areas: []ratioArea{}}
	if err := d.territory(ctx, pass, in.Area); err != nil {
		return body, err
	}
	list, err := d.members(ctx, in.Area, in.Level, mostAreas)
	if err != nil {
		return body, err
	}
	if len(list) > mostAreas {
		return body, wrong("area", "Trop de communes : choisissez un territoire plus petit, ou le niveau département.", "Too many communes: choose a smaller area, or the level of départements.")
	}
	from, to, some, err := d.period(pass, in.Area, in.From, in.To)
	if err != nil {
		return body, err
	}
	if !some {
		body.Missing = &forecast.Text{FR: "Aucun accident n'est connu dans ce territoire et cette période.", EN: "No accident is known in this area and period."}
		return body, nil
	}
	body.From, body.To, body.Years = from.Format(time.DateOnly), to.Format(time.DateOnly), to.Sub(from).Hours()/24/365.25
	all, err := d.cube.Extent(pass.Query(geoengine.Query{Categories: []string{category}, Severities: hurt(), From: from, To: to}))
	if err != nil {
		return body, err
	}
	if all.Events > 0 {
		body.Located = digits(float64(all.Positioned) / float64(all.Events))
	}
	q, err := d.quotient(ctx, pass, in, list, from, to)
	if err != nil {
		return body, err
	}
	body.Base, body.Missing = q.base, q.missing
	body.fill(list, q, in)
	return body, nil
}

// hurt are the severities that count: all but damage only.
func hurt() []geoengine.Severity {
	return []geoengine.Severity{geoengine.SeverityUnknown, geoengine.SeverityInjury, geoengine.SeveritySlight, geoengine.SeveritySerious, geoengine.SeverityFatal}
}

// quotient finds numerators and denominators.
func (d *desk) quotient(ctx context.Context, pass door.Pass, in *RatiosInput, list []member, from, to time.Time) (*quotient, error) {
	if in.Per == perVehicleKm {
		return d.perVehicle(ctx, pass, in.Area, list, from, to)
	}
	q := &quotient{}
	by, err := d.cube.Areas(pass.Query(geoengine.Query{Areas: []string{in.Area}, Categories: []string{category}, Severities: hurt(), From: from, To: to}))
	if err != nil {
		return nil, err
	}
	counts, weights := map[string]float64{}, map[string]float64{}
	for path, c := range by {
		counts[path], weights[path] = float64(c.Count), c.Weight
	}
	q.counts, q.weights = roll(counts, list), roll(weights, list)
	if in.Per == perKm {
		km, err := d.roadKm(ctx, in.Area)
		if errors.Is(err, geoengine.ErrMissing) {
			q.missing = &forecast.Text{FR: "Aucune route n'est importée ici : vigie import osm.", EN: "No roads are imported here: vigie import osm."}
			return q, nil
		}
		if err != nil {
			return nil, err
		}
		q.denominators = roll(km, list)
		q.base = forecast.Text{FR: "Kilomètres du réseau importé, chaussées séparées comptées chacune, chemins exclus", EN: "Kilometres of the imported network, separate carriageways each, tracks left out"}
		return q, nil
	}
	people, year, err := d.inhabitants(ctx, in.Area, list)
	if err != nil {
		return nil, err
	}
	q.denominators = people
	q.base = forecast.Text{FR: fmt.Sprintf("Habitants, recensement %d", year), EN: fmt.Sprintf("Inhabitants, census of %d", year)}
	if len(people) == 0 {
		q.base = forecast.Text{}
		q.missing = &forecast.Text{FR: "Aucune population n'est importée pour ces communes : vigie accidents population FICHIER --year ANNÉE.", EN: "No population is imported for these areas: vigie accidents population FILE --year YEAR."}
	}
	return q, nil
}

// perVehicle is accidents on counted roads over the vehicle-kilometres of these.
func (d *desk) perVehicle(ctx context.Context, pass door.Pass, area string, list []member, from, to time.Time) (*quotient, error) {
	q := &quotient{}
	sections, first, last, err := d.traffic(ctx, pass.Rights(), area)
	if err != nil {
		return nil, err
	}
	if len(sections) == 0 {
		q.missing = &forecast.Text{FR: "Aucun comptage de trafic n'est importé ici : vigie import tmja.", EN: "No traffic counts are imported here: vigie import tmja."}
		return q, nil
	}
	counts, weights, err := d.onCounted(ctx, pass.Rights(), area, from, to, sections)
	if err != nil {
		return nil, err
	}
	if len(counts) == 0 {
		q.missing = &forecast.Text{
			FR: "Aucun accident de la période ne porte le numéro d'une route comptée : le taux n'aurait pas la même base des deux côtés.",
			EN: "No accident of the period bears the number of a counted road: the ratio would not have one base.",
		}
		return q, nil
	}
	km := map[string]float64{}
	for _, s := range sections {
		km[s.area] += s.vehicles * s.metres / 1000 * to.Sub(from).Hours() / 24
	}
	q.counts, q.weights, q.denominators = roll(counts, list), roll(weights, list), roll(km, list)
	q.base = forecast.Text{
		FR: fmt.Sprintf("Véhicules-kilomètres des routes comptées (comptages %d à %d), accidents situés sur ces routes seulement", first, last),
		EN: fmt.Sprintf("Vehicle-kilometres of counted roads (counts of %d to %d), accidents located on these roads only", first, last),
	}
	return q, nil
}

// ratioUnit says what one is.
func ratioUnit(per, measure string) forecast.Text {
	what := forecast.Text{FR: "accidents corporels", EN: "injury accidents"}
	if measure == bySeverity {
		what = forecast.Text{FR: "gravité (tués équivalents)", EN: "severity (deaths and equivalents)"}
	}
	switch per {
	case perKm:
		return forecast.Text{FR: what.FR + " par an pour 100 km de route", EN: what.EN + " a year per 100 km of road"}
	case perVehicleKm:
		return forecast.Text{FR: what.FR + " pour 100 millions de véhicules-km", EN: what.EN + " per 100 million vehicle-km"}
	}
	return forecast.Text{FR: what.FR + " par an pour 100 000 habitants", EN: what.EN + " a year per 100,000 inhabitants"}
}

// fill computes the ratios of the areas that have a denominator.
func (b *RatiosBody) fill(list []member, q *quotient, in *RatiosInput) {
	scale, years := 1e5, b.Years
	switch in.Per {
	case perKm:
		scale = 100
	case perVehicleKm:
		scale, years = 1e8, 1 // the vehicles are those of the period
	}
	var counts, weights, exposures []float64
	var kept []member
	for _, m := range list {
		if e := q.denominators[m.path]; e > 0 && q.missing == nil {
			kept = append(kept, m)
			counts, weights, exposures = append(counts, q.counts[m.path]), append(weights, q.weights[m.path]), append(exposures, e*years/scale)
		}
	}
	b.Without = len(list) - len(kept)
	ratios := rates(counts, exposures)
	if in.Measure == bySeverity {
		weigh(ratios, counts, weights)
	}
	above, below := 0.0, 0.0
	for i, m := range kept {
		r := ratios[i]
		b.Areas = append(b.Areas, ratioArea{
			Path: m.path, Name: m.name, Count: int(counts[i]), Weight: digits(weights[i]), Denominator: digits(q.denominators[m.path]),
			Raw: digits(r.raw), Ratio: digits(r.value), Low: digits(r.low), High: digits(r.high), Shrunk: digits(r.weight), Lon: m.at.Lon(), Lat: m.at.Lat(),
		})
		if above += counts[i]; in.Measure == bySeverity {
			above += weights[i] - counts[i]
		}
		below += exposures[i]
	}
	if below > 0 {
		b.Whole = digits(above / below)
	}
}

// digits keeps six of them: more are noise.
func digits(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	scale := math.Pow(10, 6-math.Ceil(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// selectOutlines are outlines as simple as a map of the whole territory can show.
const selectOutlines = `
	select path, st_asgeojson(st_simplifypreservetopology(coalesce(geom, outline), $2), 5)
	from area where path = any($1) and coalesce(geom, outline) is not null`

// OutlinesBody is the choropleth as GeoJSON; what is said of all areas together is in ratios.
type OutlinesBody struct {
	Type     string         `json:"type" enum:"FeatureCollection"`
	Unit     forecast.Text  `json:"unit"`
	Base     forecast.Text  `json:"base"`
	Missing  *forecast.Text `json:"missing,omitempty"`
	Features []outline      `json:"features" nullable:"false"`
}

type outline struct {
	Type       string    `json:"type" enum:"Feature"`
	ID         string    `json:"id"`
	Geometry   shape     `json:"geometry"`
	Properties ratioArea `json:"properties"`
}

type shape struct {
	Type        string `json:"type"`
	Coordinates any    `json:"coordinates" doc:"Longitude, latitude."`
}

type outlinesOutput struct {
	ContentType string `header:"Content-Type"`
	Body        OutlinesBody
}

// outlines answers with figures and shapes.
func (d *desk) outlines(ctx context.Context, pass door.Pass, in *RatiosInput) (*outlinesOutput, error) {
	body, err := d.choropleth(ctx, pass, in)
	if err != nil {
		return nil, err
	}
	out := &outlinesOutput{"application/geo+json", OutlinesBody{Type: "FeatureCollection", Unit: body.Unit, Base: body.Base, Missing: body.Missing, Features: []outline{}}}
	paths, number := make([]string, len(body.Areas)), map[string]int{}
	for i := range body.Areas {
		paths[i], number[body.Areas[i].Path] = body.Areas[i].Path, i
	}
	const fine, coarse, many = 0.0005, 0.002, 500 // degrees
	tolerance := fine
	if len(paths) > many {
		tolerance = coarse
	}
	rows, err := d.db.Pool.Query(ctx, selectOutlines+" order by path", paths, tolerance)
	if err != nil {
		return nil, fmt.Errorf("read outlines: %w", err)
	}
	var path string
	var text []byte
	_, err = pgx.ForEachRow(rows, []any{&path, &text}, func() error {
		g, err := geojson.UnmarshalGeometry(text)
		if err != nil {
			return fmt.Errorf("outline of %s: %w", path, err)
		}
		out.Body.Features = append(out.Body.Features, outline{"Feature", path, shape{g.Type, g.Coordinates}, body.Areas[number[path]]})
		return nil
	})
	return out, err
}
