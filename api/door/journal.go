package door

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/problem"
	"vigie/geoengine/journal"
)

// Journal keeps an entry for good before it returns; with an error, what the entry is about does not happen.
type Journal func(ctx context.Context, e journal.Entry) error

// The outcomes that are no HTTP status.
const (
	outcomeBegun  = "begun"
	outcomeBroken = "broken" // the answer began to leave and did not get to its end
)

// How long an answer waits for the journal, and how long one waits that carries nothing but the server's own trouble.
const (
	journalPatience = 6 * time.Second
	troublePatience = time.Second
)

// note is what the journal is told of one request, by the door and by the handler.
type note struct {
	mu         sync.Mutex
	account    string // who has just logged in
	machine    bool   // and is a client
	recipient  string
	references []string
	handedOver bool // a consultation that gives the data away as a file

	// What only the door touches, in the request's own goroutine.
	kept   bool   // the request gets a line: it is not one of a flood of strangers
	begun  bool   // its line "begun" is written
	failed bool   // a line could not be written
	reason string // as the caller gave it
}

// LoggedIn names in the journal who has just logged in through a public operation.
func (p Pass) LoggedIn(name string) {
	p.tell(func(n *note) { n.account = name })
}

// ClientLoggedIn is LoggedIn for a machine.
func (p Pass) ClientLoggedIn(id string) {
	p.tell(func(n *note) { n.account, n.machine = id, true })
}

// Concerns names in the journal the data that the answer shows: source/ref of an event, the path of an area, the number
// of an export; never the data, nor what a caller typed. Without it the journal names the path asked for. Call it before
// anything is written; several calls add up.
func (p Pass) Concerns(reference string) {
	p.tell(func(n *note) { n.references = append(n.references, reference) })
}

// Communicated names in the journal to whom the data go, where that is not the caller.
func (p Pass) Communicated(to string) {
	p.tell(func(n *note) { n.recipient = to })
}

// HandsOver makes a consultation a communication in the journal: the answer is a file of data that leaves the house.
func (p Pass) HandsOver() {
	p.tell(func(n *note) { n.handedOver = true })
}

func (p Pass) tell(change func(*note)) {
	if p.note != nil {
		p.note.mu.Lock()
		defer p.note.mu.Unlock()
		change(p.note)
	}
}

// changes tells whether the operation does more than show: then a line is written before it runs.
func (op *Operation) changes() bool {
	return op.Audit >= AuditSecurity || op.Audit == AuditRead && op.Act != ActConsultation && op.Act != ActCommunication
}

// begin writes the line without which an operation that changes something does not run.
func (g *guard) begin(r *http.Request, pass Pass) error {
	if !g.op.changes() {
		return nil
	}
	if err := g.write(r.Context(), journalPatience, g.entry(r, pass, outcomeBegun)); err != nil {
		pass.note.failed = true
		return g.unwritten(pass, err)
	}
	pass.note.begun = true
	return nil
}

// leave writes the line of an answer whose first byte is about to leave, or returns what is answered instead. What only
// tells of the server's own trouble leaves either way.
func (g *guard) leave(r *http.Request, pass Pass, status int) *problem.Problem {
	if !pass.note.kept || pass.note.begun || pass.note.failed {
		return nil
	}
	patience := journalPatience
	if status >= http.StatusInternalServerError {
		patience = troublePatience
	}
	err := g.write(r.Context(), patience, g.entry(r, pass, strconv.Itoa(status)))
	if err == nil {
		return nil
	}
	pass.note.failed = true
	p := g.unwritten(pass, err)
	if status >= http.StatusInternalServerError {
		return nil
	}
	p.RequestID = pass.requestID
	return p
}

// end writes the outcome of what was begun, and a second line for an answer that broke off.
func (g *guard) end(r *http.Request, pass Pass, rec *recorder) {
	if !pass.note.begun && (!rec.broken || pass.note.failed || !pass.note.kept) {
		return
	}
	outcome := strconv.Itoa(rec.status)
	if rec.broken {
		outcome = outcomeBroken
	}
	if err := g.write(context.WithoutCancel(r.Context()), journalPatience, g.entry(r, pass, outcome)); err != nil {
		_ = g.unwritten(pass, err) // logged; the answer has left, and the journal knows that it was begun
	}
}

func (g *guard) write(ctx context.Context, patience time.Duration, e journal.Entry) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return g.door.config.Journal(ctx, e)
}

// unwritten logs that an entry could not be written, unless the client has left, and returns the answer to it.
func (g *guard) unwritten(pass Pass, err error) *problem.Problem {
	if !errors.Is(err, context.Canceled) {
		g.door.config.Log.Error("journal", "request", pass.requestID, "operation", g.op.ID, "error", err)
	}
	return problem.New(http.StatusServiceUnavailable, problem.CodeJournal,
		"the journal cannot be written, and without it nothing is answered or done: try again").With("Retry-After", "5")
}

func (g *guard) entry(r *http.Request, pass Pass, outcome string) journal.Entry {
	n := pass.note
	n.mu.Lock()
	defer n.mu.Unlock()
	e := journal.Entry{
		Account: pass.caller.Name, Machine: pass.caller.Machine, Operation: g.op.ID, Class: g.op.Audit.String(), Act: string(g.op.Act),
		Reason: n.reason, Reference: strings.Join(n.references, " "), Recipient: n.recipient, Address: pass.address.String(),
		Outcome: outcome, RequestID: pass.requestID,
	}
	if e.Account == "" {
		e.Account, e.Machine = n.account, n.machine
	}
	if n.handedOver && g.op.Act == ActConsultation {
		e.Act = string(ActCommunication)
	}
	if e.Reference == "" {
		e.Reference = r.URL.Path
	}
	if e.Recipient == "" && (g.op.Act == ActConsultation || g.op.Act == ActCommunication || g.op.Act == ActInterconnection) {
		e.Recipient = e.Account
	}
	return e
}

// ReasonHeader is where a caller says why. Its value is the text itself or, for what cannot stand in a header, the form of
// RFC 8187: UTF-8, two apostrophes and the text percent-encoded.
const ReasonHeader = "Vigie-Reason"

// Length of a reason in characters.
const (
	shortestReason = 3
	longestReason  = 500
)

// reason reads why the caller asks; an operation may insist on it, and what is said must make sense wherever it is kept.
func (g *guard) reason(r *http.Request, pass *Pass) error {
	given := r.Header.Values(ReasonHeader)
	if g.op.Audit < AuditRead {
		return nil
	}
	if len(given) == 0 || len(given) == 1 && strings.TrimSpace(given[0]) == "" {
		if g.op.Reason {
			return problem.New(http.StatusPreconditionRequired, problem.CodeReason, "say why, in the header "+ReasonHeader)
		}
		return nil
	}
	reason, err := ParseReason(given)
	if err != nil {
		return err
	}
	pass.note.reason = reason
	return nil
}

// ParseReason reads the values of the header Vigie-Reason; ErrInvalid unless it is one text of 3 to 500 characters,
// none of which controls anything. Bytes that are not UTF-8 are read as Latin-1, which browsers send.
func ParseReason(values []string) (string, error) {
	wrong := func(why string) error { return problem.Fields{{Location: "header." + ReasonHeader, Message: why}} }
	if len(values) != 1 {
		return "", wrong("must be given once")
	}
	text := strings.TrimSpace(values[0])
	if coded, is := strings.CutPrefix(text, "UTF-8''"); is {
		plain, err := url.PathUnescape(coded)
		if err != nil || !utf8.ValidString(plain) {
			return "", wrong("is not well percent-encoded UTF-8")
		}
		text = strings.TrimSpace(plain)
	} else if !utf8.ValidString(text) {
		runes := make([]rune, len(text))
		for i := range len(text) {
			runes[i] = rune(text[i])
		}
		text = string(runes)
	}
	if n := utf8.RuneCountInString(text); n < shortestReason || n > longestReason {
		return "", wrong(fmt.Sprintf("must have %d to %d characters", shortestReason, longestReason))
	}
	if strings.ContainsFunc(text, func(c rune) bool {
		return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029'
	}) {
		return "", wrong("must not hold control characters")
	}
	return text, nil
}

// params are the parameters in the API document, with the reason where the journal keeps one.
func (op *Operation) params() []*huma.Param {
	if op.Audit < AuditRead {
		return op.Params
	}
	shortest, longest := shortestReason, longestReason
	return slices.Concat(op.Params, []*huma.Param{{
		Name: ReasonHeader, In: "header", Required: op.Reason,
		Description: "Why, for the journal: text, or UTF-8'' and the text percent-encoded.",
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest},
	}})
}
