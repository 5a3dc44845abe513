package data

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"vigie/geoengine"
	"vigie/geoengine/hex"
	"vigie/geoengine/road"
	"vigie/progress"
)

// ImportOptions say how an import is done.
type ImportOptions struct {
	DryRun    bool // read and check everything, write nothing
	BatchSize int  // records in a transaction; 0 is 50,000, of areas 2,000, of roads 20,000
	Progress  progress.Func
	RetryRun  int64         // process only the rows that this run rejected; 0 is all
	Patience  time.Duration // how long to wait for another import of the source, or for a database that went away; 0 is 30 s
}

// Import reads the source and writes its records to the store, a batch in a transaction.
//
// Records are identified by source and ref (areas by path): a known one with the same content is unchanged, one with
// other content is changed, and a second one of the same ref within the input is unchanged if equal, else rejected as
// duplicate_ref: the first counts. Hence a second import of the same input changes nothing.
//
// An import that was cut off goes on where it stopped when it is repeated with the same input and no other import of the
// source came between; its report is that of an undisturbed one. ErrBusy says that another import of the source is
// under way. The report returned with an error says how far the import came.
func Import(ctx context.Context, store *geoengine.Store, src Source, in Input, opt ImportOptions) (Report, error) {
	began := time.Now()
	imp, err := newImporter(store, src, in, opt)
	if err != nil {
		return Report{}, fmt.Errorf("import %s: %w", src.Name, err)
	}
	err = imp.run(ctx)
	imp.report.Seconds = time.Since(began).Seconds()
	if err != nil {
		return imp.report, fmt.Errorf("import %s: %w", imp.src.Name, err)
	}
	return imp.report, nil
}

type importer struct {
	store  *geoengine.Store
	src    Source
	in     Input
	opt    ImportOptions
	ingest *geoengine.Ingest
	roads  *road.Ingest // of a source that holds roads
	kind   kindOf
	retry  retrySet
	keeper *lockKeeper
	runRow runRow
	report Report // of what is committed
	bulk   bool   // the events are loaded without their indexes
}

func newImporter(store *geoengine.Store, src Source, in Input, opt ImportOptions) (*importer, error) {
	if src.Describe != nil {
		described, err := src.Describe(in.Options)
		if err != nil {
			return nil, err
		}
		src = described
	}
	in.Progress = opt.Progress
	m := &importer{store: store, src: src, in: in}
	var err error
	if m.kind, err = m.kindFor(src.Holds); err != nil {
		return nil, err
	}
	if src.Holds == HoldsRoads && opt.RetryRun != 0 {
		return nil, fmt.Errorf("a road network is replaced as a whole: import the files again: %w", geoengine.ErrInvalid)
	}
	if opt.BatchSize <= 0 {
		opt.BatchSize = m.kind.batch
	}
	if opt.Patience <= 0 {
		opt.Patience = 30 * time.Second
	}
	m.opt = opt
	m.report = Report{Source: src.Name, Input: describeInput(in), Rejected: map[string]int64{}, DryRun: opt.DryRun}
	return m, nil
}

// describeInput names the files for people.
func describeInput(in Input) string {
	const shown = 5
	var names []string
	for _, f := range in.Files[:min(shown, len(in.Files))] {
		names = append(names, f.Name)
	}
	if n := len(in.Files) - shown; n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	if in.Options.Mapping != "" {
		names = append(names, "mapping "+in.Options.Mapping)
	}
	return strings.Join(names, ", ")
}

func (m *importer) run(ctx context.Context) error {
	if !m.opt.DryRun {
		var err error
		if m.keeper, err = keepLock(ctx, m.store, m.src.Name, m.src.Holds == HoldsAreas, m.opt.Patience); err != nil {
			return err
		}
		defer m.keeper.release()
	}
	if err := m.prepare(ctx); err != nil {
		return err
	}
	err := m.pump(ctx)
	if err == nil && m.bulk {
		err = m.persistently(ctx, func(ctx context.Context) error { return m.store.FinishBulk(ctx, m.opt.Progress) })
	}
	if err == nil && m.src.Holds == HoldsAreas && !m.opt.DryRun {
		err = m.relocate(ctx)
	}
	if m.src.Holds == HoldsRoads && !m.opt.DryRun {
		err = m.endRoads(ctx, err)
	}
	return m.finish(ctx, err)
}

func (m *importer) prepare(ctx context.Context) error {
	if m.opt.RetryRun != 0 {
		var err error
		if m.retry, err = loadRetrySet(ctx, m.store, m.opt.RetryRun, m.src.Name); err != nil {
			return err
		}
	}
	if !m.opt.DryRun {
		digest, err := digestInput(ctx, m.src, m.in, m.opt.RetryRun)
		if err != nil {
			return err
		}
		if err := m.openRun(ctx, digest); err != nil {
			return err
		}
		if err := m.store.FinishBulk(ctx, m.opt.Progress); err != nil { // of a load that was killed
			return err
		}
	}
	info := geoengine.SourceInfo{
		Name: m.src.Name, Title: m.src.Title, Publisher: m.src.Publisher, Licence: m.src.Licence,
		URL: m.src.URL, Synthetic: m.src.Synthetic,
	}
	var err error
	if m.ingest, err = m.store.BeginIngest(ctx, info, hex.Cell, m.opt.DryRun); err != nil || m.src.Holds != HoldsRoads {
		return err
	}
	return m.beginRoads(ctx)
}

// pump reads, prepares and writes side by side: one goroutine each for reading and preparing, in order; several for
// writing, which commit in order.
func (m *importer) pump(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	read, prepared := make(chan *batch, 1), make(chan *batch)
	group.Go(func() error {
		defer close(read)
		return m.readBatches(ctx, read)
	})
	group.Go(func() error {
		defer close(prepared)
		return m.prepareBatches(ctx, read, prepared)
	})
	for range m.kind.writers {
		group.Go(func() error { return m.writeBatches(ctx, prepared) })
	}
	return group.Wait()
}

// finish closes the run: done, or failed with its reason, which can be resumed.
func (m *importer) finish(ctx context.Context, err error) error {
	if m.opt.DryRun {
		return err
	}
	if err == nil {
		return m.persistently(ctx, func(ctx context.Context) error { return m.closeRun(ctx, runDone, "") })
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if closeErr := m.closeRun(late, runFailed, err.Error()); closeErr != nil && !geoengine.Lost(closeErr) {
		return errors.Join(err, closeErr)
	}
	return err
}

// persistently repeats work while the database is away, with growing pauses, at most for the patience.
func (m *importer) persistently(ctx context.Context, do func(context.Context) error) error {
	pause := 100 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		err := do(ctx)
		if err == nil || ctx.Err() != nil || !geoengine.Lost(err) || waited >= m.opt.Patience {
			return err
		}
		m.opt.Progress.Report(progress.Update{Task: "wait for the database", Unit: "ms", Done: waited.Milliseconds()})
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		pause = min(2*pause, 3*time.Second)
	}
}
