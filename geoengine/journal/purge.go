package journal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// PurgeOperation is the operation of an entry that erased others. Such entries are kept for ever: they are the proof.
const PurgeOperation = "journal-purge"

// erasedAtOnce is how many entries one purge entry erases: the journal's lock is held that long.
const erasedAtOnce = 4000

// Purged is what one rule erases.
type Purged struct {
	Rule    string    `json:"rule"`   // class=NAME, or class=others
	Period  string    `json:"period"` // how long they are kept
	Before  time.Time `json:"before"` // entries from before this instant
	Entries int64     `json:"entries"`
}

// erased is what a purge entry says in its reference.
type erased struct {
	rule   string
	before time.Time
	count  int64
	digest Hash // over number and digest of each, in the order of the numbers
}

// String is for people and for parseErased.
func (e erased) String() string {
	return fmt.Sprintf("%s before=%s count=%d sha256=%s", e.rule, e.before.UTC().Format(time.RFC3339Nano), e.count, e.digest)
}

func parseErased(text string) (erased, error) {
	wrong := fmt.Errorf("%.80q: not what a purge says: %w", text, geoengine.ErrInvalid)
	words := strings.Split(text, " ")
	if len(words) != 4 {
		return erased{}, wrong
	}
	before, isBefore := strings.CutPrefix(words[1], "before=")
	count, isCount := strings.CutPrefix(words[2], "count=")
	digest, isDigest := strings.CutPrefix(words[3], "sha256=")
	if !isBefore || !isCount || !isDigest {
		return erased{}, wrong
	}
	e := erased{rule: words[0]}
	var errs [3]error
	e.before, errs[0] = time.Parse(time.RFC3339Nano, before)
	e.count, errs[1] = strconv.ParseInt(count, 10, 64)
	errs[2] = e.digest.UnmarshalText([]byte(digest))
	return e, errors.Join(errs[:]...)
}

const (
	countDue = `
		select count(*) from journal
		where at < $1 and erased_by is null and operation <> '` + PurgeOperation + `' and (class = any ($2)) <> $3`
	selectDue = `
		select seq, digest from journal
		where at < $1 and erased_by is null and operation <> '` + PurgeOperation + `' and (class = any ($2)) <> $3
		order by at, seq limit $4`
	emptyRows = `
		update journal set at = null, account = null, machine = null, operation = null, class = null, act = null, reason = null,
			reference = null, recipient = null, address = null, outcome = null, request_id = null, salt = null, erased_by = $2
		where seq = any ($1)`
	lockPurge   = `select pg_try_advisory_lock(7186511)`
	unlockPurge = `select pg_advisory_unlock(7186511)`
)

// Due counts what a purge would erase now.
func (j *Journal) Due(ctx context.Context, retention Retention) ([]Purged, error) {
	due := []Purged{}
	for _, rule := range retention.rules(j.clock()) {
		p := Purged{Rule: rule.name, Period: rule.period.String(), Before: rule.before}
		if err := j.store.Pool.QueryRow(ctx, countDue, rule.before, rule.classes, rule.but).Scan(&p.Entries); err != nil {
			return nil, fmt.Errorf("count what the journal need not keep: %w", err)
		}
		due = append(due, p)
	}
	return due, nil
}

// Purge empties the entries whose retention has ended, some thousand at a time, each with an entry that says which:
// account, reason, request and address of by. One that is cut off goes on the next time. ErrBusy if another purge runs;
// progress hears of the entries erased so far and may be nil.
func (j *Journal) Purge(ctx context.Context, retention Retention, by Entry, progress func(done int64)) ([]Purged, error) {
	conn, err := j.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = conn.Exec(ending, unlockPurge) // at once: closing alone frees the lock some time after
		_ = conn.Close(ending)                // what is not committed is undone, and the lock is free whatever happened
	}()
	var mine bool
	if err := conn.QueryRow(ctx, lockPurge).Scan(&mine); err != nil {
		return nil, fmt.Errorf("purge the journal: %w", err)
	}
	if !mine {
		return nil, fmt.Errorf("purge the journal: another purge runs: %w", geoengine.ErrBusy)
	}
	all := []Purged{}
	var done int64
	for _, rule := range j.rulesNow(retention) {
		p := Purged{Rule: rule.name, Period: rule.period.String(), Before: rule.before}
		for {
			n, err := j.purgeSome(ctx, conn, rule, by)
			if err != nil {
				return append(all, p), fmt.Errorf("purge the journal: %w", err)
			}
			p.Entries, done = p.Entries+n, done+n
			if progress != nil {
				progress(done)
			}
			if n < erasedAtOnce {
				break
			}
		}
		all = append(all, p)
	}
	return all, nil
}

func (j *Journal) rulesNow(retention Retention) []rule { return retention.rules(j.clock()) }

// purgeSome erases up to erasedAtOnce entries in one transaction.
func (j *Journal) purgeSome(ctx context.Context, conn *pgx.Conn, r rule, by Entry) (int64, error) {
	rows, err := conn.Query(ctx, selectDue, r.before, r.classes, r.but, erasedAtOnce)
	if err != nil {
		return 0, err
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Row, error) {
		var found Row
		var digest []byte
		err := row.Scan(&found.Seq, &digest)
		return found, errors.Join(err, copyHash(&found.Digest, digest))
	})
	if err != nil || len(due) == 0 {
		return 0, err
	}
	slices.SortFunc(due, func(a, b Row) int { return cmp.Compare(a.Seq, b.Seq) })
	sum, seqs := sha256.New(), make([]int64, len(due))
	for i, row := range due {
		seqs[i] = row.Seq
		addErased(sum, row.Seq, row.Digest)
	}
	said := erased{rule: r.name, before: r.before, count: int64(len(due)), digest: Hash(sum.Sum(nil))}
	by.Operation, by.Class, by.Act, by.Outcome, by.Reference = PurgeOperation, "security", "erasure", "done", said.String()
	if by.Reason == "" {
		by.Reason = "kept for " + r.period.String()
	}
	by.At = time.Time{}
	by.tidy(j.clock())
	return said.count, j.erase(ctx, conn, by, seqs)
}

// erase adds the entry of the purge and empties the rows; only purges change rows, and there is one at a time.
func (j *Journal) erase(ctx context.Context, conn *pgx.Conn, by Entry, seqs []int64) error {
	head, err := lockHead(ctx, conn)
	if err != nil {
		return err
	}
	rows, err := j.link(head, []Entry{by})
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, insertRows, arguments(rows)...); err != nil {
		return err
	}
	tag, err := conn.Exec(ctx, emptyRows, seqs, rows[0].Seq)
	if err != nil {
		return err
	}
	if tag.RowsAffected() != int64(len(seqs)) {
		return fmt.Errorf("%d of %d entries were there to erase", tag.RowsAffected(), len(seqs))
	}
	tag, err = conn.Exec(ctx, "commit")
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("the commit was answered %q", tag)
	}
	return err
}
