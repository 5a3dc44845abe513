package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigie/geoengine/journal"
)

type searched struct{ Entries []journal.Record }

// lines are the entries of a search, oldest first.
func (w *world) lines(args ...string) []string {
	w.t.Helper()
	found := must[searched](w, append([]string{"audit", "search"}, args...)...)
	var lines []string
	for _, e := range found.Entries {
		lines = append([]string{e.Operation + " " + e.Act + " " + e.Reference + " " + e.Outcome}, lines...)
	}
	return lines
}

func TestAudit(t *testing.T) {
	t.Parallel()
	url := databaseURL(t)
	w := newWorld(t, "DATABASE_URL="+url)
	must[map[string]any](w, "import", "demo", "--scale", "0.01", "--why", "training day")
	must[importReport](w, "import", "demo", "--scale", "0.01", "--dry-run")
	got := w.lines("--operation", "import")
	if want := "import collection source:demo begun|import collection source:demo done"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
	entries := must[searched](w, "audit", "search", "--reference", "source:demo").Entries
	if e := entries[0]; e.Reason != "training day" || !strings.HasPrefix(e.Account, "cli:") || e.RequestID == "" || e.RequestID != entries[1].RequestID {
		t.Errorf("%+v", e)
	}
	type root struct {
		Seq  int64
		Hash string
	}
	noted := must[root](w, "audit", "root")
	text := strings.TrimSpace(w.vigie("audit", "root").out)
	if !strings.HasPrefix(text, "6:"+noted.Hash) || noted.Seq != 6 { // import, search and search, two lines each
		t.Errorf("root %q, %+v", text, noted)
	}
	if v := must[verification](w, "audit", "verify", "--root", text); !v.OK || v.Entries != 6 || v.Root != text {
		t.Errorf("%+v", v)
	}
	file := filepath.Join(t.TempDir(), "journal.csv")
	must[map[string]any](w, "audit", "export", "--output", file)
	if v := must[verification](w, "audit", "verify", "--file", file, "--root", text); !v.OK || v.Entries != 7 {
		t.Errorf("%+v", v)
	}
	if again := w.vigie("audit", "export", "--output", file); again.code != exitFailed {
		t.Errorf("a file was replaced: %+v", again)
	}
	purge := must[struct{ Rules []journal.Purged }](w, "audit", "purge", "--dry-run")
	if len(purge.Rules) != 1 || purge.Rules[0].Entries != 0 || purge.Rules[0].Period != "3y" {
		t.Errorf("%+v", purge)
	}
	auditRefuses(t, w, url, file)
}

// auditRefuses what is wrong, and says where a broken journal is broken.
func auditRefuses(t *testing.T, w *world, url, file string) {
	t.Helper()
	for _, args := range [][]string{
		{"audit", "verify", "--root", "x"}, {"audit", "purge", "--retention", "3"}, {"audit", "search", "--from", "yesterday"},
		{"audit", "search", "--limit", "0"}, {"audit", "verify", "--file", file, "--from", "3"},
	} {
		if got := w.vigie(args...); got.code != exitUsage {
			t.Errorf("%v: %+v", args, got)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "training", "visiting", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := w.vigie("audit", "verify", "--file", file); got.code != exitFailed || !strings.Contains(got.out, "broken at entry 1: it was changed") {
		t.Errorf("%+v", got)
	}
	execute(t, url, "alter table journal disable trigger user; delete from journal where seq = 4")
	if got := w.vigie("audit", "verify"); got.code != exitFailed || !strings.Contains(got.out, "broken at entry 4: entry 4 is missing") {
		t.Errorf("%+v", got)
	}
}

// TestRestoreKeepsTheJournal restores an older state, which must not take back what the journal knows.
func TestRestoreKeepsTheJournal(t *testing.T) {
	t.Parallel()
	url := databaseURL(t)
	w := newWorld(t, "DATABASE_URL="+url)
	file := filepath.Join(t.TempDir(), "old.dump")
	must[backupReport](w, "db", "backup", file)
	must[map[string]any](w, "import", "demo", "--scale", "0.01")
	root := strings.TrimSpace(w.vigie("audit", "root").out)
	must[restoreReport](w, "db", "restore", "--replace", file)
	if v := must[verification](w, "audit", "verify", "--root", root); !v.OK || v.Entries != 6 {
		t.Errorf("%+v", v)
	}
	want := "db-backup communication backup:old.dump begun|db-backup communication backup:old.dump done|" +
		"import collection source:demo begun|import collection source:demo done|" +
		"db-restore modification backup:old.dump begun|db-restore modification backup:old.dump done|journal-search consultation journal begun"
	if got := strings.Join(w.lines(), "|"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	other := newWorld(t, "DATABASE_URL="+databaseURL(t))
	other.lines() // a journal of its own
	must[restoreReport](other, "db", "restore", file)
	got := other.lines("--operation", "db-restore")
	if len(got) != 1 || !strings.Contains(got[0], "in place of a journal that ended with 3:") {
		t.Errorf("%q", got)
	}
	if v := must[verification](other, "audit", "verify"); !v.OK {
		t.Errorf("%+v", v)
	}
}
