package osm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"vigie/data"
)

// contents says which kinds of elements a blob holds, as bits.
type contents uint8

const (
	holdsNodes contents = 1 << iota
	holdsWays
	holdsRelations
	holdsHeader
)

// contents is what a pass must look into.
func (w *wanted) contents() (c contents) {
	if w.node != nil {
		c |= holdsNodes
	}
	if w.way != nil {
		c |= holdsWays
	}
	if w.relation != nil {
		c |= holdsRelations
	}
	return c
}

// job is a blob on its way through the workers.
type job struct {
	blob  blob
	block block
	err   error
	done  chan struct{}
}

// scanPBF reads the file and gives the wanted elements in its order, decoding blobs side by side. known is what each blob
// holds, as an earlier scan of the same file returned it, so that others need not be unpacked; nil before the first.
func scanPBF(ctx context.Context, in io.Reader, file string, want wanted, known []contents) ([]contents, error) {
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	todo, order := make(chan *job, workers), make(chan *job, 4*workers)
	p := &pbfReader{in: in, file: file}
	group.Go(func() error {
		defer close(todo)
		defer close(order)
		return cutBlobs(ctx, p, want.contents(), known, todo, order)
	})
	for range workers {
		group.Go(func() error {
			for j := range todo {
				j.block, j.err = decode(j.blob, &want)
				j.blob.body = nil
				close(j.done)
			}
			return nil
		})
	}
	found := []contents{}
	group.Go(func() error {
		for j := range order {
			select {
			case <-j.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if j.err != nil {
				return fmt.Errorf("read %s, blob %d at byte %d: %w", file, j.blob.number, j.blob.offset, j.err)
			}
			found = append(found, j.block.holds)
			if err := j.block.give(data.Position{File: file, Line: j.blob.number}, &want); err != nil {
				return err
			}
		}
		return nil
	})
	return found, group.Wait()
}

// cutBlobs reads the blobs and hands them out, in order.
func cutBlobs(ctx context.Context, p *pbfReader, want contents, known []contents, todo, order chan<- *job) error {
	skip := func(number int64) bool {
		return int(number) <= len(known) && known[number-1]&want == 0
	}
	for {
		b, err := p.next(skip)
		if errors.Is(err, io.EOF) {
			if p.number == 1 {
				return fmt.Errorf("read %s: %w", p.file, errEmpty)
			}
			return nil
		}
		if err != nil {
			return err
		}
		j := &job{blob: b, done: make(chan struct{})}
		if b.body == nil && b.size > 0 {
			j.block.holds = known[b.number-1]
			close(j.done)
		} else {
			select {
			case todo <- j:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case order <- j:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// give hands the elements of a block on.
func (b *block) give(at data.Position, want *wanted) error {
	for i := range b.nodes {
		b.nodes[i].at = at
		if err := want.node(&b.nodes[i]); err != nil {
			return err
		}
	}
	for i := range b.ways {
		b.ways[i].at = at
		if err := want.way(&b.ways[i]); err != nil {
			return err
		}
	}
	for i := range b.relations {
		b.relations[i].at = at
		if err := want.relation(&b.relations[i]); err != nil {
			return err
		}
	}
	return nil
}
