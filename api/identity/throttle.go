package identity

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"vigie/geoengine"
)

// Throttle slows down the guessing of passwords: after some free failures, each further attempt by the same key must
// wait twice as long. Keys are the account with the address, the address, and the account; the last has a short
// longest wait, so that nobody can lock a person out from afar. Wrong keys of machines are counted by address.
type Throttle struct {
	mu      sync.Mutex
	entries map[string]*failures
	clock   func() time.Time
}

type failures struct {
	count int
	last  time.Time
}

// rule is how one kind of key is slowed down.
type rule struct {
	prefix  string
	free    int
	longest time.Duration
}

const (
	forgetAfter = time.Hour // since the last failure of a key
	maxEntries  = 100_000   // keys remembered; the oldest are swept, then all are
)

// ThrottledError says how long to wait before the next try.
type ThrottledError struct {
	Wait time.Duration
	Of   string // what there were too many of
}

// Error tells the wait in seconds.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many %s: wait %d s", e.Of, e.Seconds())
}

// Seconds is the wait in whole seconds, rounded up.
func (e *ThrottledError) Seconds() int { return int((e.Wait + time.Second - 1) / time.Second) }

// Unwrap makes it a geoengine.ErrDenied.
func (e *ThrottledError) Unwrap() error { return geoengine.ErrDenied }

// NewThrottle returns a throttle that knows of no failure.
func NewThrottle(clock func() time.Time) *Throttle {
	return &Throttle{entries: map[string]*failures{}, clock: clock}
}

// Attempt counts a log-in as failed until Succeeded is called, so that parallel guesses do not slip through; it
// returns a ThrottledError, and counts nothing, while one of the keys must wait.
func (t *Throttle) Attempt(name string, from netip.Addr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock()
	keys, rules := throttleKeys(name, from)
	for i, key := range keys {
		if wait := t.wait(key, rules[i], now); wait > 0 {
			return &ThrottledError{Wait: wait, Of: "failed log-ins"}
		}
	}
	t.sweep(now)
	for _, key := range keys {
		t.count(key, now)
	}
	return nil
}

// count notes a failure; those of long ago are forgotten.
func (t *Throttle) count(key string, now time.Time) {
	f := t.entries[key]
	if f == nil || now.Sub(f.last) > forgetAfter {
		f = &failures{}
		t.entries[key] = f
	}
	f.count++
	f.last = now
}

// Blocked returns a ThrottledError while too many keys from that address were wrong. Keys cannot be guessed, so a
// short wait is enough to bound the work, and does not shut out the neighbours behind one address for long.
func (t *Throttle) Blocked(from netip.Addr) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.wait(keysOf(from), machineRule(), t.clock()); wait > 0 {
		return &ThrottledError{Wait: wait, Of: "wrong keys"}
	}
	return nil
}

// Failed counts a wrong key from that address.
func (t *Throttle) Failed(from netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock()
	t.sweep(now)
	t.count(keysOf(from), now)
}

func machineRule() rule { return rule{"keys ", 30, time.Minute} }

func keysOf(from netip.Addr) string { return machineRule().prefix + network(from).String() }

// Succeeded takes back the attempt just counted, and forgets the failures of this account from this address.
func (t *Throttle) Succeeded(name string, from netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys, _ := throttleKeys(name, from)
	delete(t.entries, keys[0])
	t.takeBack(keys[1:])
}

// Undo takes back the attempt just counted: the log-in could not be decided.
func (t *Throttle) Undo(name string, from netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys, _ := throttleKeys(name, from)
	t.takeBack(keys[:])
}

func (t *Throttle) takeBack(keys []string) {
	for _, key := range keys {
		if f := t.entries[key]; f != nil {
			if f.count--; f.count <= 0 {
				delete(t.entries, key)
			}
		}
	}
}

func (t *Throttle) wait(key string, r rule, now time.Time) time.Duration {
	f := t.entries[key]
	if f == nil || f.count < r.free || now.Sub(f.last) > forgetAfter {
		return 0
	}
	pause := min(time.Second<<min(f.count-r.free, 30), r.longest)
	return f.last.Add(pause).Sub(now)
}

// sweep forgets old failures when the memory is full; where all are recent, it forgets them all rather than grow.
func (t *Throttle) sweep(now time.Time) {
	if len(t.entries) < maxEntries {
		return
	}
	for key, f := range t.entries {
		if now.Sub(f.last) > forgetAfter/4 {
			delete(t.entries, key)
		}
	}
	if len(t.entries) >= maxEntries {
		clear(t.entries)
	}
}

// network is the address counted: an IPv6 customer holds a /64.
func network(from netip.Addr) netip.Addr {
	from = from.Unmap()
	if from.Is6() {
		if prefix, err := from.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return from
}

// throttleKeys are the keys of one attempt.
func throttleKeys(name string, from netip.Addr) (keys [3]string, rules [3]rule) {
	from = network(from)
	if len(name) > 64 {
		name = name[:64]
	}
	rules = [3]rule{
		{"pair ", 5, 15 * time.Minute},
		{"address ", 30, 15 * time.Minute},
		{"name ", 100, 10 * time.Second},
	}
	keys = [3]string{rules[0].prefix + from.String() + " " + name, rules[1].prefix + from.String(), rules[2].prefix + name}
	return keys, rules
}
