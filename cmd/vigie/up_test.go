package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vigie/geoengine/embedded"
)

// up starts vigie up and waits for its first word.
func (w *world) up(args ...string) (report upReport, kill func(syscall.Signal) error) {
	w.t.Helper()
	cmd, errs := w.start(append([]string{"up", "--json", "--listen", "127.0.0.1:0"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&report); err != nil {
		_ = cmd.Wait()
		w.t.Fatalf("%v: %s", err, errs)
	}
	return report, func(signal syscall.Signal) error {
		if err := cmd.Process.Signal(signal); err != nil {
			w.t.Fatal(err)
		}
		return cmd.Wait()
	}
}

// status asks an address until it answers with that status.
func (w *world) status(url string, want int) {
	w.t.Helper()
	for {
		request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == want {
				return
			}
		}
		if w.ctx.Err() != nil {
			w.t.Fatalf("%s never answered %d: %v", url, want, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// login is the status of a log-in followed by a look at the totals.
func (w *world) login(url string, account accountReport) (session, summary int) {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"name": account.Name, "password": account.Password})
	if err != nil {
		w.t.Fatal(err)
	}
	send := func(method, path string, body []byte, cookies []*http.Cookie) *http.Response {
		request, err := http.NewRequestWithContext(w.ctx, method, url+path, bytes.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		for _, cookie := range cookies {
			request.AddCookie(cookie)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			w.t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body) // only the status counts
		response.Body.Close()
		return response
	}
	answer := send(http.MethodPost, "/api/session", body, nil)
	return answer.StatusCode, send(http.MethodGet, "/api/summary", nil, answer.Cookies()).StatusCode
}

// TestUpSurvives is the life of an installation: first start, a command beside it, a killed server, a killed
// database, a second start, a stop.
func TestUpSurvives(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	if err := os.Chmod(filepath.Dir(temp), 0o711); err != nil { // the database's user passes through
		t.Fatal(err)
	}
	dir := filepath.Join(temp, "data")
	w := newWorld(t, "VIGIE_DATA="+dir)
	first, kill := w.up("--scale", "0.02")
	w.status(first.URL+"/readyz", http.StatusOK)
	if len(first.Accounts) != 5 || first.Demo == nil || first.Demo.New == 0 {
		t.Fatalf("first start: %+v", first)
	}
	if session, summary := w.login(first.URL, first.Accounts[0]); session != http.StatusOK || summary != http.StatusOK {
		t.Errorf("log-in %d, summary %d", session, summary)
	}
	if list := must[struct{ Accounts []accountReport }](w, "user", "list").Accounts; len(list) != 5 {
		t.Errorf("a second command on the same cluster sees %d accounts", len(list))
	}
	if err := kill(syscall.SIGKILL); err == nil {
		t.Error("killed, and no error")
	}

	second, kill := w.up("--scale", "0.02")
	w.status(second.URL+"/readyz", http.StatusOK)
	if len(second.Accounts) != 0 || second.Demo != nil {
		t.Errorf("second start: %+v", second)
	}
	if got := w.vigie("db", "stop"); got.code != exitFailed || !strings.Contains(got.errs, "in use") {
		t.Errorf("stop while in use: %+v", got)
	}
	state, err := embedded.Inspect(dir)
	if err != nil || !state.Running {
		t.Fatalf("%+v, %v", state, err)
	}
	if err := syscall.Kill(state.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for again := (embedded.State{}); again.PID == 0 || again.PID == state.PID; time.Sleep(20 * time.Millisecond) {
		if again, err = embedded.Inspect(dir); err != nil || w.ctx.Err() != nil {
			t.Fatalf("the database does not come back: %+v, %v", again, err)
		}
	}
	w.status(second.URL+"/readyz", http.StatusOK)
	w.status(second.URL+"/api/session", http.StatusUnauthorized)
	if err := kill(syscall.SIGTERM); err != nil {
		t.Errorf("graceful stop: %v", err)
	}
	if state, err := embedded.Inspect(dir); err != nil || state.Running {
		t.Errorf("the cluster runs on: %+v, %v", state, err)
	}
	status := must[statusReport](w, "db", "status")
	if status.Schema != status.Needs || status.Cluster == nil || status.Cluster.Running {
		t.Errorf("status: %+v", status)
	}
}

func TestTakenPortIsToldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "VIGIE_DATA="+filepath.Join(t.TempDir(), "data"))
	listener, err := (&net.ListenConfig{}).Listen(w.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	got := w.vigie("up", "--listen", listener.Addr().String())
	if got.code != exitFailed || !strings.Contains(got.errs, "taken by another program") {
		t.Errorf("%+v", got)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "VIGIE_DATA="+filepath.Join(t.TempDir(), "data"))
	got := w.vigie("doctor", "--json")
	var report struct {
		Checks []check
		Failed int
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, one := range report.Checks {
		seen[one.Name] = one.State
		if one.State != checkGood && one.Mend == "" {
			t.Errorf("%s does not say how to mend it", one.Name)
		}
	}
	for _, name := range []string{"PostgreSQL", "data folder", "cluster", "time"} {
		if seen[name] != checkGood {
			t.Errorf("%s: %q", name, seen[name])
		}
	}
	if want := map[bool]int{true: exitFailed, false: exitDone}[report.Failed > 0]; got.code != want {
		t.Errorf("%d checks failed, exit code %d", report.Failed, got.code)
	}
}
