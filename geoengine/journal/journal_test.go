package journal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
	"vigie/geoengine/geotest"
	"vigie/geoengine/journal"
)

// start is the first instant of the tests' clocks.
func start() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// newJournal is a journal whose clock goes a second further with each look.
func newJournal(t testing.TB, store *geoengine.Store) *journal.Journal {
	t.Helper()
	var mu sync.Mutex
	now := start()
	j := journal.New(store, rand.Reader, func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	})
	t.Cleanup(j.Close)
	return j
}

func entry(n int) journal.Entry {
	return journal.Entry{
		Account: fmt.Sprint("agent", n%3), Operation: "events", Class: "read", Act: "consultation", Reason: fmt.Sprint("case ", n),
		Reference: fmt.Sprint("baac/", n), Recipient: "agent", Address: "192.0.2.1", Outcome: "200", RequestID: fmt.Sprint("r", n),
	}
}

// filled is a journal of n entries.
func filled(t testing.TB, n int) (*geoengine.Store, *journal.Journal) {
	t.Helper()
	store := geotest.New(t)
	j := newJournal(t, store)
	for i := range n {
		if err := j.Append(t.Context(), entry(i)); err != nil {
			t.Fatal(err)
		}
	}
	return store, j
}

func all(t testing.TB, j *journal.Journal) []journal.Row {
	t.Helper()
	var rows []journal.Row
	for row, err := range j.Rows(context.WithoutCancel(t.Context()), journal.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func verified(t testing.TB, j *journal.Journal, root *journal.Root) journal.Report {
	t.Helper()
	report, err := j.Verify(context.WithoutCancel(t.Context()), 1, root, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestEntriesComeBackAsWritten(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	j := newJournal(t, store)
	odd := journal.Entry{
		At: start().Add(-time.Hour).Add(1234567 * time.Nanosecond), Machine: true, Account: "client é", Reason: "a\x00b\nc\xff", Outcome: strings.Repeat("é", 5000),
	}
	if err := j.Append(t.Context(), entry(1), odd); err != nil {
		t.Fatal(err)
	}
	rows := all(t, j)
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	first, second := entry(1), odd
	first.At = start().Add(time.Second)
	second.At, second.Reason = start().Add(-time.Hour).Add(1234*time.Microsecond), "a�b�c�"
	second.Outcome = strings.Repeat("é", 1000) + "…"
	if diff := cmp.Diff([]journal.Entry{first, second}, []journal.Entry{rows[0].Entry, rows[1].Entry}); diff != "" {
		t.Error(diff)
	}
	report := verified(t, j, nil)
	if !report.OK || report.Entries != 2 || report.From != 1 || report.To != 2 {
		t.Errorf("%+v", report)
	}
	root, err := j.Root(t.Context())
	if err != nil || root.Seq != 2 || root.Hash != rows[1].Hash || root.Hash != report.Root.Hash || !root.At.Equal(second.At) {
		t.Errorf("root %+v, error %v", root, err)
	}
	parsed, err := journal.ParseRoot(root.String())
	if err != nil || parsed.Seq != root.Seq || parsed.Hash != root.Hash {
		t.Errorf("%v was read as %v: %v", root, parsed, err)
	}
}

// TestVerifyFinds breaks a journal in every way there is and asks where it is broken.
func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	store, j := filled(t, 12)
	root, err := j.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	purged := "update journal set at = null, account = null, machine = null, operation = null, class = null, act = null, reason = null, " +
		"reference = null, recipient = null, address = null, outcome = null, request_id = null, salt = null, erased_by = %d where seq = %d"
	for name, c := range map[string]struct {
		harm string
		seq  int64
		why  string
	}{
		"nothing":                  {"select 1", 0, ""},
		"changed field":            {"update journal set reason = 'another' where seq = 5", 5, "changed"},
		"changed time":             {"update journal set at = at + interval '1 microsecond' where seq = 5", 5, "changed"},
		"text moved over a border": {"update journal set account = account || 'e', operation = 'vents' where seq = 5", 5, "changed"},
		"deleted row":              {"delete from journal where seq = 5", 5, "missing"},
		"deleted first row":        {"delete from journal where seq = 1", 1, "missing"},
		"truncated tail":           {"delete from journal where seq > 9", 10, "the root that was kept is of entry 12"},
		"emptied":                  {"delete from journal", 1, "the root that was kept is of entry 12"},
		"inserted row": {`update journal set seq = -seq where seq > 5; update journal set seq = -seq + 1 where seq < 0;
			insert into journal select 6, at, account, machine, operation, class, act, reason, reference, recipient, address,
			outcome, request_id, salt, digest, hash from journal where seq = 5`, 6, "hash"},
		"appended row":               {"insert into journal select 13, at, account, machine, operation, class, act, reason, reference, recipient, address, outcome, request_id, salt, digest, hash from journal where seq = 12", 13, "hash"},
		"reordered rows":             {"update journal set seq = case seq when 5 then -6 else -5 end where seq in (5, 6); update journal set seq = -seq where seq < 0", 5, "hash"},
		"swapped salts":              {"update journal a set salt = b.salt from journal b where (a.seq, b.seq) in ((5, 6), (6, 5))", 5, "changed"},
		"swapped contents":           {"update journal a set reason = b.reason, salt = b.salt, digest = b.digest from journal b where (a.seq, b.seq) in ((5, 6), (6, 5))", 5, "hash"},
		"erased without a purge":     {fmt.Sprintf(purged, 99, 5), 5, "entry 99, which is not there"},
		"erased by no purge":         {fmt.Sprintf(purged, 7, 5), 7, "no purge"},
		"erased by an older entry":   {fmt.Sprintf(purged, 3, 5), 5, "older"},
		"purge that erased nothing":  {"", 13, "none of which is erased"},
		"written anew from the root": {"", 12, "written anew"},
	} {
		t.Run(name, func(t *testing.T) {
			harmed := geotest.New(t)
			copyJournal(t, store, harmed)
			other := newJournal(t, harmed)
			switch name {
			case "purge that erased nothing":
				e := entry(13)
				e.Operation = journal.PurgeOperation
				e.Reference = "class=read before=2020-01-01T00:00:00Z count=2 sha256=" + strings.Repeat("00", 32)
				if err := other.Append(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			case "written anew from the root":
				harm(t, harmed, "delete from journal where seq = 12")
				if err := other.Append(t.Context(), entry(12)); err != nil {
					t.Fatal(err)
				}
			default:
				harm(t, harmed, c.harm)
			}
			report := verified(t, other, &root)
			switch {
			case c.seq == 0:
				if !report.OK || report.Entries != 12 {
					t.Errorf("%+v", report)
				}
			case report.OK || report.Broken.Seq != c.seq || !strings.Contains(report.Broken.Why, c.why):
				t.Errorf("%+v %+v, want %d: …%s…", report, report.Broken, c.seq, c.why)
			}
		})
	}
}

// harm changes a journal as somebody could who owns the database.
func harm(t *testing.T, store *geoengine.Store, sql string) {
	t.Helper()
	for _, one := range slices.Concat([]string{"alter table journal disable trigger user"}, strings.Split(sql, ";"), []string{"alter table journal enable trigger user"}) {
		if _, err := store.Pool.Exec(t.Context(), one); err != nil {
			t.Fatalf("%s: %v", one, err)
		}
	}
}

func copyJournal(t *testing.T, from, to *geoengine.Store) {
	t.Helper()
	var b bytes.Buffer
	source, err := from.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer source.Release()
	target, err := to.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer target.Release()
	if _, err := source.Conn().PgConn().CopyTo(t.Context(), &b, "copy journal to stdout"); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Conn().PgConn().CopyFrom(t.Context(), &b, "copy journal from stdin"); err != nil {
		t.Fatal(err)
	}
}

func TestDatabaseRefusesChanges(t *testing.T) {
	t.Parallel()
	store, j := filled(t, 4)
	empty := "at = null, account = null, machine = null, operation = null, class = null, act = null, reason = null, reference = null, " +
		"recipient = null, address = null, outcome = null, request_id = null, salt = null"
	for _, sql := range []string{
		"update journal set reason = 'x'", "update journal set seq = seq + 10", "update journal set hash = digest",
		"delete from journal", "delete from journal where seq = 4", "truncate journal",
		"update journal set " + empty + ", erased_by = 4 where seq = 2", "update journal set " + empty + ", erased_by = null where seq = 2",
		"insert into journal (seq, digest, hash) select 5, digest, hash from journal where seq = 4",
	} {
		if _, err := store.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: was done", sql)
		}
	}
	if report := verified(t, j, nil); !report.OK || report.Entries != 4 {
		t.Errorf("%+v", report)
	}
	var may int
	const rights = `select count(*) from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p
		where has_table_privilege('vigie_reader', 'journal', p)`
	if err := store.Pool.QueryRow(t.Context(), rights).Scan(&may); err != nil || may != 0 {
		t.Errorf("vigie_reader holds %d rights on the journal, error %v", may, err)
	}
	err := store.Read(t.Context(), geoengine.AllRights(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "select count(*) from journal")
		return err
	})
	if err == nil {
		t.Error("a reader reads the journal")
	}
}

func TestExportIsVerifiedWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	_, j := filled(t, 8)
	tricky := entry(9)
	tricky.Reason, tricky.Account = "=HYPERLINK(\"x\"), \"quoted\"; 'twice", "'x"
	if err := j.Append(t.Context(), tricky); err != nil {
		t.Fatal(err)
	}
	want := all(t, j)
	for _, lines := range []bool{false, true} {
		var b bytes.Buffer
		if n, err := journal.Write(&b, j.Rows(t.Context(), journal.Filter{}), lines); n != 9 || err != nil {
			t.Fatal(n, err)
		}
		if !lines && strings.Contains(b.String(), ",=HYPERLINK") || !lines && strings.Contains(b.String(), `"=HYPERLINK`) {
			t.Error("a spreadsheet would run the reason")
		}
		v := journal.NewVerifier(journal.Root{}, nil)
		var got []journal.Row
		for row, err := range journal.Read(bytes.NewReader(b.Bytes())) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row)
			v.Add(row)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(journal.Row{})); diff != "" || !v.Report().OK {
			t.Error(diff, v.Report())
		}
		changed := bytes.Replace(b.Bytes(), []byte("case 3"), []byte("case 4"), 1)
		v = journal.NewVerifier(journal.Root{}, nil)
		for row := range journal.Read(bytes.NewReader(changed)) {
			v.Add(row)
		}
		if r := v.Report(); r.OK || r.Broken.Seq != 4 {
			t.Errorf("a changed export: %+v", r)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"seq":1,"at":"2026-11-23T12:00:00.000000Z","salt":"00"}`))
	f.Add([]byte("seq,at,machine,account,operation,class,act,reason,reference,recipient,address,outcome,request_id,erased_by,salt,digest,hash\n1,,,,,,,,,,,,,,,,\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for row, err := range journal.Read(bytes.NewReader(text)) {
			if err != nil {
				if !errors.Is(err, geoengine.ErrInvalid) {
					t.Errorf("%v", err)
				}
				return
			}
			rec := row.Record()
			if again, err := rec.Row(); err != nil || again.Seq != row.Seq {
				t.Errorf("%+v: %v", rec, err)
			}
		}
	})
}

func FuzzParseRoot(f *testing.F) {
	f.Add("12:" + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, text string) {
		root, err := journal.ParseRoot(text)
		if err != nil {
			return
		}
		if again, err := journal.ParseRoot(root.String()); err != nil || again != root {
			t.Errorf("%q: %v %v", text, again, err)
		}
	})
}
