package api_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/hex"
)

func cellAt(lon, lat float64, res int) string {
	return hex.String(hex.Parent(hex.Cell(lon, lat, 11), res)) // as events are rolled up
}

func sorted(values []string) []string { return slices.Sorted(slices.Values(values)) }

// cutID removes what differs in every error.
func cutID(body []byte) []byte {
	return regexp.MustCompile(`"request_id":"[^"]*"`).ReplaceAll(body, nil)
}

// nasty are values that no parameter should fall over.
func nasty() []string {
	return []string{
		"'; drop table event; --", "1' or '1'='1", `"`, "$1", "{}", "\x00", "\xff\xfe", "../../etc/passwd", "%", "_", `\`,
		"-1", "0", "99999999999999999999", "1e400", "NaN", "Infinity", "null", "true", "<script>alert(1)</script>",
		strings.Repeat("a", 3000), strings.Repeat("1,", 1000), strings.Repeat("((((", 500), "\u202e\U0001F4A9", "0001-01-01", "9999-12-31T23:59:60Z",
	}
}

// TestHostileParameters sends nasty values in every parameter of every operation: the answer is 2xx or a clear 4xx
// within bounds, and the data is still there.
func TestHostileParameters(t *testing.T) {
	t.Parallel()
	// Time runs fast, so that the rate limits do not stand before what is tested.
	start, asked := time.Now(), atomic.Int64{}
	s := newSite(t, func(c *api.Config) {
		c.Clock = func() time.Time { return start.Add(time.Duration(asked.Add(1)) * 100 * time.Millisecond) }
	})
	everyRole := []geoengine.AccountGrant{}
	for _, role := range identity.Roles() {
		everyRole = append(everyRole, geoengine.AccountGrant{Role: string(role), Areas: []string{geoengine.Everywhere}})
	}
	if err := identity.NewAccounts(s.store, rand.Reader, time.Now).CreateAccountOf(t.Context(), "root", everyRole, password); err != nil {
		t.Fatal(err)
	}
	alice := s.person(t, "root")
	fill := func(path, name, value string) string {
		good := map[string]string{"z": "5", "x": "16", "file": "11.mvt", "h3": cellAt(1.44, 43.6, 7), "path": "fr.76"}
		if strings.HasPrefix(path, "/tiles/events") {
			good["z"], good["x"], good["file"] = "14", "8257", "5982.mvt"
		}
		for key, v := range good {
			if key == name {
				v = url.PathEscape(value)
			}
			path = strings.ReplaceAll(path, "{"+key+"}", v)
		}
		return path
	}
	checked := 0
	check := func(id, target string) {
		t.Helper()
		a := s.get(t, alice, target)
		checked++
		switch {
		case a.status >= 500 || a.status < 200 || a.status == http.StatusForbidden || a.status == http.StatusTooManyRequests || a.status == http.StatusUnauthorized:
			t.Errorf("%s %.150s: %d %.200s", id, target, a.status, a.body)
		case a.status >= 400 && strings.HasSuffix(a.header.Get("Content-Type"), "xml"): // of WMTS
			if !bytes.Contains(a.body, []byte("<Exception exceptionCode=")) || len(a.body) > 2000 {
				t.Errorf("%s %.150s: %d, not a short exception: %.300s", id, target, a.status, a.body)
			}
		case a.status >= 400:
			var p problem.Problem
			if err := json.Unmarshal(a.body, &p); err != nil || p.Code == "" || len(a.body) > 2000 {
				t.Errorf("%s %.150s: %d, not a short problem: %.300s", id, target, a.status, a.body)
			}
		}
	}
	for _, op := range s.api.Operations() {
		if op.Method != http.MethodGet || op.Stream || op.Public || op.Hidden {
			continue
		}
		for _, p := range s.parameters(t, op.Method, op.Path) {
			for _, value := range nasty() {
				name := strings.Replace(p.name, "KEY", "light", 1)
				if p.in == "path" {
					if value != "../../etc/passwd" || name != "path" {
						check(op.ID, fill(op.Path, name, value))
					}
					continue
				}
				check(op.ID, fill(op.Path, "", "")+"?"+url.QueryEscape(name)+"="+url.QueryEscape(value))
			}
		}
		for _, value := range nasty() {
			check(op.ID, fill(op.Path, "", "")+"?"+url.QueryEscape(value)+"=1")
			check(op.ID, fill(op.Path, "", "")+"?attr."+url.QueryEscape(value)+"=x")
		}
	}
	if checked < 3000 {
		t.Errorf("only %d requests", checked)
	}
	var summary summaryAnswer
	s.get(t, alice, "/api/summary").into(t, &summary)
	if summary.Total != allEvents {
		t.Errorf("%d events are left", summary.Total)
	}
}

type parameter struct{ name, in string }

// parameters reads an operation's parameters from the API document.
func (s *site) parameters(t *testing.T, method, path string) (found []parameter) {
	t.Helper()
	item := s.api.OpenAPI().Paths[path]
	if item == nil || item.Get == nil {
		t.Fatalf("%s %s is not in the API document", method, path)
	}
	for _, p := range item.Get.Parameters {
		found = append(found, parameter{p.Name, p.In})
	}
	return found
}

func TestHostileBodies(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	for name, c := range map[string]struct {
		body, media string
		status      int
	}{
		"not JSON":       {"name=alice", "application/json", 400},
		"form":           {"name=alice", "application/x-www-form-urlencoded", 415},
		"array":          {"[]", "application/json", 422},
		"no password":    {`{"name":"alice"}`, "application/json", 422},
		"numbers":        {`{"name":1,"password":2}`, "application/json", 422},
		"more fields":    {`{"name":"a","password":"b","role":"admin"}`, "application/json", 422},
		"injection":      {`{"name":"' or true --","password":"' or true --"}`, "application/json", 401},
		"NUL":            {`{"name":"a\u0000","password":"b"}`, "application/json", 401},
		"deep":           {strings.Repeat(`[`, 3000), "application/json", 400},
		"large":          {`{"name":"` + strings.Repeat("a", 10_000) + `"}`, "application/json", 413},
		"long password":  {`{"name":"alice","password":"` + strings.Repeat("a", 1000) + `"}`, "application/json", 401},
		"empty":          {"", "application/json", 400},
		"content length": {"{}", "", 422},
	} {
		a := s.do(t, nil, http.MethodPost, "/api/session", c.body, "Content-Type", c.media)
		if a.status != c.status || !bytes.Contains(a.body, []byte(`"code"`)) {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, c.status)
		}
	}
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := buildSite(t, nil)
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]any }
	}
	a := s.get(t, s.person(t, "auditor"), "/openapi.json")
	a.into(t, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || a.header.Get("Content-Type") != "application/openapi+json" {
		t.Errorf("version %s, %v", doc.OpenAPI, a.header)
	}
	for _, op := range s.api.Operations() {
		raw, ok := doc.Paths[op.Path][strings.ToLower(op.Method)]
		if ok == op.Hidden {
			t.Errorf("%s %s: in the document: %v", op.Method, op.Path, ok)
		}
		if op.Hidden {
			continue
		}
		var described struct {
			OperationID, Summary string
			Parameters           []struct{ Name, In string }
			Security             []any
			Audit                string `json:"x-vigie-audit"`
			Responses            map[string]any
		}
		if err := json.Unmarshal(raw, &described); err != nil {
			t.Fatal(err)
		}
		if described.OperationID != op.ID || described.Summary == "" || described.Audit == "" || (len(described.Security) > 0) == op.Public ||
			described.Responses["default"] == nil {
			t.Errorf("%s: %s", op.ID, raw)
		}
		for _, name := range regexp.MustCompile(`{(\w+)}`).FindAllStringSubmatch(op.Path, -1) {
			if !slices.ContainsFunc(described.Parameters, func(p struct{ Name, In string }) bool { return p.In == "path" && p.Name == name[1] }) {
				t.Errorf("%s: {%s} is not described", op.ID, name[1])
			}
		}
	}
	// Every reference leads somewhere.
	for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllSubmatch(a.body, -1) {
		if doc.Components.Schemas[string(ref[1])] == nil {
			t.Errorf("%s is not described", ref[1])
		}
	}
	if doc.Components.Schemas["Problem"] == nil || doc.Components.Schemas["ErrorModel"] != nil {
		t.Errorf("errors are not problems: %v", slices.Sorted(mapKeys(doc.Components.Schemas)))
	}
}
