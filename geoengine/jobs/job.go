package jobs

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/disclosure"
)

// Status is how far a job has come, in the words of OGC API – Processes.
type Status string

// The statuses. A job is open while it is accepted or running.
const (
	Accepted   Status = "accepted"
	Running    Status = "running"
	Successful Status = "successful"
	Failed     Status = "failed"
	Dismissed  Status = "dismissed"
)

// Statuses lists every status.
func Statuses() []Status { return []Status{Accepted, Running, Successful, Failed, Dismissed} }

// Open tells whether the job may still change.
func (s Status) Open() bool { return s == Accepted || s == Running }

// Why a job failed.
const (
	FailedInvalid     = "invalid"     // what was asked cannot be answered
	FailedDenied      = "denied"      // the owner may no longer do this
	FailedTooLarge    = "too_large"   // the result is larger than a result may be
	FailedTimeout     = "timeout"     // it ran too long
	FailedInterrupted = "interrupted" // its servers died again and again
	FailedInternal    = "internal"    // an unexpected error, which is in the server's log
)

// Owner is who asked: a person's account, or a machine's client.
type Owner struct {
	Name    string
	Machine bool
}

// House is the owner of jobs that the server gives itself, on a schedule that administrators set: it may read everything.
// No client has an empty name.
func House() Owner { return Owner{Machine: true} }

// Granted are rights as they are kept with a job.
type Granted struct {
	Scope     []string                `json:"scope"` // null is everything
	Open      []string                `json:"open"`
	Protected []disclosure.Protection `json:"protected"`
}

// NewGranted returns rights and policy in the form in which a job keeps them.
func NewGranted(rights geoengine.Rights, policy disclosure.Policy) Granted {
	return Granted{Scope: rights.Scope, Open: rights.Open, Protected: policy.Protected}
}

// Rights are the rights that are kept.
func (g Granted) Rights() geoengine.Rights { return geoengine.Rights{Scope: g.Scope, Open: g.Open} }

// Policy is the policy that is kept.
func (g Granted) Policy() disclosure.Policy {
	return disclosure.Policy{Open: g.Open, Protected: g.Protected}
}

// Both returns what both allow.
func (g Granted) Both(other Granted) Granted {
	policy := g.Policy().Stricter(other.Policy())
	return Granted{
		Scope: geoengine.Common(g.Scope, other.Scope), Open: geoengine.Common(g.Open, policy.Open), Protected: policy.Protected,
	}
}

// AtMost tells whether the rights allow nothing that the others do not.
func (g Granted) AtMost(other Granted) bool {
	return geoengine.Covers(other.Scope, g.Scope) && geoengine.Covers(other.Open, g.Open) && g.Policy().AtMost(other.Policy())
}

// ID is the random name of a job, a version 4 UUID.
type ID [16]byte

// String writes the id as UUIDs are written.
func (id ID) String() string {
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// ParseID reads an id. ErrMissing for what cannot be one: there is no such job.
func ParseID(text string) (ID, error) {
	var id ID
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(raw) != len(id) {
		return ID{}, fmt.Errorf("job %.40q: %w", text, geoengine.ErrMissing)
	}
	copy(id[:], raw)
	if id.String() != text {
		return ID{}, fmt.Errorf("job %.40q: %w", text, geoengine.ErrMissing)
	}
	return id, nil
}

// Job is one request for a run, and what came of it.
type Job struct {
	ID        ID
	Process   string
	Owner     Owner
	Granted   Granted  // at submission
	Ran       *Granted // with which the last run began; nil before
	Inputs    json.RawMessage
	Asked     Asked
	Reason    string // that the caller gave, where the process asks for it
	Recipient string
	Status    Status
	Progress  int // 0 to 100
	Message   string
	Failure   string // FailedInvalid …, or ""
	Attempt   int
	Bytes     int64 // of the result
	Created   time.Time
	Started   *time.Time
	Updated   time.Time
	Finished  *time.Time
	Expires   *time.Time // nil while it is open
}

// Result is an output of a successful job.
type Result struct {
	ID, Media string
	Bytes     int64
	ordinal   int
}

// Filter chooses jobs. Zero fields do not restrict.
type Filter struct {
	Owner        *Owner
	Processes    []string
	Statuses     []Status
	From, To     time.Time     // created in [From, To]
	Shortest     time.Duration // time run, so far or in all, at least
	Longest      time.Duration // at most
	Limit        int           // 100 if zero
	AfterCreated time.Time     // of the last job of the page before, with
	AfterID      ID
}

// statuses are the statuses as text.
func (f *Filter) statuses() []string {
	if f.Statuses == nil {
		return nil
	}
	list := make([]string, len(f.Statuses))
	for i, s := range f.Statuses {
		list[i] = string(s)
	}
	slices.Sort(list)
	return list
}
