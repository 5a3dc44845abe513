package processes

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

const exceptionBase = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"

// The types of exceptions that the standard names.
const (
	noSuchProcess  = exceptionBase + "no-such-process"
	noSuchJob      = exceptionBase + "no-such-job"
	resultNotReady = exceptionBase + "result-not-ready"
)

// exception is the body of an error as the standard writes it: RFC 7807 with types of its own, as application/json.
type exception struct {
	Type      string          `json:"type"`
	Title     string          `json:"title"`
	Status    int             `json:"status"`
	Detail    string          `json:"detail,omitempty"`
	Code      string          `json:"code,omitempty"`
	Errors    []problem.Field `json:"errors,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
}

// typed is an error with the type that the standard gives it.
type typed struct {
	kind   string
	detail string
	error
}

// Unwrap is the error itself.
func (t *typed) Unwrap() error { return t.error }

func missingJob() error {
	return &typed{noSuchJob, "there is no such job, or it is not yours", fmt.Errorf("job: %w", geoengine.ErrMissing)}
}

// handle is a handler whose errors are answered as exceptions.
func (s *service) handle(run func(w http.ResponseWriter, r *http.Request, pass door.Pass) error, media ...string) door.Handler {
	return door.Raw(func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		tracked := &tracker{ResponseWriter: w}
		err := run(tracked, r, pass)
		switch {
		case err == nil:
			return nil
		case tracked.began:
			panic(http.ErrAbortHandler) // cut, so that nobody takes the answer for whole
		}
		body, header, known := explain(err)
		if !known {
			return err // the door logs it
		}
		body.RequestID = pass.RequestID()
		for _, name := range []string{"Content-Length", "Content-Disposition", "Preference-Applied", "Link"} {
			w.Header().Del(name)
		}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", jobs.MediaJSON)
		w.WriteHeader(body.Status)
		return json.NewEncoder(w).Encode(body)
	}, media...)
}

// explain is the exception for an error; known is false for one that nobody expected.
func explain(err error) (body exception, header http.Header, known bool) {
	var (
		full   *jobs.FullError
		failed *jobs.FailedError
		named  *typed
	)
	p, known := problem.Of(err)
	switch {
	case errors.As(err, &full):
		p, known = problem.New(http.StatusTooManyRequests, problem.CodeThrottled, full.Detail).With("Retry-After", "10"), true
	case errors.As(err, &failed):
		p, known = problem.New(failureStatus(failed.Failure), failed.Failure, failed.Message), true
	}
	status := p.Status
	if status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	body = exception{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: p.Detail, Code: p.Code, Errors: p.Errors,
	}
	if errors.As(err, &named) {
		body.Type, body.Detail = named.kind, named.detail
	}
	return body, p.GetHeaders(), known
}

// failureStatus is the HTTP status of why a run failed.
func failureStatus(failure string) int {
	switch failure {
	case jobs.FailedInvalid, jobs.FailedTooLarge:
		return http.StatusBadRequest
	case jobs.FailedDenied:
		return http.StatusForbidden
	case jobs.FailedTimeout:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// tracker knows whether an answer has begun.
type tracker struct {
	http.ResponseWriter
	began bool
}

// WriteHeader notes that the answer begins.
func (t *tracker) WriteHeader(status int) {
	t.began = true
	t.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer begins.
func (t *tracker) Write(data []byte) (int, error) {
	t.began = true
	return t.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController flush and set deadlines.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// documents negotiates JSON or HTML; errors are those of the core.
func (s *service) documents(r *http.Request, pass door.Pass) (*ogc.Request, error) {
	return s.config.Open(r, pass, ogc.Documents())
}
