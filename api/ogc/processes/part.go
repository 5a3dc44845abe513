// Package processes serves OGC API – Processes 1.0: what the server computes on request, at once or as durable jobs.
// The work itself and its queue are package jobs. Read part.go for the operations, execute.go for how a run is asked
// for, results.go for how its outputs are answered.
package processes

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/api/ogc"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

// Tag is the tag of the operations, and the scope that a machine's key must hold.
const Tag = "Processes"

const (
	classBase = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
	relBase   = "http://www.opengis.net/def/rel/ogc/1.0/"
)

// Limits of a request.
const (
	maxBody     = 1 << 20
	syncTimeout = 25 * time.Second // of a run that the client waits for
	slack       = 5 * time.Second  // to answer after it
)

// service is the part at work.
type service struct {
	config ogc.Config
	queue  *jobs.Queue
	roles  []identity.Role // that read, or run some process
}

// Part returns the standard as a part of the OGC API, for the processes of the queue.
func Part(config ogc.Config, queue *jobs.Queue) ogc.Part {
	s := &service{config, queue, slices.Clone(config.Roles)}
	for _, p := range queue.Processes().All() {
		for _, role := range roles(&p) {
			if !slices.Contains(s.roles, role) {
				s.roles = append(s.roles, role)
			}
		}
	}
	part := ogc.Part{
		Conformance: []string{
			classBase + "core", classBase + "ogc-process-description", classBase + "json", classBase + "html",
			classBase + "oas30", classBase + "job-list", classBase + "dismiss",
		},
		Landing: []ogc.Link{
			{Href: "/processes", Rel: relBase + "processes", Type: jobs.MediaJSON, Title: "Processes"},
			{Href: "/processes", Rel: "processes", Type: jobs.MediaJSON, Title: "Processes"}, // as OGC's own tests look for it
			{Href: "/jobs", Rel: relBase + "job-list", Type: jobs.MediaJSON, Title: "Jobs"},
		},
		Describe: s.describe,
	}
	part.Operations = append(part.Operations, s.processOperations()...)
	part.Operations = append(part.Operations, s.jobOperations()...)
	return part
}

// operation declares what all operations share.
func (s *service) operation(id, method, path, summary string, params ...*huma.Param) door.Operation {
	return door.Operation{
		ID: id, Method: method, Path: ogc.Base + path, Tag: Tag, Roles: s.roles, Summary: summary,
		Audit: door.AuditAggregate, Limit: s.config.Limit, Standard: true, Params: params,
	}
}

func (s *service) processOperations() []ogc.Operation {
	documents := ogc.FormatParam(ogc.Documents())
	limit := number("limit", "Most processes to list, 1 to 1000.")
	list := s.operation("getProcesses", http.MethodGet, "/processes", "What can be computed", limit, documents)
	list.Quiet = true
	one := s.operation("getProcessDescription", http.MethodGet, "/processes/{processID}", "One process with its inputs and outputs",
		path("processID", "Id of the process."), documents)
	one.Quiet = true
	operations := []ogc.Operation{
		{Operation: list, Handler: s.handle(s.list, "application/json", "text/html")},
		{Operation: one, Handler: s.handle(s.one, "application/json", "text/html")},
	}
	for _, p := range s.queue.Processes().All() {
		run := s.operation("execute-"+p.ID, http.MethodPost, "/processes/"+p.ID+"/execution", "Run: "+p.Title)
		run.Description = p.Description + " With the header Prefer: respond-async it becomes a job."
		run.MaxBody, run.Timeout = maxBody, syncTimeout+slack
		run.Roles = roles(&p)
		if p.Communicates {
			run.Audit, run.Act, run.Reason = door.AuditSensitive, door.ActCommunication, true
		}
		operations = append(operations, ogc.Operation{Operation: run, Handler: s.handle(s.execute(&p), "application/json")})
	}
	nothing := func(id, method, path string) ogc.Operation {
		op := s.operation(id, method, path, "A process that there is not")
		op.Hidden, op.AnyQuery, op.Audit, op.Quiet = true, true, door.AuditNone, true
		return ogc.Operation{Operation: op, Handler: s.handle(s.noProcess)}
	}
	return append(operations, nothing("execute-unknown", http.MethodPost, "/processes/{processID}/execution"),
		nothing("process-unknown", http.MethodGet, "/processes/{processID}/{rest...}"))
}

func (s *service) jobOperations() []ogc.Operation {
	documents := ogc.FormatParam(ogc.Documents())
	id := path("jobID", "Id of the job.")
	list := s.operation("getJobs", http.MethodGet, "/jobs", "Your jobs, newest first", listed("type", "process is the only type."),
		listed("processID", "Ids of processes."), listed("status", "accepted, running, successful, failed, dismissed."),
		text("datetime", "Created at this instant or in this interval: A/B, A/.. or ../B."),
		number("minDuration", "Least seconds run."), number("maxDuration", "Most seconds run."),
		number("limit", "Most jobs to list, 1 to 1000."), text("cursor", "Where the next page begins, from a link next."), documents)
	status := s.operation("getStatus", http.MethodGet, "/jobs/{jobID}", "How far a job has come", id, documents)
	dismiss := s.operation("dismiss", http.MethodDelete, "/jobs/{jobID}", "Stop a job, or delete its result", id)
	result := s.operation("getResult", http.MethodGet, "/jobs/{jobID}/results", "The results of a job", id, documents)
	output := s.operation("getOutput", http.MethodGet, "/jobs/{jobID}/results/{outputID}", "One output of a job", id,
		path("outputID", "Id of the output."))
	dismiss.Audit, dismiss.Act = door.AuditRead, door.ActErasure
	// What a job computed may be single events: handing it over is kept in the journal, whatever the process.
	for _, op := range []*door.Operation{&result, &output} {
		op.Audit, op.Act, op.Timeout = door.AuditRead, door.ActCommunication, 10*time.Minute
	}
	list.Quiet, status.Quiet = true, true
	return []ogc.Operation{
		{Operation: list, Handler: s.handle(s.jobs, "application/json", "text/html")},
		{Operation: status, Handler: s.handle(s.status, "application/json", "text/html")},
		{Operation: dismiss, Handler: s.handle(s.dismiss, "application/json")},
		{Operation: result, Handler: s.handle(s.results, "application/json", "text/html")},
		{Operation: output, Handler: s.handle(s.output, "application/json")},
	}
}

// roles are the roles of a process in the words of package identity.
func roles(p *jobs.Process) []identity.Role {
	list := make([]identity.Role, len(p.Roles))
	for i, role := range p.Roles {
		list[i] = identity.Role(role)
	}
	return list
}

func param(name, in, doc string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: in, Description: doc, Required: in == "path", Schema: schema}
}

func path(name, doc string) *huma.Param {
	return param(name, "path", doc, &huma.Schema{Type: huma.TypeString})
}

func text(name, doc string) *huma.Param {
	return param(name, "query", doc, &huma.Schema{Type: huma.TypeString})
}

func number(name, doc string) *huma.Param {
	return param(name, "query", doc, &huma.Schema{Type: huma.TypeInteger})
}

func listed(name, doc string) *huma.Param {
	return param(name, "query", doc, &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}})
}

// noProcess answers for a process that there is not, and for what there is not below one.
func (s *service) noProcess(_ http.ResponseWriter, r *http.Request, _ door.Pass) error {
	if _, err := s.find(r); err != nil {
		return err
	}
	return fmt.Errorf("resource: %w", geoengine.ErrMissing)
}

// describe completes the API document with the bodies of executions.
func (s *service) describe(_ door.Pass, doc map[string]any) {
	paths, _ := doc["paths"].(map[string]any)
	for _, p := range s.queue.Processes().All() {
		item, _ := paths["/processes/"+p.ID+"/execution"].(map[string]any)
		post, _ := item["post"].(map[string]any)
		if post == nil {
			continue
		}
		properties, required := map[string]any{}, []string{}
		for _, in := range p.Inputs {
			properties[in.ID] = in.Schema
			if !in.Optional {
				required = append(required, in.ID)
			}
		}
		inputs := map[string]any{"type": "object", "properties": properties}
		if len(required) > 0 {
			inputs["required"] = slices.Clone(required)
		}
		if responses, ok := post["responses"].(map[string]any); ok {
			responses["201"] = map[string]any{"description": "The job that was made; its address is in the header Location."}
		}
		post["requestBody"] = map[string]any{
			"required": true,
			"content": map[string]any{"application/json": map[string]any{"schema": map[string]any{
				"type": "object", "additionalProperties": false, "properties": map[string]any{
					"inputs": inputs, "outputs": map[string]any{"type": "object"},
					"response": map[string]any{"type": "string", "enum": []string{jobs.Raw, jobs.Document}},
				},
			}}},
		}
	}
}
