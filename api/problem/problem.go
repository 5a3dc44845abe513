// Package problem turns errors into RFC 9457 answers (application/problem+json): the one place where the sentinel
// errors of the house become HTTP statuses. Codes are stable, so that the front end can translate them.
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"vigie/api/identity"
	"vigie/geoengine"
)

// Problem is the body of every error answer.
type Problem struct {
	Type      string  `json:"type" doc:"Always about:blank; code tells problems apart."`
	Title     string  `json:"title" doc:"The HTTP status in words."`
	Status    int     `json:"status" doc:"The HTTP status."`
	Code      string  `json:"code" doc:"Stable slug of the problem, for programs and translations." enum:"invalid,unauthenticated,bad_credentials,throttled,denied,missing,method,busy,too_large,timeout,internal,reason,journal,conflict"`
	Detail    string  `json:"detail,omitempty" doc:"What is wrong, in English."`
	Errors    []Field `json:"errors,omitempty" doc:"Each wrong field."`
	RequestID string  `json:"request_id,omitempty" doc:"Names the request in the server's log."`
	// What a module says is wrong, for people, in both languages; Detail is then in that of the request.
	Field string `json:"field,omitempty" doc:"Dotted path of the field that is wrong, e.g. teams.0.unit."`
	FR    string `json:"fr,omitempty" doc:"What is wrong and what to change, in French."`
	EN    string `json:"en,omitempty" doc:"What is wrong and what to change, in English."`

	header http.Header
}

// Field is one wrong field of a request.
type Field struct {
	Location string `json:"location" doc:"Where, e.g. query.from, path.z, body.name."`
	Message  string `json:"message" doc:"What is wrong with it, in English."`
}

// The codes, in the order in which a request meets them.
const (
	CodeInvalid         = "invalid"
	CodeUnauthenticated = "unauthenticated"
	CodeBadCredentials  = "bad_credentials"
	CodeThrottled       = "throttled"
	CodeDenied          = "denied"
	CodeMissing         = "missing"
	CodeMethod          = "method"
	CodeBusy            = "busy"
	CodeTooLarge        = "too_large"
	CodeTimeout         = "timeout"
	CodeInternal        = "internal"
	CodeReason          = "reason"   // the operation wants to know why: header Vigie-Reason
	CodeJournal         = "journal"  // nothing is answered that the journal cannot keep
	CodeConflict        = "conflict" // the thing has changed since it was read, or its state does not allow this
)

// New returns a problem with a status, a code and a detail for people.
func New(status int, code, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// With adds a header to the answer.
func (p *Problem) With(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus makes a Problem a huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders makes a Problem a huma.HeadersError.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType makes a Problem a huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Fields are wrong fields of a request; a non-empty Fields is a geoengine.ErrInvalid.
type Fields []Field

// Add notes one wrong field.
func (f *Fields) Add(location, message string) {
	*f = append(*f, Field{Location: location, Message: message})
}

// Err returns the fields as an error, or nil if there are none.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Error names each field and what is wrong with it.
func (f Fields) Error() string {
	parts := make([]string, len(f))
	for i, field := range f {
		parts[i] = field.Location + ": " + field.Message
	}
	return strings.Join(parts, "; ")
}

// Unwrap makes it a geoengine.ErrInvalid.
func (f Fields) Unwrap() error { return geoengine.ErrInvalid }

// Of returns the answer to an error; known is false for an error that nobody expected, which is a bare 500 and must
// be logged by the caller.
func Of(err error) (p *Problem, known bool) {
	var (
		fields    Fields
		throttled *identity.ThrottledError
		tooLarge  *http.MaxBytesError
	)
	switch {
	case errors.As(err, &p):
		return p, true
	case errors.As(err, &throttled):
		return New(http.StatusTooManyRequests, CodeThrottled, throttled.Error()).With("Retry-After", strconv.Itoa(throttled.Seconds())), true
	case errors.Is(err, identity.ErrCredentials):
		return New(http.StatusUnauthorized, CodeBadCredentials, err.Error()), true
	case errors.As(err, &tooLarge):
		return New(http.StatusRequestEntityTooLarge, CodeTooLarge, "the request's body is too large"), true
	case errors.As(err, &fields):
		p = New(http.StatusUnprocessableEntity, CodeInvalid, fields.Error())
		p.Errors = fields
		return p, true
	case errors.Is(err, geoengine.ErrInvalid):
		return New(http.StatusUnprocessableEntity, CodeInvalid, strings.TrimSuffix(err.Error(), ": "+geoengine.ErrInvalid.Error())), true
	case errors.Is(err, geoengine.ErrDenied):
		return New(http.StatusForbidden, CodeDenied, "you may not do this"), true
	case errors.Is(err, geoengine.ErrMissing):
		return New(http.StatusNotFound, CodeMissing, "there is no such thing, or you may not see it"), true
	case errors.Is(err, geoengine.ErrBusy):
		return New(http.StatusServiceUnavailable, CodeBusy, "the server is busy or still loading: try again").With("Retry-After", "2"), true
	case errors.Is(err, context.DeadlineExceeded):
		return New(http.StatusServiceUnavailable, CodeTimeout, "the answer took too long: ask for less").With("Retry-After", "5"), true
	case errors.Is(err, context.Canceled):
		return New(statusGone, CodeTimeout, "the client went away"), true
	case databaseGone(err):
		return New(http.StatusServiceUnavailable, CodeBusy, "the database is away: try again").With("Retry-After", "2"), false
	default:
		return New(http.StatusInternalServerError, CodeInternal, ""), false
	}
}

// databaseGone tells whether the connection to the database failed, rather than a statement.
func databaseGone(err error) bool {
	var (
		connect *pgconn.ConnectError
		state   *pgconn.PgError
	)
	if errors.As(err, &state) {
		return strings.HasPrefix(state.Code, "57P") || strings.HasPrefix(state.Code, "08") || state.Code == "53300"
	}
	return errors.As(err, &connect) || pgconn.SafeToRetry(err) || errors.Is(err, io.ErrUnexpectedEOF)
}

// statusGone is what logs of other servers use for a client that closed its request; nobody receives it.
const statusGone = 499

// Write answers with the problem. Nothing else may have been written.
func (p *Problem) Write(w http.ResponseWriter, requestID string) {
	body := *p
	body.RequestID = requestID
	h := w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(&body) // the client may have gone away; nothing is left to tell it
}
