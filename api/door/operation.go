// Package door is the one door for requests: every operation of the server, JSON or raw, is added through Door.Add,
// which checks identity, role, limits and parameters, hands the handler the caller's territory, and afterwards maps
// errors, measures and writes the journal.
package door

import (
	"fmt"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/identity"
)

// Audit is what the journal keeps of an operation. Every operation declares one.
type Audit uint8

// The audit classes.
const (
	// AuditNone is for what shows nothing of the territory: health, the log-in page, the API document.
	AuditNone Audit = iota + 1
	// AuditAggregate is for counts and base maps: measured, not written to the journal.
	AuditAggregate
	// AuditRead is for single events and the like: one line with the outcome, durable before the answer's first byte
	// leaves; where the operation changes something, as AuditSecurity.
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

// Act is what an operation does to the data, in the words of article 101 of the law "Informatique et Libertés", which
// names what the journal of a State file must keep apart.
type Act string

// The acts. Access is not of that article: log-ins, and changes of accounts and rights.
const (
	ActCollection      Act = "collection"
	ActModification    Act = "modification"
	ActConsultation    Act = "consultation"
	ActCommunication   Act = "communication" // what leaves the house: exports, results handed on
	ActInterconnection Act = "interconnection"
	ActErasure         Act = "erasure"
	ActAccess          Act = "access"
)

// Acts lists every act.
func Acts() []Act {
	return []Act{ActCollection, ActModification, ActConsultation, ActCommunication, ActInterconnection, ActErasure, ActAccess}
}

// Limit is how often one caller (one address, for a public operation) may ask: a bucket of Burst requests that fills
// with PerSecond.
type Limit struct {
	PerSecond float64
	Burst     int
}

// Operation declares one operation. ID, Method, Path, Summary, Audit, Limit and either Roles and Tag or Public must be
// set, and Act where the journal keeps it (AuditRead and above).
type Operation struct {
	ID          string // lower-case words joined by -, unique; names it in the API document, metrics and the journal
	Method      string
	Path        string // pattern of net/http's mux, e.g. /api/cells/{h3}
	Summary     string
	Description string
	Tag         string          // groups operations in the API document; the scope that a machine's key must hold
	Roles       []identity.Role // who may; ignored for a public operation
	Public      bool            // needs no log-in
	Audit       Audit
	Act         Act
	Reason      bool // the caller must say why, in the header Vigie-Reason
	Limit       Limit
	Timeout     time.Duration // 15 s if zero
	Stream      bool          // stays open until the client, the session or the server ends: no timeout
	MaxBody     int64         // bytes; 0 is no body
	Params      []*huma.Param // path and query parameters that the handler's type does not declare
	AnyQuery    bool          // query parameters are not looked at: a page keeps its state there
	FoldQuery   bool          // names of query parameters mean the same in any case, as in OGC key-value services; Params have them in lower case
	Quiet       bool          // successes are logged at debug level
	Hidden      bool          // not in the API document
	Standard    bool          // of an OGC API: what is wrong with a request is answered 400, as its standard says
}

// everyone stands for every role there is, until the operation is added.
const everyone identity.Role = "*"

// Everyone is every role, also those that modules add: whoever is logged in.
func Everyone() []identity.Role { return []identity.Role{everyone} }

const standardTimeout = 15 * time.Second

// check panics for an operation that must not exist: the programmer's mistake, found when the server is built.
func (op *Operation) check(roles identity.RoleSet) {
	must := func(ok bool, what string) {
		if !ok {
			panic(fmt.Sprintf("operation %q (%s %s): %s", op.ID, op.Method, op.Path, what))
		}
	}
	must(op.ID != "", "has no id")
	must(op.Method != "" && op.Path != "", "has no method or path")
	must(op.Summary != "", "has no summary")
	must(op.Public != (len(op.Roles) > 0), "must declare roles, or be public, and not both")
	must(op.Public || op.Tag != "", "has no tag, by which the scopes of machines are given")
	must(op.Audit >= AuditNone && op.Audit <= AuditSensitive, "has no audit class")
	must((op.Audit >= AuditRead) == (op.Act != ""), "must declare its act if and only if the journal keeps it")
	must(op.Act == "" || slices.Contains(Acts(), op.Act), "names the unknown act "+string(op.Act))
	must(!op.Reason || op.Audit >= AuditRead, "asks for a reason that nobody keeps")
	must(op.Limit.PerSecond > 0 && op.Limit.Burst > 0, "has no rate limit")
	must(!op.AnyQuery || op.Public || op.Audit == AuditNone, "shows data and takes any query")
	must(!op.Public || op.Audit == AuditNone || op.Audit == AuditSecurity, "is public and shows data")
	for _, role := range op.Roles {
		must(slices.Contains(roles, role), "names the unknown role "+string(role))
	}
}

func (op *Operation) timeout() time.Duration {
	if op.Timeout > 0 {
		return op.Timeout
	}
	return standardTimeout
}
