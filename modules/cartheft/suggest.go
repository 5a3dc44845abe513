package cartheft

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/hex"
	"vigie/geoengine/jobs"
	"vigie/predict/patrol"
)

// content is a suggestion as it was shown. It is kept as it is, and never changed.
type content struct {
	Explored         float64           `json:"explored" doc:"Share of the visits that chance has drawn: 0.05 to 0.10."`
	ExplorationHours float64           `json:"exploration_hours"`
	Precision        string            `json:"precision" enum:"hours,days" doc:"days: the hours of thefts are not known there, and all days are alike."`
	Held             float64           `json:"held" doc:"Share of the expected thefts in the places and times that the forecast has chosen."`
	HeldPlaces       float64           `json:"held_places" doc:"The same in these places at any time."`
	Even             float64           `json:"even" doc:"What as many visits to any place at any time would hold."`
	Slots            []slot            `json:"slots" nullable:"false" doc:"The visits: those of the forecast, best first, then those of chance."`
	Equity           []forecast.Equity `json:"equity" nullable:"false" doc:"By area: share of the places chosen beside that of the thefts."`
	Warnings         []forecast.Text   `json:"warnings" nullable:"false"`
}

// slot is one visit.
type slot struct {
	Cell        string  `json:"cell"`
	Label       string  `json:"label"`
	Area        string  `json:"area"`
	AreaName    string  `json:"area_name"`
	Lon         float64 `json:"lon"`
	Lat         float64 `json:"lat"`
	Day         int     `json:"day" doc:"Of the week: 0 is Monday."`
	Hour        int     `json:"hour" doc:"The visit is within the two hours from it; −1 where only the day is known."`
	Minutes     int     `json:"minutes"`
	Why         string  `json:"why" enum:"forecast,exploration"`
	Expected    float64 `json:"expected" doc:"Thefts expected in the place in the whole period of the run."`
	Rank        int     `json:"rank" doc:"Of the place in the forecast."`
	Held        float64 `json:"held" doc:"Share of all expected thefts in this place and time."`
	Probability float64 `json:"probability,omitempty" doc:"With which the place is in the draw of a suggestion of this size; of exploration only."`
}

type suggestInput struct {
	Spoken
	Body struct {
		Run         string  `json:"run" maxLength:"36" doc:"The run of the forecast."`
		Hours       int     `json:"hours" doc:"Hours of patrol in a week, 3 to 2000. A visit takes 15 minutes."`
		Exploration float64 `json:"exploration" doc:"Share of the visits to places drawn by chance: 0.05 to 0.10."`
	}
}

// suggestionBody is a suggestion as the API shows it.
type suggestionBody struct {
	ID          string     `json:"id"`
	Run         string     `json:"run"`
	Areas       []string   `json:"areas" nullable:"false"`
	At          string     `json:"at" format:"date-time"`
	Author      string     `json:"author"`
	Hours       int        `json:"hours"`
	Exploration float64    `json:"exploration" doc:"That was asked for."`
	Seed        string     `json:"seed" doc:"With which the explored places were drawn: the server's."`
	Hash        string     `json:"hash" doc:"SHA-256 of what was kept."`
	Decisions   []decision `json:"decisions" nullable:"false"`
	content
}

type suggestionOutput struct {
	Status int
	Body   suggestionBody
}

// suggest makes a suggestion from the values of a run that the caller may see, and keeps it.
func (d *desk) suggest(ctx context.Context, pass door.Pass, in *suggestInput) (*suggestionOutput, error) {
	if err := checkAsk(in.Body.Hours, in.Body.Exploration); err != nil {
		return nil, err
	}
	id, err := jobs.ParseID(in.Body.Run)
	if err != nil {
		return nil, missing("run")
	}
	pass.Concerns("run:" + id.String())
	run, err := d.forecasts.Find(ctx, pass.Rights(), id)
	if err != nil {
		return nil, err
	}
	if run.Head.Spec.Name != Name {
		return nil, missing("run")
	}
	values, err := d.values(ctx, pass.Rights(), id)
	if err != nil {
		return nil, err
	}
	r := &record{
		Run: id, Areas: common(run.Head.Spec.Areas, pass.Scope()), At: d.clock().UTC().Truncate(1000), Author: pass.Caller().Name, Machine: pass.Caller().Machine,
		Hours: in.Body.Hours, Exploration: in.Body.Exploration, Decisions: []decision{},
	}
	if r.ID, err = forecast.NewID(d.random); err != nil {
		return nil, err
	}
	seed, err := drawSeed(d.random)
	if err != nil {
		return nil, err
	}
	r.Seed = strconv.FormatUint(seed, 10)
	if r.Body, err = d.compose(ctx, pass.Rights(), &run, values, r, seed); err != nil {
		return nil, err
	}
	pass.Concerns("suggestion:" + r.ID.String())
	if err := d.store.keep(ctx, r); err != nil {
		return nil, err
	}
	return &suggestionOutput{Status: 201, Body: show(r)}, nil
}

// checkAsk refuses hours and shares that no suggestion may have.
func checkAsk(hours int, exploration float64) error {
	if hours < patrol.LeastHours || hours > patrol.MostHours {
		return wrong("hours", fmt.Sprintf("Donnez de %d à %d heures de patrouille par semaine.", patrol.LeastHours, patrol.MostHours),
			fmt.Sprintf("Give %d to %d hours of patrol a week.", patrol.LeastHours, patrol.MostHours))
	}
	if patrol.Check(hours, exploration) != nil {
		return wrong("exploration", "La part d'exploration doit être de 5 à 10 % : sans lieux tirés au hasard, les patrouilles ne feraient que confirmer la prévision.",
			"The share of exploration must be 5 to 10 %: without places drawn by chance, patrols would only ever confirm the forecast.")
	}
	return nil
}

// drawSeed draws the seed of the exploration. The caller cannot choose it: who chooses the seed chooses the places.
func drawSeed(random io.Reader) (uint64, error) {
	var raw [8]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return 0, fmt.Errorf("draw a seed: %w", err)
	}
	return binary.BigEndian.Uint64(raw[:]), nil
}

// common is what a scope shows of the areas of a run; '{}' is everything.
func common(areas, scope []string) []string {
	if len(areas) == 0 {
		areas = nil
	}
	both := geoengine.Common(areas, scope)
	if both == nil {
		return []string{}
	}
	return both
}

// pageOfValues is how many values are read at once.
const pageOfValues = 20_000

// values are those of a run that the rights show, in their order.
func (d *desk) values(ctx context.Context, rights geoengine.Rights, run jobs.ID) ([]forecast.Value, error) {
	var list []forecast.Value
	for {
		page, err := d.forecasts.Values(ctx, rights, run, forecast.Ask{Limit: pageOfValues, Skip: len(list)})
		if err != nil {
			return nil, err
		}
		for i := range page {
			list = append(list, page[i].Value)
		}
		if len(page) < pageOfValues {
			return list, nil
		}
	}
}

// compose makes the suggestion.
func (d *desk) compose(ctx context.Context, rights geoengine.Rights, run *forecast.Run, values []forecast.Value, r *record, seed uint64) (content, error) {
	ask := patrol.Request{Places: make([]patrol.Place, len(values)), Profiles: run.Head.Profiles, Hours: r.Hours, Exploration: r.Exploration, Seed: seed}
	total := 0.0
	for i := range values {
		v := &values[i]
		ask.Places[i] = patrol.Place{Expected: v.Expected, AreaM2: hex.AreaM2(v.Cell), Profile: v.Profile}
		total += v.Expected
	}
	if !(total > 0) {
		return content{}, wrong("run", "Cette prévision n'attend aucun vol sur votre territoire : il n'y a rien à suggérer.", "This forecast expects no theft in your territory: there is nothing to suggest.")
	}
	s, err := patrol.Suggest(ask)
	if err != nil {
		return content{}, wrong("hours", "Le territoire a trop peu de lieux pour tant d'heures : demandez moins d'heures.", "The territory has too few places for so many hours: ask for fewer hours.")
	}
	c := content{
		Explored: float64(s.Explore) / float64(len(s.Visits)), ExplorationHours: float64(s.Explore) * patrol.VisitMinutes / 60,
		Precision: "hours", Held: s.Held, HeldPlaces: s.HeldPlaces, Even: s.Even, Warnings: d.warnings(run, s),
	}
	if s.Slots == patrol.Days {
		c.Precision = "days"
	}
	names, err := d.store.names(ctx, areasOf(values))
	if err != nil {
		return content{}, err
	}
	for _, v := range s.Visits {
		c.Slots = append(c.Slots, visit(&values[v.Place], v, s.Slots, names))
	}
	c.Equity, err = d.audit(ctx, rights, run, values, s, names)
	return c, err
}

func visit(value *forecast.Value, v patrol.Visit, slots int, names map[string]string) slot {
	at := hex.Center(value.Cell)
	one := slot{
		Cell: hex.String(value.Cell), Label: value.Label, Area: value.Area, AreaName: names[value.Area], Lon: round(at.Lon(), 6), Lat: round(at.Lat(), 6),
		Day: v.Slot, Hour: -1, Minutes: patrol.VisitMinutes, Why: "forecast", Expected: value.Expected, Rank: value.Rank, Held: v.Held, Probability: v.Drawn,
	}
	if slots != patrol.Days {
		const perDay = patrol.Slots / patrol.Days
		one.Day, one.Hour = v.Slot/perDay, v.Slot%perDay*24/perDay
	}
	if v.Explore {
		one.Why = "exploration"
	}
	return one
}

func round(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(v*scale) / scale
}

// warnings are what a person should know before deciding.
func (d *desk) warnings(run *forecast.Run, s *patrol.Suggestion) []forecast.Text {
	list := []forecast.Text{}
	if !run.Head.Card.Usable {
		list = append(list, forecast.Text{
			FR: "La prévision ne fait pas mieux que le décompte du passé : ne suivez pas cette suggestion pour elle-même.",
			EN: "The forecast does no better than the count of the past: do not follow this suggestion for its own sake.",
		})
	}
	if s.Slots == patrol.Days {
		list = append(list, forecast.Text{
			FR: "Les vols n'y sont connus qu'au jour près : les heures sont à choisir par vous, et les jours se valent.",
			EN: "Thefts are known by day only there: the hours are yours to choose, and all days are alike.",
		})
	}
	if !d.clock().Before(run.Head.To) {
		list = append(list, forecast.Text{
			FR: "La période de cette prévision est passée : demandez-en une nouvelle.",
			EN: "The period of this forecast is over: ask for a new one.",
		})
	}
	return list
}

// areasOf are the areas of values, each once.
func areasOf(values []forecast.Value) []string {
	list := make([]string, 0, len(values))
	for i := range values {
		list = append(list, values[i].Area)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// audit compares the places that the forecast has chosen with the thefts, by area.
func (d *desk) audit(ctx context.Context, rights geoengine.Rights, run *forecast.Run, values []forecast.Value, s *patrol.Suggestion, names map[string]string) ([]forecast.Equity, error) {
	read, err := readThefts(ctx, d.store.db, rights, run.Head.Spec.Areas, run.Head.Spec.Until)
	if err != nil {
		return nil, err
	}
	places := make([]bool, len(values))
	for _, v := range s.Visits {
		places[v.Place] = places[v.Place] || !v.Explore
	}
	return equity(values, places, read.byArea(), names)
}

func show(r *record) suggestionBody {
	slices.SortStableFunc(r.Decisions, func(a, b decision) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return suggestionBody{
		ID: r.ID.String(), Run: r.Run.String(), Areas: r.Areas, At: r.At.UTC().Format("2006-01-02T15:04:05.999999Z07:00"), Author: r.Author, Hours: r.Hours,
		Exploration: r.Exploration, Seed: r.Seed, Hash: fmt.Sprintf("%x", r.Hash), Decisions: r.Decisions, content: r.Body,
	}
}
