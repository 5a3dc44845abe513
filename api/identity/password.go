package identity

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"vigie/geoengine"
)

// Bounds of a password: characters at least, bytes at most.
const (
	MinPassword = 12
	MaxPassword = 256
)

// Hasher computes argon2id hashes, a few at a time, so that a storm of log-ins cannot eat the memory.
type Hasher struct {
	random  io.Reader
	cost    cost
	running chan struct{} // one per hash being computed
	waiting chan struct{} // one per hash being computed or waiting
	work    atomic.Int64  // KiB filled so far, in all passes
}

// cost are the argon2id parameters: memory in KiB, passes, lanes.
type cost struct {
	memory, passes uint32
	lanes          uint8
}

const (
	saltBytes = 16
	hashBytes = 32
)

// NewHasher returns a hasher with OWASP's parameters (19 MiB, 2 passes, 1 lane) that computes at most two hashes at
// a time and lets 32 more wait. random gives the salts.
func NewHasher(random io.Reader) *Hasher {
	return &Hasher{
		random:  random,
		cost:    cost{memory: 19 * 1024, passes: 2, lanes: 1},
		running: make(chan struct{}, 2),
		waiting: make(chan struct{}, 34),
	}
}

// Hash returns the PHC string of a password; ErrInvalid for one too short or too long.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	sum, err := h.sum(ctx, password, salt, h.cost, hashBytes)
	if err != nil {
		return "", err
	}
	return formatPHC(h.cost, salt, sum), nil
}

// Verify tells whether the password belongs to the PHC string. An empty or unreadable string costs as much time as a
// good one and never matches. ErrBusy when too many log-ins are waiting.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (bool, error) {
	c, salt, want, err := parsePHC(phc)
	known := err == nil
	if !known {
		c, salt, want = h.cost, make([]byte, saltBytes), make([]byte, hashBytes)
	}
	if len(password) > MaxPassword {
		known, password = false, password[:MaxPassword]
	}
	got, err := h.sum(ctx, password, salt, c, uint32(len(want)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

// Work is how much was computed since the start, in KiB of memory filled: what a log-in costs, right or wrong.
func (h *Hasher) Work() int64 { return h.work.Load() }

// sum waits for its turn and computes one hash.
func (h *Hasher) sum(ctx context.Context, password string, salt []byte, c cost, size uint32) ([]byte, error) {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, fmt.Errorf("log-in: too many at once: %w", geoengine.ErrBusy)
	}
	select {
	case h.running <- struct{}{}:
		defer func() { <-h.running }()
	case <-ctx.Done():
		return nil, fmt.Errorf("log-in: %w", ctx.Err())
	}
	h.work.Add(int64(c.memory) * int64(c.passes))
	return argon2.IDKey(norm.NFKC.Bytes([]byte(password)), salt, c.passes, c.memory, c.lanes, size), nil
}

// CheckPassword returns ErrInvalid for a password that must not be set; it never repeats the password.
func CheckPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return fmt.Errorf("password: must be UTF-8: %w", geoengine.ErrInvalid)
	case utf8.RuneCountInString(password) < MinPassword:
		return fmt.Errorf("password: must have at least %d characters: %w", MinPassword, geoengine.ErrInvalid)
	case len(password) > MaxPassword:
		return fmt.Errorf("password: must have at most %d bytes: %w", MaxPassword, geoengine.ErrInvalid)
	}
	return nil
}

// GeneratePassword returns a random password of 96 bits that is easy to type: six groups of four letters and digits.
func GeneratePassword(random io.Reader) (string, error) {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789" // 32 signs, none alike
	raw := make([]byte, 24)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("generate password: %w", err)
	}
	var b strings.Builder
	for i, x := range raw {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[x&31])
	}
	return b.String(), nil
}

func formatPHC(c cost, salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.passes, c.lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

// parsePHC reads an argon2id PHC string, within bounds that no damaged string can use to exhaust the machine.
func parsePHC(phc string) (c cost, salt, sum []byte, err error) {
	fields := strings.Split(phc, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, fmt.Errorf("password hash: not an argon2id PHC string: %w", geoengine.ErrInvalid)
	}
	n, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.lanes)
	if err != nil || n != 3 || c.memory < 8 || c.memory > 1<<18 || c.passes < 1 || c.passes > 16 || c.lanes < 1 || c.lanes > 16 {
		return c, nil, nil, fmt.Errorf("password hash: parameters %.40q: %w", fields[3], geoengine.ErrInvalid)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(fields[4]); err != nil || len(salt) < 8 || len(salt) > 64 {
		return c, nil, nil, fmt.Errorf("password hash: salt: %w", geoengine.ErrInvalid)
	}
	if sum, err = base64.RawStdEncoding.DecodeString(fields[5]); err != nil || len(sum) < 16 || len(sum) > 64 {
		return c, nil, nil, fmt.Errorf("password hash: sum: %w", geoengine.ErrInvalid)
	}
	return c, salt, sum, nil
}
