package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// Break is where a journal is broken first, and why.
type Break struct {
	Seq int64  `json:"seq"`
	Why string `json:"why"`
}

// Report is what a verification found.
type Report struct {
	OK      bool   `json:"ok"`
	Entries int64  `json:"entries"` // looked at, erased ones included
	Erased  int64  `json:"erased"`
	From    int64  `json:"from"` // first entry looked at; 0 if there was none
	To      int64  `json:"to"`   // last one
	Broken  *Break `json:"broken"`
	Root    Root   `json:"-"` // of the last one
}

// Verifier checks rows given in the order of their numbers. The zero Verifier begins with the first entry.
type Verifier struct {
	root    *Root // kept elsewhere
	before  Root
	erasing map[int64]*erasure // by the number of a purge that is still to come
	report  Report
}

// erasure adds up what is said to be erased by one purge.
type erasure struct {
	first  int64
	count  int64
	digest hash.Hash
}

// NewVerifier returns a verifier for the rows behind before, which is trusted, and that holds them to a root kept
// elsewhere unless it is nil.
func NewVerifier(before Root, root *Root) *Verifier { return &Verifier{before: before, root: root} }

// Add checks the next row; false ends the verification, Report says why.
func (v *Verifier) Add(row Row) bool {
	if v.report.Broken != nil {
		return false
	}
	if why := v.check(&row); why != "" {
		v.broken(min(row.Seq, v.before.Seq+1), why)
		return false
	}
	if v.report.Entries == 0 {
		v.report.From = row.Seq
	}
	v.report.Entries, v.report.To = v.report.Entries+1, row.Seq
	if row.ErasedBy != 0 {
		v.report.Erased++
	}
	v.before = Root{Seq: row.Seq, Hash: row.Hash, At: row.At}
	return true
}

// check returns what is wrong with the row, or "".
func (v *Verifier) check(row *Row) string {
	switch {
	case row.Seq == v.before.Seq+2:
		return fmt.Sprintf("entry %d is missing", v.before.Seq+1)
	case row.Seq > v.before.Seq+1:
		return fmt.Sprintf("entries %d to %d are missing", v.before.Seq+1, row.Seq-1)
	case row.Seq <= v.before.Seq:
		return fmt.Sprintf("entry %d comes after entry %d", row.Seq, v.before.Seq)
	case row.Hash != chain(v.before.Hash, row.Seq, row.Digest):
		return "its hash does not follow from the entry before it: one of the two was changed, put in or moved"
	case row.ErasedBy == 0 && row.Digest != row.digest(row.Salt):
		return "it was changed: its digest is another"
	case v.root != nil && v.root.Seq == row.Seq && v.root.Hash != row.Hash:
		return "its hash is not the root that was kept: the journal up to here was written anew"
	case row.ErasedBy != 0 && row.ErasedBy <= row.Seq:
		return fmt.Sprintf("it is erased in the name of entry %d, which is older", row.ErasedBy)
	case row.ErasedBy != 0:
		v.erase(row)
		return ""
	}
	return v.purge(row)
}

func (v *Verifier) erase(row *Row) {
	if v.erasing == nil {
		v.erasing = map[int64]*erasure{}
	}
	e := v.erasing[row.ErasedBy]
	if e == nil {
		e = &erasure{first: row.Seq, digest: sha256.New()}
		v.erasing[row.ErasedBy] = e
	}
	e.count++
	addErased(e.digest, row.Seq, row.Digest)
}

// addErased adds an erased row to the digest of a purge.
func addErased(h hash.Hash, seq int64, digest Hash) {
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(seq))) // a hash never fails
	_, _ = h.Write(digest[:])
}

// purge checks that a purge erased what it says, and that what is not a purge erased nothing.
func (v *Verifier) purge(row *Row) string {
	e := v.erasing[row.Seq]
	if row.Operation != PurgeOperation {
		if e != nil {
			return fmt.Sprintf("entry %d is erased in its name, and it is no purge", e.first)
		}
		return ""
	}
	said, err := parseErased(row.Reference)
	switch {
	case err != nil:
		return "it is a purge that does not say what it erased"
	case e == nil:
		return fmt.Sprintf("it is a purge of %d entries, none of which is erased", said.count)
	case e.count != said.count:
		return fmt.Sprintf("it is a purge of %d entries, and %d are erased in its name", said.count, e.count)
	case Hash(e.digest.Sum(nil)) != said.digest:
		return "it is a purge of other entries than those erased in its name"
	}
	delete(v.erasing, row.Seq)
	return ""
}

func (v *Verifier) broken(seq int64, why string) { v.report.Broken = &Break{Seq: seq, Why: why} }

// Report ends the verification and says what was found.
func (v *Verifier) Report() Report {
	if v.report.Broken == nil {
		var first *erasure
		var purge int64
		for seq, e := range v.erasing {
			if first == nil || e.first < first.first {
				first, purge = e, seq
			}
		}
		switch {
		case first != nil:
			v.broken(first.first, fmt.Sprintf("it is erased in the name of entry %d, which is not there", purge))
		case v.root != nil && v.root.Seq > v.before.Seq:
			v.broken(v.before.Seq+1, fmt.Sprintf("the journal ends here, and the root that was kept is of entry %d", v.root.Seq))
		}
	}
	v.report.OK, v.report.Root = v.report.Broken == nil, v.before
	return v.report
}

const (
	selectChain  = `select ` + columns + ` from journal where seq >= $1 order by seq`
	selectErased = `select seq, erased_by, digest from journal where erased_by >= $1 and seq < $1 order by seq`
	countChain   = `select count(*) from journal where seq >= $1`
)

// Verify checks the journal from the entry numbered from (1 is all of it) to its end. root, unless it is nil, was noted
// elsewhere and must be of an entry from there on. progress hears of how many of how many rows are done; it may be nil.
func (j *Journal) Verify(ctx context.Context, from int64, root *Root, progress func(done, total int64)) (Report, error) {
	from = max(from, 1)
	if root != nil && root.Seq < from && root.Seq > 0 {
		return Report{}, fmt.Errorf("verify the journal: the root is of entry %d, before entry %d: %w", root.Seq, from, geoengine.ErrInvalid)
	}
	var report Report
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, j.store.Pool, options, func(tx pgx.Tx) (err error) {
		report, err = verify(ctx, tx, from, root, progress)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("verify the journal: %w", err)
	}
	return report, nil
}

func verify(ctx context.Context, tx pgx.Tx, from int64, root *Root, progress func(done, total int64)) (Report, error) {
	v := &Verifier{root: root}
	if from > 1 {
		if err := v.resume(ctx, tx, from); err != nil {
			return Report{}, err
		}
	}
	var total int64
	if progress != nil {
		if err := tx.QueryRow(ctx, countChain, from).Scan(&total); err != nil {
			return Report{}, err
		}
	}
	rows, err := tx.Query(ctx, selectChain, from)
	if err != nil {
		return Report{}, err
	}
	defer rows.Close()
	const step = 20_000
	for rows.Next() {
		row, err := scanRow(rows)
		if err != nil {
			return Report{}, err
		}
		if !v.Add(row) {
			return v.Report(), nil
		}
		if progress != nil && v.report.Entries%step == 0 {
			progress(v.report.Entries, total)
		}
	}
	if err := rows.Err(); err != nil {
		return Report{}, err
	}
	if progress != nil {
		progress(total, total)
	}
	return v.Report(), nil
}

// resume takes over what the rows before from leave to those behind: the last hash, and what is erased by later purges.
func (v *Verifier) resume(ctx context.Context, tx pgx.Tx, from int64) error {
	var hash []byte
	err := tx.QueryRow(ctx, selectHash, from-1).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("there is no entry %d to go on from: %w", from-1, geoengine.ErrMissing)
	}
	if err != nil {
		return err
	}
	v.before.Seq = from - 1
	if err := copyHash(&v.before.Hash, hash); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, selectErased, from)
	if err != nil {
		return err
	}
	var row Row
	var digest []byte
	_, err = pgx.ForEachRow(rows, []any{&row.Seq, &row.ErasedBy, &digest}, func() error {
		if err := copyHash(&row.Digest, digest); err != nil {
			return err
		}
		v.erase(&row)
		return nil
	})
	return err
}
