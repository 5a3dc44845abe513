package api

import (
	"context"
	"fmt"
	"slices"

	"vigie/api/identity"
	"vigie/api/ogc/processes"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/jobs"
)

// exporters are the roles that may take single features away as files.
func exporters() []identity.Role {
	return []identity.Role{identity.Commander, identity.Analyst, identity.Admin}
}

// newJobs returns the queue of the server's processes.
func (s *Server) newJobs() (*jobs.Queue, error) {
	sources := processes.Sources{Store: s.config.Store, Cube: s.config.Cube, Releases: s.releases, Filters: s.filters}
	list := []jobs.Process{
		processes.Echo(readers()...), processes.Aggregate(sources, readers()...), processes.Export(sources, exporters()...),
	}
	for _, extension := range s.config.Extensions {
		list = append(list, extension.Processes...)
	}
	return jobs.NewQueue(jobs.Config{
		Store: s.config.Store, Processes: jobs.NewProcesses(list...), Log: s.config.Log, Random: s.config.Random,
		Rights: s.jobRights, Changed: s.tellJob,
	})
}

// jobRights are what the owner of a job may read now through a process: as the door would say, asked anew.
func (s *Server) jobRights(ctx context.Context, p *jobs.Process, owner jobs.Owner) (jobs.Granted, error) {
	if owner == jobs.House() {
		return jobs.NewGranted(geoengine.AllRights(), disclosure.Policy{}), nil
	}
	caller, err := s.callers.Caller(ctx, owner.Name, owner.Machine)
	if err != nil {
		return jobs.Granted{}, err
	}
	roles := make([]identity.Role, len(p.Roles))
	for i, role := range p.Roles {
		roles[i] = identity.Role(role)
	}
	if !caller.Holds(roles) || caller.Scopes != nil && !slices.Contains(caller.Scopes, processes.Tag) {
		return jobs.Granted{}, fmt.Errorf("process %s: %w", p.ID, geoengine.ErrDenied)
	}
	return jobs.NewGranted(caller.Rights(roles, s.policy)), nil
}

const eventJob = "job"

// jobBody is the body of a job event.
type jobBody struct {
	ID       string      `json:"id"`
	Process  string      `json:"process"`
	Status   jobs.Status `json:"status"`
	Progress int         `json:"progress"`
	Message  string      `json:"message"`
}

// tellJob tells a job's owner, and nobody else, how far it has come.
func (s *Server) tellJob(j jobs.Job) {
	s.hub.publishTo(j.Owner, eventJob, jobBody{j.ID.String(), j.Process, j.Status, j.Progress, j.Message})
}

// publishTo tells the streams of one account or client.
func (h *hub) publishTo(owner jobs.Owner, event string, body any) {
	m := message{event: event, full: encode(body)}
	m.public = m.full
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams {
		if s.account != owner {
			continue
		}
		select {
		case s.messages <- m:
		default:
			h.end(s)
		}
	}
}
