package checkpoints

import (
	"net/http"
	"time"

	"vigie/api"
	"vigie/api/door"
	"vigie/geoengine/jobs"
)

// tag is the tag of the operations, and the scope that a machine's key must hold; to make plans it must hold Processes too.
const tag = "Checkpoints"

// Limits of requests.
const (
	smallBody = 16 << 10
	largeBody = 512 << 10
	pricing   = 30 * time.Second // a problem may have to be built anew
)

// Rates of one caller. Dragging a post prices the plan several times a second.
func often() door.Limit    { return door.Limit{PerSecond: 20, Burst: 100} }
func normally() door.Limit { return door.Limit{PerSecond: 10, Burst: 60} }
func heavily() door.Limit  { return door.Limit{PerSecond: 1, Burst: 20} }

// base is where the operations are.
const base = "/api/checkpoints"

// read declares an operation that shows plans or what they are made of.
func read(id, path, summary string, limit door.Limit) door.Operation {
	return door.Operation{
		ID: "checkpoints-" + id, Method: http.MethodGet, Path: base + path, Tag: tag, Roles: readers(), Summary: summary,
		Audit: door.AuditRead, Act: door.ActConsultation, Limit: limit, Timeout: pricing,
	}
}

// write declares an operation that makes or changes something.
func write(id, method, path, summary string, act door.Act, limit door.Limit, body int64) door.Operation {
	op := read(id, path, summary, limit)
	op.Method, op.Roles, op.Act, op.MaxBody = method, deciders(), act, body
	return op
}

// operations are those of the module.
func (d *desk) operations(queue *jobs.Queue) []api.Operation {
	d.queue = queue
	list := []api.Operation{
		{Operation: read("options", "/options", "What a plan of some areas can be made of", normally()), Handler: handle(d.options)},
		{Operation: read("plans", "/plans", "The plans, newest first, page by page", normally()), Handler: handle(d.list)},
		{Operation: read("plan", "/plans/{id}", "A plan", often()), Handler: handle(d.get)},
		{Operation: read("history", "/plans/{id}/history", "The revisions of a plan", normally()), Handler: handle(d.historyOf)},
		{Operation: read("reports", "/plans/{id}/reports", "The reports of a plan's posts", normally()), Handler: handle(d.reportsOf)},
		{Operation: read("places", "/places", "What is known of the places where posts could stand", normally()), Handler: handle(d.places)},
	}
	list = append(list, d.drafting()...)
	list = append(list, d.deciding()...)
	list = append(list, d.showing()...)
	return append(list, d.files()...)
}

// drafting are the operations that make and change drafts.
func (d *desk) drafting() []api.Operation {
	make := write("make", http.MethodPost, "/plans", "Make a plan", door.ActCollection, heavily(), largeBody)
	make.Description = "Answers 201 with the plan, or 202 with the job that makes it (which has the plan's id) after 25 s, at once with Prefer: respond-async."
	sites := read("sites", "/plans/{id}/sites", "Sites where a post of a draft could stand, with what the plan would then be worth", often())
	sites.Roles = deciders()
	return []api.Operation{
		{Operation: make, Handler: handle(d.make)},
		{Operation: sites, Handler: handle(d.sites)},
		{Operation: write("change", http.MethodPost, "/plans/{id}/changes", "Change a draft, or see what a change would cost", door.ActModification, often(), largeBody), Handler: handle(d.change)},
		{Operation: write("undo", http.MethodPost, "/plans/{id}/undo", "Take the last change back", door.ActModification, normally(), smallBody), Handler: handle(d.undo)},
		{Operation: write("propose", http.MethodPost, "/plans/{id}/proposal", "Draw a draft anew around its locked posts", door.ActModification, heavily(), smallBody), Handler: handle(d.propose)},
	}
}

// deciding are the operations by which persons decide and report.
func (d *desk) deciding() []api.Operation {
	approve := write("approve", http.MethodPost, "/plans/{id}/approval", "Sign a plan: it becomes the order", door.ActModification, normally(), smallBody)
	refuse := write("refuse", http.MethodPost, "/plans/{id}/refusal", "Refuse a plan", door.ActModification, normally(), smallBody)
	closing := write("close", http.MethodPost, "/plans/{id}/closing", "Say that a plan was carried out", door.ActModification, normally(), smallBody)
	for _, op := range []*door.Operation{&approve, &refuse, &closing} {
		op.Audit = door.AuditSensitive
		op.Description = "For persons: clients are refused."
	}
	report := write("report", http.MethodPut, "/plans/{id}/reports/{post}", "Report on a post: counts, never persons", door.ActCollection, often(), smallBody)
	report.Roles = reporters()
	judge := write("judge", http.MethodPut, "/places/{id...}", "Say what is known of a place", door.ActModification, normally(), smallBody)
	judge.Roles = reporters()
	return []api.Operation{
		{Operation: approve, Handler: handle(d.approve)},
		{Operation: refuse, Handler: handle(d.refuse)},
		{Operation: closing, Handler: handle(d.close)},
		{Operation: report, Handler: handle(d.report)},
		{Operation: judge, Handler: handle(d.judge)},
	}
}
