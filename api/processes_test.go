package api_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine/jobs"
)

const exceptions = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"

// jobView is a job as the API shows it.
type jobView struct {
	JobID    string `json:"jobID"`
	Status   string `json:"status"`
	Message  string `json:"message"`
	Progress int    `json:"progress"`
	Links    []struct{ Rel, Href string }
}

// execute posts an execution.
func (s *site) execute(t *testing.T, person *http.Client, process, body string, header ...string) answer {
	t.Helper()
	return s.do(t, person, http.MethodPost, "/ogc/processes/"+process+"/execution", body, append(header, "Content-Type", "application/json")...)
}

// finished waits until a job has ended.
func (s *site) finished(t *testing.T, person *http.Client, location string) jobView {
	t.Helper()
	path := strings.TrimPrefix(location, s.URL)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var j jobView
		a := s.get(t, person, path)
		if a.status == http.StatusTooManyRequests {
			continue
		}
		a.into(t, &j)
		if j.Status != "accepted" && j.Status != "running" {
			return j
		}
		if time.Now().After(deadline) {
			t.Fatalf("the job is %s: %s", j.Status, s.log)
		}
	}
}

func wantException(t *testing.T, what string, a answer, status int, kind string) {
	t.Helper()
	var body struct{ Type, Title, Detail string }
	a.into(t, &body)
	if a.status != status || body.Type != kind || body.Title == "" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %d %s %s, want %d %s", what, a.status, a.header.Get("Content-Type"), a.body, status, kind)
	}
}

func TestExecuteNow(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	tests := []struct{ name, accept, body, media, want string }{
		{"one raw", "", `{"inputs":{"string":"a"},"outputs":{"string":{}}}`, "application/json", `"a"`},
		{"document", "", `{"inputs":{"string":"a","number":1.50},"response":"document"}`, "application/json", `{"string":"a","number":1.50}` + "\n"},
		{"several raw for JSON", "application/json", `{"inputs":{"string":"a","boolean":true}}`, "application/json", `{"string":"a","boolean":true}` + "\n"},
		{"object", "", `{"inputs":{"object":{"a":[1]}},"response":"document"}`, "application/json", `{"object":{"value":{"a":[1]}}}` + "\n"},
		{"array", "", `{"inputs":{"array":["a","b"]}}`, "application/json", `["a","b"]`},
		{"many values", "", `{"inputs":{"numbers":[1,{"value":2}]}}`, "application/json", `[1,2]`},
		{"one of many values", "", `{"inputs":{"numbers":1}}`, "application/json", `[1]`},
		{"box", "", `{"inputs":{"bbox":{"bbox":[1,2,3,4]}}}`, "application/json", `{"bbox":[1,2,3,4]}`},
		{"qualified", "", `{"inputs":{"string":{"value":"a"}}}`, "application/json", `"a"`},
		{"binary", "", `{"inputs":{"binary":{"value":"AAEC","mediaType":"application/octet-stream"}}}`, "application/octet-stream", "\x00\x01\x02"},
		{"binary in a document", "", `{"inputs":{"binary":"AAEC"},"response":"document"}`, "application/json",
			`{"binary":{"mediaType":"application/octet-stream","encoding":"base64","value":"AAEC"}}` + "\n"},
		{"mixed", "", `{"inputs":{"mixed":{"type":"Point","coordinates":[1,2]}}}`, "application/json", `{"type":"Point","coordinates":[1,2]}`},
	}
	for _, test := range tests {
		header := []string{}
		if test.accept != "" {
			header = []string{"Accept", test.accept}
		}
		a := s.execute(t, alice, "echo", test.body, header...)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != test.media || string(a.body) != test.want {
			t.Errorf("%s: %d %s %q", test.name, a.status, a.header.Get("Content-Type"), a.body)
		}
	}
	a := s.execute(t, alice, "echo", `{"inputs":{"string":"a","number":2}}`)
	if !strings.HasPrefix(a.header.Get("Content-Type"), "multipart/related; boundary=") || strings.Count(string(a.body), "Content-Type: application/json") != 2 {
		t.Errorf("several raw: %s\n%s", a.header.Get("Content-Type"), a.body)
	}
}

func TestExecuteRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for name, body := range map[string]string{
		"nothing": ``, "no JSON": `{`, "no object": `[]`, "two values": `{"inputs":{"string":"a"}} {}`, "another member": `{"invalid-execute-request":"true"}`,
		"no inputs": `{}`, "an unknown input": `{"inputs":{"strings":"a"}}`, "another type": `{"inputs":{"string":1}}`,
		"a reference": `{"inputs":{"string":{"href":"http://169.254.169.254/"}}}`, "a fraction": `{"inputs":{"integer":1.5}}`,
		"no base64": `{"inputs":{"binary":"!"}}`, "another media type": `{"inputs":{"binary":{"value":"AAEC","mediaType":"image/png"}}}`,
		"a small box": `{"inputs":{"bbox":{"bbox":[1,2]}}}`, "a far box": `{"inputs":{"bbox":{"bbox":[1,2,345345345,4]}}}`,
		"another crs":   `{"inputs":{"bbox":{"bbox":[1,2,3,4],"crs":"http://www.opengis.net/def/crs/EPSG/0/2154"}}}`,
		"a long string": `{"inputs":{"string":"` + strings.Repeat("a", 20_000) + `"}}`, "a deep value": `{"inputs":{"array":` + deep + `}}`,
		"many values": `{"inputs":{"numbers":[` + strings.Repeat("1,", 100) + `1]}}`, "null": `{"inputs":{"string":null}}`,
		"an unknown output": `{"inputs":{"string":"a"},"outputs":{"strings":{}}}`, "another response": `{"inputs":{"string":"a"},"response":"cooked"}`,
		"another transmission": `{"inputs":{"string":"a"},"outputs":{"string":{"transmissionMode":"pigeon"}}}`,
		"another form":         `{"inputs":{"string":"a"},"outputs":{"string":{"format":{"mediaType":"text/html"}}}}`,
		"a subscriber":         `{"inputs":{"string":"a"},"subscriber":{"successUri":"http://169.254.169.254/"}}`,
	} {
		wantException(t, name, s.execute(t, alice, "echo", body), http.StatusBadRequest, "about:blank")
		if name == "nothing" || name == "no inputs" {
			continue // refused by the run itself
		}
		wantException(t, name+", as a job", s.execute(t, alice, "echo", body, "Prefer", "respond-async"), http.StatusBadRequest, "about:blank")
	}
	large := s.execute(t, alice, "echo", `{"inputs":{"string":"`+strings.Repeat("a", 2<<20)+`"}}`)
	wantException(t, "a large body", large, http.StatusRequestEntityTooLarge, "about:blank")
	xml := s.do(t, alice, http.MethodPost, "/ogc/processes/echo/execution", "<a/>", "Content-Type", "text/xml")
	wantException(t, "XML", xml, http.StatusUnsupportedMediaType, "about:blank")
	for _, path := range []string{"/ogc/processes/other", "/ogc/processes/other/results"} {
		wantException(t, path, s.get(t, alice, path), http.StatusNotFound, exceptions+"no-such-process")
	}
	wantException(t, "unknown process", s.execute(t, alice, "other", `{}`), http.StatusNotFound, exceptions+"no-such-process")
	if a := s.execute(t, s.person(t, "auditor"), "echo", `{"inputs":{"string":"a"}}`); a.status != http.StatusForbidden {
		t.Errorf("an auditor: %d", a.status)
	}
}

func TestJobsAreTheirOwnersOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice, paris := s.person(t, "alice"), s.person(t, "paris")
	a := s.execute(t, alice, "echo", `{"inputs":{"string":"secret","pause":0.2},"response":"document"}`, "Prefer", "respond-async")
	location := a.header.Get("Location")
	if a.status != http.StatusCreated || a.header.Get("Preference-Applied") != "respond-async" || !strings.HasPrefix(location, s.URL+"/ogc/jobs/") {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	path := strings.TrimPrefix(location, s.URL)
	wantException(t, "too early", s.get(t, alice, path+"/results"), http.StatusNotFound, exceptions+"result-not-ready")
	if j := s.finished(t, alice, location); j.Status != "successful" || j.Progress != 100 {
		t.Errorf("%+v", j)
	}
	if a := s.get(t, alice, path+"/results"); a.status != http.StatusOK || string(a.body) != `{"string":"secret"}`+"\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.get(t, alice, path+"/results/string"); a.status != http.StatusOK || string(a.body) != `"secret"` {
		t.Errorf("%d %s", a.status, a.body)
	}
	unknown := "/ogc/jobs/00000000-0000-4000-8000-000000000000"
	for _, sub := range []string{"", "/results", "/results/string"} {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			if method == http.MethodDelete && sub != "" {
				continue
			}
			theirs, none := s.do(t, paris, method, path+sub, ""), s.do(t, paris, method, unknown+sub, "")
			wantException(t, method+" theirs"+sub, theirs, http.StatusNotFound, exceptions+"no-such-job")
			wantException(t, method+" unknown"+sub, none, http.StatusNotFound, exceptions+"no-such-job")
			for _, a := range []*answer{&theirs, &none} { // the number of the request is all that may differ
				var body map[string]any
				a.into(t, &body)
				delete(body, "request_id")
				a.body, _ = json.Marshal(body)
			}
			if string(theirs.body) != string(none.body) {
				t.Errorf("%s%s: %s and %s tell jobs of others from none", method, sub, theirs.body, none.body)
			}
		}
	}
	var list struct{ Jobs []jobView }
	s.get(t, paris, "/ogc/jobs").into(t, &list)
	if len(list.Jobs) != 0 {
		t.Errorf("paris sees %+v", list.Jobs)
	}
	s.get(t, alice, "/ogc/jobs?status=successful&processID=echo&type=process&limit=1").into(t, &list)
	if len(list.Jobs) != 1 {
		t.Errorf("alice sees %+v", list.Jobs)
	}
	var dismissed jobView
	s.do(t, alice, http.MethodDelete, path, "").into(t, &dismissed)
	if dismissed.Status != "dismissed" {
		t.Errorf("%+v", dismissed)
	}
	wantException(t, "dismissed", s.get(t, alice, path+"/results"), http.StatusNotFound, exceptions+"no-such-job")
	for _, wrong := range []string{"status=odd", "limit=0", "limit=x", "datetime=yesterday", "datetime=../x", "minDuration=-1", "cursor=x", "type=provider"} {
		wantException(t, wrong, s.get(t, alice, "/ogc/jobs?"+wrong), http.StatusBadRequest, "about:blank")
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	a := s.execute(t, alice, "echo", `{"inputs":{"string":"a"},"outputs":{"string":{"transmissionMode":"reference"}}}`)
	link := a.header.Values("Link")
	if a.status != http.StatusNoContent || len(link) != 2 || len(a.body) != 0 {
		t.Fatalf("%d %v %s", a.status, link, a.body)
	}
	a = s.execute(t, alice, "echo", `{"inputs":{"string":"a","number":1},"outputs":{"string":{"transmissionMode":"reference"},"number":{}},"response":"document"}`)
	var body struct {
		String struct{ Href, Type string }
		Number float64
	}
	a.into(t, &body)
	if got := s.get(t, alice, strings.TrimPrefix(body.String.Href, s.URL)); string(got.body) != `"a"` || body.Number != 1 {
		t.Errorf("%s → %d %s", a.body, got.status, got.body)
	}
}

// A job runs with the rights of the moment when it starts, and its result is for who still has them.
func TestRightsOfJobs(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := newSite(t, func(c *api.Config) {
		c.Extensions = []api.Extension{{Processes: []jobs.Process{{
			ID: "gate", Title: "Gate", Roles: []string{"commander"}, Outputs: []jobs.Output{{ID: "result", Title: "Result"}},
			Run: func(ctx context.Context, call jobs.Call) error {
				select {
				case <-gate:
				case <-ctx.Done():
				}
				return call.WriteJSON("result", call.Rights.Scope)
			},
		}}}}
	})
	alice, paris := s.person(t, "alice"), s.person(t, "paris")
	var blocked []string
	for range 2 { // both workers
		blocked = append(blocked, s.execute(t, paris, "gate", `{}`, "Prefer", "respond-async").header.Get("Location"))
	}
	for _, location := range blocked {
		for s.get(t, paris, strings.TrimPrefix(location, s.URL)).running(t) != "running" {
			time.Sleep(10 * time.Millisecond)
		}
	}
	counted := s.execute(t, alice, "aggregate", `{"inputs":{"by":"area","level":"commune"}}`, "Prefer", "respond-async").header.Get("Location")
	if _, err := s.store.Pool.Exec(t.Context(), `update account_grant set areas = '{fr.76}' where account = 'alice'`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.Pool.Exec(t.Context(), `update account set disabled = true where name = 'toulouse'`); err != nil {
		t.Fatal(err)
	}
	close(gate)
	if j := s.finished(t, alice, counted); j.Status != "successful" {
		t.Fatalf("%+v", j)
	}
	results := strings.TrimPrefix(counted, s.URL) + "/results"
	var body struct {
		Rows []struct {
			Path  string
			Count int
		}
	}
	s.get(t, alice, results).into(t, &body)
	if len(body.Rows) != 1 || body.Rows[0].Path != "fr.76.31.31555" || body.Rows[0].Count != 200 {
		t.Errorf("%+v: must be what alice may see when the job starts", body.Rows)
	}
	if _, err := s.store.Pool.Exec(t.Context(), `update account_grant set areas = '{fr.76.31}' where account = 'alice'`); err != nil {
		t.Fatal(err)
	}
	if a := s.get(t, alice, results); a.status != http.StatusForbidden {
		t.Errorf("with narrower rights than those of the run: %d %s", a.status, a.body)
	}
}

// running is the status of a job.
func (a answer) running(t *testing.T) string {
	t.Helper()
	var j jobView
	a.into(t, &j)
	return j.Status
}

func TestAggregate(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice, paris := s.person(t, "alice"), s.person(t, "paris")
	sum := func(person *http.Client, inputs string) (rows, total int) {
		t.Helper()
		a := s.execute(t, person, "aggregate", `{"inputs":`+inputs+`}`)
		var body struct{ Rows []struct{ Count int } }
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", inputs, a.status, a.body)
		}
		a.into(t, &body)
		for _, r := range body.Rows {
			total += r.Count
		}
		return len(body.Rows), total
	}
	for _, test := range []struct {
		person      *http.Client
		inputs      string
		rows, total int
	}{
		{alice, `{"by":"cell"}`, 3, 307}, {alice, `{"by":"cell","resolution":3,"area":"fr.76"}`, 1, 200}, {paris, `{"by":"cell"}`, 1, 100},
		{alice, `{"by":"area","level":"region"}`, 2, 300}, {paris, `{"by":"area","level":"commune"}`, 1, 100},
		{alice, `{"by":"time","bins":4}`, 4, 307}, {paris, `{"by":"time","bins":4,"category":["road"]}`, 4, 50},
		{alice, `{"by":"cell","attributes":{"light":["night"]},"area":["fr.11"]}`, 1, 33}, {alice, `{"by":"cell","bbox":[0,42,3,45]}`, 1, 200},
	} {
		if rows, total := sum(test.person, test.inputs); rows != test.rows || total != test.total {
			t.Errorf("%s: %d rows of %d, want %d of %d", test.inputs, rows, total, test.rows, test.total)
		}
	}
	// An analyst may not count thefts, of which nothing is published here.
	if err := identity.NewAccounts(s.store, rand.Reader, time.Now).CreateAccount(t.Context(), "anna", "analyst", []string{"*"}, password); err != nil {
		t.Fatal(err)
	}
	anna := s.person(t, "anna")
	for _, by := range []string{`{"by":"cell"}`, `{"by":"area","level":"region"}`, `{"by":"time"}`} {
		_, total := sum(anna, by)
		_, accidents := sum(alice, strings.TrimSuffix(by, "}")+`,"category":["road"]}`)
		if total != accidents {
			t.Errorf("%s: an analyst counts %d, there are %d accidents", by, total, accidents)
		}
	}
	if a := s.execute(t, anna, "aggregate", `{"inputs":{"by":"time"}}`); !strings.Contains(string(a.body), `"left_out":["rescue.call","vehicle.theft"]`) {
		t.Errorf("what is left out is not told: %.300s", a.body)
	}
	form := func(media string) string {
		return `{"inputs":{"by":"cell"},"outputs":{"result":{"format":{"mediaType":"` + media + `"}}}}`
	}
	if a := s.execute(t, alice, "aggregate", form("text/csv")); strings.Count(string(a.body), "\r\n") != 4 || !strings.HasPrefix(string(a.body), "h3,lon,lat,count,weight,hidden,k\r\n") {
		t.Errorf("CSV: %s", a.body)
	}
	var collection struct {
		Type     string
		Features []struct {
			Geometry   struct{ Type string }
			Properties struct{ Count int }
		}
	}
	s.execute(t, alice, "aggregate", form("application/geo+json")).into(t, &collection)
	if collection.Type != "FeatureCollection" || len(collection.Features) != 3 || collection.Features[0].Geometry.Type != "Polygon" {
		t.Errorf("GeoJSON: %+v", collection)
	}
	document := strings.TrimSuffix(form("text/csv"), "}") + `,"response":"document"}`
	var results struct {
		Result struct{ MediaType, Value string }
	}
	s.execute(t, alice, "aggregate", document).into(t, &results)
	if results.Result.MediaType != "text/csv" || strings.Count(results.Result.Value, "\r\n") != 4 {
		t.Errorf("CSV in a document: %+v", results)
	}
	document = strings.TrimSuffix(form("application/geo+json"), "}") + `,"response":"document"}`
	var inside struct {
		Result struct{ Value struct{ Features []any } }
	}
	if s.execute(t, alice, "aggregate", document).into(t, &inside); len(inside.Result.Value.Features) != 3 {
		t.Errorf("GeoJSON in a document: %+v", inside)
	}
	for _, wrong := range []string{`{}`, `{"by":"person"}`, `{"by":"cell","resolution":12}`, `{"by":"area","level":"moon"}`, `{"by":"cell","from":"yesterday"}`, `{"by":"time","bins":0}`, `{"by":"cell","attributes":{"light":1}}`} {
		wantException(t, wrong, s.execute(t, alice, "aggregate", `{"inputs":`+wrong+`}`), http.StatusBadRequest, "about:blank")
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	paris := s.person(t, "paris")
	const body = `{"inputs":{"collection":"events","recipient":"Préfecture"%s}}`
	if a := s.execute(t, paris, "export", fmt.Sprintf(body, "")); a.status != http.StatusPreconditionRequired {
		t.Errorf("without a reason: %d %s", a.status, a.body)
	}
	because := []string{"Vigie-Reason", "rapport annuel"}
	var collection struct {
		Features []struct{ Properties map[string]any }
	}
	a := s.execute(t, paris, "export", fmt.Sprintf(body, ""), because...)
	a.into(t, &collection)
	if len(collection.Features) != 100 || a.header.Get("Content-Type") != "application/geo+json" {
		t.Errorf("%d features, %s", len(collection.Features), a.header.Get("Content-Type"))
	}
	s.execute(t, paris, "export", fmt.Sprintf(body, `,"filter":"category = 'road.accident'"`), because...).into(t, &collection)
	if len(collection.Features) != 50 {
		t.Errorf("%d accidents", len(collection.Features))
	}
	const asCSV = `{"inputs":{"collection":"events","recipient":"Préfecture"},"outputs":{"result":{"format":{"mediaType":"text/csv"}}}}`
	a = s.execute(t, paris, "export", asCSV, append(because, "Prefer", "respond-async")...)
	location := a.header.Get("Location")
	if j := s.finished(t, paris, location); j.Status != "successful" {
		t.Fatalf("%+v %s", j, a.body)
	}
	a = s.get(t, paris, strings.TrimPrefix(location, s.URL)+"/results")
	if n := strings.Count(string(a.body), "\n"); n != 101 || a.header.Get("Content-Type") != "text/csv" {
		t.Errorf("%d lines, %s", n, a.header.Get("Content-Type"))
	}
	for _, wrong := range []string{`,"filter":"category ="`, `,"filter":"nothing = 1"`, `,"bbox":[1,2,3]`, `,"crs":"EPSG:1"`, `,"equal":{"nothing":"1"}`, `,"recipient":" "`} {
		wantException(t, wrong, s.execute(t, paris, "export", fmt.Sprintf(body, wrong), because...), http.StatusBadRequest, "about:blank")
	}
	var lines int
	const kept = `select count(*) from journal where operation = 'execute-export' and recipient = 'Préfecture' and reason = 'rapport annuel' and outcome like '20%'`
	if err := s.store.Pool.QueryRow(t.Context(), kept).Scan(&lines); err != nil || lines != 3 {
		t.Errorf("%d lines in the journal, %v", lines, err)
	}
}

func TestStreamTellsJobsToTheirOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice, paris := s.person(t, "alice"), s.person(t, "paris")
	told := func(person *http.Client) <-chan string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := person.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		events := make(chan string, 100)
		go func() {
			defer close(events)
			lines := bufio.NewScanner(response.Body)
			for lines.Scan() {
				if strings.HasPrefix(lines.Text(), "event: ") {
					name := lines.Text()
					lines.Scan()
					events <- name + " " + lines.Text()
				}
			}
		}()
		return events
	}
	forAlice, forParis := told(alice), told(paris)
	location := s.execute(t, alice, "echo", `{"inputs":{"string":"a"}}`, "Prefer", "respond-async").header.Get("Location")
	deadline := time.After(time.Minute)
	for {
		select {
		case event := <-forAlice:
			if strings.HasPrefix(event, "event: job") && strings.Contains(event, `"status":"successful"`) {
				if id := location[strings.LastIndexByte(location, '/')+1:]; !strings.Contains(event, id) {
					t.Errorf("%s, want %s", event, id)
				}
				goto rest
			}
		case <-deadline:
			t.Fatal("alice was not told")
		}
	}
rest:
	for {
		select {
		case event := <-forParis:
			if strings.HasPrefix(event, "event: job") {
				t.Errorf("paris was told of %s", event)
			}
		case <-time.After(200 * time.Millisecond):
			return
		}
	}
}
