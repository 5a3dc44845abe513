package api

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/jobs"
	"vigie/progress"
)

// hub hands changes to the open event streams. It never waits for a slow one: that one is ended, and its browser
// connects again.
type hub struct {
	mu      sync.Mutex
	closed  bool
	streams map[*subscription]struct{}
	load    progress.Update
	told    time.Time // when load was last published
	changed time.Time // when the events last changed
}

const (
	maxStreams     = 1000
	maxOwnStreams  = 20 // of one account
	streamBacklog  = 32
	tellLoadEvery  = 200 * time.Millisecond
	eventVersion   = "version"
	eventImport    = "import"
	eventLoad      = "load"
	eventHeartbeat = ""
)

// message is one server-sent event. public is what everyone may know, full what those may who see every territory.
type message struct {
	event        string
	full, public []byte
}

type subscription struct {
	account  jobs.Owner   // who listens
	messages chan message // closed when the stream must end
}

func newHub() *hub { return &hub{streams: map[*subscription]struct{}{}} }

func (h *hub) subscribe(account jobs.Owner) (*subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	own := 0
	for other := range h.streams {
		if other.account == account {
			own++
		}
	}
	if h.closed || len(h.streams) >= maxStreams || own >= maxOwnStreams {
		return nil, fmt.Errorf("too many event streams: %w", geoengine.ErrBusy)
	}
	s := &subscription{account: account, messages: make(chan message, streamBacklog)}
	h.streams[s] = struct{}{}
	return s, nil
}

func (h *hub) unsubscribe(s *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end(s)
}

// end closes a subscription once; the lock is held.
func (h *hub) end(s *subscription) {
	if _, open := h.streams[s]; open {
		delete(h.streams, s)
		close(s.messages)
	}
}

// close ends every stream and refuses new ones: the server stops.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.streams {
		h.end(s)
	}
}

func (h *hub) publish(event string, full, public any) {
	m := message{event: event, full: encode(full), public: encode(public)}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams {
		select {
		case s.messages <- m:
		default:
			h.end(s)
		}
	}
}

// encode is the JSON of our own plain structs, which cannot fail.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// versionBody is the body of a version event.
type versionBody struct {
	Version uint64 `json:"version"`
}

// publishVersion tells that the events changed.
func (h *hub) publishVersion(version uint64, now time.Time) {
	h.mu.Lock()
	h.changed = now
	h.mu.Unlock()
	h.publish(eventVersion, versionBody{version}, versionBody{version})
}

// loadBody is the body of a load event.
type loadBody struct {
	Task     string `json:"task"`
	Done     int64  `json:"done"`
	Total    int64  `json:"total"`
	Finished bool   `json:"finished"`
}

// publishLoad tells how far the loading of the events has come, a few times a second.
func (h *hub) publishLoad(u progress.Update, now time.Time) {
	h.mu.Lock()
	h.load = u
	skip := !u.Finished && now.Sub(h.told) < tellLoadEvery
	if !skip {
		h.told = now
	}
	h.mu.Unlock()
	if !skip {
		// Nobody sees totals of territories that are not theirs: only the share goes to everyone.
		h.publish(eventLoad, loadBody{u.Task, u.Done, u.Total, u.Finished}, shareOf(u))
	}
}

func shareOf(u progress.Update) loadBody {
	share := loadBody{Task: u.Task, Finished: u.Finished}
	if u.Total > 0 {
		share.Done, share.Total = 100*u.Done/u.Total, 100
	}
	return share
}

// loading is the share done of the loading of the events, in percent.
func (h *hub) loading() (done, total int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	share := shareOf(h.load)
	return share.Done, share.Total
}

// age is the time in seconds since the events changed, 0 if they have not since the start.
func (h *hub) age(now time.Time) float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed.IsZero() {
		return 0
	}
	return now.Sub(h.changed).Seconds()
}

func (h *hub) size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams)
}
