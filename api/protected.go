package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
)

// readRules reads the rules of small counts before anything is answered.
func (s *Server) readRules() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return s.rules.Refresh(ctx)
}

// countsChanged reads the rules again and forgets what was published.
func (s *Server) countsChanged(ctx context.Context) error {
	s.releases.Forget()
	return s.rules.Refresh(ctx)
}

// publishEvery is how often the server looks for years that are over and not published.
const publishEvery = 5 * time.Second

// publishCounts publishes the years of protected families that are over, when the events have not changed for a while
// and nothing is imported.
func (s *Server) publishCounts(ctx context.Context) error {
	publisher := disclosure.NewPublisher(s.config.Store, s.zone, s.config.Clock)
	ticker := time.NewTicker(publishEvery)
	defer ticker.Stop()
	var seen, done uint64 // versions: at the last look, and when all was published
	var when time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		version := s.config.Cube.Version()
		quiet := version != 0 && version == seen
		seen = version
		if !quiet || (version == done && s.config.Clock().Sub(when) < time.Hour) {
			continue
		}
		published, finished, err := publisher.PublishDue(ctx, s.rules.Protected(), s.yearsOf)
		if err != nil {
			return err
		}
		for _, year := range published {
			s.config.Log.Info("protected counts published", "category", year.Category, "year", year.Year, "territories", year.Territories)
		}
		if finished {
			done, when = version, s.config.Clock()
		}
	}
}

// yearsOf are the years in which a family has events.
func (s *Server) yearsOf(category string) ([]int, error) {
	extent, err := s.config.Cube.Extent(geoengine.Query{Categories: []string{category}})
	if err != nil || extent.Events == 0 {
		return nil, err
	}
	var years []int
	for year := extent.From.In(s.zone).Year(); year <= earliest(s.config.Clock(), extent.To).In(s.zone).Year(); year++ {
		years = append(years, year)
	}
	return years, nil
}

// addProtected adds what is told of protected families to a summary: to the total, the facet of categories and the
// hours of the week; months, those of the query framed, stand by themselves, since the bins of the histogram are no
// months. Both queries are limited by the caller's rights.
func (s *Server) addProtected(ctx context.Context, pass door.Pass, q, framed geoengine.Query, body *summaryBody) error {
	sum, note, err := s.releases.Total(ctx, pass.Policy(), q)
	if err != nil {
		return err
	}
	if body.Protected = note.OrNil(); body.Protected == nil {
		return s.addCategories(ctx, pass, q, body)
	}
	body.Total += sum.Count
	body.Hidden, body.K = sum.Hidden.String(), sum.K
	if !sum.Nothing() {
		body.Weight = nil
	}
	hours, err := s.releases.Margin(ctx, pass.Policy(), q, disclosure.MarginHour, false)
	if err != nil {
		return err
	}
	body.addHours(hours)
	months, err := s.releases.Margin(ctx, pass.Policy(), framed, disclosure.MarginMonth, true)
	if err != nil {
		return err
	}
	body.Months = values(months)
	slices.SortFunc(body.Months, func(a, b facetValue) int {
		return cmp.Or(strings.Compare(a.Value[:5], b.Value[:5]), len(a.Value)-len(b.Value), strings.Compare(a.Value, b.Value))
	})
	return s.addCategories(ctx, pass, q, body)
}

// framedBy is the query over the frame of the histogram, if one is asked for.
func framedBy(q geoengine.Query, frame cube.Bins, framed bool) geoengine.Query {
	if framed {
		q.From, q.To = frame.From, frame.To
	}
	return q
}

// addHours adds protected hours of the week to the grid, and what of each is hidden; "" stands for all hours of a part.
func (b *summaryBody) addHours(hours map[string]disclosure.Amount) {
	if len(hours) == 0 {
		return
	}
	b.HourHidden = make([]int, len(b.HourGrid))
	for hour := range b.HourGrid {
		amount := hours[strconv.Itoa(hour)].Plus(hours[""])
		b.HourGrid[hour] += amount.Count
		b.HourHidden[hour] = int(amount.Hidden)
	}
}

// addCategories adds the protected categories to the facet of categories, which ignores its own filter.
func (s *Server) addCategories(ctx context.Context, pass door.Pass, q geoengine.Query, body *summaryBody) error {
	q.Categories = nil
	amounts, err := s.protectedCategories(ctx, pass, q)
	if err != nil {
		return err
	}
	body.Facets["category"] = append(body.Facets["category"], values(amounts)...)
	slices.SortStableFunc(body.Facets["category"], func(a, b facetValue) int { return cmp.Compare(known(b.Count), known(a.Count)) })
	return nil
}

// protectedCategories are the protected categories with what is told of each; a family of which only the total is told
// stands for its categories.
func (s *Server) protectedCategories(ctx context.Context, pass door.Pass, q geoengine.Query) (map[string]disclosure.Amount, error) {
	found := map[string]disclosure.Amount{}
	for _, family := range pass.Policy().Protected {
		amounts, err := s.releases.Margin(ctx, disclosure.Policy{Protected: []disclosure.Protection{family}}, q, disclosure.MarginCategory, false)
		if err != nil {
			return nil, err
		}
		for slug, amount := range amounts {
			if slug == "" {
				slug = family.Category
			}
			found[slug] = found[slug].Plus(amount)
		}
	}
	return found, nil
}

func values(amounts map[string]disclosure.Amount) []facetValue {
	list := make([]facetValue, 0, len(amounts))
	for value, amount := range amounts {
		if !amount.Nothing() {
			list = append(list, facetValue{Value: value, Count: countOf(amount), Hidden: amount.Hidden.String(), K: amount.K})
		}
	}
	slices.SortFunc(list, func(a, b facetValue) int {
		return cmp.Or(cmp.Compare(known(b.Count), known(a.Count)), strings.Compare(a.Value, b.Value))
	})
	return list
}

// countOf is the count of an amount, nil where there is none to show.
func countOf(amount disclosure.Amount) *uint32 {
	if amount.Secret() {
		return nil
	}
	return &amount.Count
}

func known(count *uint32) uint32 {
	if count == nil {
		return 0
	}
	return *count
}
