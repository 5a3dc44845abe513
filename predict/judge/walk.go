package judge

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"vigie/progress"
)

// Walk does the work of each origin and gives the results in the order of the origins. At most workers of them run at the
// same time, never more than GOMAXPROCS, which 0 stands for. The results do not depend on how many there are as long as
// the work of an origin does not depend on others: seeds are to be made from the origin. If works fail, the error is that
// of the earliest origin that did, named with its date; later ones are not begun any more. Task is what progress is
// reported as.
func Walk[T any](ctx context.Context, origins []Day, workers int, report progress.Func, task string,
	work func(ctx context.Context, origin Day) (T, error),
) ([]T, error) {
	results, errs := make([]T, len(origins)), make([]error, len(origins))
	if workers <= 0 || workers > runtime.GOMAXPROCS(0) {
		workers = runtime.GOMAXPROCS(0)
	}
	var group sync.WaitGroup
	var next, done, failed atomic.Int64
	failed.Store(int64(len(origins)))
	for range min(workers, len(origins)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < failed.Load(); i = next.Add(1) - 1 {
				if errs[i] = ctx.Err(); errs[i] == nil {
					results[i], errs[i] = work(ctx, origins[i])
				}
				if errs[i] != nil {
					lower(&failed, i)
					return
				}
				report.Report(progress.Update{Task: task, Unit: "origins", Done: done.Add(1), Total: int64(len(origins))})
			}
		})
	}
	group.Wait()
	if i := failed.Load(); i < int64(len(origins)) {
		return nil, fmt.Errorf("%s, origin %s: %w", task, DateOf(origins[i]).Format("2006-01-02"), errs[i])
	}
	report.Report(progress.Update{Task: task, Unit: "origins", Done: int64(len(origins)), Total: int64(len(origins)), Finished: true})
	return results, nil
}

// lower makes a number smaller, never greater.
func lower(number *atomic.Int64, to int64) {
	for {
		before := number.Load()
		if to >= before || number.CompareAndSwap(before, to) {
			return
		}
	}
}
