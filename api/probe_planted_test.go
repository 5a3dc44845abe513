package api_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

// planted is a leak put into the servers on purpose, which the probes of its operation must find.
type planted struct {
	name, op string
	byWork   bool // it shows in the work done only
	harmless bool // one layer fails and the other holds: the probes must find nothing
	plant    func(w *world, next http.Handler) http.Handler
}

// instead answers with what next answers to another caller.
func (w *world) instead(next http.Handler, who string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") == "" && r.Header.Get("Authorization") == "" {
			next.ServeHTTP(rw, r)
			return
		}
		r = r.Clone(r.Context())
		r.Header.Del("Cookie")
		r.Header.Del("Authorization")
		r.AddCookie(w.cookies[who])
		next.ServeHTTP(rw, r)
	})
}

// after lets next answer, changes that answer, and sends it.
func after(next http.Handler, change func(r *http.Request, answer *httptest.ResponseRecorder)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		change(r, answer)
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // to a recorder
	})
}

// number is one number out of the database, by whatever way a leak has found.
func number(ctx context.Context, w *world, sql string, args ...any) (n int) {
	if err := w.store.Pool.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		return -1
	}
	return n
}

// unfiltered counts the events with a statement that forgets every filter, under the rights of the caller: only
// PostgreSQL keeps to them.
func unfiltered(w *world, next http.Handler) http.Handler {
	return after(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
		rights := geoengine.NoRights()
		for _, who := range everyCaller() {
			if cookie := w.cookies[who.name]; cookie != nil && strings.Contains(r.Header.Get("Cookie"), cookie.Value) && !who.restricted {
				rights = geoengine.Rights{Scope: who.grants[0].Areas}
			}
		}
		var n int
		err := w.store.Read(r.Context(), rights, func(tx pgx.Tx) error {
			return tx.QueryRow(r.Context(), `select count(*) from event`).Scan(&n)
		})
		answer.Header().Set("X-Count", fmt.Sprint(n, err))
	})
}

// itemRef is the ref of an event's id in a path.
func itemRef(r *http.Request) string {
	_, ref, _ := strings.Cut(r.URL.Path, "~")
	return ref
}

const existsElsewhere = `select count(*) from event where ref = $1`

func plantedLeaks() []planted {
	return []planted{
		{name: "a handler ignores the territory", op: "summary", plant: func(w *world, next http.Handler) http.Handler { return w.instead(next, everything) }},
		{name: "a handler ignores the closed categories", op: "cells", plant: func(w *world, next http.Handler) http.Handler { return w.instead(next, "occitanie") }},
		{name: "a list shows everybody's sessions", op: "sessions", plant: func(w *world, next http.Handler) http.Handler {
			return after(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
				fmt.Fprint(answer.Body, number(r.Context(), w, `select count(*) from session`))
			})
		}},
		{name: "a cache forgets the rights in its key", op: "hexagons-tile", plant: func(_ *world, next http.Handler) http.Handler {
			var mu sync.Mutex
			kept := map[string]*httptest.ResponseRecorder{}
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				answer := kept[r.URL.String()+r.Header.Get("If-None-Match")+r.Header.Get("Accept-Encoding")]
				if answer == nil {
					answer = httptest.NewRecorder()
					next.ServeHTTP(answer, r)
				}
				if answer.Code == http.StatusOK {
					kept[r.URL.String()+r.Header.Get("If-None-Match")+r.Header.Get("Accept-Encoding")] = answer
				}
				maps.Copy(w.Header(), answer.Header())
				w.WriteHeader(answer.Code)
				_, _ = w.Write(answer.Body.Bytes()) // to a recorder
			})
		}},
		{name: "a count holds the other territories", op: "area-counts", plant: func(w *world, next http.Handler) http.Handler {
			return after(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
				answer.Header().Set("X-Total-Count", fmt.Sprint(number(r.Context(), w, `select count(*) from event`)))
			})
		}},
		{name: "an ETag depends on all events", op: "units-tile", plant: func(w *world, next http.Handler) http.Handler {
			return after(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
				answer.Header().Set("ETag", fmt.Sprintf(`"%d"`, number(r.Context(), w, `select hashtext(string_agg(ref, ',' order by ref)) from unit`)))
			})
		}},
		{name: "an error text tells what is there", op: "area", plant: func(w *world, next http.Handler) http.Handler {
			return after(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
				if answer.Code == http.StatusNotFound {
					fmt.Fprintf(answer.Body, "%d events are there", number(r.Context(), w, `select count(*) from event where area = $1`, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]))
				}
			})
		}},
		{name: "forbidden is told from not found", op: "ogc-item-events", plant: func(w *world, next http.Handler) http.Handler {
			return after(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
				if answer.Code == http.StatusNotFound && number(r.Context(), w, existsElsewhere, itemRef(r)) > 0 {
					answer.Code = http.StatusForbidden
				}
			})
		}},
		{name: "forbidden takes more work than not found", op: "ogc-item-events", byWork: true, plant: func(w *world, next http.Handler) http.Handler {
			return after(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
				if answer.Code == http.StatusNotFound && number(r.Context(), w, existsElsewhere, itemRef(r)) > 0 {
					number(r.Context(), w, `select 1`)
				}
			})
		}},
		{name: "suggestions are sorted by what happens there", op: "areas", plant: func(w *world, next http.Handler) http.Handler {
			return after(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
				busiest := number(r.Context(), w, `select hashtext(string_agg(area, ',' order by n desc)) from (select area, count(*) n from event group by area) a`)
				answer.Header().Set("X-Order", fmt.Sprint(busiest))
			})
		}},
		{name: "a statement forgets its filters, and row security holds", op: "events", harmless: true, plant: unfiltered},
	}
}

// findPlanted fails for a planted leak that the probes do not find. One that comes with the loss of the row security
// is the last, as it stays lost.
func (p *prober) findPlanted(t *testing.T) {
	t.Helper()
	for i, leak := range plantedLeaks() {
		p.find(t, leak, uint64(100+i))
	}
	for _, w := range p.worlds {
		if _, err := w.store.Pool.Exec(t.Context(), `alter table event disable row level security`); err != nil {
			t.Fatal(err)
		}
	}
	p.find(t, planted{name: "a statement forgets its filters, and row security is off", op: "events", plant: unfiltered}, 200)
}

func (p *prober) find(t *testing.T, leak planted, seed uint64) {
	t.Helper()
	leaky := &prober{
		worlds: p.worlds, clock: p.clock, forge: p.forge.only(leak.op), leaks: map[string][]string{}, kinds: map[string]int{},
	}
	for _, w := range p.worlds {
		leaky.handlers = append(leaky.handlers, leak.plant(w, w.handler))
	}
	const probes = 60 // of each caller
	leaky.run(t, probes, seed, leak.byWork)
	found := leaky.leaks[leak.op]
	if (len(found) == 0) != leak.harmless {
		t.Errorf("planted: %s: %d of %d probes tell the worlds apart: %.300s", leak.name, len(found), leaky.asked.Load(), strings.Join(found, "\n"))
		return
	}
	t.Logf("planted: %s: %d of %d probes find it", leak.name, len(found), leaky.asked.Load())
}

// only is the forge for one operation.
func (f *forge) only(op string) *forge {
	one := *f
	one.operations = nil
	for i := range f.operations {
		if f.operations[i].ID == op {
			one.operations = slices.Concat(one.operations, f.operations[i:i+1])
		}
	}
	return &one
}
