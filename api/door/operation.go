// Package door is the one door for requests: every operation of the server, JSON or raw, is added through Door.Add,
// which checks identity, role, limits and parameters, hands the handler the caller's territory, and afterwards maps
// errors, measures and writes the journal.
package door

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/identity"
	"vigie/geoengine"
)

// Audit is what the journal keeps of an operation. Every operation declares one.
type Audit uint8

// The audit classes.
const (
	// AuditNone is for what shows nothing of the territory: health, the log-in page, the API document.
	AuditNone Audit = iota + 1
	// AuditAggregate is for counts and base maps: measured, not written to the journal.
	AuditAggregate
	// AuditRead is for single events and the like: one line with the outcome.
	AuditRead
	// AuditSecurity is for log-ins and changes of rights: a line before it runs, without which it does not run, and
	// one with the outcome.
	AuditSecurity
	// AuditSensitive is for what touches persons: as AuditSecurity.
	AuditSensitive
)

var auditNames = [...]string{"", "none", "aggregate", "read", "security", "sensitive"}

// String returns the name that the journal and the API document show.
func (a Audit) String() string {
	if int(a) < len(auditNames) {
		return auditNames[a]
	}
	return fmt.Sprintf("audit(%d)", uint8(a))
}

// Limit is how often one caller (one address, for a public operation) may ask: a bucket of Burst requests that fills
// with PerSecond.
type Limit struct {
	PerSecond float64
	Burst     int
}

// Operation declares one operation. ID, Method, Path, Summary, Audit, Limit and either Roles or Public must be set.
type Operation struct {
	ID          string // lower-case words joined by -, unique; names it in the API document, metrics and the journal
	Method      string
	Path        string // pattern of net/http's mux, e.g. /api/cells/{h3}
	Summary     string
	Description string
	Tag         string
	Roles       []identity.Role // who may; ignored for a public operation
	Public      bool            // needs no log-in
	Audit       Audit
	Limit       Limit
	Timeout     time.Duration // 15 s if zero
	Stream      bool          // stays open until the client, the session or the server ends: no timeout
	MaxBody     int64         // bytes; 0 is no body
	Params      []*huma.Param // path and query parameters that the handler's type does not declare
	AnyQuery    bool          // query parameters are not looked at: a page keeps its state there
	Quiet       bool          // successes are logged at debug level
	Hidden      bool          // not in the API document
}

// Everyone lists every role: whoever is logged in.
func Everyone() []identity.Role { return identity.Roles() }

const standardTimeout = 15 * time.Second

// check panics for an operation that must not exist: the programmer's mistake, found when the server is built.
func (op *Operation) check() {
	must := func(ok bool, what string) {
		if !ok {
			panic(fmt.Sprintf("operation %q (%s %s): %s", op.ID, op.Method, op.Path, what))
		}
	}
	must(op.ID != "", "has no id")
	must(op.Method != "" && op.Path != "", "has no method or path")
	must(op.Summary != "", "has no summary")
	must(op.Public != (len(op.Roles) > 0), "must declare roles, or be public, and not both")
	must(op.Audit >= AuditNone && op.Audit <= AuditSensitive, "has no audit class")
	must(op.Limit.PerSecond > 0 && op.Limit.Burst > 0, "has no rate limit")
	must(!op.AnyQuery || op.Audit == AuditNone, "shows data and takes any query")
	must(!op.Public || op.Audit == AuditNone || op.Audit == AuditSecurity, "is public and shows data")
	for _, role := range op.Roles {
		must(slices.Contains(identity.Roles(), role), "names the unknown role "+string(role))
	}
}

func (op *Operation) timeout() time.Duration {
	if op.Timeout > 0 {
		return op.Timeout
	}
	return standardTimeout
}

// Pass is what the door gives a handler: who asks, and for which territory. The zero Pass may see nothing.
type Pass struct {
	caller    identity.Caller
	token     string
	requestID string
	address   netip.Addr
	values    url.Values
	loggedIn  *string
}

// Caller is who asks; the zero Caller for a public operation.
func (p Pass) Caller() identity.Caller { return p.caller }

// LoggedIn names in the journal who has just logged in through a public operation.
func (p Pass) LoggedIn(name string) {
	if p.loggedIn != nil {
		*p.loggedIn = name
	}
}

// Token is the caller's session token, to end or to watch the session; "" for a public operation.
func (p Pass) Token() string { return p.token }

// RequestID names the request in logs and errors.
func (p Pass) RequestID() string { return p.requestID }

// Address is where the request comes from.
func (p Pass) Address() netip.Addr { return p.address }

// Values are the query parameters: only ones that the operation declares, and none repeated that may not be.
func (p Pass) Values() url.Values { return p.values }

// Scope is the caller's territory: nil is everything, an empty slice nothing.
func (p Pass) Scope() []string { return p.caller.Scope() }

// Query limits a query to the caller's territory. Handlers ask nothing of the store or the cube but through it.
func (p Pass) Query(q geoengine.Query) geoengine.Query {
	q.Scope = p.Scope()
	return q
}
