package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
)

// echoText is what the suite gives to inputs of strings.
const echoText = "teststring"

const processesBase = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"

// processes asks about one process that echoes.
type processes struct {
	*Client
	echo    string
	inputs  []echoed // in the order of the description
	outputs []echoed
}

// echoed is an input or an output with its schema.
type echoed struct {
	id     string
	schema map[string]any
}

// Processes are the assertions of OGC's suite for Processes 1.0, for a process that echoes.
func Processes(ctx context.Context, client *Client, echo string) ([]Check, error) {
	p := &processes{Client: client, echo: echo}
	if err := p.describe(ctx); err != nil {
		return nil, err
	}
	check := func(test string, run func(ctx context.Context) error) Check {
		return Check{"processes10", test, "", run}
	}
	checks := []Check{
		check("GeneralHttp.testHttp", p.protocol), check("LandingPage.landingPageRetrieval", p.landing),
		check("LandingPage.landingPageValidation", p.landing), check("Conformance.testValidateConformanceOperationAndResponse", p.conformance),
		check("ProcessList.testPlLimitDefinition", p.limited), check("ProcessList.testPlLimitResponse", p.limited),
		check("ProcessList.testPlLinks", p.listLinks), check("ProcessList.testProcessList", p.list),
		check("ProcessList.testProcessListSuccess", p.list), check("Process.testProcess", p.description),
		check("Process.testProcessSuccess", p.description), check("Process.testProcessExceptionNoSuchProcess", p.noProcess),
		check("OGCProcessDescription.testOGCProcessDescriptionJSON", p.description),
		check("OGCProcessDescription.testOGCProcessDescriptionInputsDef", func(context.Context) error { return schemas(p.inputs, "") }),
		check("OGCProcessDescription.testOGCProcessDescriptionInputDef", func(context.Context) error { return schemas(p.inputs, "") }),
		check("OGCProcessDescription.testOGCProcessDescriptionInputDefinitionOfMixedType", func(context.Context) error { return schemas(p.inputs, "oneOf") }),
		check("OGCProcessDescription.testOGCProcessDescriptionOutputsDef", func(context.Context) error { return schemas(p.outputs, "") }),
		check("OGCProcessDescription.testOGCProcessDescriptionOutputDef", func(context.Context) error { return schemas(p.outputs, "") }),
		check("OGCProcessDescription.testOGCProcessDescriptionOutputDefinitionOfMixedType", func(context.Context) error { return schemas(p.outputs, "oneOf") }),
	}
	checks = append(checks, p.synchronous(check)...)
	return append(checks, p.asynchronous(check)...), nil
}

// synchronous are the checks of runs that the client waits for.
func (p *processes) synchronous(check func(string, func(context.Context) error) Check) []Check {
	runs := func(request func() map[string]any) func(context.Context) error {
		return func(ctx context.Context) error {
			body := request()
			if body == nil {
				return fmt.Errorf("%w: no input of that kind", ErrSkip)
			}
			answer, err := p.post(ctx, body)
			if err == nil && answer.Status != http.StatusOK {
				err = fmt.Errorf("status %d, want 200: %.300s", answer.Status, answer.Body)
			}
			return err
		}
	}
	all := func(change ...string) func() map[string]any {
		return func() map[string]any { return p.request(change...) }
	}
	object := runs(func() map[string]any { return p.with("object", map[string]any{"value": echoText}) })
	return []Check{
		check("Jobs.testJobCreationDefaultExecutionMode", runs(all())),
		check("Jobs.testJobCreationDefaultOutputs", runs(func() map[string]any { return without(p.request(), "outputs") })),
		check("Jobs.testJobCreationInputArray", runs(p.array)), check("Jobs.testJobCreationInputInlineBbox", runs(p.box)),
		check("Jobs.testJobCreationInputInlineBinary", object), check("Jobs.testJobCreationInputInlineMixed", object),
		check("Jobs.testJobCreationInputInlineObject", object), check("Jobs.testJobCreationInputInline", runs(all())),
		check("Jobs.testJobCreationInputRef", p.echoes), check("Jobs.testJobCreationInputs", runs(all())),
		check("Jobs.testJobCreationInputValidation", p.validates), check("Jobs.testJobCreationSyncDocument", runs(all("response", "document"))),
		check("Jobs.testJobCreationSyncRawMixedMulti", runs(all("response", "raw"))), check("Jobs.testJobCreationSyncRawRef", runs(all("response", "raw"))),
		check("Jobs.testJobCreationSyncRawValueMulti", runs(all("response", "raw"))), check("Jobs.testJobCreationSyncRawValueOne", p.one),
		check("Jobs.testJobOp", runs(all())), check("Jobs.testJobResultsSync", p.noMonitor), check("Jobs.testJobResultsFailed", p.refuses),
		check("the standard: raw outputs for a client that takes any form", p.parts),
	}
}

// asynchronous are the checks of jobs.
func (p *processes) asynchronous(check func(string, func(context.Context) error) Check) []Check {
	job := func(change ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := p.job(ctx, p.request(change...))
			return err
		}
	}
	return []Check{
		check("Jobs.testJobCreationAutoExecutionMode", job()), check("Jobs.testJobCreationOp", job()), check("Jobs.testJobCreationRequest", job()),
		check("Jobs.testJobCreationSuccessAsync", job()), check("Jobs.testJobResults", job()), check("Jobs.testJobSuccess", job()),
		check("Jobs.testJobResultsAsyncDocument", job("response", "document")), check("Jobs.testJobResultsAsyncRawMixedMulti", job()),
		check("Jobs.testJobResultsAsyncRawRef", job()), check("Jobs.testJobResultsAsyncRawValueMulti", job()),
		check("Jobs.testJobResultsAsyncRawValueOne", p.oneLater), check("Jobs.testJobResultsExceptionResultsNotReady", p.notReady),
		check("Jobs.testJobExceptionNoSuchJob", func(ctx context.Context) error { return p.missing(ctx, "/processes/invalid-job-1", "no-such-process") }),
		check("Jobs.testJobResultsNoSuchJob", func(ctx context.Context) error {
			return p.missing(ctx, "/processes/invalid-job-1/results", "no-such-process")
		}),
		check("the standard: a job that there is not", func(ctx context.Context) error { return p.missing(ctx, "/jobs/invalid-job-1", "no-such-job") }),
		check("the standard: results of a job that there is not", func(ctx context.Context) error {
			return p.missing(ctx, "/jobs/invalid-job-1/results", "no-such-job")
		}),
		check("JobList.testJobList", p.jobs), check("JobList.testJobListSuccess", p.jobs), check("the standard: dismiss", p.dismiss),
	}
}

// describe reads the description of the process, in the order in which it is written.
func (p *processes) describe(ctx context.Context) error {
	answer, err := p.Get(ctx, p.Root+"/processes/"+p.echo, "application/json")
	if err != nil {
		return err
	}
	var body struct{ Inputs, Outputs json.RawMessage }
	if err := json.Unmarshal(answer.Body, &body); err != nil {
		return fmt.Errorf("process %s: %w", p.echo, err)
	}
	if p.inputs, err = members(body.Inputs); err != nil {
		return err
	}
	p.outputs, err = members(body.Outputs)
	return err
}

// members are the members of an object in their order.
func members(raw json.RawMessage) ([]echoed, error) {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var list []echoed
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value struct{ Schema map[string]any }
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		id, _ := name.(string)
		list = append(list, echoed{id, value.Schema})
	}
	return list, nil
}

// is tells whether the schema, or one that it may be, has the type.
func (e echoed) is(kind string) bool {
	if e.schema["type"] == kind {
		return true
	}
	list, _ := e.schema["oneOf"].([]any)
	return slices.ContainsFunc(list, func(one any) bool { s, _ := one.(map[string]any); return s["type"] == kind })
}

// box tells whether it is a bounding box.
func (e echoed) box() bool {
	list, _ := e.schema["allOf"].([]any)
	return slices.ContainsFunc(list, func(one any) bool { s, _ := one.(map[string]any); return s["format"] == "ogc-bbox" })
}

// request gives every input of strings a text and asks for every output; change adds members.
func (p *processes) request(change ...string) map[string]any {
	inputs, outputs := map[string]any{}, map[string]any{}
	for _, in := range p.inputs {
		if in.is("string") {
			inputs[in.id] = echoText
		}
	}
	for _, out := range p.outputs {
		outputs[out.id] = map[string]any{"transmissionMode": "value"}
	}
	body := map[string]any{"inputs": inputs, "outputs": outputs}
	for i := 0; i+1 < len(change); i += 2 {
		body[change[i]] = change[i+1]
	}
	return body
}

func without(body map[string]any, name string) map[string]any {
	delete(body, name)
	return body
}

// with gives the first input of a kind another value; nil if there is none.
func (p *processes) with(kind string, value any) map[string]any {
	i := slices.IndexFunc(p.inputs, func(in echoed) bool { return in.is(kind) })
	if i < 0 {
		return nil
	}
	body := p.request()
	body["inputs"].(map[string]any)[p.inputs[i].id] = value
	return body
}

// alone asks for one input only, and its output.
func (p *processes) alone(id string, value any) map[string]any {
	return map[string]any{
		"inputs": map[string]any{id: value}, "outputs": map[string]any{id: map[string]any{"transmissionMode": "value"}},
	}
}

func (p *processes) array() map[string]any {
	i := slices.IndexFunc(p.inputs, func(in echoed) bool { return in.is("array") })
	if i < 0 {
		return nil
	}
	return p.alone(p.inputs[i].id, []string{"test1", "test2", "test3"})
}

func (p *processes) box() map[string]any {
	i := slices.IndexFunc(p.inputs, echoed.box)
	if i < 0 {
		return nil
	}
	return p.alone(p.inputs[i].id, map[string]any{"bbox": []float64{51.9, 7, 52, 7.1}, "crs": crs84})
}

// post runs the process; header are name, value pairs.
func (p *processes) post(ctx context.Context, body any, header ...string) (Answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return Answer{}, err
	}
	return p.send(ctx, http.MethodPost, p.Root+"/processes/"+p.echo+"/execution", string(text), header...)
}

func (p *processes) send(ctx context.Context, method, target, body string, header ...string) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := p.HTTP.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return Answer{response.StatusCode, response.Proto, response.Header, got}, err
}

// isException checks the form of an error: a JSON document with a type.
func isException(answer Answer, statuses []int, kind string) error {
	var body struct {
		Type   *string
		Title  string
		Status int
	}
	media, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	if err := json.Unmarshal(answer.Body, &body); err != nil {
		return err
	}
	switch {
	case !slices.Contains(statuses, answer.Status):
		return fmt.Errorf("status %d, want one of %v: %.300s", answer.Status, statuses, answer.Body)
	case media != "application/json":
		return fmt.Errorf("content type %s", media)
	case body.Type == nil || body.Status != 0 && body.Status != answer.Status:
		return fmt.Errorf("no exception: %.300s", answer.Body)
	case kind != "" && *body.Type != processesBase+kind:
		return fmt.Errorf("type %s, want %s", *body.Type, processesBase+kind)
	}
	return nil
}

// isStatus checks the form of the state of a job.
func isStatus(object map[string]any) error {
	status, _ := object["status"].(string)
	id, _ := object["jobID"].(string)
	switch {
	case !slices.Contains([]string{"accepted", "running", "successful", "failed", "dismissed"}, status):
		return fmt.Errorf("status %q", status)
	case id == "" || object["type"] != "process":
		return fmt.Errorf("no job: %v", object)
	}
	if progress, given := object["progress"].(float64); given && (progress < 0 || progress > 100) {
		return fmt.Errorf("progress %v", progress)
	}
	if len(Links(object)) == 0 || slices.ContainsFunc(Links(object), func(l Link) bool { return l.Href == "" }) {
		return errors.New("no links, or one that leads nowhere")
	}
	return nil
}

// schemas checks that everything has a schema, and that one of them has the keyword.
func schemas(list []echoed, keyword string) error {
	if len(list) == 0 {
		return errors.New("there are none")
	}
	found := keyword == ""
	for _, e := range list {
		if e.schema == nil {
			return fmt.Errorf("%s has no schema", e.id)
		}
		if _, has := e.schema[keyword]; has {
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%w: none is of mixed type", ErrSkip)
	}
	return nil
}

// parts checks multipart/related, which clients get that do not ask for JSON.
func (p *processes) parts(ctx context.Context) error {
	answer, err := p.post(ctx, p.request("response", "raw"), "Accept", "*/*")
	if err != nil {
		return err
	}
	media, params, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || media != "multipart/related" {
		return fmt.Errorf("content type %s", answer.Header.Get("Content-Type"))
	}
	body, n := multipart.NewReader(strings.NewReader(string(answer.Body)), params["boundary"]), 0
	for {
		part, err := body.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if part.Header.Get("Content-Id") == "" || part.Header.Get("Content-Type") == "" {
			return fmt.Errorf("a part has the headers %v", part.Header)
		}
		n++
	}
	if n < 2 {
		return fmt.Errorf("%d parts", n)
	}
	return nil
}
