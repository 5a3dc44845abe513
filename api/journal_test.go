package api_test

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"vigie/geoengine/journal"
)

type journalPage struct {
	Entries []struct {
		Seq                                                            int64
		At                                                             *time.Time
		Account, Operation, Act, Reason, Reference, Recipient, Outcome string
		Erased                                                         int64
	}
	Next int64
}

// TestAuditorsReadTheJournal follows one consultation from the map to the auditor's page.
func TestAuditorsReadTheJournal(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice, auditor := s.person(t, "alice"), s.person(t, "auditor")
	if a := s.get(t, alice, "/api/events?limit=1", "Vigie-Reason", "case 12"); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var page journalPage
	s.get(t, auditor, "/api/journal?account=alice&operation=events").into(t, &page)
	if len(page.Entries) != 1 || page.Next != 0 {
		t.Fatalf("%+v", page)
	}
	e := page.Entries[0]
	if e.Reason != "case 12" || e.Act != "consultation" || e.Outcome != "200" || e.Recipient != "alice" || e.At == nil || !strings.HasPrefix(e.Reference, "test/fr.") {
		t.Errorf("%+v", e)
	}
	var first, second journalPage
	s.get(t, auditor, "/api/journal?limit=2").into(t, &first)
	s.get(t, auditor, "/api/journal?limit=2&cursor="+strconv.FormatInt(first.Next, 10)).into(t, &second)
	if len(first.Entries) != 2 || len(second.Entries) != 2 || second.Entries[0].Seq != first.Next-1 {
		t.Errorf("%+v then %+v", first, second)
	}
	if got := first.Entries[0]; got.Account != "auditor" || got.Operation != "journal" {
		t.Errorf("the auditor's own look is not in the journal: %+v", got)
	}
	var root struct {
		Seq  int64
		Hash string
	}
	s.get(t, auditor, "/api/journal/root").into(t, &root)
	var report struct {
		OK      bool
		Entries int64
		Broken  *struct{ Seq int64 }
	}
	s.do(t, auditor, http.MethodPost, "/api/journal/verification?root="+strconv.FormatInt(root.Seq, 10)+":"+root.Hash, "").into(t, &report)
	if !report.OK || report.Entries < root.Seq {
		t.Errorf("%+v", report)
	}
	if _, err := s.store.Pool.Exec(t.Context(), "alter table journal disable trigger user; update journal set reason = 'x' where seq = 2"); err != nil {
		t.Fatal(err)
	}
	s.do(t, auditor, http.MethodPost, "/api/journal/verification", "").into(t, &report)
	if report.OK || report.Broken == nil || report.Broken.Seq != 2 {
		t.Errorf("%+v", report)
	}
}

func TestJournalIsExportedForAReason(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	auditor := s.person(t, "auditor")
	if a := s.get(t, auditor, "/api/journal/export"); a.status != http.StatusPreconditionRequired || !strings.Contains(string(a.body), `"reason"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := s.get(t, auditor, "/api/journal/export", "Vigie-Reason", "inspection")
	rows, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	if a.status != http.StatusOK || err != nil || len(rows) < 4 {
		t.Fatalf("%d %v %s", a.status, err, a.body)
	}
	v := journal.NewVerifier(journal.Root{}, nil)
	for row, err := range journal.Read(strings.NewReader(string(a.body))) {
		if err != nil {
			t.Fatal(err)
		}
		v.Add(row)
	}
	if report := v.Report(); !report.OK || report.Entries != int64(len(rows)-1) {
		t.Errorf("%+v", report)
	}
	var page journalPage
	s.get(t, auditor, "/api/journal?operation=journal-export&outcome=200").into(t, &page)
	if len(page.Entries) != 1 || page.Entries[0].Reason != "inspection" || page.Entries[0].Act != "communication" {
		t.Errorf("%+v", page)
	}
}

// TestJournalIsForAuditorsOfEverywhere keeps the journal from all others, whatever they ask.
func TestJournalIsForAuditorsOfEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	const regional = `insert into account (name, password, created) select 'regional', password, now() from account where name = 'auditor';
		insert into account_grant values ('regional', 'auditor', '{fr.76}')`
	if _, err := s.store.Pool.Exec(t.Context(), regional); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alice", "regional"} {
		person := s.person(t, name)
		for _, target := range []string{"/api/journal", "/api/journal/root", "/api/journal/export"} {
			if a := s.get(t, person, target, "Vigie-Reason", "curious"); a.status != http.StatusForbidden {
				t.Errorf("%s %s: %d %s", name, target, a.status, a.body)
			}
		}
		if a := s.do(t, person, http.MethodPost, "/api/journal/verification", ""); a.status != http.StatusForbidden {
			t.Errorf("%s verifies: %d", name, a.status)
		}
	}
	auditor := s.person(t, "auditor")
	for _, target := range []string{"?limit=0", "?limit=1000000000", "?cursor=-1", "?from=x", "?from=9999-01-01", "?act=a&act=b", "?q=x"} {
		if a := s.get(t, auditor, "/api/journal"+target); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", target, a.status)
		}
	}
	if a := s.do(t, auditor, http.MethodPost, "/api/journal/verification?root=x", ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a root that is none: %d %s", a.status, a.body)
	}
}

// TestNoJournalNoEvents takes the journal away: single events stay in, counts come out.
func TestNoJournalNoEvents(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	alice := s.person(t, "alice")
	if _, err := s.store.Pool.Exec(t.Context(), "alter table journal rename to gone"); err != nil {
		t.Fatal(err)
	}
	if a := s.get(t, alice, "/api/events"); a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), `"journal"`) ||
		strings.Contains(string(a.body), "road.accident") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.get(t, alice, "/api/summary"); a.status != http.StatusOK {
		t.Errorf("counts: %d %s", a.status, a.body)
	}
	if a := s.do(t, alice, http.MethodDelete, "/api/session", ""); a.status != http.StatusServiceUnavailable {
		t.Errorf("a log-out without its line: %d", a.status)
	}
	if a := s.get(t, alice, "/api/session"); a.status != http.StatusOK {
		t.Errorf("the refused log-out was done: %d", a.status)
	}
}
