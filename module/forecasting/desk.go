package forecasting

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"time"

	"vigie/api"
	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/forecast"
	"vigie/geoengine/jobs"
	"vigie/module"
	"vigie/tiles"
)

// desk runs the forecasts of one module.
type desk struct {
	db          *geoengine.Store
	store       *forecast.Store
	tiles       *tiles.Forecasts
	log         *slog.Logger
	clock       func() time.Time
	random      io.Reader
	zone        *time.Location
	forecasters []*Forecaster
	queue       *jobs.Queue

	mu      sync.Mutex
	refused map[jobs.ID]error // why jobs of this server failed, for who waits for them; bounded
}

// standardSettle and standardEvery stand for what a forecaster leaves zero.
const (
	standardSettle = 14 * 24 * time.Hour
	standardEvery  = 24 * time.Hour
)

var forecastName = regexp.MustCompile(`^[a-z][a-z0-9]{1,30}$`)

// Extension is what a module that forecasts adds to a server: the processes of its forecasts, their operations, schedule
// and scores. The operations that all forecasts share are added by the first module that forecasts. ErrInvalid for a
// forecaster that is not declared in full.
func Extension(host module.Host, list []Forecaster) (api.Extension, error) {
	d, err := open(host, list)
	if err != nil {
		return api.Extension{}, err
	}
	extension := api.Extension{Operations: d.operations, Work: d.work}
	for _, f := range d.forecasters {
		extension.Processes = append(extension.Processes, d.process(f))
	}
	return extension, nil
}

// Find returns the forecaster of a name among the processes of modules: ErrMissing names those that there are.
func Find(processes []jobs.Process, name string) (*Forecaster, error) {
	names := []string{}
	for _, f := range All(processes) {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("forecast %.40q: must be one of %v: %w", name, names, geoengine.ErrMissing)
}

// All lists the forecasters among the processes of modules.
func All(processes []jobs.Process) []*Forecaster {
	list := []*Forecaster{}
	for i := range processes {
		if m, ok := processes[i].Maker.(maker); ok {
			list = append(list, m.forecaster)
		}
	}
	return list
}

// maker is what a process of ours is found by.
type maker struct {
	desk       *desk
	forecaster *Forecaster
}

func open(host module.Host, list []Forecaster) (*desk, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, fmt.Errorf("forecasts: %w", err)
	}
	d := &desk{
		db: host.Store, store: forecast.New(host.Store), tiles: tiles.NewForecasts(host.Store), log: host.Log, clock: host.Clock, random: host.Random, zone: zone,
		refused: map[jobs.ID]error{},
	}
	for i := range list {
		f := list[i]
		if err := f.check(); err != nil {
			return nil, err
		}
		if f.Every == 0 {
			f.Every = standardEvery
		}
		if f.Settle == 0 {
			f.Settle = standardSettle
		}
		d.forecasters = append(d.forecasters, &f)
	}
	return d, nil
}

// check refuses a forecaster that is not declared in full.
func (f *Forecaster) check() error {
	missing := ""
	for what, there := range map[string]bool{
		"a name of lower-case letters and digits": forecastName.MatchString(f.Name) && f.Name != "runs" && f.Name != "alerts",
		"a title": f.Title.FR != "" && f.Title.EN != "", "a model with its version": f.Model != "" && f.Version != "", "categories": len(f.Categories) > 0,
		"a kind of place": slices.Contains([]forecast.PlaceKind{forecast.Cells, forecast.Lixels, forecast.Units, forecast.Areas}, f.Place),
		"horizons":        len(f.Horizons) > 0 && !slices.ContainsFunc(f.Horizons, func(h Horizon) bool { return h.Name == "" || h.End == nil }),
		"options":         !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Name == "" || len(o.Values) == 0 }),
		"its functions":   f.Read != nil && f.Make != nil && f.Actual != nil,
	} {
		if !there {
			missing = max(missing, what)
		}
	}
	if missing != "" {
		return fmt.Errorf("forecast %q lacks %s: %w", f.Name, missing, geoengine.ErrInvalid)
	}
	return nil
}

// horizon finds a horizon; nil if there is none.
func (f *Forecaster) horizon(name string) *Horizon {
	if i := slices.IndexFunc(f.Horizons, func(h Horizon) bool { return h.Name == name }); i >= 0 {
		return &f.Horizons[i]
	}
	return nil
}

// readers are the roles that read forecasts.
func readers() []identity.Role {
	return []identity.Role{identity.Commander, identity.Analyst, identity.Operator, identity.Admin}
}

// makers are the roles that have runs made.
func makers() []identity.Role { return []identity.Role{identity.Commander, identity.Analyst} }

// all lists the forecasters of the server, of whatever module.
func (d *desk) all() []*Forecaster { return All(d.queue.Processes().All()) }

// first tells whether this desk is the first of the server: it adds what all share.
func (d *desk) first() bool {
	for _, p := range d.queue.Processes().All() {
		if m, ok := p.Maker.(maker); ok {
			return m.desk == d
		}
	}
	return false
}

// now is the time as the database keeps it.
func (d *desk) now() time.Time { return d.clock().UTC().Truncate(time.Microsecond) }

// today is where the local day begins.
func (d *desk) today() time.Time {
	year, month, day := d.clock().In(d.zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, d.zone)
}

// openTo tells whether a caller may read what a forecaster is made of.
func openTo(rights geoengine.Rights, f *Forecaster) bool {
	return geoengine.Covers(rights.Open, f.Categories)
}

// run finds a run by its id, as the caller may see it, and names it in the journal.
func (d *desk) run(ctx context.Context, pass door.Pass, id string) (forecast.Run, error) {
	key, err := jobs.ParseID(id)
	if err != nil {
		return forecast.Run{}, fmt.Errorf("run: %w", geoengine.ErrMissing)
	}
	r, err := d.store.Find(ctx, pass.Rights(), key)
	if err == nil {
		pass.Concerns("forecast:" + r.Head.Spec.Name + " run:" + r.ID.String())
	}
	return r, err
}

// Spoken is embedded in inputs: the language of who asks. It is exported, as RunInput, for huma to see it.
type Spoken struct {
	Accept string `header:"Accept-Language" maxLength:"200" doc:"en for English; else errors are explained in French."`
}

func (s *Spoken) language() string { return spoken(s.Accept) }

// handle is a JSON operation, with errors in the caller's language.
func handle[I any, P interface {
	*I
	language() string
}, O any](run func(ctx context.Context, pass door.Pass, in *I) (*O, error)) door.Handler {
	return door.JSON(func(ctx context.Context, pass door.Pass, in *I) (*O, error) {
		out, err := run(ctx, pass, in)
		if err != nil {
			return nil, say(P(in).language(), err)
		}
		return out, nil
	})
}
