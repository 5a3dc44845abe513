package journal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/journal"
)

// aged is a journal with entries of ages in years, alternating between two classes.
func aged(t *testing.T, years ...int) (*geoengine.Store, *journal.Journal) {
	t.Helper()
	store := geotest.New(t)
	j := newJournal(t, store)
	for i, n := range years {
		e := entry(i)
		e.At = start().AddDate(-n, 0, -1)
		if i%2 == 1 {
			e.Class = "security"
		}
		if err := j.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	return store, j
}

func retention(t *testing.T, text string) journal.Retention {
	t.Helper()
	r, err := journal.ParseRetention(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPurgeErasesWhatItsRulesSay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"3y":                  "1 2 4",
		"4y,security=1y":      "1 2 4 6",
		"never,security=3y":   "2 4",
		"never":               "",
		"5y":                  "",
		"security=never,700d": "1 5",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, j := aged(t, 4, 3, 0, 3, 2, 1)
			rules := retention(t, text)
			due, err := j.Due(t.Context(), rules)
			if err != nil {
				t.Fatal(err)
			}
			done, err := j.Purge(t.Context(), rules, journal.Entry{Account: "cli:test"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range due {
				due[i].Before, done[i].Before = time.Time{}, time.Time{}
			}
			if diff := cmp.Diff(due, done); diff != "" {
				t.Error(diff)
			}
			var erased []string
			for _, row := range all(t, j) {
				if row.ErasedBy != 0 {
					erased = append(erased, fmt.Sprint(row.Seq))
					if (row.Entry != journal.Entry{}) || row.Salt != (journal.Salt{}) {
						t.Errorf("%+v is left of an erased entry", row)
					}
				}
			}
			if got := strings.Join(erased, " "); got != want {
				t.Errorf("erased %q, want %q", got, want)
			}
			report := verified(t, j, nil)
			if !report.OK || report.Erased != int64(len(erased)) {
				t.Errorf("%+v %+v", report, report.Broken)
			}
			again, err := j.Purge(t.Context(), rules, journal.Entry{}, nil)
			for _, p := range again {
				if p.Entries != 0 {
					t.Errorf("again: %+v", p)
				}
			}
			if after := verified(t, j, nil); err != nil || after.Entries != report.Entries {
				t.Errorf("a purge of nothing left an entry: %d, was %d, error %v", after.Entries, report.Entries, err)
			}
		})
	}
}

// TestPurgesAreProved purges in several pieces, verifies from the middle, and tries to bend the proof.
func TestPurgesAreProved(t *testing.T) {
	t.Parallel()
	years := make([]int, 9000)
	for i := range years {
		years[i] = 4 - i/3000
	}
	store := geotest.New(t)
	j := newJournal(t, store)
	var entries []journal.Entry
	for i, n := range years {
		e := entry(i)
		e.At = start().AddDate(-n, 0, -1)
		entries = append(entries, e)
	}
	if err := j.Append(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
	root, err := j.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Purge(t.Context(), retention(t, "3y"), journal.Entry{Account: "server", Machine: true}, nil); err != nil {
		t.Fatal(err)
	}
	report := verified(t, j, &root)
	if !report.OK || report.Erased != 6000 || report.Entries != 9002 {
		t.Fatalf("%+v %+v", report, report.Broken)
	}
	for _, from := range []int64{2, 4001, 6001, 9001, 9002} {
		if r, err := j.Verify(t.Context(), from, nil, nil); err != nil || !r.OK || r.Entries != 9003-from {
			t.Errorf("from %d: %+v %+v %v", from, r, r.Broken, err)
		}
	}
	if _, err := j.Verify(t.Context(), 9999, nil, nil); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("from behind the end: %v", err)
	}
	if _, err := j.Verify(t.Context(), 9002, &root, nil); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("from behind the root: %v", err)
	}
	for _, c := range []struct{ sql, why string }{
		{"update journal set erased_by = 9002 where seq = 1", "are erased in its name"},
		{"update journal set erased_by = 9002 where seq = 1; update journal set erased_by = 9001 where seq = 6000", "other entries"},
		{`update journal set at = null, account = null, machine = null, operation = null, class = null, act = null, reason = null,
			reference = null, recipient = null, address = null, outcome = null, request_id = null, salt = null, erased_by = 9002
			where seq = 8000`, "are erased in its name"},
	} {
		bent := geotest.New(t)
		copyJournal(t, store, bent)
		harm(t, bent, c.sql)
		if r := verified(t, newJournal(t, bent), &root); r.OK || !strings.Contains(r.Broken.Why, c.why) {
			t.Errorf("%s: %+v", c.sql, r.Broken)
		}
	}
	if _, err := store.Pool.Exec(t.Context(), "update journal set reason = null where seq = 9001"); err == nil {
		t.Error("a purge entry was changed")
	}
}

func TestOnePurgeAtATime(t *testing.T) {
	t.Parallel()
	store, j := aged(t, 4)
	conn, err := store.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "select pg_advisory_lock(7186511)"); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Purge(t.Context(), journal.StandardRetention(), journal.Entry{}, nil); !errors.Is(err, geoengine.ErrBusy) {
		t.Errorf("error %v", err)
	}
}

func TestParseRetention(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]journal.Retention{
		"":    {Others: journal.Period{Years: 3}},
		"10y": {Others: journal.Period{Years: 10}},
		"6m , read=90d,security=never,": {
			Others:  journal.Period{Months: 6},
			Classes: map[string]journal.Period{"read": {Days: 90}, "security": {}},
		},
	} {
		if got := retention(t, text); !cmp.Equal(got, want) {
			t.Errorf("%q: %s", text, cmp.Diff(want, got))
		}
	}
	for _, text := range []string{"3", "y", "-3y", "+3y", "0y", "3w", "king=3y", "3y,4y", "read=1y,read=2y", "read", "99999999y", "=3y"} {
		if _, err := journal.ParseRetention(text); !errors.Is(err, geoengine.ErrInvalid) {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func FuzzParseRetention(f *testing.F) {
	f.Add("3y,read=18m")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := journal.ParseRetention(text)
		if err != nil {
			return
		}
		if again, err := journal.ParseRetention(r.Others.String()); err != nil || again.Others != r.Others {
			t.Errorf("%q: %v %v", text, r, err)
		}
	})
}
