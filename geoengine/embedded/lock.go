package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"
)

// lockExclusive waits for the turn to start or stop the cluster. Closing the file ends the turn.
func lockExclusive(ctx context.Context, path string, log *slog.Logger) (*os.File, error) {
	file, err := openLock(path)
	if err != nil {
		return nil, err
	}
	told := false
	for begin := time.Now(); ; {
		got, err := flock(file, syscall.LOCK_EX)
		if got {
			return file, nil
		}
		if err == nil && !told && time.Since(begin) > time.Second {
			told = true
			log.Info("another vigie command is starting or stopping the embedded cluster; waiting for it")
		}
		if err == nil {
			err = pause(ctx, 20*time.Millisecond)
		}
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("wait for %s: %w", path, err)
		}
	}
}

// lockShared registers a user of the cluster; the caller has the turn, so nobody holds it exclusively.
func lockShared(path string) (*os.File, error) {
	file, err := openLock(path)
	if err != nil {
		return nil, err
	}
	got, err := flock(file, syscall.LOCK_SH)
	if err == nil && !got {
		err = errors.New("held by another program")
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}

// becomeExclusive tells whether the holder of a shared lock is the only one. Changing a lock is not atomic, but every
// other taker waits for the turn, which the caller has.
func becomeExclusive(file *os.File) (bool, error) {
	got, err := flock(file, syscall.LOCK_EX)
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return got, nil
}

func openLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- a lock of our own folder
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("%w: the data folder belongs to another user; run as that user or set VIGIE_DATA", err)
	}
	return file, err
}

// flock takes the lock without waiting and tells whether it got it.
func flock(file *os.File, how int) (bool, error) {
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
