package data

import (
	"context"
	"sync"
	"time"

	"vigie/geoengine"
)

// lockKeeper holds the lock of the source, and takes it again when the connection is lost.
type lockKeeper struct {
	mu       sync.Mutex
	lock     *geoengine.SourceLock
	store    *geoengine.Store
	source   string
	areas    bool
	patience time.Duration
}

func keepLock(ctx context.Context, store *geoengine.Store, source string, areas bool, patience time.Duration) (*lockKeeper, error) {
	lock, err := store.LockSource(ctx, source, areas, patience)
	if err != nil {
		return nil, err
	}
	return &lockKeeper{lock: lock, store: store, source: source, areas: areas, patience: patience}, nil
}

// again makes sure that the lock is held; lost tells whether it was not for a while.
func (k *lockKeeper) again(ctx context.Context) (lost bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lock.Held(ctx) {
		return false, nil
	}
	lock, err := k.store.LockSource(ctx, k.source, k.areas, k.patience)
	if err != nil {
		return true, err
	}
	k.lock.Release()
	k.lock = lock
	return true, nil
}

func (k *lockKeeper) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lock.Release()
}
