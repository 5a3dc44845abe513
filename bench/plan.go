package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"vigie/data"
	"vigie/data/sources/demo"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/module"
	"vigie/modules/checkpoints"
	"vigie/modules/checkpoints/plan"
	"vigie/predict/roadrisk"
)

// Plan measures what a commander waits for on the demonstration territory, over HTTP with rights and journal: from the
// click to the order as PDF, for the first plan of a server and for a later one, and one change of it. Options.Events
// means nothing here.
func Plan(ctx context.Context, store *geoengine.Store, options Options) ([]Result, error) {
	b, err := newPlanBench(ctx, store, options)
	if err != nil {
		return nil, fmt.Errorf("bench plan: %w", err)
	}
	defer b.site.stop()
	results, err := b.measure(ctx)
	if err != nil {
		return nil, fmt.Errorf("bench plan: %w", err)
	}
	return results, nil
}

// planBench is a server of the demonstration and one commander.
type planBench struct {
	site  *site
	units []string
}

func newPlanBench(ctx context.Context, store *geoengine.Store, options Options) (*planBench, error) {
	quiet := slog.New(slog.DiscardHandler)
	m := checkpoints.Module()
	if schema, ok := m.Schema(); ok {
		if err := store.MigrateModule(ctx, schema); err != nil {
			return nil, err
		}
	}
	for _, source := range demo.Sources() {
		input := data.Input{Options: data.Options{Seed: options.Seed}}
		if _, err := data.Import(ctx, store, source, input, data.ImportOptions{Progress: options.Progress}); err != nil {
			return nil, err
		}
	}
	if err := store.FinishBulk(ctx, options.Progress); err != nil {
		return nil, err
	}
	c := cube.New(store, quiet)
	if err := c.Load(ctx, options.Progress); err != nil {
		return nil, err
	}
	extension, err := m.Start(module.Host{Store: store, Cube: c, Log: quiet, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	s, err := serveAPI(ctx, store, c, quiet, demo.PathDepartement, extension)
	if err != nil {
		return nil, err
	}
	return &planBench{site: s}, nil
}

// made is what the bench reads of a plan.
type made struct {
	ID       string
	Revision int
	Job      string
	Plan     plan.Plan
}

func (b *planBench) measure(ctx context.Context) ([]Result, error) {
	var there struct{ Units []struct{ ID, Kind string } }
	if err := b.call(ctx, http.MethodGet, "/api/checkpoints/options?area="+demo.PathDepartement, nil, &there); err != nil {
		return nil, err
	}
	for _, unit := range there.Units {
		if strings.HasPrefix(unit.Kind, "gendarmerie.") {
			b.units = append(b.units, unit.ID)
		}
	}
	_, first, err := b.clickToPDF(ctx, roadrisk.Alcohol)
	if err != nil {
		return nil, err
	}
	p, later, err := b.clickToPDF(ctx, roadrisk.Alcohol)
	if err != nil {
		return nil, err
	}
	drag, err := b.drag(ctx, p)
	if err != nil {
		return nil, err
	}
	return []Result{
		Below("click to PDF, first plan of a server", "s", first, 5), Below("click to PDF, later plan", "s", later, 5),
		Below("price of a dragged post", "ms", drag, 100),
		Below("gap of the plan", "%", 100*p.Plan.Price.Gap, 0), Below("highest probability of a site", "", p.Plan.Draw.Top, 0.25),
		Below("bits short of 3 for each post", "bit", max(0, 3-p.Plan.Draw.Bits), 0),
	}, nil
}

// request is a typical one: six units, ten teams, the nights of a week-end.
func (b *planBench) request(kind roadrisk.Kind) plan.Request {
	r := plan.Request{
		Title: "bench", Areas: []string{demo.PathDepartement}, Kind: kind, From: "2026-01-09", To: "2026-01-11", Basis: plan.L2349,
	}
	for i := range 6 {
		r.Teams = append(r.Teams, plan.Team{Unit: b.units[i*len(b.units)/6], Teams: 1 + (i+1)%2 + i/5, Slots: 3, Earliest: 18, Latest: 28})
	}
	return r
}

// clickToPDF makes a plan and reads its order; it returns the seconds from the request to the last byte.
func (b *planBench) clickToPDF(ctx context.Context, kind roadrisk.Kind) (*made, float64, error) {
	begun := time.Now()
	var p made
	if err := b.call(ctx, http.MethodPost, "/api/checkpoints/plans", b.request(kind), &p); err != nil {
		return nil, 0, err
	}
	for p.ID == "" { // it goes on as a job, whose number is that of the plan
		var job struct{ Status, Message string }
		if err := b.call(ctx, http.MethodGet, "/ogc/jobs/"+p.Job, nil, &job); err != nil {
			return nil, 0, err
		}
		switch job.Status {
		case "successful":
			if err := b.call(ctx, http.MethodGet, "/api/checkpoints/plans/"+p.Job, nil, &p); err != nil {
				return nil, 0, err
			}
		case "accepted", "running":
			time.Sleep(20 * time.Millisecond)
		default:
			return nil, 0, fmt.Errorf("the job %s: %s", job.Status, job.Message)
		}
	}
	if err := b.call(ctx, http.MethodGet, "/api/checkpoints/plans/"+p.ID+"/order.pdf", nil, nil); err != nil {
		return nil, 0, err
	}
	return &p, time.Since(begun).Seconds(), nil
}

// drag asks what it costs to move each of the first posts a kilometre; it returns the median of the milliseconds.
func (b *planBench) drag(ctx context.Context, p *made) (float64, error) {
	post := 0
	return medianOf(9, func() error {
		at := p.Plan.Posts[post%len(p.Plan.Posts)]
		post++
		var position [2]float64
		for _, site := range p.Plan.Sites {
			if site.ID == at.Site {
				position = [2]float64{site.Position[0] + 0.01, site.Position[1] + 0.005}
			}
		}
		change := map[string]any{
			"base": p.Revision, "preview": true, "changes": []any{map[string]any{"op": "move", "post": at.ID, "at": position}},
		}
		return b.call(ctx, http.MethodPost, "/api/checkpoints/plans/"+p.ID+"/changes", change, nil)
	})
}

// call asks the server, always as the same commander; answer may be nil.
func (b *planBench) call(ctx context.Context, method, path string, body, answer any) error {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, b.site.address+path, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Cookie", b.site.cookies[0])
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s: %s", path, response.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
