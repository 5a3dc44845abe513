// Package journal is the audit journal: who did what, when, why, to which data, for whom, and how it ended. It is only
// ever added to. Each entry is chained to the one before it by a hash, so that a change, a gap or a cut-off end is found
// (Verifier). Entries whose retention has ended are emptied, the chain stays whole, and the purge is itself an entry.
//
// Read entry.go, then write.go, verify.go, purge.go and search.go.
package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vigie/geoengine"
)

// Entry is one line of the journal. It names data and never holds them.
type Entry struct {
	At        time.Time // when; the journal's clock if zero; kept to the microsecond
	Account   string    // of the person, name of the client, "cli:NAME" of a system user; "" before a log-in
	Machine   bool      // the account is a client, not a person
	Operation string    // id of the operation, e.g. events, user-add
	Class     string    // how sensitive it is: read, security, sensitive
	Act       string    // what it does to the data: consultation, communication …
	Reason    string    // why
	Reference string    // which data: source/ref, area path, export
	Recipient string    // to whom data went
	Address   string    // of the caller, an IP address; "" on the machine itself
	Outcome   string    // begun, an HTTP status, done, failed, broken
	RequestID string    // joins the lines of one request and those of the server's log
}

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// Salt keeps the digest of an erased entry from being guessed.
type Salt [16]byte

// Row is an entry as it stands in the journal.
type Row struct {
	Seq      int64 // from 1, without gaps
	Entry          // zero where it is erased
	ErasedBy int64 // number of the purge that emptied the row; 0 if it is whole
	Salt     Salt  // zero where it is erased
	Digest   Hash  // of salt and entry
	Hash     Hash  // of the hash before, the number and the digest

	before Hash // where the row was linked here
}

// Root is the end of the chain at some time. Whoever kept one elsewhere can tell that nothing up to it was changed.
type Root struct {
	Seq  int64
	Hash Hash
	At   time.Time // of the entry; zero where it is erased or unknown
}

// String is SEQ:HASH, which ParseRoot reads.
func (r Root) String() string { return fmt.Sprintf("%d:%s", r.Seq, r.Hash) }

// ParseRoot reads SEQ:HASH; ErrInvalid if it is none.
func ParseRoot(text string) (Root, error) {
	number, hash, _ := strings.Cut(strings.TrimSpace(text), ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 0 || strconv.FormatInt(seq, 10) != number {
		return Root{}, fmt.Errorf("root %.80q: must be SEQ:HASH: %w", text, geoengine.ErrInvalid)
	}
	root := Root{Seq: seq}
	if err := root.Hash.UnmarshalText([]byte(hash)); err != nil {
		return Root{}, fmt.Errorf("root %.80q: %w", text, err)
	}
	return root, nil
}

// digestVersion begins what is digested, so that another form can follow this one.
const digestVersion = "vigie journal 1"

// digest is the SHA-256 over the salt and the entry, each field with its length before it, so that no two entries give
// the same bytes.
func (e *Entry) digest(salt Salt) Hash {
	b := make([]byte, 0, 512)
	b = append(b, salt[:]...)
	field := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	field(digestVersion)
	field(strconv.FormatInt(e.At.UnixMicro(), 10))
	field(strconv.FormatBool(e.Machine))
	for _, s := range e.fields() {
		field(*s)
	}
	return sha256.Sum256(b)
}

// chain is the hash of a row behind the one with the hash before.
func chain(before Hash, seq int64, digest Hash) Hash {
	var b [2*sha256.Size + 8]byte
	copy(b[:], before[:])
	binary.BigEndian.PutUint64(b[sha256.Size:], uint64(seq))
	copy(b[sha256.Size+8:], digest[:])
	return sha256.Sum256(b[:])
}

// fields are the texts of the entry, in the order of the digest and of the columns.
func (e *Entry) fields() [10]*string {
	return [10]*string{
		&e.Account, &e.Operation, &e.Class, &e.Act, &e.Reason, &e.Reference, &e.Recipient, &e.Address, &e.Outcome, &e.RequestID,
	}
}

// longestField bounds each text of an entry, in bytes.
const longestField = 2000

// tidy makes the entry one that can be stored: texts of bounded length that are valid UTF-8 without control characters.
// Nothing is refused: a journal must not fail on an odd name.
func (e *Entry) tidy(now time.Time) {
	if e.At.IsZero() {
		e.At = now
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	for _, s := range e.fields() {
		*s = tidyText(*s)
	}
}

func tidyText(s string) string {
	clean := true
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsControl(r) {
			clean = false
			break
		}
	}
	if !clean {
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return '�'
			}
			return r
		}, strings.ToValidUTF8(s, "�"))
	}
	if len(s) > longestField {
		s = strings.ToValidUTF8(s[:longestField], "") + "…"
	}
	return s
}
