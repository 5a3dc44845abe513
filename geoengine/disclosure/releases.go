package disclosure

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/maypok86/otter/v2"

	"vigie/geoengine"
)

const (
	selectHeaders = `
		select r.category, r.k, r.year, r.starts, r.ends, r.seq, array(
			select t.territory from small_count_table t
			where t.category = r.category and t.k = r.k and t.year = r.year order by 1)
		from small_count_release r order by r.category, r.k, r.year`
	selectTables = `
		select u.i, t.body from unnest($1::text[], $2::int[], $3::int[], $4::text[]) with ordinality u (category, k, year, territory, i)
		join small_count_table t using (category, k, year, territory)`
)

// The sizes of what is kept in memory.
const (
	keptSums   = 128 << 20 // bytes of sums
	keptTables = 64 << 20  // bytes of releases
)

// Releases answers questions about protected families from what is published. Its methods may be called at the same
// time. What it has read it keeps until Forget.
type Releases struct {
	store  *geoengine.Store
	epoch  atomic.Uint64
	mu     sync.Mutex
	known  *catalogue // nil until read, and when forgotten
	tables *otter.Cache[tableKey, *Release]
	sums   *otter.Cache[sumsKey, *sums]
}

// catalogue is what there is.
type catalogue struct {
	years       map[Protection][]header // ascending
	territories *Territories
}

type tableKey struct {
	seq       int64 // of the publication
	territory string
}

// NewReleases returns what is published in the store.
func NewReleases(store *geoengine.Store) *Releases {
	return &Releases{
		store: store,
		tables: otter.Must(&otter.Options[tableKey, *Release]{
			MaximumWeight: keptTables, Weigher: func(_ tableKey, r *Release) uint32 { return r.size() },
		}),
		sums: otter.Must(&otter.Options[sumsKey, *sums]{
			MaximumWeight: keptSums, Weigher: func(_ sumsKey, s *sums) uint32 { return s.size() },
		}),
	}
}

// Forget makes the next question read anew what there is, after Channel was notified.
func (r *Releases) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = nil
	r.epoch.Add(1)
	r.sums.InvalidateAll()
}

// Version changes whenever answers may: it belongs into the keys of what is kept of them.
func (r *Releases) Version() uint64 { return r.epoch.Load() }

// catalogue reads what there is.
func (r *Releases) catalogue(ctx context.Context) (*catalogue, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != nil {
		return r.known, nil
	}
	territories, err := LoadTerritories(ctx, r.store)
	if err != nil {
		return nil, err
	}
	rows, err := r.store.Pool.Query(ctx, selectHeaders)
	if err != nil {
		return nil, fmt.Errorf("read published years: %w", err)
	}
	c := &catalogue{map[Protection][]header{}, territories}
	var h header
	_, err = pgx.ForEachRow(rows, []any{&h.category, &h.k, &h.year, &h.starts, &h.ends, &h.seq, &h.territories}, func() error {
		own := h
		own.territories = slices.Clone(h.territories)
		family := Protection{h.category, h.k}
		c.years[family] = append(c.years[family], own)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read published years: %w", err)
	}
	r.known = c
	return c, nil
}

// part is one release that a question is answered from.
type part struct {
	header    *header
	territory string
}

// read returns the releases of the parts, in their order.
func (r *Releases) read(ctx context.Context, parts []part) ([]*Release, error) {
	found := make([]*Release, len(parts))
	var (
		missing               []int
		categories, territory []string
		ks, years             []int
	)
	for i, p := range parts {
		if kept, ok := r.tables.GetIfPresent(tableKey{p.header.seq, p.territory}); ok {
			found[i] = kept
			continue
		}
		missing = append(missing, i)
		categories, ks = append(categories, p.header.category), append(ks, p.header.k)
		years, territory = append(years, p.header.year), append(territory, p.territory)
	}
	if len(missing) == 0 {
		return found, nil
	}
	rows, err := r.store.Pool.Query(ctx, selectTables, categories, ks, years, territory)
	if err != nil {
		return nil, fmt.Errorf("read protected counts: %w", err)
	}
	var (
		i    int
		text []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&i, &text}, func() error {
		release, err := decode(text)
		if err != nil {
			return err
		}
		p := parts[missing[i-1]]
		release.Category, release.K, release.Year, release.Territory = p.header.category, p.header.k, p.header.year, p.territory
		found[missing[i-1]] = release
		r.tables.Set(tableKey{p.header.seq, p.territory}, release)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read protected counts: %w", err)
	}
	if slices.Contains(found, nil) {
		r.Forget()
		return nil, fmt.Errorf("read protected counts: they are being published again: %w", geoengine.ErrBusy)
	}
	return found, nil
}

// size is about how many bytes a release takes.
func (r *Release) size() uint32 {
	n := uint32(200)
	for _, l := range r.Levels {
		n += uint32(12 * len(l.Cells))
	}
	for _, values := range r.Margins {
		n += uint32(32 * len(values))
	}
	return n
}

// Note says what an answer holds of protected families.
type Note struct {
	Families []Protection `json:"families" nullable:"false" doc:"The protected families that the question is about."`
	From     time.Time    `json:"from,omitzero" doc:"Start of the whole years that were counted; absent if none was."`
	To       time.Time    `json:"to,omitzero" doc:"Their end, exclusive."`
	Hidden   int          `json:"hidden" doc:"Published numbers in the answer that are hidden."`
	Ignored  []string     `json:"ignored" nullable:"false" doc:"Why families or territories were left out, or what they were not filtered by: hours, severity, source, attributes, bbox, category (a part of a family), period (no whole year of those that are published), unpublished (nothing of the period is published yet, or nothing happened), areas (a part of a territory), territory (the caller's is a part of one), resolution, level."`
}

// OrNil is the note, nil if no protected family is meant.
func (n Note) OrNil() *Note {
	if len(n.Families) == 0 {
		return nil
	}
	return &n
}

func (n *Note) ignore(reason string) {
	if !slices.Contains(n.Ignored, reason) {
		n.Ignored = append(n.Ignored, reason)
		slices.Sort(n.Ignored)
	}
}

// answer is what a question is answered from.
type answer struct {
	key    string
	note   Note
	chosen []Protection // the families that parts are of
	parts  []part
}

// ask finds what a question is answered from. The box is not looked at.
func (r *Releases) ask(ctx context.Context, policy Policy, q *geoengine.Query) (*answer, error) {
	families := concerned(policy, q.Categories)
	if len(families) == 0 {
		return &answer{note: Note{Ignored: []string{}}}, nil
	}
	c, err := r.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	a := c.answer(families, q)
	a.key = r.key(a, q)
	return a, nil
}

// concerned are the protected families that a filter by category means, in whole or in part.
func concerned(policy Policy, categories []string) []Protection {
	var families []Protection
	for _, family := range policy.Protected {
		if len(categories) == 0 || len(geoengine.Common([]string{family.Category}, categories)) > 0 {
			families = append(families, family)
		}
	}
	return families
}

// key tells questions apart that are answered from different releases: every period within the same whole years is one.
func (r *Releases) key(a *answer, q *geoengine.Query) string {
	places := geoengine.Query{From: a.note.From, To: a.note.To, Areas: q.Areas, Scope: q.Scope}
	return fmt.Sprint(r.epoch.Load(), a.chosen, len(a.parts), places.Key())
}

// answer chooses years and territories.
func (c *catalogue) answer(families []Protection, q *geoengine.Query) *answer {
	a := &answer{note: Note{Families: families, Ignored: []string{}}}
	for reason, restricted := range map[string]bool{
		"hours": !q.Hours.All(), "severity": len(q.Severities) > 0, "source": len(q.Sources) > 0, "attributes": restricts(q.Attributes),
	} {
		if restricted {
			a.note.ignore(reason)
		}
	}
	if c.territories.cut(q.Areas) {
		a.note.ignore("areas")
	}
	if c.territories.cut(q.Scope) {
		a.note.ignore("territory")
	}
	unfiltered := !slices.ContainsFunc(a.note.Ignored, func(reason string) bool { return reason != "areas" && reason != "territory" })
	for _, family := range families {
		switch {
		case len(q.Categories) > 0 && !geoengine.Within(family.Category, q.Categories):
			a.note.ignore("category")
		case unfiltered:
			c.choose(a, family, q)
		}
	}
	return a
}

func restricts(attributes map[string][]string) bool {
	for _, values := range attributes {
		if len(values) > 0 {
			return true
		}
	}
	return false
}

// choose adds the releases of a family to an answer.
func (c *catalogue) choose(a *answer, family Protection, q *geoengine.Query) {
	years := c.years[family]
	a.chosen = append(a.chosen, family)
	found, touched := false, false
	for i := range years {
		h := &years[i]
		touched = touched || ((q.To.IsZero() || h.starts.Before(q.To)) && (q.From.IsZero() || h.ends.After(q.From)))
		if (!q.From.IsZero() && h.starts.Before(q.From)) || (!q.To.IsZero() && h.ends.After(q.To)) {
			continue
		}
		found = true
		if a.note.From.IsZero() || h.starts.Before(a.note.From) {
			a.note.From = h.starts
		}
		if h.ends.After(a.note.To) {
			a.note.To = h.ends
		}
		for _, territory := range h.territories {
			if (q.Scope == nil || geoengine.Within(territory, q.Scope)) && (len(q.Areas) == 0 || geoengine.Within(territory, q.Areas)) {
				a.parts = append(a.parts, part{h, territory})
			}
		}
	}
	switch {
	case found:
	case touched:
		a.note.ignore("period")
	default:
		a.note.ignore("unpublished")
	}
}

// noteOf is the note with reasons of its own.
func (a *answer) noteOf(hidden int, reasons ...string) Note {
	n := a.note
	n.Ignored = slices.Clone(n.Ignored)
	for _, reason := range reasons {
		n.ignore(reason)
	}
	n.Hidden = hidden
	return n
}

// areaOfLevel is the area of a level that holds a territory; "" if none does.
func areaOfLevel(territory, level string, levelOf func(path string) string) string {
	for at := territory; at != ""; at = parentPath(at) {
		if levelOf(at) == level {
			return at
		}
	}
	return ""
}

// Total adds up everything that is told of a question, also events without a position. A box leaves everything out.
func (r *Releases) Total(ctx context.Context, policy Policy, q geoengine.Query) (Amount, Note, error) {
	a, err := r.ask(ctx, policy, &q)
	if err != nil || len(a.note.Families) == 0 {
		return Amount{}, Note{Ignored: []string{}}, err
	}
	if q.Box != nil {
		return Amount{}, a.noteOf(0, "bbox"), nil
	}
	releases, err := r.read(ctx, a.parts)
	if err != nil {
		return Amount{}, Note{}, err
	}
	var sum Amount
	for _, release := range releases {
		sum.add(release.Total, release.K)
	}
	return sum, a.noteOf(sum.Parts), nil
}

// Areas adds up by the area of a level that holds the territories; territories that are larger, or outside all, are
// left out. levelOf returns the level of an area.
func (r *Releases) Areas(ctx context.Context, policy Policy, q geoengine.Query, level string, levelOf func(path string) string) (map[string]Amount, Note, error) {
	found := map[string]Amount{}
	a, err := r.ask(ctx, policy, &q)
	if err != nil || len(a.note.Families) == 0 {
		return found, Note{Ignored: []string{}}, err
	}
	if q.Box != nil {
		return found, a.noteOf(0, "bbox"), nil
	}
	releases, err := r.read(ctx, a.parts)
	if err != nil {
		return nil, Note{}, err
	}
	var reasons []string
	hidden := 0
	for _, release := range releases {
		path := areaOfLevel(release.Territory, level, levelOf)
		if path == "" && release.Territory == "" {
			continue
		}
		if path == "" {
			reasons = []string{"level"}
			continue
		}
		sum := found[path]
		sum.add(release.Total, release.K)
		found[path] = sum
		if release.Total < 0 {
			hidden++
		}
	}
	return found, a.noteOf(hidden, reasons...), nil
}

// Margin adds up by the values of a margin, within each year if byYear is set: then "2023-" stands before the value.
// Margins of which nothing is told count as one hidden number under the value "".
func (r *Releases) Margin(ctx context.Context, policy Policy, q geoengine.Query, name string, byYear bool) (map[string]Amount, error) {
	found := map[string]Amount{}
	a, err := r.ask(ctx, policy, &q)
	if err != nil || len(a.note.Families) == 0 || q.Box != nil {
		return found, err
	}
	releases, err := r.read(ctx, a.parts)
	if err != nil {
		return nil, err
	}
	for _, release := range releases {
		prefix := ""
		if byYear {
			prefix = fmt.Sprintf("%04d-", release.Year)
		}
		values, told := release.Margins[name]
		if !told {
			sum := found[prefix]
			sum.hide(Withheld, release.K)
			found[prefix] = sum
		}
		for _, v := range values {
			sum := found[prefix+v.Value]
			sum.add(v.Number, release.K)
			found[prefix+v.Value] = sum
		}
	}
	return found, nil
}
