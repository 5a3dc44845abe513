package api_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/api"
	"vigie/geoengine/cube"
	"vigie/geoengine/hex"
	"vigie/module"
	"vigie/modules"
)

// Roads, plans and places for the probes: the network is the same in every world, as it is open; plans of other
// territories, and what is known of places there, differ.

// extensions are those of the modules.
func (w *world) extensions(t *testing.T, events *cube.Cube, log *slog.Logger, clock *probeClock, random io.Reader) []api.Extension {
	t.Helper()
	var list []api.Extension
	for _, m := range modules.All() {
		extension, err := m.Start(module.Host{Store: w.store, Cube: events, Log: log, Clock: clock.now, Random: random})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, extension)
	}
	return list
}

const (
	probeNetwork = `insert into road_network (generation, source, run, state, began, imported) values (1, 1, 1, 'active', '2026-01-01', '2026-01-01')`
	probeRoad    = `
		insert into road_section (zone, generation, ref, from_junction, to_junction, class, name, number, forward, backward, speed_forward, speed_backward,
			access, link, roundabout, bridge, tunnel, lit, built_up, lanes, geom, fingerprint)
		values (1, 1, $1, $2, $3, $4, '', $5, true, true, 80, 80, 0, false, false, false, false, 0, 1, 2,
			st_setsrid(st_makeline(st_makepoint($6, $7), st_makepoint($8, $9)), 4326), 0)`
	probeSite = `
		insert into road_site (generation, ref, kind, name, geom, area_m2, lit, access, fingerprint)
		values (1, $1, 'lay_by', $1, st_setsrid(st_makepoint($2, $3), 4326), 500, 2, 0, 0)`
)

// buildRoads makes the tables of the modules, and a lattice of roads over Toulouse and Blagnac with some lay-bys, and one
// in Paris.
func (w *world) buildRoads(t *testing.T) {
	t.Helper()
	for _, m := range modules.All() {
		if schema, ok := m.Schema(); ok {
			if err := w.store.MigrateModule(t.Context(), schema); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := pgx.BeginFunc(t.Context(), w.store.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), probeNetwork); err != nil {
			return err
		}
		for _, grid := range []struct{ west, south, junction float64 }{{1.345, 43.545, 0}, {2.3, 48.82, 1000}} {
			if err := lattice(t, tx, grid.west, grid.south, int(grid.junction)); err != nil {
				return err
			}
		}
		for ref, at := range map[string][2]float64{"site-1": {1.4402, 43.6002}, "site-2": {1.3802, 43.6302}, "site-paris": {2.3302, 48.8402}} {
			if _, err := tx.Exec(t.Context(), probeSite, ref, at[0], at[1]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// lattice writes roads between junctions a hundredth of a degree apart.
func lattice(t *testing.T, tx pgx.Tx, west, south float64, junction int) error {
	t.Helper()
	const columns, rows, step = 14, 14, 0.01
	road := func(ref string, a, b, class int, number string) error {
		at := func(n int) (lon, lat float64) { return west + float64(n%columns)*step, south + float64(n/columns)*step }
		lonA, latA := at(a)
		lonB, latB := at(b)
		_, err := tx.Exec(t.Context(), probeRoad, ref, junction+a, junction+b, class, number, lonA, latA, lonB, latB)
		return err
	}
	for n := range columns * rows {
		class := 2 + (n/columns+n%columns)%4
		if n%columns < columns-1 {
			if err := road(fmt.Sprintf("e%d", junction+n), n, n+1, class, fmt.Sprintf("D %d", n/columns)); err != nil {
				return err
			}
		}
		if n/columns < rows-1 {
			if err := road(fmt.Sprintf("n%d", junction+n), n, n+columns, class, fmt.Sprintf("D %d", 100+n%columns)); err != nil {
				return err
			}
		}
	}
	return nil
}

// planID is the id of the plan of that number, in every world.
func planID(n int) string {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte{byte(n)}))
	return sum[:8] + "-" + sum[8:12] + "-4" + sum[13:16] + "-8" + sum[17:20] + "-" + sum[20:32]
}

// planAreas are the areas of the plans that the callers may see, by number, and whether they are approved.
func planAreas() []struct {
	areas    []string
	approved bool
} {
	return []struct {
		areas    []string
		approved bool
	}{
		{[]string{"fr.76.31.31555"}, false}, {[]string{"fr.76.31.31555"}, true}, {[]string{"fr.76.31"}, false}, {[]string{"fr.76.31", "fr.76.32"}, true},
		{[]string{"fr.76.31.31555"}, false}, {[]string{"fr.76.31.31555", "fr.76.32"}, false}, {[]string{"fr.76.31"}, true},
		{[]string{"fr.76.31.31555"}, false}, {[]string{"fr.76.31"}, false}, {[]string{"fr.76.31.31555"}, false}, {[]string{"fr.76.31.31555"}, false},
	}
}

const (
	renamePlan = `
		with plan as (update checkpoints_plan set id = $2 where id = $1)
		update checkpoints_revision set plan = $2, job = null where plan = $1`
	// hidePlans copies the plans to other territories, and to one that is ours in part.
	hidePlans = `
		with copied as (
			insert into checkpoints_plan select gen_random_uuid(), $1, 'SECRET ' || title, kind, starts, ends, state, revision, posts, share, 'SECRET', machine,
				created + interval '1 s', 'SECRET', changed from checkpoints_plan
			where title not like 'SECRET%' returning id)
		insert into checkpoints_revision
		select c.id, 1, $1, r.at, 'SECRET', false, 'proposed', 'SECRET', 'draft', 1, 0, r.posts, r.share, null, r.body, r.hash, r.seed, r.certificate, r.draws
		from copied c cross join lateral (select * from checkpoints_revision limit 1) r`
	hidePlace = `insert into checkpoints_place values ($1, array[$2], $3, $4, 'unsafe', 'no', 'SECRET', 'SECRET', '2026-01-01')`
)

// plan makes the plans in every world, by the module itself and at the same times.
func (p *prober) plan(t *testing.T) {
	t.Helper()
	for n, one := range planAreas() {
		p.clock.advance(time.Second)
		for number, w := range p.worlds {
			body, err := json.Marshal(map[string]any{
				"title": fmt.Sprintf("plan %d", n), "areas": one.areas, "kind": "any", "from": "2024-04-05", "to": "2024-04-05", "since": "2024-01-01", "basis": "L234-9", "seed": "0a0b",
				"teams": []map[string]any{{"unit": "test/t-unit-1", "teams": 1, "slots": 2, "earliest": 18, "latest": 26}},
			})
			if err != nil {
				t.Fatal(err)
			}
			answer := p.ask(t, number, probe{
				op: "checkpoints-make", method: http.MethodPost, target: "/api/checkpoints/plans", body: string(body), who: "occitanie",
				header: http.Header{"Content-Type": {"application/json"}},
			})
			var made struct{ ID, Job string }
			if err := json.Unmarshal(answer.body, &made); err != nil || answer.status != http.StatusCreated && answer.status != http.StatusAccepted {
				t.Fatalf("plan %d: %d %s", n, answer.status, answer.body)
			}
			if made.ID == "" { // a busy machine: it gets the id of the job that makes it
				made.ID = made.Job
				p.awaitPlan(t, number, made.Job)
			}
			w.exec(t, `alter table checkpoints_revision disable trigger all`)
			w.exec(t, renamePlan, made.ID, planID(n))
			w.exec(t, `alter table checkpoints_revision enable trigger all`)
			w.exec(t, `delete from job`)
			if one.approved {
				answer := p.ask(t, number, probe{
					op: "checkpoints-approve", method: http.MethodPost, target: "/api/checkpoints/plans/" + planID(n) + "/approval", who: "occitanie",
					body: `{"base":1,"reference":"2024/1","authority":"OPJ"}`, header: http.Header{"Content-Type": {"application/json"}},
				})
				if answer.status != http.StatusOK {
					t.Fatalf("approve plan %d: %d %s", n, answer.status, answer.body)
				}
			}
			p.advancePlan(t, number, n)
		}
	}
	p.hidePlans(t)
}

// sure asks what is asked too rarely by chance for an answer to be certain: a change that is only priced, and risk.
func (p *prober) sure(t *testing.T) {
	t.Helper()
	for _, one := range []probe{
		{
			op: "checkpoints-change", method: http.MethodPost, target: "/api/checkpoints/plans/" + planID(executedPlan+1) + "/changes",
			body: `{"base":2,"preview":true,"changes":[{"op":"unlock","post":"p1"}]}`,
		},
		{op: "checkpoints-risk", method: http.MethodGet, target: "/api/checkpoints/risk?area=fr.76.31&kind=any&since=2024-01-01&until=2024-04-01"},
		{op: "checkpoints-zones", method: http.MethodGet, target: "/api/checkpoints/zones?area=fr.76.31&kind=any&since=2024-01-01&until=2024-04-01"},
		{op: "accidents-zaac", method: http.MethodGet, target: "/api/accidents/zaac?area=fr.76.31"},
		{op: "forecast-values", method: http.MethodGet, target: "/api/forecasts/runs/" + runID(1) + "/values?rank=5"},
	} {
		one.who, one.header = "occitanie", http.Header{"Content-Type": {"application/json"}}
		if answer := p.ask(t, worldOne, one); answer.status != http.StatusOK {
			t.Errorf("%s: %d %s", one, answer.status, answer.body)
		}
		p.try(t, one, false, false)
	}
}

// awaitPlan waits until a plan is there.
func (p *prober) awaitPlan(t *testing.T, number int, id string) {
	t.Helper()
	for range 1200 {
		if p.ask(t, number, probe{op: "checkpoints-plan", target: "/api/checkpoints/plans/" + id, who: "occitanie"}).status == http.StatusOK {
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Fatalf("plan %s is not made", id)
}

// advancePlan closes the plan that is to be evaluated, and changes those whose change is to be undone.
func (p *prober) advancePlan(t *testing.T, number, n int) {
	t.Helper()
	target, body := "/closing", `{"base":2}`
	switch {
	case n == executedPlan:
	case n > executedPlan:
		target, body = "/changes", `{"base":1,"changes":[{"op":"lock","post":"p1"}]}`
	default:
		return
	}
	answer := p.ask(t, number, probe{
		op: "checkpoints-change", method: http.MethodPost, target: "/api/checkpoints/plans/" + planID(n) + target, who: "occitanie", body: body,
		header: http.Header{"Content-Type": {"application/json"}},
	})
	if answer.status != http.StatusOK {
		t.Fatalf("plan %d %s: %d %s", n, target, answer.status, answer.body)
	}
}

// executedPlan is the number of the plan that is closed; drafts of higher numbers have been changed.
const executedPlan = 6

// hidePlans adds to the second and the third world what nobody of the callers may see.
func (p *prober) hidePlans(t *testing.T) {
	t.Helper()
	for _, w := range p.worlds[1:] {
		for i, areas := range [][]string{{"fr.11.75.75056"}, {"fr.75"}, {"fr.76.31", "fr.75.40"}, {"fr"}} {
			if w.number == worldClosedCategories && i > 0 {
				break
			}
			w.exec(t, hidePlans, areas)
		}
		w.exec(t, hidePlace, "test/site-paris", "fr.11.75.75056", 2.3302, 48.8402)
		cell := hex.String(hex.Cell(2.335, 48.835, 15))
		w.exec(t, hidePlace, "lixel/"+cell, "fr.11.75.75056", 2.335, 48.835)
		w.exec(t, hidePlace, "lixel/"+hex.String(hex.Cell(1.4405, 43.605, 15)), "fr.75.40.40002", 1.4405, 43.605) // whose area is not ours, in the middle of ours
	}
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.store.Pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// changesPlans tells whether an operation changes what other callers see.
func changesPlans(op string) bool {
	return slices.Contains([]string{
		"checkpoints-change", "checkpoints-undo", "checkpoints-approve", "checkpoints-refuse", "checkpoints-close", "checkpoints-report", "checkpoints-judge",
		"checkpoints-evaluate", "forecast-decide",
	}, op)
}

// plans adds what the operations on plans ask for.
func plans(pools map[string][]string) {
	ids := []string{"00000000-0000-0000-0000-000000000000", "SECRET"}
	for n := range planAreas() {
		ids = append(ids, planID(n), planID(n))
	}
	for _, op := range []string{
		"plan", "history", "reports", "sites", "change", "undo", "propose", "approve", "refuse", "close", "report", "evaluate", "evaluation",
		"order-pdf", "plan-gpx", "plan-kml", "plan-geojson", "plan-gpkg", "plan-ics",
	} {
		pools["checkpoints-"+op+"/id"] = ids
	}
	for op, numbers := range map[string][]int{
		"change": {0, 2, 4, 5}, "approve": {0, 2, 4, 5}, "refuse": {0, 2, 4, 5}, "undo": {7, 8, 9, 10}, "close": {1, 3}, "evaluate": {executedPlan}, "evaluation": {executedPlan, 1},
	} { // so that no other operation takes them out of the state that they need
		few := []string{ids[0]}
		for _, n := range numbers {
			few = append(few, planID(n), planID(n))
		}
		pools["checkpoints-"+op+"/id"] = few
	}
	ours := hex.String(hex.Cell(1.445, 43.595, 15))
	pools["checkpoints-judge/id"] = []string{"test/site-1", "test/site-2", "test/site-paris", "lixel/" + ours, "lixel/" + hex.String(hex.Cell(2.335, 48.835, 15)), "osm/node/1"}
	pools["post"], pools["slot"] = []string{"p1", "p2", "p99"}, []string{"2024-04-05T18:00:00+02:00", "2024-04-05T20:00:00+02:00"}
	pools["unit"] = []string{"test/t-unit-1", "test/b-unit-1", "test/p-unit-1", "test/SECRET-p-unit-1", "test/none"}
	pools["revision"], pools["checkpoints-plans/state"] = []string{"0", "1", "2", "9"}, []string{"draft", "approved", "refused", "executed", "evaluated"}
	pools["checkpoints-plans/cursor"] = []string{"AAAA", "bm90aGluZw"}
	for _, op := range []string{"risk", "zones"} {
		pools["checkpoints-"+op+"/kind"], pools["checkpoints-"+op+"/hour"] = []string{"any", "alcohol", "speed"}, []string{"-1", "0", "100", "168"}
		pools["checkpoints-"+op+"/since"], pools["checkpoints-"+op+"/until"] = []string{"2024-01-01"}, []string{"2024-04-01", "2025-01-01"}
	}
	for _, op := range []string{"risk", "zones", "options", "places", "evaluations"} {
		pools["checkpoints-"+op+"/area"] = []string{"fr.76.31.31555", "fr.76.31", "fr.11", "fr.76.31.31069", "fr.75.40", "fr.99"}
	}
	pools["Accept-Language"], pools["Prefer"] = []string{"fr", "en"}, []string{"handling=strict"}
}

// planRequests are requests for plans, all of which must fail before anything is drawn.
func planRequests() []string {
	const rest = `"kind":"any","from":"2024-04-05","to":"2024-04-05","basis":"L234-9","title":"x","teams":[{"unit":"test/t-unit-1","teams":1,"slots":2,"earliest":18,"latest":26}]`
	list := []string{`{}`, `[]`}
	for _, areas := range []string{`"fr.11"`, `"fr.99","fr.76.31"`, `"fr.75.40.40002"`, `"fr.76.31","fr.75"`, `"fr"`} {
		list = append(list, `{"areas":[`+areas+`],`+rest+`}`)
	}
	return list
}

// planErrands are executions of the process that fail when the world is looked at: units that there are not, or not for
// the caller.
func planErrands() []string {
	list := []string{`{}`, `{"inputs":{"request":{}}}`, `{"inputs":{"plan":"` + planID(0) + `","base":99}}`, `{"inputs":{"plan":"` + planID(90) + `","base":1}}`}
	for _, unit := range []string{"test/p-unit-1", "test/SECRET-p-unit-1", "test/SECRET-x-unit-1", "test/l-unit-1", "test/none"} {
		list = append(list, `{"inputs":{"request":{"areas":["fr.76.31.31555"],"kind":"any","from":"2024-04-05","to":"2024-04-05","since":"2024-01-01","basis":"L234-9","title":"x","seed":"0a",`+
			`"teams":[{"unit":"`+unit+`","teams":1,"slots":2,"earliest":18,"latest":26}]}}}`)
	}
	return list
}

func planChanges() []string {
	list := []string{`{}`}
	for base := 1; base <= 4; base++ {
		for _, change := range []string{`{"op":"lock","post":"p1"}`, `{"op":"unlock","post":"p1"}`, `{"op":"remove","post":"p2"}`, `{"op":"move","post":"p1","site":"test/site-1"}`,
			`{"op":"move","post":"p1","site":"test/site-paris"}`, `{"op":"move","post":"p1","at":[1.44,43.6]}`, `{"op":"forbid","site":"test/site-1"}`} {
			list = append(list, fmt.Sprintf(`{"base":%d,"preview":true,"changes":[%s]}`, base, change))
		}
		list = append(list, fmt.Sprintf(`{"base":%d,"changes":[{"op":"lock","post":"p1"}]}`, base))
	}
	return list
}

func planBases(rest string) []string {
	list := []string{}
	for base := 1; base <= 4; base++ {
		list = append(list, strings.Replace(fmt.Sprintf(`{"base":%d,%s}`, base, rest), ",}", "}", 1))
	}
	return list
}

// oftenAt are bases of which most are the one given.
func oftenAt(base int) []string {
	list := planBases("")
	for range 4 {
		list = append(list, fmt.Sprintf(`{"base":%d}`, base))
	}
	return list
}

// rarely are bases that are seldom right, so that drafts stay.
func rarely(rest string) []string {
	list := planBases(rest)
	for range 5 {
		list = append(list, `{"base":99,`+rest+`}`)
	}
	return list
}

func planReports() []string {
	const counts = `"checks":0,"positives":{"alcohol":0,"drugs":0},"offences":{"speed":0,"phone":0,"belt":0,"heavy":0,"papers":0,"other":0}`
	return []string{`{}`, `{"held":false,"from":"2024-04-05T18:00:00+02:00","to":"2024-04-05T19:00:00+02:00",` + counts + `,"note":"n"}`}
}
