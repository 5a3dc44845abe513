package processes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine/jobs"
)

// execute runs a process, at once or as a job.
func (s *service) execute(p *jobs.Process) func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	return func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		body, err := readBody(r)
		if err != nil {
			return err
		}
		asked, err := p.ParseRequest(body)
		if err != nil {
			return err
		}
		order := jobs.Order{
			Process: p, Owner: ownerOf(pass), Granted: jobs.NewGranted(pass.Rights(), pass.Policy()), Asked: asked,
		}
		if p.Communicates {
			if order.Reason, err = door.ParseReason(r.Header.Values(door.ReasonHeader)); err != nil {
				return err
			}
			if order.Recipient, err = recipient(asked); err != nil {
				return err
			}
			pass.Communicated(order.Recipient)
		}
		pass.Concerns("process:" + p.ID)
		request, err := open(s.config, r, pass)
		if err != nil {
			return err
		}
		request.Head(w)
		switch {
		case async(r):
			w.Header().Set("Preference-Applied", "respond-async")
			return s.submit(w, request, order)
		case len(asked.ByRef) > 0:
			return s.submitAndWait(w, request, order)
		}
		ctx, cancel := context.WithTimeout(r.Context(), syncTimeout)
		defer cancel()
		values, err := s.queue.Now(ctx, order)
		if err != nil {
			return err
		}
		return answer(w, request, asked, inMemory(values))
	}
}

// readBody reads the body of an execution, which must be JSON.
func readBody(r *http.Request) ([]byte, error) {
	if header := r.Header.Get("Content-Type"); header != "" {
		if media, _, err := mime.ParseMediaType(header); err != nil || media != jobs.MediaJSON {
			return nil, problem.New(http.StatusUnsupportedMediaType, problem.CodeInvalid, "the request must be application/json")
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	return body, nil
}

// recipient is to whom an execution says that its result goes.
func recipient(asked jobs.Asked) (string, error) {
	var text string
	if err := json.Unmarshal(asked.Inputs["recipient"], &text); err != nil || strings.TrimSpace(text) == "" {
		return "", problem.Fields{{Location: "body.inputs.recipient", Message: "must say to whom the data go"}}
	}
	return strings.TrimSpace(text), nil
}

// async tells whether the client asks for a job (RFC 7240).
func async(r *http.Request) bool {
	for preference := range strings.SplitSeq(strings.Join(r.Header.Values("Prefer"), ","), ",") {
		name, _, _ := strings.Cut(preference, ";")
		if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
			return true
		}
	}
	return false
}

// submit answers with the job.
func (s *service) submit(w http.ResponseWriter, r *ogc.Request, order jobs.Order) error {
	j, err := s.queue.Submit(r.Context(), order)
	if err != nil {
		return err
	}
	r.Pass.Concerns("job:" + j.ID.String())
	return created(w, r, &j)
}

// created answers 201 with the state of a job.
func created(w http.ResponseWriter, r *ogc.Request, j *jobs.Job) error {
	body, err := json.Marshal(status(r, j))
	if err != nil {
		return err
	}
	w.Header().Set("Location", r.URL("/jobs/"+j.ID.String()))
	w.Header().Set("Content-Type", jobs.MediaJSON)
	w.WriteHeader(http.StatusCreated)
	_, err = w.Write(body)
	return err
}

// waitEvery is how often a client's job is looked at that the client waits for.
const waitEvery = 100 * time.Millisecond

// submitAndWait answers with the result of a job, since references must point to something that stays; or with the job
// if that takes long.
func (s *service) submitAndWait(w http.ResponseWriter, r *ogc.Request, order jobs.Order) error {
	j, err := s.queue.Submit(r.Context(), order)
	if err != nil {
		return err
	}
	deadline := time.NewTimer(syncTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	for j.Status.Open() {
		select {
		case <-r.Context().Done():
			return r.Context().Err()
		case <-deadline.C:
			return created(w, r, &j)
		case <-tick.C:
		}
		if j, err = s.queue.Find(r.Context(), j.ID, &order.Owner); err != nil {
			return err
		}
	}
	w.Header().Set("Link", fmt.Sprintf("<%s>; rel=monitor", r.URL("/jobs/"+j.ID.String())))
	return s.hand(w, r, &j)
}

// inMemory are the outputs of a run outside the queue.
func inMemory(values []jobs.Value) []part {
	parts := make([]part, len(values))
	for i, v := range values {
		parts[i] = part{id: v.ID, media: v.Media, size: int64(len(v.Data)), write: func(_ context.Context, w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(v.Data))
			return err
		}}
	}
	return parts
}

// open is what an answer needs that is not negotiated as a document: outputs have media types of their own.
func open(config ogc.Config, r *http.Request, pass door.Pass) (*ogc.Request, error) {
	plain := r.Clone(r.Context())
	plain.Header.Del("Accept")
	request, err := config.Open(plain, pass, ogc.Documents())
	if err != nil {
		return nil, err
	}
	request.Request = r
	return request, nil
}
