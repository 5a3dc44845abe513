package api_test

import (
	cryptorand "crypto/rand"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/disclosure/attack"
	"vigie/geoengine/hex"
	"vigie/tiles"
)

// secrets are the true counts of a protected family by territory, year and cell of resolution 8, 0 without a position.
type secrets map[secret]int

type secret struct {
	territory string
	year      int
	cell      uint64
}

const (
	secretFamily = "rescue.call"
	secretK      = 5
)

func secretTerritories() []string { return []string{"fr.76.31", "fr.76.09", "fr.11.75"} }

func secretYears() []int { return []int{2021, 2022, 2023} }

// plant writes calls into the store: clusters of cells, two of which lie in two territories each.
func plant(t *testing.T, store *geoengine.Store, seed uint64) secrets {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 11))
	var clusters [][]uint64
	for i := range 6 {
		all := hex.Descendants(nil, hex.Cell(1.2+float64(i%3)*0.12, 43.2+float64(i/3)*0.2, 6), 8)
		var cells []uint64
		for _, at := range r.Perm(len(all))[:3+r.IntN(4)] {
			cells = append(cells, all[at])
		}
		clusters = append(clusters, cells)
	}
	truth := secrets{}
	for i, territory := range secretTerritories() {
		for _, year := range secretYears() {
			for _, cells := range clusters[2*i : min(2*i+3, len(clusters))] {
				for _, cell := range cells {
					truth[secret{territory, year, cell}] = []int{0, 0, 1, 1, 2, 3, 4, 6, 9, 20, 60}[r.IntN(11)]
				}
			}
			truth[secret{territory, year, 0}] = r.IntN(9)
		}
	}
	var b pgx.Batch
	b.Queue(`insert into category values (3, $1), (4, 'rescue.call.fire')`, secretFamily)
	b.Queue(`insert into area (id, path, parent, level, code, name, source, fingerprint) values (8, 'fr.76.09', 'fr.76', 'departement', '09', 'Ariège', 1, 0)`)
	for at, n := range truth {
		for range n {
			put(&b, r, at)
		}
	}
	if err := store.Pool.SendBatch(t.Context(), &b).Close(); err != nil {
		t.Fatal(err)
	}
	return truth
}

// put queues one call.
func put(b *pgx.Batch, r *rand.Rand, at secret) {
	starts := time.Date(at.year, 2, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(300*24)) * time.Hour)
	fine := int64(0)
	if at.cell != 0 {
		fine = int64(hex.Descendants(nil, at.cell, geoengine.CellResolution)[0])
	}
	b.Queue(`insert into event (zone, source, ref, category, severity, starts, ends, reported, utc_offset, geom, precision_m, weight, cell,
			area, attributes, fingerprint, xid)
		values (0, 1, 'call ' || $1::text, $2, 1, $3, $3::timestamptz + interval '1 hour', $3, 3600, null, 0, $4, $5, $6, '{"kind": "fire"}', 0,
			pg_current_xact_id()::text::bigint)`,
		fmt.Sprint(r.Uint64()), 3+r.IntN(12)/11, starts, float32(1+r.IntN(3)), fine, at.territory)
}

func publishSecrets(t *testing.T, store *geoengine.Store) {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range secretYears() {
		family := disclosure.Protection{Category: secretFamily, K: secretK}
		if _, _, err := disclosure.NewPublisher(store, zone, time.Now).Publish(t.Context(), family, year, false); err != nil {
			t.Fatal(err)
		}
	}
}

// newSecretSite serves planted calls to the analyst ana.
func newSecretSite(t *testing.T, seed uint64, spoil func(*geoengine.Store, secrets)) (*site, secrets) {
	t.Helper()
	var truth secrets
	s := newSite(t, func(config *api.Config) {
		truth = plant(t, config.Store, seed)
		publishSecrets(t, config.Store)
		if spoil != nil {
			spoil(config.Store, truth)
		}
		accounts := identity.NewAccounts(config.Store, cryptorand.Reader, time.Now)
		for name, area := range map[string]string{"ana": "*", "part": "fr.76.31.31555"} {
			if err := accounts.CreateAccount(t.Context(), name, "analyst", []string{area}, password); err != nil {
				t.Fatal(err)
			}
		}
	})
	return s, truth
}

// spy asks the API and learns from its answers.
type countSpy struct {
	*attack.Attacker
	t      *testing.T
	site   *site
	person *http.Client
	index  map[secret]int // cells of resolution 6 and 8 by territory and year
	total  map[secret]int // territories by year
	asked  int
}

func newSpy(t *testing.T, s *site, person *http.Client, truth secrets) *countSpy {
	spy := &countSpy{t: t, site: s, person: person, index: map[secret]int{}, total: map[secret]int{}}
	n := 0
	parents, sums := map[secret][]int{}, map[secret][]int{}
	add := func(index map[secret]int, at secret) int {
		if _, known := index[at]; !known {
			index[at] = n
			n++
		}
		return index[at]
	}
	for at := range truth {
		i, whole := add(spy.index, at), secret{at.territory, at.year, 0}
		if at.cell == 0 {
			sums[whole] = append(sums[whole], i)
			continue
		}
		parent := secret{at.territory, at.year, hex.Parent(at.cell, 6)}
		if len(parents[parent]) == 0 {
			sums[whole] = append(sums[whole], add(spy.index, parent))
		}
		parents[parent] = append(parents[parent], i)
	}
	for whole := range sums {
		add(spy.total, whole)
	}
	spy.Attacker = attack.New(n)
	for parent, parts := range parents {
		spy.LearnSum(spy.index[parent], parts)
	}
	for whole, parts := range sums {
		spy.LearnSum(spy.total[whole], parts)
	}
	return spy
}

// told is what any answer says of a count.
type told struct {
	H3     string  `json:"h3"`
	Path   string  `json:"path"`
	Count  *uint32 `json:"count"`
	Weight *float64
	Hidden string `json:"hidden"`
	K      int    `json:"k"`
}

// get asks until the server has time.
func (s *countSpy) get(path string, query url.Values) []byte {
	s.t.Helper()
	for {
		got := s.site.get(s.t, s.person, path+"?"+query.Encode())
		s.asked++
		switch got.status {
		case http.StatusTooManyRequests:
			time.Sleep(200 * time.Millisecond)
		case http.StatusOK:
			return got.body
		default:
			s.t.Fatalf("%s?%s: %d %.300s", path, query.Encode(), got.status, got.body)
		}
	}
}

// learn tells the attacker a number about counts. least is the least that a hidden number adds.
func (s *countSpy) learn(counts []int, n told, least int) {
	known := 0
	if n.Count != nil {
		known = int(*n.Count)
	}
	switch {
	case n.Weight != nil:
		s.t.Errorf("the weight of protected events is told: %+v", n)
	case len(counts) == 0:
	case n.Hidden == "":
		s.Learn(counts, known, known)
	case n.Hidden == "below":
		s.Learn(counts, known+least, known+n.K-1)
	default:
		s.Learn(counts, known+least, math.MaxInt)
	}
}

// question is a choice of territories and years.
type question struct {
	areas       []string // as asked; none is all
	territories []string
	years       []int // without gaps
}

func questions() (all []question) {
	for _, areas := range []question{
		{nil, secretTerritories(), nil}, {[]string{"fr.76"}, []string{"fr.76.31", "fr.76.09"}, nil},
		{[]string{"fr.76.31"}, []string{"fr.76.31"}, nil}, {[]string{"fr.76.09"}, []string{"fr.76.09"}, nil},
		{[]string{"fr.11"}, []string{"fr.11.75"}, nil}, {[]string{"fr.76.31", "fr.11.75"}, []string{"fr.76.31", "fr.11.75"}, nil},
	} {
		for i, first := range secretYears() {
			for j := i; j < len(secretYears()); j++ {
				areas.years = secretYears()[i : j+1]
				all = append(all, areas)
			}
			_ = first
		}
	}
	return all
}

func (q question) values() url.Values {
	values := url.Values{
		"category": {secretFamily},
		"from":     {fmt.Sprintf("%d-01-01", q.years[0])}, "to": {fmt.Sprintf("%d-01-01", q.years[len(q.years)-1]+1)},
	}
	if len(q.areas) > 0 {
		values.Set("area", strings.Join(q.areas, ","))
	}
	return values
}

func (q question) has(at secret) bool {
	return slices.Contains(q.territories, at.territory) && slices.Contains(q.years, at.year)
}

// within are the finest counts that a question means in a cell.
func (s *countSpy) within(q question, cell uint64) (counts []int) {
	if i, ok := s.index[secret{q.territories[0], q.years[0], cell}]; ok && q.single() {
		return []int{i}
	}
	for at, i := range s.index {
		if q.has(at) && at.cell != 0 && hex.Resolution(at.cell) == 8 && hex.Parent(at.cell, min(8, hex.Resolution(cell))) == cell {
			counts = append(counts, i)
		}
	}
	return counts
}

func (q question) single() bool { return len(q.territories) == 1 && len(q.years) == 1 }

func (s *countSpy) cells(q question, res int, extra url.Values) {
	query := q.values()
	query.Set("res", fmt.Sprint(res))
	for key, values := range extra {
		query[key] = values
	}
	var body struct{ Cells []told }
	if err := json.Unmarshal(s.get("/api/cells", query), &body); err != nil {
		s.t.Fatal(err)
	}
	named := map[uint64]bool{}
	for _, n := range body.Cells {
		cell, err := hex.Parse(n.H3)
		if err != nil {
			s.t.Fatal(err)
		}
		named[cell] = true
		least := 0
		if res == 6 && q.single() {
			least = 1
		}
		s.learn(s.within(q, cell), n, least)
	}
	if !q.single() || len(named) == 0 || extra != nil {
		return
	}
	for at, i := range s.index { // what is not named is 0, since others are
		if q.has(at) && at.cell != 0 && hex.Resolution(at.cell) >= res && !named[hex.Parent(at.cell, res)] {
			s.Learn([]int{i}, 0, 0)
		}
	}
}

// ask asks everything.
func (s *countSpy) ask() {
	s.t.Helper()
	for _, q := range questions() {
		for res := 3; res <= 9; res++ {
			s.cells(q, res, nil)
		}
		s.cells(q, 8, url.Values{"bbox": {"1.0,43.1,1.35,43.9"}})
		s.cells(q, 6, url.Values{"category": {secretFamily + ",road.accident"}}) // the attacker knows that there are no accidents then
		var whole told
		if err := json.Unmarshal(s.get("/api/summary", q.values()), &struct {
			Total  *uint32 `json:"total"`
			Weight **float64
			Hidden *string `json:"hidden"`
			K      *int    `json:"k"`
		}{nil, nil, &whole.Hidden, &whole.K}); err != nil {
			s.t.Fatal(err)
		}
		var summary struct {
			Total uint32
		}
		if err := json.Unmarshal(s.get("/api/summary", q.values()), &summary); err != nil {
			s.t.Fatal(err)
		}
		whole.Count = &summary.Total
		s.learn(s.totals(q, ""), whole, 0)
		for _, level := range []string{"departement", "region", "country", "commune"} {
			query := q.values()
			query.Set("level", level)
			var body struct{ Areas []told }
			if err := json.Unmarshal(s.get("/api/area-counts", query), &body); err != nil {
				s.t.Fatal(err)
			}
			for _, n := range body.Areas {
				s.learn(s.totals(q, n.Path), n, 0)
			}
		}
	}
}

// totals are the counts of whole territories that a question means in an area.
func (s *countSpy) totals(q question, area string) (counts []int) {
	for at, i := range s.total {
		if q.has(at) && (area == "" || geoengine.Within(at.territory, []string{area})) {
			counts = append(counts, i)
		}
	}
	return counts
}

// recovered lists the small counts that were calculated, and those of which a number from 1 to k-1 was ruled out.
func (s *countSpy) recovered(truth secrets) (known, narrowed []string) {
	s.Solve()
	if s.Impossible() {
		s.t.Fatal("the answers contradict each other")
	}
	sums := secrets{}
	for at, n := range truth {
		sums[at] += n
		if at.cell != 0 {
			sums[secret{at.territory, at.year, hex.Parent(at.cell, 6)}] += n
		}
	}
	for at, n := range sums {
		lo, hi := s.Interval(s.index[at])
		switch {
		case n < lo || n > hi:
			s.t.Errorf("%v is %d, the attacker says %d to %d", at, n, lo, hi)
		case n == 0 || n >= secretK:
		case lo == hi:
			known = append(known, fmt.Sprint(at, n))
		case lo > 1 || hi < secretK-1:
			narrowed = append(narrowed, fmt.Sprintf("%v is %d: %d to %d", at, n, lo, hi))
		}
	}
	return known, narrowed
}

// TestAttackThroughTheAPI asks the server as an analyst for every resolution, territory, region, period, box and
// filter, and calculates. Then an import of one more call changes no answer.
func TestAttackThroughTheAPI(t *testing.T) {
	t.Parallel()
	s, truth := newSecretSite(t, 1, nil)
	ana := s.person(t, "ana")
	spy := newSpy(t, s, ana, truth)
	spy.ask()
	known, narrowed := spy.recovered(truth)
	t.Logf("%d questions about %d counts", spy.asked, len(truth))
	if len(known)+len(narrowed) > 0 {
		t.Errorf("recovered %v, narrowed %v", known, narrowed)
	}
	one := questions()[2]
	before := string(spy.get("/api/cells", one.values()))
	var b pgx.Batch
	for at := range truth {
		put(&b, rand.New(rand.NewPCG(99, 99)), at)
		break
	}
	b.Queue("notify vigie_events")
	version := s.version(t, ana)
	if err := s.store.Pool.SendBatch(t.Context(), &b).Close(); err != nil {
		t.Fatal(err)
	}
	for s.version(t, ana) == version {
		time.Sleep(10 * time.Millisecond)
	}
	if after := string(spy.get("/api/cells", one.values())); after != before {
		t.Errorf("an import changed what is told:\n%s\n%s", before, after)
	}
}

func (s *site) version(t *testing.T, person *http.Client) uint64 {
	t.Helper()
	var body struct{ Version uint64 }
	s.get(t, person, "/api/meta").into(t, &body)
	return body.Version
}

// TestAttackFindsWhatIsPlanted tells the withheld numbers: then the same attacker must recover small ones.
func TestAttackFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	s, truth := newSecretSite(t, 1, func(store *geoengine.Store, truth secrets) {
		type table struct {
			Year      int
			Territory string
			Body      struct {
				Total  int `json:"total"`
				Levels []struct {
					Res     int      `json:"res"`
					Cells   []uint64 `json:"cells"`
					Numbers []int    `json:"numbers"`
				} `json:"levels"`
				Margins json.RawMessage `json:"margins"`
			}
		}
		rows, err := store.Pool.Query(t.Context(), `select year, territory, body from small_count_table where category = $1`, secretFamily)
		if err != nil {
			t.Fatal(err)
		}
		tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			for _, level := range table.Body.Levels {
				for i, cell := range level.Cells {
					if level.Numbers[i] != int(disclosure.NumberWithheld) {
						continue
					}
					level.Numbers[i] = 0
					for at, n := range truth {
						if at.territory == table.Territory && at.year == table.Year && (at.cell == cell || cell != 0 && at.cell != 0 && hex.Parent(at.cell, level.Res) == cell) {
							level.Numbers[i] += n
						}
					}
				}
			}
			if _, err := store.Pool.Exec(t.Context(), `update small_count_table set body = $1 where category = $2 and year = $3 and territory = $4`,
				table.Body, secretFamily, table.Year, table.Territory); err != nil {
				t.Fatal(err)
			}
		}
	})
	spy := newSpy(t, s, s.person(t, "ana"), truth)
	spy.ask()
	if known, _ := spy.recovered(truth); len(known) == 0 {
		t.Error("the attacker recovered nothing")
	} else {
		t.Logf("%d recovered", len(known))
	}
}

// TestPartOfATerritory asks for whoever may see a part of a territory only.
func TestPartOfATerritory(t *testing.T) {
	t.Parallel()
	s, _ := newSecretSite(t, 2, nil)
	for _, name := range []string{"part", "ana"} {
		var body struct {
			Cells     []told
			Protected *disclosure.Note
		}
		s.get(t, s.person(t, name), "/api/cells?res=6&category="+secretFamily).into(t, &body)
		if body.Protected == nil || (len(body.Cells) == 0) != (name == "part") || slices.Contains(body.Protected.Ignored, "territory") != (name == "part") {
			t.Errorf("%s: %d cells, %+v", name, len(body.Cells), body.Protected)
		}
	}
}

// TestTableAndTilesTellTheSame compares the vector tiles and the table of cells, which an analyst may see, one by one.
func TestTableAndTilesTellTheSame(t *testing.T) {
	t.Parallel()
	s, _ := newSecretSite(t, 3, nil)
	ana := s.person(t, "ana")
	tile := tiles.TileAt(orb.Point{1.2, 43.2}, 9)
	res := tiles.ResolutionForZoom(tile.Z)
	const filter = "category=rescue.call&to=2024-01-01"
	var body struct{ Cells []told }
	s.get(t, ana, fmt.Sprintf("/api/cells?res=%d&%s", res, filter)).into(t, &body)
	table, hidden := map[string]string{}, 0
	for _, n := range body.Cells {
		count := 0
		if n.Count != nil {
			count = int(*n.Count)
		}
		table[n.H3] = fmt.Sprintf("%d %s %d", count, n.Hidden, n.K)
		if n.Hidden != "" {
			hidden++
		}
	}
	layers, err := mvt.Unmarshal(s.get(t, ana, fmt.Sprintf("/tiles/hexagons/%d/%d/%d.mvt?%s", tile.Z, tile.X, tile.Y, filter)).body)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, feature := range layers[0].Features {
		p := feature.Properties
		got := fmt.Sprintf("%d %s %d", p.MustInt("count", 0), disclosure.Hidden(p.MustInt("hidden", 0)), p.MustInt("k", 0))
		if want := table[p.MustString("h3")]; got != want {
			t.Errorf("%s: tile %s, table %s", p.MustString("h3"), got, want)
		}
		seen++
	}
	if seen < 5 || hidden < 5 || len(body.Cells) < seen {
		t.Errorf("%d hexagons, %d cells of which %d hidden: the test says little", seen, len(body.Cells), hidden)
	}
	chief := s.get(t, s.person(t, "alice"), fmt.Sprintf("/api/cells?res=%d&%s", res, filter)).body
	if strings.Contains(string(chief), `"hidden"`) || strings.Contains(string(chief), `"protected"`) {
		t.Error("a commander is told of hidden counts")
	}
}
