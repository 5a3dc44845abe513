package door

import (
	"encoding/hex"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// recorder notes the status and the size of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the first final status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController flush and set deadlines.
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
