package processes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"vigie/api/door"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/jobs"
)

const (
	standardLimit = 100
	maxLimit      = 1000
)

// summary is a process in the list of processes.
type summary struct {
	ID                 string     `json:"id"`
	Title              string     `json:"title"`
	Description        string     `json:"description,omitempty"`
	Keywords           []string   `json:"keywords,omitempty"`
	Version            string     `json:"version"`
	JobControlOptions  []string   `json:"jobControlOptions"`
	OutputTransmission []string   `json:"outputTransmission"`
	Links              []ogc.Link `json:"links"`
}

// description is a process with its inputs and outputs.
type description struct {
	summary
	Inputs  ordered `json:"inputs"`
	Outputs ordered `json:"outputs"`
}

// ordered is a JSON object whose members keep their order.
type ordered []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o ordered) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

type inputBody struct {
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	MinOccurs   int         `json:"minOccurs"`
	MaxOccurs   int         `json:"maxOccurs"`
	Schema      jobs.Schema `json:"schema"`
}

type outputBody struct {
	Title       string      `json:"title"`
	Description string      `json:"description,omitempty"`
	Schema      jobs.Schema `json:"schema"`
}

func summarise(p *jobs.Process) summary {
	version := p.Version
	if version == "" {
		version = "1.0.0"
	}
	return summary{
		ID: p.ID, Title: p.Title, Description: p.Description, Keywords: p.Keywords, Version: version,
		JobControlOptions:  []string{"sync-execute", "async-execute", "dismiss"},
		OutputTransmission: []string{jobs.ByValue, jobs.ByReference},
	}
}

// links of a process.
func processLinks(r *ogc.Request, p *jobs.Process) []ogc.Link {
	own := "/processes/" + p.ID
	return r.Absolute([]ogc.Link{
		{Href: own, Rel: relBase + "process-desc", Type: jobs.MediaJSON, Title: p.Title},
		{Href: own + "/execution", Rel: relBase + "execute", Title: ogc.Text{FR: "Exécuter", EN: "Execute"}.In(r.Lang)},
	})
}

// limit reads the parameter limit.
func limit(pass door.Pass) (int, error) {
	text := pass.Values().Get("limit")
	if text == "" {
		return standardLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, problem.Fields{{Location: "query.limit", Message: fmt.Sprintf("must be 1 to %d", maxLimit)}}
	}
	return min(n, maxLimit), nil
}

// list is the page of all processes.
func (s *service) list(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	request, err := s.documents(r, pass)
	if err != nil {
		return err
	}
	most, err := limit(pass)
	if err != nil {
		return err
	}
	all := s.queue.Processes().All()
	all = all[:min(most, len(all))]
	body := struct {
		Processes []summary  `json:"processes"`
		Links     []ogc.Link `json:"links"`
	}{[]summary{}, request.Self()}
	page := ogc.Page{Title: ogc.Text{FR: "Traitements", EN: "Processes"}}
	table := ogc.Table{Caption: page.Title, Head: []ogc.Text{{FR: "Nom", EN: "Name"}, {FR: "Titre", EN: "Title"}, ogc.Plain("Description")}}
	for i := range all {
		p := summarise(&all[i])
		p.Links = processLinks(request, &all[i])
		body.Processes = append(body.Processes, p)
		table.Rows = append(table.Rows, []ogc.Cell{{Text: p.ID, Code: true, Href: "/processes/" + p.ID}, {Text: p.Title}, {Text: p.Description}})
	}
	page.Body, page.Tables = body, []ogc.Table{table}
	page.Links = request.Absolute([]ogc.Link{{Href: "/jobs", Rel: relBase + "job-list", Title: ogc.Text{FR: "Mes tâches", EN: "My jobs"}.In(request.Lang)}})
	return request.Write(w, page)
}

// find returns the process that the path names.
func (s *service) find(r *http.Request) (*jobs.Process, error) {
	p, err := s.queue.Processes().Find(r.PathValue("processID"))
	if errors.Is(err, geoengine.ErrMissing) {
		return nil, &typed{noSuchProcess, "there is no such process", err}
	}
	return p, err
}

// one is the page of a process.
func (s *service) one(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	request, err := s.documents(r, pass)
	if err != nil {
		return err
	}
	body := description{summary: summarise(p), Inputs: ordered{}, Outputs: ordered{}}
	body.Links = append(request.Self(), processLinks(request, p)[1:]...)
	inputs := ogc.Table{Caption: ogc.Text{FR: "Entrées", EN: "Inputs"}, Head: []ogc.Text{{FR: "Nom", EN: "Name"}, {FR: "Titre", EN: "Title"}, ogc.Plain("Description")}}
	outputs := ogc.Table{Caption: ogc.Text{FR: "Sorties", EN: "Outputs"}, Head: inputs.Head}
	for _, in := range p.Inputs {
		one := inputBody{in.Title, in.Description, 1, max(in.Max, 1), in.Schema}
		if in.Optional {
			one.MinOccurs = 0
		}
		body.Inputs = append(body.Inputs, member{in.ID, one})
		inputs.Rows = append(inputs.Rows, []ogc.Cell{{Text: in.ID, Code: true}, {Text: in.Title}, {Text: in.Description}})
	}
	for _, out := range p.Outputs {
		body.Outputs = append(body.Outputs, member{out.ID, outputBody{out.Title, out.Description, out.Schema}})
		outputs.Rows = append(outputs.Rows, []ogc.Cell{{Text: out.ID, Code: true}, {Text: out.Title}, {Text: out.Description}})
	}
	return request.Write(w, ogc.Page{
		Body: body, Title: ogc.Plain(p.Title), Intro: ogc.Plain(p.Description),
		Trail:  []ogc.Link{{Href: "/processes", Title: ogc.Text{FR: "Traitements", EN: "Processes"}.In(request.Lang)}},
		Tables: []ogc.Table{inputs, outputs},
	})
}
