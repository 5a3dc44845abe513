package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

func (p *processes) protocol(ctx context.Context) error {
	answer, err := p.Get(ctx, p.Root+"/", "")
	if err == nil && answer.Proto != "HTTP/1.1" {
		err = fmt.Errorf("protocol %s", answer.Proto)
	}
	return err
}

func (p *processes) landing(ctx context.Context) error {
	object, _, err := p.Object(ctx, p.Root+"/", "application/json")
	if err != nil {
		return err
	}
	for _, rel := range []string{"processes", "http://www.opengis.net/def/rel/ogc/1.0/processes"} {
		if _, ok := Find(Links(object), rel, ""); !ok {
			return fmt.Errorf("no link %s", rel)
		}
	}
	return nil
}

func (p *processes) conformance(ctx context.Context) error {
	object, _, err := p.Object(ctx, p.Root+"/conformance", "application/json")
	if err != nil {
		return err
	}
	list, _ := object["conformsTo"].([]any)
	classes := map[any]bool{}
	for _, class := range list {
		if _, ok := class.(string); !ok {
			return fmt.Errorf("class %v is no string", class)
		}
		classes[class] = true
	}
	for _, class := range []string{"core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss"} {
		if !classes["http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"+class] {
			return fmt.Errorf("class %s is not declared", class)
		}
	}
	return nil
}

// limited checks the parameter limit.
func (p *processes) limited(ctx context.Context) error {
	for limit, want := range map[string]int{"1": 1, "10": -1} {
		object, _, err := p.Object(ctx, p.Root+"/processes", "application/json", "limit", limit)
		if err != nil {
			return err
		}
		if list, _ := object["processes"].([]any); want > 0 && len(list) != want {
			return fmt.Errorf("%d processes, want %d", len(list), want)
		}
	}
	return nil
}

func (p *processes) listLinks(ctx context.Context) error {
	object, _, err := p.Object(ctx, p.Root+"/processes", "application/json", "limit", "1")
	if err != nil {
		return err
	}
	return SelfAndAlternates(object, "application/json", "text/html")
}

func (p *processes) list(ctx context.Context) error {
	object, _, err := p.Object(ctx, p.Root+"/processes", "application/json")
	if err != nil {
		return err
	}
	list, _ := object["processes"].([]any)
	if len(list) == 0 {
		return errors.New("no processes")
	}
	for _, one := range list {
		if one, _ := one.(map[string]any); !summarised(one) {
			return fmt.Errorf("not as a process is described: %v", one)
		}
	}
	return nil
}

// summarised checks what the list and the description of a process have in common.
func summarised(process map[string]any) bool {
	id, _ := process["id"].(string)
	version, _ := process["version"].(string)
	options, _ := process["jobControlOptions"].([]any)
	transmission, _ := process["outputTransmission"].([]any)
	return id != "" && version != "" && len(options) > 0 && len(transmission) > 0 && len(Links(process)) > 0
}

func (p *processes) description(ctx context.Context) error {
	object, _, err := p.Object(ctx, p.Root+"/processes/"+p.echo, "application/json")
	if err != nil {
		return err
	}
	for _, in := range p.inputs {
		inputs, _ := object["inputs"].(map[string]any)
		one, _ := inputs[in.id].(map[string]any)
		if least, ok := one["minOccurs"].(float64); !ok || least < 0 {
			return fmt.Errorf("input %s has minOccurs %v", in.id, one["minOccurs"])
		}
	}
	if !summarised(object) || object["id"] != p.echo || schemas(p.inputs, "") != nil || schemas(p.outputs, "") != nil {
		return fmt.Errorf("not as a process is described: %v", object)
	}
	return nil
}

func (p *processes) noProcess(ctx context.Context) error {
	return p.missing(ctx, "/processes/invalid-process-1", "no-such-process")
}

func (p *processes) missing(ctx context.Context, path, kind string) error {
	answer, err := p.Get(ctx, p.Root+path, "application/json")
	if err != nil {
		return err
	}
	return isException(answer, []int{http.StatusNotFound}, kind)
}

// echoes checks that every text comes back.
func (p *processes) echoes(ctx context.Context) error {
	answer, err := p.post(ctx, p.request())
	if err != nil {
		return err
	}
	var results map[string]any
	if err := json.Unmarshal(answer.Body, &results); err != nil {
		return err
	}
	for _, in := range p.inputs {
		if _, encoded := in.schema["contentEncoding"]; in.is("string") && !encoded && results[in.id] != echoText {
			return fmt.Errorf("%s came back as %v", in.id, results[in.id])
		}
	}
	return nil
}

// validates checks that a value which the schema does not allow is refused.
func (p *processes) validates(ctx context.Context) error {
	if err := p.echoes(ctx); err != nil {
		return err
	}
	found := false
	body := p.request()
	for _, in := range p.inputs {
		if _, has := in.schema["contentMediaType"]; has {
			found = true
			body["inputs"].(map[string]any)[in.id] = map[string]any{"type": "wrong/type"}
		}
	}
	if !found {
		return fmt.Errorf("%w: no input with a media type", ErrSkip)
	}
	answer, err := p.post(ctx, body)
	if err != nil {
		return err
	}
	return isException(answer, []int{http.StatusBadRequest, http.StatusInternalServerError}, "")
}

// one checks that one raw output is the value itself.
func (p *processes) one(ctx context.Context) error {
	body := p.alone(p.inputs[0].id, echoText)
	body["response"] = "raw"
	answer, err := p.post(ctx, body)
	if err == nil && (answer.Status != http.StatusOK || !strings.Contains(string(answer.Body), echoText)) {
		err = fmt.Errorf("%d %s", answer.Status, answer.Body)
	}
	return err
}

// noMonitor checks that a run which is no job links to none.
func (p *processes) noMonitor(ctx context.Context) error {
	answer, err := p.post(ctx, p.request())
	if err == nil && (answer.Status != http.StatusOK || answer.Header.Get("Link") != "") {
		err = fmt.Errorf("%d with the link %s", answer.Status, answer.Header.Get("Link"))
	}
	return err
}

func (p *processes) refuses(ctx context.Context) error {
	answer, err := p.post(ctx, map[string]string{"invalid-execute-request": "true"})
	if err != nil {
		return err
	}
	return isException(answer, []int{http.StatusBadRequest}, "")
}

// job makes a job and checks what is said of it; it returns its address.
func (p *processes) job(ctx context.Context, body any) (string, error) {
	answer, err := p.post(ctx, body, "Prefer", "respond-async ")
	if err != nil {
		return "", err
	}
	location := answer.Header.Get("Location")
	if answer.Status != http.StatusCreated || location == "" {
		return "", fmt.Errorf("status %d, location %q: %.300s", answer.Status, location, answer.Body)
	}
	var object map[string]any
	if err := json.Unmarshal(answer.Body, &object); err != nil {
		return "", err
	}
	if err := isStatus(object); err != nil {
		return "", err
	}
	if object, _, err = p.Object(ctx, location, "application/json"); err != nil {
		return "", err
	}
	return location, isStatus(object)
}

// jobPatience bounds the wait for a job.
const jobPatience = time.Minute

// oneLater checks the result of a job.
func (p *processes) oneLater(ctx context.Context) error {
	body := p.alone(p.inputs[0].id, echoText)
	body["response"] = "raw"
	location, err := p.job(ctx, body)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(jobPatience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		object, _, err := p.Object(ctx, location, "application/json")
		if err != nil {
			return err
		}
		if object["status"] != "successful" {
			continue
		}
		link, ok := Find(Links(object), "http://www.opengis.net/def/rel/ogc/1.0/results", "")
		if !ok {
			return errors.New("no link to the results")
		}
		answer, err := p.Get(ctx, link.Href, link.Type)
		if err == nil && !strings.Contains(string(answer.Body), echoText) {
			err = fmt.Errorf("%d %s", answer.Status, answer.Body)
		}
		return err
	}
	return errors.New("the job did not end")
}

// notReady checks that a result which is not there yet is told apart.
func (p *processes) notReady(ctx context.Context) error {
	body := p.alone(p.inputs[0].id, echoText)
	body["inputs"].(map[string]any)["pause"] = 5
	location, err := p.job(ctx, body)
	if err != nil {
		return err
	}
	answer, err := p.Get(ctx, location+"/results", "application/json")
	if err != nil {
		return err
	}
	return isException(answer, []int{http.StatusNotFound}, "result-not-ready")
}

func (p *processes) jobs(ctx context.Context) error {
	object, _, err := p.Object(ctx, p.Root+"/jobs", "application/json")
	if err != nil {
		return err
	}
	list, _ := object["jobs"].([]any)
	if len(list) == 0 || len(Links(object)) == 0 {
		return errors.New("no jobs, or no links")
	}
	for _, one := range list {
		one, _ := one.(map[string]any)
		if err := isStatus(one); err != nil {
			return err
		}
	}
	return nil
}

// dismiss checks that a running job can be stopped, and its result is no more.
func (p *processes) dismiss(ctx context.Context) error {
	body := p.alone(p.inputs[0].id, echoText)
	body["inputs"].(map[string]any)["pause"] = 30
	location, err := p.job(ctx, body)
	if err != nil {
		return err
	}
	answer, err := p.send(ctx, http.MethodDelete, location, "")
	if err != nil {
		return err
	}
	var object map[string]any
	if err := json.Unmarshal(answer.Body, &object); err != nil {
		return err
	}
	if answer.Status != http.StatusOK || object["status"] != "dismissed" {
		return fmt.Errorf("%d %s", answer.Status, answer.Body)
	}
	if answer, err = p.Get(ctx, location+"/results", "application/json"); err != nil {
		return err
	}
	return isException(answer, []int{http.StatusNotFound}, "no-such-job")
}
