// Package jobs runs long work that outlives its process: a caller submits a job, any server of the store runs it, and
// any server hands out its result until that expires.
//
// The table job is the truth; river only says who is next. A run holds a lease and a number. A server that dies loses
// the lease, the job gets the next number, and what a run of an older number still writes is refused by the database:
// there is one result, never two. Read process.go for what a module declares, run.go for what happens to a job.
package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"vigie/geoengine"
	"vigie/geoengine/disclosure"
)

// Process is a kind of work that callers may ask for. ID, Title, Outputs, Roles and Run must be set.
type Process struct {
	ID          string // lower-case words joined by -
	Title       string
	Description string
	Version     string // of the process; "1.0.0" if empty
	Keywords    []string
	Inputs      []Input
	Outputs     []Output
	Roles       []string // who may run it, in the words of package identity
	// Communicates tells that its result holds single records that leave the house: the caller gives a reason, and
	// the input "recipient" says to whom.
	Communicates bool
	// Run does the work. It may run more than once for one job, and sees what the call's rights allow; it stops when
	// ctx ends. An error that wraps geoengine.ErrInvalid, ErrMissing or ErrBusy is shown to the caller, another is
	// not.
	Run func(ctx context.Context, call Call) error
	// Maker is whatever the package that declares the process wants to find again by it; it may be nil.
	Maker any
}

// Input is one value that a process takes.
type Input struct {
	ID          string
	Title       string
	Description string
	Schema      Schema
	Optional    bool
	Max         int // values of it; more than one are given as an array. 1 if zero
}

// Output is one value that a process gives.
type Output struct {
	ID          string
	Title       string
	Description string
	Schema      Schema
	Media       []string // media types that the caller may choose from, first the standard one; application/json if empty
}

// Call is one run of a process.
type Call struct {
	Job    string // for logs; "" outside the queue
	Owner  Owner
	Rights geoengine.Rights
	Policy disclosure.Policy
	Inputs map[string]json.RawMessage // checked against the schemas; an input with Max over 1 is an array
	Wanted map[string]string          // media type by output; an output that is not in it is not wanted
	// Progress tells how far the run has come, 0 to 100, in words for the caller. It may be called often.
	Progress func(percent int, message string)
	// Output begins the value of an output, which is what is written until the next one begins. JSON is written as
	// application/json. Writing fails once the result is too large, or the job is dismissed.
	Output func(id, media string) (io.Writer, error)
}

// Query limits a query to what the call may read.
func (c *Call) Query(q geoengine.Query) geoengine.Query { return c.Rights.Limit(q) }

// Decode reads an input into value, which stays as it is where the caller has not given the input.
func (c *Call) Decode(id string, value any) error {
	raw, given := c.Inputs[id]
	if !given {
		return nil
	}
	if err := json.Unmarshal(raw, value); err != nil {
		return fmt.Errorf("input %s: %w", id, geoengine.ErrInvalid)
	}
	return nil
}

// WriteJSON gives an output a JSON value.
func (c *Call) WriteJSON(id string, value any) error {
	w, err := c.Output(id, MediaJSON)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(value)
}

// MediaJSON is the media type of JSON values.
const MediaJSON = "application/json"

// medium is the media type of an output: what is asked for, or the standard one.
func (o *Output) medium(asked string) (string, error) {
	offered := o.Media
	if len(offered) == 0 {
		offered = []string{MediaJSON}
	}
	if asked == "" {
		return offered[0], nil
	}
	if !slices.Contains(offered, asked) {
		return "", fmt.Errorf("output %s: media type %.60q: must be one of %s: %w", o.ID, asked, strings.Join(offered, ", "), geoengine.ErrInvalid)
	}
	return asked, nil
}

// check panics for a process that is not declared in full: the programmer's mistake, found when the server starts.
func (p *Process) check() {
	must := func(ok bool, what string) {
		if !ok {
			panic(fmt.Sprintf("process %q: %s", p.ID, what))
		}
	}
	must(p.ID != "" && strings.Trim(p.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") == "", "has no id of lower-case words")
	must(p.Title != "", "has no title")
	must(len(p.Roles) > 0, "declares no roles")
	must(len(p.Outputs) > 0, "has no output")
	must(p.Run != nil, "does nothing")
	seen := map[string]bool{}
	for _, in := range p.Inputs {
		must(in.ID != "" && !seen[in.ID], "has an input without an id of its own")
		seen[in.ID] = true
	}
	must(!p.Communicates || seen["recipient"], "communicates and does not ask for the recipient")
}

// input finds an input by id; nil if there is none.
func (p *Process) input(id string) *Input {
	if i := slices.IndexFunc(p.Inputs, func(in Input) bool { return in.ID == id }); i >= 0 {
		return &p.Inputs[i]
	}
	return nil
}

// Processes are the processes of a server.
type Processes struct{ list []Process }

// NewProcesses returns the processes in their order. It panics for one that is not declared in full, or twice.
func NewProcesses(list ...Process) *Processes {
	for i, p := range list {
		p.check()
		if slices.ContainsFunc(list[:i], func(other Process) bool { return other.ID == p.ID }) {
			panic("process " + p.ID + " is declared twice")
		}
	}
	return &Processes{list}
}

// All lists the processes.
func (p *Processes) All() []Process { return slices.Clone(p.list) }

// Find returns a process; ErrMissing if there is none.
func (p *Processes) Find(id string) (*Process, error) {
	if i := slices.IndexFunc(p.list, func(one Process) bool { return one.ID == id }); i >= 0 {
		return &p.list[i], nil
	}
	return nil, fmt.Errorf("process %.60q: %w", id, geoengine.ErrMissing)
}
