package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// begin and lock: one transaction at a time adds to the chain, of whatever server.
	begin      = `begin isolation level read committed`
	lockChain  = `select pg_advisory_xact_lock(7186510)`
	selectHead = `select seq, hash, at from journal order by seq desc limit 1`
	selectHash = `select hash from journal where seq = $1`
	commit     = `commit`
	insertRows = `
		insert into journal (seq, at, machine, account, operation, class, act, reason, reference, recipient, address,
			outcome, request_id, salt, digest, hash)
		select * from unnest($1::bigint[], $2::timestamptz[], $3::boolean[], $4::text[], $5::text[], $6::text[], $7::text[],
			$8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::bytea[], $16::bytea[])`
	// insertBehind inserts them if the chain ends with the hash $17 (all zero: if there is none yet).
	insertBehind = insertRows + `
		where $17 = coalesce((select hash from journal order by seq desc limit 1), decode(repeat('00', 32), 'hex'))`
	columns = `seq, coalesce(erased_by, 0), at, coalesce(machine, false), coalesce(account, ''), coalesce(operation, ''),
		coalesce(class, ''), coalesce(act, ''), coalesce(reason, ''), coalesce(reference, ''), coalesce(recipient, ''),
		coalesce(address, ''), coalesce(outcome, ''), coalesce(request_id, ''), salt, digest, hash`
)

// lockHead begins a transaction, waits for the chain and reads its end, in one round trip.
func lockHead(ctx context.Context, conn *pgx.Conn) (Root, error) {
	var (
		batch pgx.Batch
		head  Root
	)
	batch.Queue(begin)
	batch.Queue(lockChain)
	batch.Queue(selectHead).QueryRow(func(row pgx.Row) (err error) {
		head, err = scanRoot(row)
		return err
	})
	if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
		return Root{}, err
	}
	return head, nil
}

func scanRoot(row pgx.Row) (Root, error) {
	var (
		root Root
		hash []byte
		at   *time.Time
	)
	if err := row.Scan(&root.Seq, &hash, &at); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return Root{}, nil
		}
		return Root{}, err
	}
	if at != nil {
		root.At = at.UTC()
	}
	return root, copyHash(&root.Hash, hash)
}

func copyHash(to *Hash, from []byte) error {
	if copy(to[:], from) != len(to) || len(from) != len(to) {
		return fmt.Errorf("a hash of %d bytes", len(from))
	}
	return nil
}

// standsAt tells whether the row is in the journal.
func standsAt(ctx context.Context, conn *pgx.Conn, row Row) (bool, error) {
	var hash []byte
	err := conn.QueryRow(ctx, selectHash, row.Seq).Scan(&hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return string(hash) == string(row.Hash[:]), err
}

// pipeline runs statements in one round trip: commit must be the last, and one of the others inserts the rows. It tells
// whether that found them a place.
func pipeline(ctx context.Context, conn *pgx.Conn, rows []Row, statements []string) (there bool, err error) {
	var batch pgx.Batch
	for _, sql := range statements {
		switch sql {
		case insertRows:
			batch.Queue(sql, arguments(rows)...)
		case insertBehind:
			before := rows[0].before
			batch.Queue(sql, append(arguments(rows), before[:])...)
		default:
			batch.Queue(sql)
		}
	}
	results := conn.SendBatch(ctx, &batch)
	defer results.Close() //nolint:errcheck // closed below; here for the returns before
	for _, sql := range statements {
		tag, err := results.Exec()
		if err != nil {
			return false, err
		}
		switch sql {
		case insertRows, insertBehind:
			there = tag.RowsAffected() == int64(len(rows))
			if !there && tag.RowsAffected() != 0 {
				return false, fmt.Errorf("%d of %d entries were stored", tag.RowsAffected(), len(rows))
			}
		case commit:
			if tag.String() != "COMMIT" {
				return false, fmt.Errorf("the commit was answered %q", tag)
			}
		}
	}
	return there, results.Close()
}

// arguments are the columns of the rows, as arrays.
func arguments(rows []Row) []any {
	n := len(rows)
	seqs, ats, machines := make([]int64, n), make([]time.Time, n), make([]bool, n)
	salts, digests, hashes := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	var texts [10][]string
	for i := range rows {
		row := &rows[i]
		seqs[i], ats[i], machines[i] = row.Seq, row.At, row.Machine
		salts[i], digests[i], hashes[i] = row.Salt[:], row.Digest[:], row.Hash[:]
		for k, s := range row.fields() {
			texts[k] = append(texts[k], *s)
		}
	}
	all := []any{seqs, ats, machines}
	for _, column := range texts {
		all = append(all, column)
	}
	return append(all, salts, digests, hashes)
}

// scanRow reads the columns.
func scanRow(row pgx.CollectableRow) (Row, error) {
	var (
		r                  Row
		at                 *time.Time
		salt, digest, hash []byte
	)
	to := []any{&r.Seq, &r.ErasedBy, &at, &r.Machine}
	for _, s := range r.fields() {
		to = append(to, s)
	}
	if err := row.Scan(append(to, &salt, &digest, &hash)...); err != nil {
		return Row{}, err
	}
	if at != nil {
		r.At = at.UTC()
	}
	if r.Seq == 0 { // the row that says that a search found nothing
		return r, nil
	}
	copy(r.Salt[:], salt)
	return r, errors.Join(copyHash(&r.Digest, digest), copyHash(&r.Hash, hash))
}
