package jobs

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgxpool"
)

// chunk is the size of the pieces in which results are stored.
const chunk = 256 << 10

// A chunk and an output are written only while the attempt is the one that runs: the row is locked, so that a
// dismissal waits and then deletes them too.
const (
	insertChunk = `
		insert into job_result (job, attempt, ordinal, seq, data)
		select id, attempt, $3, $4, $5 from job where id = $1 and attempt = $2 and status = 'running' for share`
	insertOutput = `
		insert into job_output (job, attempt, ordinal, id, media, bytes)
		select id, attempt, $3, $4, $5, $6 from job where id = $1 and attempt = $2 and status = 'running' for share`
)

// stored writes the outputs of a run into the store.
type stored struct {
	ctx     context.Context //nolint:containedctx // of the run: io.Writer takes none
	pool    *pgxpool.Pool
	job     ID
	attempt int
	wanted  map[string]string
	left    int64 // bytes that may still be written
	bytes   int64

	ordinal int
	current *storedOutput
}

// storedOutput is the output that is being written.
type storedOutput struct {
	sink      *stored
	id, media string
	seq       int
	bytes     int64
	buffer    []byte
}

func (s *stored) output(id, media string) (io.Writer, error) {
	if err := s.close(); err != nil {
		return nil, err
	}
	if _, wanted := s.wanted[id]; !wanted {
		return io.Discard, nil
	}
	s.ordinal++
	s.current = &storedOutput{sink: s, id: id, media: media, buffer: make([]byte, 0, chunk)}
	return s.current, nil
}

// close ends the output that is being written.
func (s *stored) close() error {
	o := s.current
	if o == nil {
		return nil
	}
	if err := o.flush(); err != nil {
		return err
	}
	s.current = nil
	return s.exec(insertOutput, s.ordinal, o.id, o.media, o.bytes)
}

// exec writes a row; errLost if the attempt may write no more.
func (s *stored) exec(insert string, args ...any) error {
	tag, err := s.pool.Exec(s.ctx, insert, append([]any{s.job, s.attempt}, args...)...)
	if err != nil {
		return fmt.Errorf("write the result of job %s: %w", s.job, err)
	}
	if tag.RowsAffected() == 0 {
		return errLost
	}
	return nil
}

// Write adds to the output.
func (o *storedOutput) Write(data []byte) (int, error) {
	if o.sink.current != o {
		return 0, fmt.Errorf("output %s has ended: %w", o.id, io.ErrClosedPipe)
	}
	if int64(len(data)) > o.sink.left {
		return 0, &tooLarge{o.sink.bytes + o.sink.left}
	}
	o.sink.left -= int64(len(data))
	o.sink.bytes += int64(len(data))
	written := 0
	for len(data) > 0 {
		n := min(len(data), chunk-len(o.buffer))
		o.buffer = append(o.buffer, data[:n]...)
		data, written = data[n:], written+n
		if len(o.buffer) == chunk {
			if err := o.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

func (o *storedOutput) flush() error {
	if len(o.buffer) == 0 {
		return nil
	}
	if err := o.sink.exec(insertChunk, o.sink.ordinal, o.seq, o.buffer); err != nil {
		return err
	}
	o.seq++
	o.bytes += int64(len(o.buffer))
	o.buffer = o.buffer[:0]
	return nil
}

// Value is an output of a run outside the queue.
type Value struct {
	ID, Media string
	Data      []byte
}

// memory keeps the outputs of a run outside the queue.
type memory struct {
	wanted map[string]string
	left   int64
	limit  int64
	values []Value
	buffer *bytes.Buffer
}

func (m *memory) output(id, media string) (io.Writer, error) {
	m.close()
	if _, wanted := m.wanted[id]; !wanted {
		return io.Discard, nil
	}
	m.values = append(m.values, Value{ID: id, Media: media})
	m.buffer = new(bytes.Buffer)
	return limitedWriter{m, m.buffer}, nil
}

func (m *memory) close() {
	if m.buffer != nil {
		m.values[len(m.values)-1].Data = m.buffer.Bytes()
		m.buffer = nil
	}
}

type limitedWriter struct {
	sink   *memory
	buffer *bytes.Buffer
}

// Write adds to the output while it is the last one.
func (w limitedWriter) Write(data []byte) (int, error) {
	switch {
	case w.sink.buffer != w.buffer:
		return 0, fmt.Errorf("the output has ended: %w", io.ErrClosedPipe)
	case int64(len(data)) > w.sink.left:
		return 0, &tooLarge{w.sink.limit}
	}
	w.sink.left -= int64(len(data))
	return w.buffer.Write(data)
}
