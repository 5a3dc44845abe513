package accidents

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"vigie/api"
	"vigie/api/door"
	"vigie/api/identity"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
)

// tag is the tag of the operations, and the scope that a machine's key must hold.
const tag = "Accidents"

// base is where the operations are.
const base = "/api/accidents"

// readers are the roles that read ratios and zones.
func readers() []identity.Role {
	return []identity.Role{identity.Commander, identity.Analyst, identity.Operator, identity.Admin}
}

// reading declares an operation that shows something.
func reading(id, path, summary string, limit door.Limit) door.Operation {
	const patience = 60 * time.Second // a network may have to be loaded
	return door.Operation{
		ID: "accidents-" + id, Method: http.MethodGet, Path: base + path, Tag: tag, Roles: readers(), Summary: summary,
		Audit: door.AuditRead, Act: door.ActConsultation, Limit: limit, Timeout: patience,
	}
}

// operations are those of the module.
func (d *desk) operations() []api.Operation {
	normally, heavily := door.Limit{PerSecond: 10, Burst: 60}, door.Limit{PerSecond: 1, Burst: 20}
	return []api.Operation{
		{Operation: reading("ratios", "/ratios", "Accidents or their severity per inhabitant, per km of road or per vehicle-km, by commune or département", normally), Handler: handle(d.ratios)},
		{Operation: reading("ratio-outlines", "/ratios/outlines", "The same with outlines, as GeoJSON", heavily), Handler: handle(d.outlines)},
		{Operation: reading("zaac", "/zaac", "Zones of accumulation of accidents by the historic rule", heavily), Handler: handle(d.zaac)},
	}
}

// Spoken is embedded in inputs: the language of who asks. It is exported for huma to see it.
type Spoken struct {
	Accept string `header:"Accept-Language" maxLength:"200" doc:"en for English; else errors are explained in French."`
}

func (s *Spoken) language() string {
	return ogc.Language(&http.Request{Header: http.Header{"Accept-Language": {s.Accept}}})
}

// handle is a JSON operation for callers who may know of single accidents: ratios of few are nearly their number.
func handle[I any, P interface {
	*I
	language() string
}, O any](run func(ctx context.Context, pass door.Pass, in *I) (*O, error)) door.Handler {
	return door.JSON(func(ctx context.Context, pass door.Pass, in *I) (*O, error) {
		if !geoengine.Covers(pass.Rights().Open, []string{category}) {
			return nil, fmt.Errorf("ratios and zones tell of single accidents: %w", geoengine.ErrDenied)
		}
		out, err := run(ctx, pass, in)
		if err != nil {
			return nil, say(P(in).language(), err)
		}
		return out, nil
	})
}

// say puts an error into the language of a caller, as far as it is known in both.
func say(lang string, err error) error {
	var known *problem.Problem
	if !errors.As(err, &known) || known.FR == "" {
		return err
	}
	told := *known
	told.Detail = ogc.Text{FR: known.FR, EN: known.EN}.In(lang)
	return &told
}

// wrong is a field of a request that is wrong, with what to change.
func wrong(field, fr, en string) *problem.Problem {
	p := problem.New(http.StatusUnprocessableEntity, problem.CodeInvalid, en)
	p.Field, p.FR, p.EN = field, fr, en
	return p
}

// territory checks the area of a request: it must exist, and all of it must be the caller's.
func (d *desk) territory(ctx context.Context, pass door.Pass, area string) error {
	if !geoengine.ValidAreaPath(area) {
		return wrong("area", "Donnez le chemin d'un territoire, comme fr.76.31.", "Give the path of an area, such as fr.76.31.")
	}
	if !geoengine.Covers(pass.Scope(), []string{area}) {
		return fmt.Errorf("area %s: %w", area, geoengine.ErrMissing)
	}
	pass.Concerns("area:" + area)
	return d.known(ctx, area)
}

// period is the time that a request means: whole local days, by default the last five years of the records, and never
// more than they hold. None is false where there is no accident at all.
func (d *desk) period(pass door.Pass, area, from, to string) (since, until time.Time, some bool, err error) {
	extent, err := d.cube.Extent(pass.Query(geoengine.Query{Areas: []string{area}, Categories: []string{category}}))
	if err != nil {
		return since, until, false, err
	}
	asked := func(field, text string) (time.Time, error) {
		t, err := time.ParseInLocation(time.DateOnly, text, d.zone)
		if err != nil || t.Before(geoengine.Earliest) || t.After(geoengine.Latest) {
			return t, wrong(field, "Donnez un jour (2024-12-31).", "Give a day (2024-12-31).")
		}
		return t, nil
	}
	if from != "" {
		if since, err = asked("from", from); err != nil {
			return since, until, false, err
		}
	}
	if to != "" {
		if until, err = asked("to", to); err != nil {
			return since, until, false, err
		}
	}
	if from != "" && to != "" && !since.Before(until) {
		return since, until, false, wrong("from", "La période est vide : elle finit avant de commencer.", "The period is empty: it ends before it begins.")
	}
	if extent.Events == 0 {
		return since, until, false, nil
	}
	first, last := midnight(extent.From, d.zone), midnight(extent.To, d.zone).AddDate(0, 0, 1)
	if until.IsZero() || until.After(last) {
		until = last
	}
	if from == "" {
		since = until.AddDate(-yearsBack, 0, 0)
	}
	if since.Before(first) {
		since = first
	}
	return since, until, since.Before(until), nil
}
