// Package conformance asks a running server what OGC's executable test suites ask, as far as their sources tell: each
// check re-expresses one assertion and names the test of the suite that it stands for. The suites themselves are Java
// programs, which run.sh runs where they can be had.
package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Check is one assertion.
type Check struct {
	Suite string // features10, tiles10, processes10
	Test  string // class and method of the suite's test
	Case  string // of a test that is repeated: collection, parameter
	Run   func(ctx context.Context) error
}

// Result is how a check ended: Err is nil where it holds; an ErrSkip says why there was nothing to test.
type Result struct {
	Check
	Err error
}

// ErrSkip says that a check does not apply.
var ErrSkip = errors.New("skipped")

// Run runs the checks in order.
func Run(ctx context.Context, checks []Check) []Result {
	results := make([]Result, len(checks))
	for i, c := range checks {
		results[i] = Result{c, c.Run(ctx)}
	}
	return results
}

// Client asks a server.
type Client struct {
	HTTP *http.Client // adds the credentials
	Root string       // address of the API's landing page, without a final slash
}

// Answer is what a server said.
type Answer struct {
	Status int
	Proto  string
	Header http.Header
	Body   []byte
}

// maxAnswer bounds an answer in bytes.
const maxAnswer = 256 << 20

// Get asks for a resource; parameters are name, value pairs that are added to the address.
func (c *Client) Get(ctx context.Context, target, accept string, parameters ...string) (Answer, error) {
	u, err := url.Parse(target)
	if err != nil {
		return Answer{}, err
	}
	query := u.Query()
	for i := 0; i+1 < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Answer{}, err
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return Answer{response.StatusCode, response.Proto, response.Header, body}, err
}

// Object asks for a JSON object and wants the status 200.
func (c *Client) Object(ctx context.Context, target, accept string, parameters ...string) (map[string]any, Answer, error) {
	answer, err := c.Get(ctx, target, accept, parameters...)
	if err != nil {
		return nil, answer, err
	}
	if answer.Status != http.StatusOK {
		return nil, answer, fmt.Errorf("%s: status %d, want 200: %.200s", target, answer.Status, answer.Body)
	}
	var object map[string]any
	if err := json.Unmarshal(answer.Body, &object); err != nil {
		return nil, answer, fmt.Errorf("%s: %w", target, err)
	}
	return object, answer, nil
}

// Wants checks a status.
func (c *Client) Wants(ctx context.Context, status int, target, accept string, parameters ...string) error {
	answer, err := c.Get(ctx, target, accept, parameters...)
	if err == nil && answer.Status != status {
		err = fmt.Errorf("%s %v: status %d, want %d: %.200s", target, parameters, answer.Status, status, answer.Body)
	}
	return err
}

// Link is a link of an OGC API.
type Link struct{ Href, Rel, Type string }

// Links are the links of an object.
func Links(object map[string]any) []Link {
	var links []Link
	list, _ := object["links"].([]any)
	for _, entry := range list {
		one, _ := entry.(map[string]any)
		href, _ := one["href"].(string)
		rel, _ := one["rel"].(string)
		media, _ := one["type"].(string)
		links = append(links, Link{href, rel, media})
	}
	return links
}

// Find returns the first link of a relation and, where it is not "", a content type.
func Find(links []Link, rel, media string) (Link, bool) {
	for _, l := range links {
		if l.Rel == rel && (media == "" || l.Type == media) {
			return l, true
		}
	}
	return Link{}, false
}

// SelfAndAlternates checks that an object links to itself and to its other forms, each with a type.
func SelfAndAlternates(object map[string]any, forms ...string) error {
	links := Links(object)
	self, ok := Find(links, "self", "")
	if !ok {
		return errors.New("no link to itself")
	}
	for _, form := range forms {
		if plain, _, _ := strings.Cut(self.Type, ";"); plain == form {
			continue
		}
		if _, ok := Find(links, "alternate", form); !ok {
			return fmt.Errorf("no link to the form %s", form)
		}
	}
	for _, l := range links {
		if (l.Rel == "self" || l.Rel == "alternate" || l.Rel == "collection") && l.Type == "" {
			return fmt.Errorf("the link %s has no type", l.Href)
		}
	}
	return nil
}
