package journal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vigie/geoengine/geotest"
	"vigie/geoengine/journal"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	_, j := filled(t, 20) // entry i is number i+1, at i+1 seconds
	at := func(seconds int) time.Time { return start().Add(time.Duration(seconds) * time.Second) }
	for _, c := range []struct {
		filter journal.Filter
		before int64
		limit  int
		want   string
		next   int64
	}{
		{journal.Filter{}, 0, 3, "20 19 18", 18},
		{journal.Filter{}, 18, 3, "17 16 15", 15},
		{journal.Filter{}, 3, 3, "2 1", 0},
		{journal.Filter{}, 0, 20, "20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1", 0},
		{journal.Filter{Account: "agent0"}, 0, 3, "19 16 13", 13},
		{journal.Filter{Account: "agent0", Reason: "case 3"}, 0, 3, "4", 0},
		{journal.Filter{Account: "agent1", Reason: "case 3"}, 0, 3, "", 0},
		{journal.Filter{Reference: "baac/7"}, 0, 3, "8", 0},
		{journal.Filter{Reference: "baac/7' or true --"}, 0, 3, "", 0},
		{journal.Filter{Operation: "events", Class: "read", Act: "consultation", Outcome: "200", RequestID: "r4"}, 0, 3, "5", 0},
		{journal.Filter{From: at(5), To: at(8)}, 0, 9, "7 6 5", 0},
		{journal.Filter{From: at(19)}, 0, 9, "20 19", 0},
		{journal.Filter{To: at(3)}, 0, 9, "2 1", 0},
		{journal.Filter{From: at(30)}, 0, 9, "", 0},
		{journal.Filter{To: at(-5)}, 0, 9, "", 0},
	} {
		rows, next, err := j.Search(t.Context(), c.filter, c.before, c.limit)
		var seqs []string
		for _, row := range rows {
			seqs = append(seqs, fmt.Sprint(row.Seq))
		}
		if got := strings.Join(seqs, " "); got != c.want || next != c.next || err != nil {
			t.Errorf("%+v before %d: %q next %d, want %q next %d; error %v", c.filter, c.before, got, next, c.want, c.next, err)
		}
		if c.before == 0 && c.limit == 9 {
			n := 0
			for _, err := range j.Rows(t.Context(), c.filter) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != len(rows) {
				t.Errorf("%+v: %d rows streamed, %d found", c.filter, n, len(rows))
			}
		}
	}
}

// TestSearchIsBounded looks for what is rare in a journal larger than one search looks through.
func TestSearchIsBounded(t *testing.T) {
	t.Parallel()
	store := geotest.New(t)
	j := newJournal(t, store)
	const fill = `insert into journal select n, now(), 'a', false, 'o', 'read', 'consultation', '', '', '', '', case n when 7 then 'rare' else '200' end, '',
		decode(repeat('00', 16), 'hex'), decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex') from generate_series(1, 120000) n`
	if _, err := store.Pool.Exec(t.Context(), fill); err != nil {
		t.Fatal(err)
	}
	var found []int64
	cursor, searches := int64(0), 0
	for {
		rows, next, err := j.Search(t.Context(), journal.Filter{Outcome: "rare"}, cursor, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			found = append(found, row.Seq)
		}
		searches++
		if cursor = next; next == 0 {
			break
		}
	}
	if searches != 3 || len(found) != 1 || found[0] != 7 {
		t.Errorf("%d searches found %v", searches, found)
	}
	if _, err := store.Pool.Exec(t.Context(), "analyze journal"); err != nil {
		t.Fatal(err)
	}
	var plan []string
	rows, err := store.Pool.Query(t.Context(), "explain select * from journal where account = 'nobody' and seq < 90000 order by seq desc limit 101")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "journal_account") {
		t.Errorf("the index is not used:\n%s", text)
	}
}
