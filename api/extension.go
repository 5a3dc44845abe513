package api

import (
	"context"

	"vigie/api/door"
	"vigie/geoengine/jobs"
)

// Extension is what a module adds to a server. Nil fields add nothing.
type Extension struct {
	// Processes are kinds of long work, offered by OGC API – Processes.
	Processes []jobs.Process
	// Operations are added through the one door, like those of the house. The queue runs the processes of the server.
	Operations func(queue *jobs.Queue) []Operation
	// Work runs beside the server until ctx ends; when it returns before, it is run again.
	Work func(ctx context.Context) error
}

// Operation is one operation and what answers it.
type Operation struct {
	door.Operation
	Handler door.Handler
}

// extend adds the operations of the extensions.
func (s *Server) extend() {
	for _, extension := range s.config.Extensions {
		if extension.Operations == nil {
			continue
		}
		for _, op := range extension.Operations(s.jobs) {
			s.door.Add(op.Operation, op.Handler)
		}
	}
}
