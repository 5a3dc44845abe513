package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"vigie/geoengine"
)

const (
	rememberFor = 5 * time.Second // what was read from the database is trusted this long
	maxMemory   = 10_000          // entries remembered; then all are forgotten
)

// digest is the SHA-256 of a secret, under which it is remembered.
type digest [sha256.Size]byte

// memory keeps for a moment what the database says of a secret, and reads it once for all who ask at the same time.
type memory[V any] struct {
	reading singleflight.Group
	mu      sync.Mutex
	entries map[digest]entry[V]
	epoch   uint64 // grows whenever everything is to be read again
}

// entry is one value; it is used until its time is over or its epoch is past.
type entry[V any] struct {
	value V
	until time.Time
	epoch uint64
}

func newMemory[V any]() *memory[V] { return &memory[V]{entries: map[digest]entry[V]{}} }

// get returns what is remembered, or else what read finds; nothing is remembered of an error.
func (m *memory[V]) get(ctx context.Context, key digest, now time.Time, read func(context.Context) (V, error)) (entry[V], error) {
	m.mu.Lock()
	found, ok := m.entries[key]
	epoch := m.epoch
	m.mu.Unlock()
	if ok && found.epoch == epoch && now.Before(found.until) {
		return found, nil
	}
	value, err := m.once(ctx, fmt.Sprint(epoch, key), read)
	if err != nil {
		if errors.Is(err, geoengine.ErrMissing) || errors.Is(err, ErrKey) {
			m.drop(key)
		}
		return entry[V]{}, err
	}
	found = entry[V]{value, now.Add(rememberFor), epoch}
	m.put(key, found)
	return found, nil
}

// once reads once for all who ask at the same time, but never hands on what was read before a forget.
func (m *memory[V]) once(ctx context.Context, name string, read func(context.Context) (V, error)) (value V, err error) {
	reading := m.reading.DoChan(name, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return read(ctx)
	})
	select {
	case result := <-reading:
		if result.Err != nil {
			return value, result.Err
		}
		return result.Val.(V), nil
	case <-ctx.Done():
		return value, fmt.Errorf("identify: %w", ctx.Err())
	}
}

// put remembers an entry, unless everything was forgotten since it was read.
func (m *memory[V]) put(key digest, e entry[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch != e.epoch {
		return
	}
	if len(m.entries) >= maxMemory {
		clear(m.entries)
	}
	m.entries[key] = e
}

// proven tells whether the secret was good when last read, though that may be long ago.
func (m *memory[V]) proven(key digest) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.entries[key]
	return ok
}

func (m *memory[V]) drop(key digest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
}

// forget makes everything be read again.
func (m *memory[V]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
}
