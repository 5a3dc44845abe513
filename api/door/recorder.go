package door

import (
	"bufio"
	"encoding/hex"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vigie/api/problem"
)

// recorder notes the status and the size of an answer, and lets none leave that the journal does not know of. It is the
// innermost writer: what compresses stands before it.
type recorder struct {
	http.ResponseWriter
	leave   func(status int) *problem.Problem // asked before the first byte leaves; a problem is answered instead
	stop    func()                            // ends a stream that is refused; may be nil
	before  http.Header                       // as it was when the door opened
	status  int                               // of the answer; 0 while nothing has left
	bytes   int64
	refused bool // the problem of leave was answered, and whatever else comes is dropped
	broken  bool // the answer ended before its end
}

func newRecorder(w http.ResponseWriter) *recorder {
	return &recorder{ResponseWriter: w, before: w.Header().Clone()}
}

// WriteHeader notes the first final status, with which the answer begins to leave, if it may.
func (r *recorder) WriteHeader(status int) {
	if r.status != 0 || status < http.StatusOK {
		if !r.refused {
			r.ResponseWriter.WriteHeader(status)
		}
		return
	}
	r.status = status
	if p := r.leave(status); p != nil {
		r.refuse(p)
		return
	}
	r.ResponseWriter.WriteHeader(status)
}

// refuse answers the problem, without anything that the handler has put into the header.
func (r *recorder) refuse(p *problem.Problem) {
	r.refused, r.status = true, p.Status
	header := r.Header()
	clear(header)
	maps.Copy(header, r.before)
	p.Write(r.ResponseWriter, p.RequestID)
	if r.stop != nil {
		r.stop()
	}
}

// Write counts the bytes. Those of a refused answer go nowhere, and its handler need not know.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.refused {
		return len(b), nil
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	r.broken = r.broken || err != nil && !errors.Is(err, http.ErrBodyNotAllowed)
	return n, err
}

// FlushError sends what was written; http.ResponseController would otherwise flush a header past us.
func (r *recorder) FlushError() error {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.refused {
		return errors.New("the answer was refused")
	}
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Hijack refuses: what leaves another way would not be in the journal.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, http.ErrNotSupported
}

// Unwrap lets http.ResponseController set deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// requestIDs numbers requests: the start of the server, then a count.
type requestIDs struct {
	prefix string
	count  atomic.Uint64
}

func newRequestIDs(start time.Time) *requestIDs {
	s := start.Unix()
	return &requestIDs{prefix: hex.EncodeToString([]byte{byte(s >> 24), byte(s >> 16), byte(s >> 8), byte(s)}) + "-"}
}

func (ids *requestIDs) next() string { return ids.prefix + strconv.FormatUint(ids.count.Add(1), 36) }

// measures are the metrics of requests, by operation.
type measures struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

type measure struct {
	classes [6]prometheus.Counter // by hundreds of the status
	seconds prometheus.Observer
}

func newMeasures(registry prometheus.Registerer) *measures {
	m := &measures{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vigie_requests_total", Help: "Requests by operation and hundreds of the status.",
		}, []string{"operation", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vigie_request_seconds", Help: "Time to answer by operation.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15},
		}, []string{"operation"}),
	}
	registry.MustRegister(m.requests, m.seconds)
	return m
}

func (m *measures) of(operation string) *measure {
	one := &measure{seconds: m.seconds.WithLabelValues(operation)}
	for i := range one.classes {
		one.classes[i] = m.requests.WithLabelValues(operation, strconv.Itoa(i)+"xx")
	}
	return one
}

func (m *measure) observe(status int, took time.Duration) {
	m.classes[min(max(status/100, 0), len(m.classes)-1)].Inc()
	m.seconds.Observe(took.Seconds())
}

// ClientAddress is the address of the client: the last one in X-Forwarded-For that is not one of our proxies, where
// the request comes from one of them; otherwise the peer's.
func ClientAddress(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	address := peer.Addr().Unmap()
	ours := func(a netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	if err != nil || !ours(address) {
		return address
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = next.Unmap()
		if !ours(address) {
			break
		}
	}
	return address
}
