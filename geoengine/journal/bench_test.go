package journal_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"vigie/geoengine/geotest"
	"vigie/geoengine/journal"
)

// BenchmarkAppend writes by one and by many goroutines; the test cluster does not wait for the disk: vigie bench api does.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			j := newJournal(b, geotest.New(b))
			took := make([]time.Duration, b.N)
			b.ResetTimer()
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					for i := w; i < b.N; i += writers {
						began := time.Now()
						if err := j.Append(b.Context(), entry(i)); err != nil {
							b.Error(err)
							return
						}
						took[i] = time.Since(began)
					}
				})
			}
			group.Wait()
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}

// BenchmarkVerify reads and computes a journal of 20,000 entries again.
func BenchmarkVerify(b *testing.B) {
	_, j := filled(b, 0)
	for range 20 {
		if err := j.Append(b.Context(), slices.Repeat([]journal.Entry{entry(1)}, 1000)...); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		verified(b, j, nil)
	}
	b.ReportMetric(float64(20_000*b.N)/b.Elapsed().Seconds(), "entries/s")
}
