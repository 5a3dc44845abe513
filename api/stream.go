package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine/jobs"
)

// stream sends changes as server-sent events until the client, the session or the server ends.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
	sub, err := s.hub.subscribe(jobs.Owner{Name: pass.Caller().Name, Machine: pass.Caller().Machine})
	if err != nil {
		return err
	}
	defer s.hub.unsubscribe(sub)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies must not keep events back
	out := eventWriter{w: w, control: http.NewResponseController(w), full: pass.Scope() == nil && pass.Rights().Open == nil}
	if err := s.greet(&out); err != nil {
		return err
	}
	beat := time.NewTicker(s.config.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case m, open := <-sub.messages:
			if !open {
				return nil
			}
			err = out.write(m)
		case <-beat.C:
			if _, err = s.callers.Check(r.Context(), pass.Credentials(), pass.Address()); identity.Ended(err) {
				return nil // the session has ended; reconnecting is answered 401
			}
			err = out.write(message{event: eventHeartbeat})
		}
		if err != nil {
			return err
		}
	}
}

// greet says how things stand when a stream begins.
func (s *Server) greet(out *eventWriter) error {
	if s.config.Cube.Ready() {
		body := encode(versionBody{s.config.Cube.Version()})
		return out.write(message{event: eventVersion, full: body, public: body})
	}
	done, total := s.hub.loading()
	body := encode(loadBody{Task: "load", Done: done, Total: total})
	return out.write(message{event: eventLoad, full: body, public: body})
}

// eventWriter writes server-sent events, each within a time limit.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	full    bool
}

const eventWriteTimeout = 10 * time.Second

func (e *eventWriter) write(m message) error {
	// Where the connection knows no deadlines (tests), none is needed.
	if err := e.control.SetWriteDeadline(time.Now().Add(eventWriteTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("stream: %w", err)
	}
	body := m.public
	if e.full {
		body = m.full
	}
	text := fmt.Sprintf("event: %s\ndata: %s\n\n", m.event, body)
	if m.event == eventHeartbeat {
		text = ":\n\n"
	}
	if _, err := io.WriteString(e.w, text); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return e.control.Flush()
}
