package door

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"vigie/api/problem"
)

// JSON is an operation whose input and output are huma's structs: fields tagged path, query or Body.
func JSON[I, O any](run func(ctx context.Context, pass Pass, in *I) (*O, error)) Handler {
	return jsonHandler[I, O]{run}
}

type jsonHandler[I, O any] struct {
	run func(ctx context.Context, pass Pass, in *I) (*O, error)
}

func (h jsonHandler[I, O]) register(d *Door, doc *huma.Operation) (*huma.Operation, http.Handler) {
	huma.Register(d.huma, *doc, func(ctx context.Context, in *I) (*O, error) {
		pass := passOf(ctx)
		out, err := h.run(ctx, pass, in)
		if err != nil {
			return nil, d.answer(ctx, pass, err)
		}
		return out, nil
	})
	return d.captured.doc, d.compress(d.captured.run)
}

// leastCompressed is the size in bytes from which JSON is compressed.
const leastCompressed = 1024

// compress sends JSON as gzip or zstd to clients that take it.
func (d *Door) compress(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(leastCompressed), gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap(next)
}

// Raw is an operation that writes its own body: tiles, streams, files. An error returned before anything is written
// becomes a problem. media are the content types for the API document.
func Raw(run func(w http.ResponseWriter, r *http.Request, pass Pass) error, media ...string) Handler {
	return rawHandler{run, media}
}

type rawHandler struct {
	run   func(w http.ResponseWriter, r *http.Request, pass Pass) error
	media []string
}

func (h rawHandler) register(d *Door, doc *huma.Operation) (*huma.Operation, http.Handler) {
	content := map[string]*huma.MediaType{}
	for _, name := range h.media {
		content[name] = &huma.MediaType{}
	}
	doc.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: content}}
	if !doc.Hidden {
		d.huma.OpenAPI().AddOperation(doc)
	}
	return doc, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass := passOf(r.Context())
		err := h.run(w, r, pass)
		if err == nil {
			return
		}
		p := d.answer(r.Context(), pass, err)
		if rec, ok := w.(*recorder); ok && rec.status != 0 {
			rec.broken = true
			return
		}
		p.Write(w, pass.requestID)
	})
}

// answer maps an error to its problem and logs one that nobody expected.
func (d *Door) answer(ctx context.Context, pass Pass, err error) *problem.Problem {
	p, known := problem.Of(err)
	if !known {
		d.config.Log.LogAttrs(ctx, slog.LevelError, "unexpected error", slog.String("request", pass.requestID), slog.Any("error", err))
	}
	answer := *p
	answer.RequestID = pass.requestID
	if pass.standard && answer.Status == http.StatusUnprocessableEntity {
		answer.Status, answer.Title = http.StatusBadRequest, http.StatusText(http.StatusBadRequest)
	}
	return &answer
}

// translate turns huma's own errors (validation, malformed bodies) into problems. It drops the offending values: a
// body may hold a password.
func translate(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := problem.CodeInvalid
	switch {
	case model.Status == http.StatusRequestEntityTooLarge:
		code = problem.CodeTooLarge
	case model.Status == http.StatusRequestTimeout:
		code = problem.CodeTimeout
	case model.Status >= http.StatusInternalServerError:
		code = problem.CodeInternal
	}
	pass := passOf(ctx.Context())
	status := model.Status
	if pass.standard && status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
		ctx.SetStatus(status)
	}
	p := problem.New(status, code, model.Detail)
	for _, e := range model.Errors {
		if e != nil {
			p.Errors = append(p.Errors, problem.Field{Location: e.Location, Message: e.Message})
		}
	}
	p.RequestID = pass.requestID
	return p, nil
}
