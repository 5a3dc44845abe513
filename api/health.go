package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vigie/api/door"
	"vigie/geoengine"
)

// healthz says that the process is alive, whatever it waits for.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err := io.WriteString(w, "ok\n")
	return err
}

// readiness is what readyz answers.
type readiness struct {
	Ready    bool   `json:"ready"`
	Database string `json:"database"` // ok, unreachable
	Events   string `json:"events"`   // ok, loading
	Done     int64  `json:"done,omitempty"`
	Total    int64  `json:"total,omitempty"`
}

// readyz says whether the database answers and the events are loaded, and what is missing.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request, _ door.Pass) error {
	state := readiness{Database: "ok", Events: "ok"}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.config.Store.Pool.Ping(ctx); err != nil {
		state.Database = "unreachable"
	}
	if !s.config.Cube.Ready() {
		state.Events = "loading"
		state.Done, state.Total = s.hub.loading()
	}
	state.Ready = state.Database == "ok" && state.Events == "ok"
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !state.Ready {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return json.NewEncoder(w).Encode(state)
}

// measure registers what the server tells of itself, none of it personal.
func (s *Server) measure() {
	gauge := func(name, help string, value func() float64) {
		s.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	pool := s.config.Store.Pool
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge("vigie_events", "Events in memory.", func() float64 {
		events, _ := s.config.Cube.Size()
		return float64(events)
	})
	gauge("vigie_events_bytes", "Memory that the events take.", func() float64 {
		_, size := s.config.Cube.Size()
		return float64(size)
	})
	gauge("vigie_ready", "1 when the events are loaded.", func() float64 {
		if s.config.Cube.Ready() {
			return 1
		}
		return 0
	})
	gauge("vigie_data_version", "Version of the events in memory.", func() float64 { return float64(s.config.Cube.Version()) })
	gauge("vigie_data_age_seconds", "Time since the events in memory last changed.", func() float64 { return s.hub.age(s.config.Clock()) })
	gauge("vigie_streams", "Open event streams.", func() float64 { return float64(s.hub.size()) })
	gauge("vigie_database_connections", "Connections to the database.", func() float64 { return float64(pool.Stat().TotalConns()) })
	gauge("vigie_database_connections_used", "Connections in use.", func() float64 { return float64(pool.Stat().AcquiredConns()) })
	gauge("vigie_database_wait_seconds_total", "Time spent waiting for a connection.", func() float64 {
		return pool.Stat().AcquireDuration().Seconds()
	})
	s.tiles.measure(gauge)
	s.measureJournal()
}

func (s *Server) serveMetrics() func(http.ResponseWriter, *http.Request, door.Pass) error {
	handler := promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{})
	return func(w http.ResponseWriter, r *http.Request, pass door.Pass) error {
		if pass.Scope() != nil { // they count what happens in every territory
			return fmt.Errorf("metrics of every territory: %w", geoengine.ErrDenied)
		}
		w.Header().Set("Cache-Control", "no-store")
		handler.ServeHTTP(w, r)
		return nil
	}
}

// openAPI serves the API document.
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request, _ door.Pass) error {
	doc, err := json.Marshal(s.door.OpenAPI())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	_, err = w.Write(doc)
	return err
}
