package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
)

// beVigie makes this test binary the real program, with its own process to kill.
const beVigie = "VIGIE_TEST_BE_VIGIE"

func TestMain(m *testing.M) {
	if os.Getenv(beVigie) != "" {
		main()
	}
	os.Exit(m.Run())
}

// world is where command lines run.
type world struct {
	t       *testing.T
	ctx     context.Context
	environ []string
}

func newWorld(t *testing.T, environ ...string) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return &world{t, ctx, append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "VIGIE_LISTEN=127.0.0.1:0"}, environ...)}
}

// result is what a command line did.
type result struct {
	code      int
	out, errs string
}

func (w *world) vigie(args ...string) result { return w.vigieReading("", args...) }

func (w *world) vigieReading(input string, args ...string) result {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "input")
	if err := os.WriteFile(path, []byte(input), 0o600); err != nil {
		w.t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer in.Close()
	var out, errs bytes.Buffer
	code := run(w.ctx, args, w.environ, in, &out, &errs)
	return result{code, out.String(), errs.String()}
}

// must runs a command line with --json that has to succeed and decodes what it prints.
func must[T any](w *world, args ...string) T {
	w.t.Helper()
	return decode[T](w, w.vigie(append(args, "--json")...))
}

func decode[T any](w *world, r result) (value T) {
	w.t.Helper()
	if r.code != exitDone {
		w.t.Fatalf("exit code %d: %s", r.code, r.errs)
	}
	if err := json.Unmarshal([]byte(r.out), &value); err != nil {
		w.t.Fatalf("%v in %s", err, r.out)
	}
	return value
}

// start runs vigie as a process of its own.
func (w *world) start(args ...string) (*exec.Cmd, *bytes.Buffer) {
	w.t.Helper()
	cmd := exec.CommandContext(w.ctx, os.Args[0], args...)
	cmd.Env = append(slices.Clone(w.environ), beVigie+"=1")
	errs := &bytes.Buffer{}
	cmd.Stderr = errs
	w.t.Cleanup(func() {
		if cmd.ProcessState == nil && cmd.Process != nil {
			_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
			_ = cmd.Wait()
		}
	})
	return cmd, errs
}

func TestExitCodesAndMessages(t *testing.T) {
	t.Parallel()
	taken := newWorld(t)
	for _, test := range []struct {
		line string
		code int
		out  string // part of standard output
		errs string // part of standard error
	}{
		{"", exitDone, "Exit codes", ""},
		{"--help", exitDone, "DATABASE_URL", ""},
		{"import --help", exitDone, "vigie import baac --year 2019", ""},
		{"import baac --help", exitDone, "--dry-run", ""},
		{"import rejects --help", exitDone, "--retry", ""},
		{"version --json", exitDone, `"platform"`, ""},
		{"sources", exitDone, "Licence Ouverte", ""},
		{"sources baac --json", exitDone, `"publisher"`, ""},
		{"completion bash", exitDone, "complete -o default", ""},
		{"completion tcsh", exitUsage, "", "bash"},
		{"sources nothing", exitUsage, "", "there is no source"},
		{"nothing", exitUsage, "", "nothing"},
		{"import", exitUsage, "", "source"},
		{"import baac", exitUsage, "", "--year"},
		{"import nothing file.csv", exitUsage, "", "there is no source"},
		{"import csv --show portland_thefts", exitDone, "ref:", ""},
		{"import csv --show nothing", exitFailed, "", "nothing"},
		{"import csv --guess", exitUsage, "", "name a file"},
		{"import baac --show portland_thefts", exitUsage, "", "vigie import csv"},
		{"import baac /nowhere/at/all.csv", exitFailed, "", "no such file"},
		{"import baac /nowhere/at/all.csv --json", exitFailed, "", `"error"`},
		{"user add x --role king", exitUsage, "", "commander"},
		{"bench cells --events 3", exitUsage, "", "at least"},
		{"db backup " + os.Args[0], exitFailed, "", "never replaces"},
		{"db restore /nowhere", exitUsage, "", "nowhere"},
		{"serve --listen 300.1.1.1:1", exitFailed, "", "listen"},
	} {
		t.Run(test.line, func(t *testing.T) {
			t.Parallel()
			got := taken.vigie(strings.Fields(test.line)...)
			if got.code != test.code || !strings.Contains(got.out, test.out) || !strings.Contains(got.errs, test.errs) {
				t.Errorf("exit code %d, want %d; out %q, want %q; errors %q, want %q", got.code, test.code, got.out, test.out, got.errs, test.errs)
			}
		})
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "VIGIE_LOG=loud")
	if got := w.vigie("version"); got.code != exitUsage || !strings.Contains(got.errs, "VIGIE_LOG") {
		t.Errorf("%+v", got)
	}
	w = newWorld(t, "DATABASE_URL=postgres://nobody@127.0.0.1:1/none?connect_timeout=2")
	if got := w.vigie("db", "status"); got.code != exitFailed || !strings.Contains(got.errs, "open the database") {
		t.Errorf("%+v", got)
	}
	for _, line := range []string{"db start", "db stop"} {
		if got := w.vigie(strings.Fields(line)...); got.code != exitUsage {
			t.Errorf("%s: %+v", line, got)
		}
	}
	if _, err := (config{Proxies: "10.0.0.0/8, ::1/128"}).proxies(); err != nil {
		t.Error(err)
	}
	if _, err := (config{Proxies: "10.0.0.0"}).proxies(); err == nil {
		t.Error("a proxy without a network length was accepted")
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "DATABASE_URL="+databaseURL(t))
	if made := must[accountReport](w, "user", "add", "durand", "--role", "commander", "--area", "fr.76.31"); len(made.Password) < 20 {
		t.Errorf("no generated password: %+v", made)
	}
	const secret = "correct horse battery staple"
	got := w.vigieReading(secret+"\n", "user", "add", "qgis", "--password-stdin")
	if got.code != exitDone || strings.Contains(got.out, secret) {
		t.Errorf("%+v", got)
	}
	if got := w.vigieReading("short\n", "user", "password", "qgis", "--password-stdin"); got.code != exitFailed {
		t.Errorf("a short password: %+v", got)
	}
	for _, line := range []string{"user disable durand", "user password qgis --generate"} {
		if got := w.vigie(strings.Fields(line)...); got.code != exitDone {
			t.Errorf("%s: %+v", line, got)
		}
	}
	if got := w.vigie("user", "disable", "nobody"); got.code != exitFailed {
		t.Errorf("%+v", got)
	}
	list := must[struct{ Accounts []accountReport }](w, "user", "list").Accounts
	for i := range list {
		list[i].Created = time.Time{}
	}
	want := []accountReport{
		{Name: "durand", Grants: []geoengine.AccountGrant{{Role: "commander", Areas: []string{"fr.76.31"}}}, Disabled: true},
		{Name: "qgis", Grants: []geoengine.AccountGrant{{Role: "analyst", Areas: []string{"*"}}}},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
}

const mapping = `
name: small
title: A small file
publisher: The tests
licence: Apache-2.0
url: https://example.org/
ref: {columns: [id]}
time:
  zone: Europe/Paris
  start: {columns: [day], formats: [YYYY-MM-DD]}
position: {lon: lon, lat: lat, precision: 10}
category: {constant: road.accident}
`

func TestImportAndRejects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "DATABASE_URL="+databaseURL(t))
	folder := t.TempDir()
	file, rules, rejects := filepath.Join(folder, "a, b.csv"), filepath.Join(folder, "small.yaml"), filepath.Join(folder, "rejects.csv")
	rows := "id,day,lon,lat\n1,2024-05-01,1.4,43.6\n2,2024-05-02,,\n3,2024-15-40,1.4,43.6\n"
	for name, text := range map[string]string{file: rows, rules: mapping} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	line := []string{"import", "csv", "--mapping", rules, "--file", file}
	if dry := must[importReport](w, append(line, "--dry-run")...); dry.New != 2 || !dry.DryRun {
		t.Errorf("dry run: %+v", dry)
	}
	first := must[importReport](w, line...)
	if first.Read != 3 || first.New != 2 || first.WithoutPosition != 1 || first.RejectedTotal() != 1 {
		t.Errorf("first: %+v", first)
	}
	if got := w.vigie(append(line, "--strict")...); got.code != exitRejects || !strings.Contains(got.out, "unchanged         2") {
		t.Errorf("second: %+v", got)
	}
	listed := must[struct {
		Rejects []struct{ Line int64 }
	}](w, "import", "rejects", "--source", "small")
	if len(listed.Rejects) != 1 || listed.Rejects[0].Line != 4 {
		t.Errorf("rejects: %+v", listed)
	}
	for i, code := range []int{exitDone, exitFailed} { // it never replaces a file
		if got := w.vigie("import", "rejects", "--output", rejects); got.code != code {
			t.Errorf("%d: %+v", i, got)
		}
	}
	if text, err := os.ReadFile(rejects); err != nil || !strings.Contains(string(text), "2024-15-40") {
		t.Errorf("%s, %v", text, err)
	}
	mended := strings.Replace(rows, "2024-15-40", "2024-05-04", 1)
	if err := os.WriteFile(file, []byte(mended), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := must[importReport](w, "import", "rejects", "--retry", "--mapping", rules, file); again.New != 1 || again.Read != 1 {
		t.Errorf("retry: %+v", again)
	}
}

func TestInterruptedCommandSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "VIGIE_DATA="+filepath.Join(t.TempDir(), "data"))
	ctx, stop := signal.NotifyContext(w.ctx)
	stop()
	w.ctx = ctx
	if got := w.vigie("db", "start"); got.code != exitInterrupted || !strings.Contains(got.errs, "interrupted") {
		t.Errorf("%+v", got)
	}
}
