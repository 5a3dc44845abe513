package jobs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"vigie/geoengine"
)

// Request asks for one run of a process, as OGC API – Processes writes it.
type Request struct {
	Inputs   map[string]json.RawMessage `json:"inputs"`
	Outputs  map[string]Wish            `json:"outputs"`
	Response string                     `json:"response"` // raw (the standard one) or document
}

// Wish says how an output is wanted.
type Wish struct {
	Format       *Format `json:"format,omitempty"`
	Transmission string  `json:"transmissionMode,omitempty"` // value (the standard one) or reference
}

// Format is the form of a value.
type Format struct {
	MediaType string          `json:"mediaType,omitempty"`
	Encoding  string          `json:"encoding,omitempty"`
	Schema    json.RawMessage `json:"schema,omitempty"`
}

// How an output is handed over.
const (
	ByValue     = "value"
	ByReference = "reference"
)

// How results are answered.
const (
	Raw      = "raw"
	Document = "document"
)

// Asked is a request that was checked against its process.
type Asked struct {
	Inputs   map[string]json.RawMessage `json:"inputs"`
	Wanted   map[string]string          `json:"wanted"`    // media type by output
	ByRef    map[string]bool            `json:"reference"` // outputs handed over by reference
	Response string                     `json:"response"`
}

// ParseRequest reads and checks the body of an execution. ErrInvalid names the input or output that is wrong.
// Inputs by reference are refused: the server fetches nothing from addresses that a caller names.
func (p *Process) ParseRequest(body []byte) (Asked, error) {
	var request Request
	if err := checkDepth(body); err != nil {
		return Asked{}, fmt.Errorf("the request %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return Asked{}, fmt.Errorf("the request must be a JSON object with inputs, outputs and response only: %w", geoengine.ErrInvalid)
	}
	if decoder.More() {
		return Asked{}, fmt.Errorf("the request is more than one JSON value: %w", geoengine.ErrInvalid)
	}
	asked := Asked{Response: request.Response, Inputs: map[string]json.RawMessage{}, Wanted: map[string]string{}, ByRef: map[string]bool{}}
	switch asked.Response {
	case "":
		asked.Response = Raw
	case Raw, Document:
	default:
		return Asked{}, fmt.Errorf("response %.20q: must be raw or document: %w", asked.Response, geoengine.ErrInvalid)
	}
	if err := p.readInputs(request.Inputs, asked.Inputs); err != nil {
		return Asked{}, err
	}
	return asked, p.readOutputs(request.Outputs, &asked)
}

func (p *Process) readInputs(given, read map[string]json.RawMessage) error {
	for _, id := range slices.Sorted(maps.Keys(given)) {
		input := p.input(id)
		if input == nil {
			return fmt.Errorf("input %.60q: the process has none of that name: %w", id, geoengine.ErrInvalid)
		}
		value, err := input.resolve(given[id])
		if err != nil {
			return fmt.Errorf("input %s: %w", id, err)
		}
		read[id] = value
	}
	for i := range p.Inputs {
		if _, there := read[p.Inputs[i].ID]; !there && !p.Inputs[i].Optional {
			return fmt.Errorf("input %s: is missing: %w", p.Inputs[i].ID, geoengine.ErrInvalid)
		}
	}
	return nil
}

func (p *Process) readOutputs(given map[string]Wish, asked *Asked) error {
	if len(given) == 0 {
		given = make(map[string]Wish, len(p.Outputs))
		for _, o := range p.Outputs {
			given[o.ID] = Wish{}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(p.Outputs, func(o Output) bool { return o.ID == id })
		if i < 0 {
			return fmt.Errorf("output %.60q: the process has none of that name: %w", id, geoengine.ErrInvalid)
		}
		wish := given[id]
		media := ""
		if wish.Format != nil {
			media = wish.Format.MediaType
		}
		var err error
		if asked.Wanted[id], err = p.Outputs[i].medium(media); err != nil {
			return err
		}
		switch wish.Transmission {
		case "", ByValue:
		case ByReference:
			asked.ByRef[id] = true
		default:
			return fmt.Errorf("output %s: transmissionMode %.20q: must be value or reference: %w", id, wish.Transmission, geoengine.ErrInvalid)
		}
	}
	return nil
}

// resolve takes the value of an input out of what the caller wrote, and checks it.
func (in *Input) resolve(raw json.RawMessage) (json.RawMessage, error) {
	if in.Max <= 1 {
		return in.resolveOne(raw)
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw} // one value may stand alone
	}
	if len(list) > in.Max {
		return nil, fmt.Errorf("has more than %d values: %w", in.Max, geoengine.ErrInvalid)
	}
	for i := range list {
		var err error
		if list[i], err = in.resolveOne(list[i]); err != nil {
			return nil, err
		}
	}
	return json.Marshal(list)
}

// qualified is a value with its form beside it.
type qualified struct {
	Value json.RawMessage `json:"value"`
	Format
}

// resolveOne reads a value that stands alone, or is qualified by its form.
func (in *Input) resolveOne(raw json.RawMessage) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return raw, in.Schema.Check(raw)
	}
	direct := in.Schema.Check(raw)
	if _, link := members["href"]; link && direct != nil {
		return nil, fmt.Errorf("values by reference (href) are not fetched: send the value itself: %w", geoengine.ErrInvalid)
	}
	if _, there := members["value"]; there {
		var q qualified
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if decoder.Decode(&q) == nil {
			err := in.Schema.Check(q.Value)
			if err == nil {
				return q.Value, in.checkMedia(q.MediaType)
			}
			if direct != nil {
				return nil, err
			}
		}
	}
	return raw, direct
}

func (in *Input) checkMedia(media string) error {
	if want := in.Schema.ContentMediaType; media != "" && want != "" && media != want {
		return fmt.Errorf("media type %.60q: must be %s: %w", media, want, geoengine.ErrInvalid)
	}
	return nil
}
