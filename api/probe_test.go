package api_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// The probes test that nobody learns of what they may not see, by comparing worlds: servers whose data differs only
// in what the caller may not see. Whatever the caller asks, all must answer alike, byte for byte: status, headers,
// body; and do the same work in the database. A difference is a leak, whatever the reason for it.

// leastProbes is how many probes the test must make.
const leastProbes = 100_000

// prober asks the worlds and keeps what differs.
type prober struct {
	worlds   []*world
	handlers []http.Handler // of the worlds, in which a test may plant a leak
	clock    *probeClock
	forge    *forge
	asked    atomic.Int64

	order sync.RWMutex // of what changes plans

	mu    sync.Mutex
	leaks map[string][]string // by operation
	kinds map[string]int      // of answers: by operation and status
}

func newProber(t *testing.T) *prober {
	t.Helper()
	p := &prober{clock: newProbeClock(), leaks: map[string][]string{}, kinds: map[string]int{}}
	for number := range worlds {
		w := newWorld(t, number, p.clock)
		p.worlds, p.handlers = append(p.worlds, w), append(p.handlers, w.handler)
	}
	p.plan(t)
	p.forecasts(t)
	p.forge = newForge(t, p.worlds[worldOne])
	return p
}

// reply is what a world answers.
type reply struct {
	status           int
	header           http.Header
	body             []byte
	statements, rows int64
}

// streamPatience is how long the events of a stream are waited for.
const streamPatience = 30 * time.Millisecond

// ask sends a probe to a world.
func (p *prober) ask(t *testing.T, number int, one probe) reply {
	t.Helper()
	w := p.worlds[number]
	done := &work{}
	ctx := context.WithValue(t.Context(), workKey{}, done)
	if one.op == "stream" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, streamPatience)
		defer cancel()
	}
	r, err := http.NewRequestWithContext(ctx, one.method, "http://vigie.example"+w.translate(one.target), strings.NewReader(one.body))
	if err != nil {
		t.Fatal(one, err)
	}
	r.Host, r.RemoteAddr = "vigie.example", addressOf(one.who)
	maps.Copy(r.Header, one.header)
	if cookie := w.cookies[one.who]; cookie != nil {
		r.AddCookie(cookie)
	}
	if key := w.keys[one.who]; key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	answer := httptest.NewRecorder()
	p.handlers[number].ServeHTTP(answer, r)
	for name, values := range answer.Header() {
		for i := range values {
			answer.Header()[name][i] = string(w.nameJobs([]byte(values[i])))
		}
	}
	return reply{answer.Code, answer.Header(), w.nameJobs(answer.Body.Bytes()), done.statements.Load(), done.rows.Load()}
}

// addressOf gives each caller an address, by which public operations count them.
func addressOf(who string) string { return fmt.Sprintf("192.0.2.%d:4711", len(who)*7%250) }

var requestID = regexp.MustCompile(`"(request_id|requestId)":\s*"[^"]*"`)

// difference says how two answers to the same caller differ; "" if they do not.
func difference(a, b reply) string {
	if a.status != b.status {
		return fmt.Sprintf("status %d or %d\n    %.200s\n    %.200s", a.status, b.status, a.body, b.body)
	}
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		if !slices.Equal(a.header[name], b.header[name]) && name != "Content-Length" {
			return fmt.Sprintf("header %s: %q or %q (status %d)", name, a.header[name], b.header[name], a.status)
		}
	}
	if len(a.header) != len(b.header) {
		return fmt.Sprintf("headers %v or %v", a.header, b.header)
	}
	one, two := requestID.ReplaceAll(a.body, nil), requestID.ReplaceAll(b.body, nil)
	if at := firstDifference(one, two); at >= 0 {
		from := max(0, at-80)
		return fmt.Sprintf("body (status %d, %d or %d bytes) at byte %d:\n    %.240q\n    %.240q", a.status, len(one), len(two), at, one[from:], two[from:])
	}
	return ""
}

func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// try sends one probe to every world that must look the same to its caller; byWork compares what they did, too.
func (p *prober) try(t *testing.T, one probe, restricted, byWork bool) {
	t.Helper()
	changing := changesPlans(one.op)
	if changing { // in the same order in every world
		p.order.Lock()
		defer p.order.Unlock()
	} else {
		p.order.RLock()
		defer p.order.RUnlock()
	}
	first := p.ask(t, worldOne, one)
	p.mu.Lock()
	p.kinds[fmt.Sprintf("%s %d", one.op, first.status)]++
	p.mu.Unlock()
	for _, number := range []int{worldOtherTerritory, worldClosedCategories} {
		if number == worldClosedCategories && !restricted && !byWork && !changing {
			continue
		}
		other := p.ask(t, number, one)
		if number == worldClosedCategories && !restricted {
			continue // asked, so that the same is known already to what all callers share
		}
		p.asked.Add(1)
		what := difference(first, other)
		if what == "" && byWork && (first.statements != other.statements || first.rows != other.rows) && one.op != "meta" { // which reads the catalogue of sources, whole
			what = fmt.Sprintf("work: %d statements and %d rows, or %d and %d (status %d)", first.statements, first.rows, other.statements, other.rows, first.status)
		}
		if what != "" {
			p.mu.Lock()
			p.leaks[one.op] = append(p.leaks[one.op], fmt.Sprintf("%s\n    world %d: %s", one, number+1, what))
			p.mu.Unlock()
		}
	}
}

// prepare mints what callers might get hold of: cursors, ids and ETags of a caller who sees everything.
func (p *prober) prepare(t *testing.T) {
	t.Helper()
	for _, number := range []int{worldOne, worldOtherTerritory} {
		for _, target := range []string{
			"/api/events?limit=3", "/api/events?limit=1&area=fr.11", "/api/sessions", "/tiles/hexagons/8/129/93.mvt", "/tiles/units/8/129/93.mvt",
			"/tiles/events/14/8257/5982.mvt", "/tiles/hexagons/0/0/0.mvt", "/ogc/collections/events/items?limit=3&f=json", "/ogc/collections/units/items?limit=2&f=json",
			"/ogc/dggs/H3/zones?f=json", "/ogc/collections/hexagons/tiles/WebMercatorQuad/8/93/129", "/ogc/collections/areas/items?limit=2&f=json",
		} {
			answer := p.ask(t, number, probe{op: "events", method: http.MethodGet, target: target, who: everything})
			if answer.status != http.StatusOK {
				t.Errorf("%s: %d %s", target, answer.status, answer.body)
			}
			if tag := answer.header.Get("ETag"); tag != "" {
				p.forge.tags = append(p.forge.tags, tag)
			}
			for _, found := range regexp.MustCompile(`(?:"(?:next|id)":\s*"|[?&]cursor=)([^"&]+)`).FindAllSubmatch(answer.body, -1) {
				for _, name := range []string{"cursor", "id"} {
					p.forge.pools[name] = append(p.forge.pools[name], string(found[1]))
				}
			}
		}
	}
}

// employ lets every caller, and the one who sees everything, have a job, and waits until they are done; in the second
// and third world the latter has one more.
func (p *prober) employ(t *testing.T) {
	t.Helper()
	names := []string{}
	for _, who := range everyCaller() {
		if len(who.grants) > 0 && who.name != "signs" && who.name != "prefect" {
			names = append(names, who.name)
		}
	}
	for number := range p.worlds {
		submit := func(name, process, body string) {
			t.Helper()
			answer := p.ask(t, number, probe{
				op: "execute-" + process, method: http.MethodPost, target: "/ogc/processes/" + process + "/execution", body: body, who: name,
				header: http.Header{"Content-Type": {"application/json"}, "Prefer": {"respond-async"}},
			})
			place := answer.header.Get("Location")
			if answer.status != http.StatusCreated || place == "" {
				t.Fatalf("%s: %d %v %s", name, answer.status, answer.header, answer.body)
			}
			p.worlds[number].name(place[strings.LastIndexByte(place, '/')+1:], fmt.Sprintf("%s %d", name, len(p.worlds[number].jobs)))
		}
		for i, name := range append(names, everything) { // one each: they would all be of the same time
			submit(name, "aggregate", []string{`{"inputs":{"by":"cell"}}`, `{"inputs":{"by":"area"}}`, `{"inputs":{"by":"time","bins":12}}`}[i%3])
		}
		if number != worldOne {
			submit(everything, "echo", `{"inputs":{"string":"SECRET"}}`)
		}
	}
	for _, name := range p.worlds[worldOtherTerritory].jobs {
		p.forge.pools["jobID"] = append(p.forge.pools["jobID"], name)
	}
	for number := range p.worlds {
		for _, name := range append(names, everything) {
			p.finished(t, number, name)
		}
	}
}

// finished waits until the jobs of a caller are done.
func (p *prober) finished(t *testing.T, number int, name string) {
	t.Helper()
	open := regexp.MustCompile(`"(accepted|running)"`)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		list := p.ask(t, number, probe{op: "getJobs", method: http.MethodGet, target: "/ogc/jobs", who: name})
		if list.status == http.StatusOK && !open.Match(list.body) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the jobs of %s: %d %s", name, list.status, list.body)
		}
	}
}

// rounds is into how many rounds the probes are cut; the clock goes on between them, so that no rate limit is met.
const rounds = 10

// run makes about share probes of every operation by every caller.
func (p *prober) run(t *testing.T, share float64, seed uint64, byWork bool) {
	t.Helper()
	for round := range rounds {
		p.clock.advance(2 * time.Minute)
		group := errgroup.Group{}
		group.SetLimit(runtime.GOMAXPROCS(0))
		if byWork {
			group.SetLimit(1)
		}
		for i, who := range everyCaller() {
			group.Go(func() error {
				r := rand.New(rand.NewPCG(seed, uint64(i*rounds+round)))
				for o := range p.forge.operations {
					op := &p.forge.operations[o]
					n := share * weight(op) / rounds
					for range int(n) + roundUp(r, n) {
						one := p.forge.make(r, op, who.name)
						if !byWork && r.IntN(7) == 0 { // what the privileged read just before must not come out of a cache
							warm := one
							warm.who = everything
							p.ask(t, r.IntN(2), warm)
						}
						p.try(t, one, who.restricted, byWork)
					}
				}
				return nil
			})
		}
		_ = group.Wait() // nothing fails but the test
	}
}

// roundUp is 1 with the probability of the fraction of n.
func roundUp(r *rand.Rand, n float64) int {
	if r.Float64() < n-float64(int(n)) {
		return 1
	}
	return 0
}

// report fails the test for every leak.
func (p *prober) report(t *testing.T) {
	t.Helper()
	for _, op := range slices.Sorted(maps.Keys(p.leaks)) {
		found := p.leaks[op]
		t.Errorf("%s: %d probes tell the worlds apart, for example\n  %s", op, len(found), strings.Join(found[:min(3, len(found))], "\n  "))
	}
}

// TestProbes finds no leak, in at least leastProbes probes over every operation.
func TestProbes(t *testing.T) {
	t.Parallel()
	p := newProber(t)
	if t.Failed() {
		return
	}
	p.prepare(t)
	p.employ(t)
	p.sure(t)
	begun := time.Now()
	p.run(t, 3, 1, true)
	worked := p.asked.Load()
	t.Logf("%d probes compared by work in %v", worked, time.Since(begun).Round(time.Second))
	total := 0.0
	for i := range p.forge.operations {
		total += weight(&p.forge.operations[i])
	}
	callers := 0.0
	for _, who := range everyCaller() {
		callers++
		if who.restricted {
			callers++
		}
	}
	p.run(t, 1.03*leastProbes/total/callers, 2, false)
	t.Logf("%d probes of %d operations in %v", p.asked.Load(), len(p.forge.operations), time.Since(begun).Round(time.Second))
	p.report(t)
	if p.asked.Load() < leastProbes {
		t.Errorf("only %d probes", p.asked.Load())
	}
	p.covered(t)
	p.findPlanted(t)
}

// neverAnswered are the operations that answer none of the callers, with why.
func neverAnswered() map[string]string {
	return map[string]string{
		"log-in": "wrong passwords only", "access-token": "wrong secrets only", "log-out": "it would end the probes", "revoke-session": "it would end the probes",
		"ogc-missing": "it answers 404", "execute-unknown": "it answers 404", "process-unknown": "it answers 404",
		"journal": "for auditors", "journal-root": "for auditors", "journal-verification": "for auditors", "journal-export": "for auditors",
		"metrics":             "for the operator of the server",
		"checkpoints-make":    "it would draw at random; what it shows, the other operations on plans show too",
		"checkpoints-propose": "likewise", "execute-checkpoint-plan": "likewise",
		"forecast-accidents-make": "runs have random names; what they show, the other operations on forecasts show too", "forecast-cartheft-make": "likewise", "forecast-firestations-make": "likewise",
		"execute-forecast-accidents": "likewise", "execute-forecast-cartheft": "likewise", "execute-forecast-firestations": "likewise",
		"firestations-crews": "it needs a hundred calls with their hour, more than these worlds hold of a station's territory",
		"cartheft-suggest":   "it would draw at random", "cartheft-suggestion": "likewise", "cartheft-decide": "likewise",
	}
}

// covered fails for operations of which no probe got through: their leaks would not have been seen.
func (p *prober) covered(t *testing.T) {
	t.Helper()
	for i := range p.forge.operations {
		op := &p.forge.operations[i]
		answered := 0
		for kind, n := range p.kinds {
			id, status, _ := strings.Cut(kind, " ")
			if id == op.ID && (status[0] == '2' || status[0] == '3') {
				answered += n
			}
			if id == op.ID && (status[0] == '5' || status == "429") {
				t.Errorf("%s: %d probes are answered %s", op.ID, n, status)
			}
		}
		if answered == 0 && neverAnswered()[op.ID] == "" {
			t.Errorf("%s: no probe got an answer", op.ID)
		}
	}
}
