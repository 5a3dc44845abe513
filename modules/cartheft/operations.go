package cartheft

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"vigie/api"
	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// tag is the tag of the operations, and the scope that a machine's key must hold.
const tag = "Forecasts"

const (
	base      = "/api/cartheft"
	smallBody = 16 << 10
	slow      = 30 * time.Second // a large run has hundreds of thousands of places
)

// readers are the roles that read suggestions.
func readers() []identity.Role {
	return []identity.Role{identity.Commander, identity.Analyst, identity.Admin}
}

// extend adds the operations of the module to those that all forecasts share, and the retention to their work.
func (d *desk) extend(shared api.Extension) api.Extension {
	work, operations := shared.Work, shared.Operations
	shared.Work = func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error { return d.tend(ctx) })
		if work != nil {
			group.Go(func() error { return work(ctx) })
		}
		return group.Wait()
	}
	shared.Operations = func(queue *jobs.Queue) []api.Operation {
		var list []api.Operation
		if operations != nil {
			list = operations(queue)
		}
		return append(list, d.operations()...)
	}
	return shared
}

// operations are those of the module.
func (d *desk) operations() []api.Operation {
	read := func(id, path, summary string) door.Operation {
		return door.Operation{
			ID: "cartheft-" + id, Method: http.MethodGet, Path: base + path, Tag: tag, Roles: readers(), Summary: summary,
			Audit: door.AuditRead, Act: door.ActConsultation, Limit: door.Limit{PerSecond: 10, Burst: 60}, Timeout: slow,
		}
	}
	write := func(id, path, summary string, act door.Act) door.Operation {
		op := read(id, path, summary)
		op.Method, op.Roles, op.Act, op.MaxBody = http.MethodPost, []identity.Role{identity.Commander}, act, smallBody
		op.Limit = door.Limit{PerSecond: 1, Burst: 20}
		return op
	}
	suggest := write("suggest", "/suggestions", "Suggest a week of patrols by a forecast of thefts", door.ActCollection)
	suggest.Description = "5 to 10 % of the visits always go to places drawn by chance, with a seed that the server draws and keeps. Nothing is ordered: a person decides."
	decide := write("decide", "/suggestions/{id}/decisions", "Say what was done with a suggestion", door.ActModification)
	decide.Audit, decide.Description = door.AuditSensitive, "For persons: clients are refused."
	return []api.Operation{
		{Operation: suggest, Handler: handle(d.suggest)},
		{Operation: read("suggestions", "/suggestions", "The suggestions, newest first, page by page"), Handler: handle(d.list)},
		{Operation: read("suggestion", "/suggestions/{id}", "A suggestion"), Handler: handle(d.get)},
		{Operation: decide, Handler: handle(d.decide)},
	}
}

// Spoken is embedded in inputs: the language of who asks. It is exported for huma to see it.
type Spoken struct {
	Accept string `header:"Accept-Language" maxLength:"200" doc:"en for English; else errors are explained in French."`
}

func (s *Spoken) language() string { return language(s.Accept) }

// handle is a JSON operation of the module: for callers who may know of thefts, with errors in their language.
func handle[I any, P interface {
	*I
	language() string
}, O any](run func(ctx context.Context, pass door.Pass, in *I) (*O, error)) door.Handler {
	return door.JSON(func(ctx context.Context, pass door.Pass, in *I) (*O, error) {
		if !geoengine.Covers(pass.Rights().Open, Categories()) {
			return nil, fmt.Errorf("suggestions tell of thefts: %w", geoengine.ErrDenied)
		}
		out, err := run(ctx, pass, in)
		if err != nil {
			return nil, say(P(in).language(), err)
		}
		return out, nil
	})
}
