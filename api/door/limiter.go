package door

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter counts the requests of one operation by caller.
type limiter struct {
	limit   Limit
	clock   func() time.Time
	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

// maxBuckets bounds the callers remembered per operation; idle ones are swept, and a full bucket forgotten is no loss.
const maxBuckets = 20_000

func newLimiter(limit Limit, clock func() time.Time) *limiter {
	return &limiter{limit: limit, clock: clock, buckets: map[string]*bucket{}}
}

// wait takes one request from the caller's bucket; a positive result refuses it and says when to come back.
func (l *limiter) wait(caller string) time.Duration {
	now := l.clock()
	l.mu.Lock()
	b := l.buckets[caller]
	if b == nil {
		l.sweep(now)
		b = &bucket{Limiter: rate.NewLimiter(rate.Limit(l.limit.PerSecond), l.limit.Burst)}
		l.buckets[caller] = b
	}
	b.used = now
	l.mu.Unlock()
	if b.AllowN(now, 1) {
		return 0
	}
	return max(time.Duration(float64(time.Second)/l.limit.PerSecond), time.Second)
}

func (l *limiter) sweep(now time.Time) {
	if len(l.buckets) < maxBuckets {
		return
	}
	full := time.Duration(float64(l.limit.Burst) / l.limit.PerSecond * float64(time.Second))
	for caller, b := range l.buckets {
		if now.Sub(b.used) > full {
			delete(l.buckets, caller)
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}
