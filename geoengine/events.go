package geoengine

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

// MaxEvents is the longest page of EventList.
const MaxEvents = 500

// CellRange is an inclusive range of cells at CellResolution, in the order of their ids, all with the same parent at
// ZoneResolution: the descendants of one coarser cell.
type CellRange struct{ First, Last uint64 }

// EventList asks for single events, newest first.
type EventList struct {
	Query
	// Cells restricts to events whose cell is in one of the ranges, which must not overlap; nil does not restrict.
	// Unlike in the cube, Query.Box holds for the event's own position.
	Cells  []CellRange
	Limit  int    // 1 to MaxEvents
	Cursor string // Next of the page before, "" for the first
}

// EventPage is a page of events. Next is the cursor of the following page, "" after the last.
type EventPage struct {
	Events []LocatedEvent
	Next   string
}

// EachEvent calls each with every event of the query, newest first, read page by page under the query's rights.
func (s *Store) EachEvent(ctx context.Context, q Query, each func(*LocatedEvent)) error {
	list := EventList{Query: q, Limit: MaxEvents}
	for {
		page, err := s.Events(ctx, list)
		if err != nil {
			return err
		}
		for i := range page.Events {
			each(&page.Events[i])
		}
		if list.Cursor = page.Next; page.Next == "" {
			return nil
		}
	}
}

// LocatedEvent is an event with the deepest area that contains it: "" if none does.
type LocatedEvent struct {
	Event
	AreaPath, AreaName string
}

// The parts of the event list. Every filter is a parameter, and null does not restrict: PostgreSQL drops those when
// it plans, because the statement is planned for its values (see eventArgs).
const (
	// withCells holds the ranges of cells with the numbers of their zones. Materialised, they are one relation to the
	// planner, which else does not ask the index for zone and cell at once.
	withCells = `
		r as materialized (
			select z.zone, r.first, r.last
			from unnest($22::bigint[], $23::bigint[], $24::bigint[]) r(parent, first, last)
			join zone z on z.cell = r.parent)`
	selectEvents = `
		select s.name, e.source, e.ref, c.slug, e.severity, e.weight, e.starts, e.ends, e.reported, e.utc_offset,
		       st_x(e.geom), st_y(e.geom), e.precision_m, e.attributes, e.area, coalesce(a.name, '')`
	fromEvents = `
		from event e`
	fromEventCells = `
		from r
		join event e on e.zone = r.zone and e.cell between r.first and r.last`
	joinEvents = `
		join source s on s.id = e.source
		join category c on c.id = e.category
		left join area a on a.path = e.area`
	wherePeriod = `
		where ($1::timestamptz is null or e.starts >= $1)
		  and ($2::timestamptz is null or e.starts < $2)`
	// wherePeriodInCells is wherePeriod in a form that no index is asked with: where there are cells, theirs finds few
	// rows, and the index of starts would read most of a long period.
	wherePeriodInCells = `
		where ($1::timestamptz is null or e.starts + interval '0' >= $1)
		  and ($2::timestamptz is null or e.starts + interval '0' < $2)`
	whereEvents = `
		  and ($3::text[] is null or c.slug = any($3) or c.slug like any($4::text[]))
		  and ($5::smallint[] is null or e.severity = any($5))
		  and ($6::text[] is null or s.name = any($6))
		  and ($7::text[] is null or e.area = any($7) or e.area like any($8::text[]))
		  and ($9::text[] is null or e.area = any($9) or e.area like any($10::text[]))
		  and ($11::float8 is null or (st_x(e.geom) between $11 and $13 and st_y(e.geom) between $12 and $14))
		  and ($15::jsonb is null or not exists (
		        select from jsonb_each($15) f
		        where not coalesce(e.attributes -> f.key ?| array(select jsonb_array_elements_text(f.value)), false)))
		  and ($16::int[] is null or (
		        floor(extract(epoch from e.ends)) - floor(extract(epoch from e.starts)) <= 3600
		        and (((floor(extract(epoch from e.starts))::bigint + e.utc_offset + 259200) % 604800 + 604800) % 604800 / 3600)::int
		            = any($16)))
		  and ($17::timestamptz is null or (e.starts, e.source, e.ref) < ($17, $18::int, $19::text))
		  and ($20::text[] is null or c.slug = any($20) or c.slug like any($21::text[]))`
	orderEvents = `
		order by e.starts desc, e.source desc, e.ref desc
		limit `
	eventsSQL      = selectEvents + fromEvents + joinEvents + wherePeriod + whereEvents + orderEvents + `$22`
	eventsCellsSQL = `with ` + withCells + selectEvents + fromEventCells + joinEvents + wherePeriodInCells + whereEvents + orderEvents + `$25`
)

// Events reads one page of events from the database; ErrInvalid names a wrong limit, cursor or field.
func (s *Store) Events(ctx context.Context, list EventList) (EventPage, error) {
	if list.Limit < 1 || list.Limit > MaxEvents {
		return EventPage{}, fmt.Errorf("limit %d: must be 1 to %d: %w", list.Limit, MaxEvents, ErrInvalid)
	}
	if err := list.Check(); err != nil {
		return EventPage{}, err
	}
	args, err := list.args()
	if err != nil {
		return EventPage{}, err
	}
	query := eventsSQL
	if list.Cells != nil {
		query = eventsCellsSQL
		args = append(args, cellArgs(list.Cells)...)
	}
	args = append(args, list.Limit+1)
	var page EventPage
	var sources []int32
	err = s.Read(ctx, list.Rights(), func(tx pgx.Tx) error {
		// Described but not prepared by name: PostgreSQL plans for these values, and the absent filters vanish.
		rows, err := tx.Query(ctx, query, slices.Insert(args, 0, any(pgx.QueryExecModeCacheDescribe))...)
		if err != nil {
			return err
		}
		page.Events, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (LocatedEvent, error) {
			event, source, err := scanEvent(row)
			sources = append(sources, source)
			return event, err
		})
		return err
	})
	if err != nil {
		return EventPage{}, fmt.Errorf("list events: %w", err)
	}
	if len(page.Events) > list.Limit {
		page.Events = page.Events[:list.Limit]
		last := &page.Events[list.Limit-1]
		page.Next = eventCursor{last.Start, sources[list.Limit-1], last.Ref}.String()
	}
	return page, nil
}

// Before is the instant at or before which the events of the cursor's page start, zero without a cursor; ErrInvalid
// for one that this server did not give.
func (l *EventList) Before() (time.Time, error) {
	if l.Cursor == "" {
		return time.Time{}, nil
	}
	cursor, err := parseEventCursor(l.Cursor)
	return cursor.start, err
}

// args are the parameters $1 to $21.
func (l *EventList) args() ([]any, error) {
	var cursor eventCursor
	if l.Cursor != "" {
		var err error
		if cursor, err = parseEventCursor(l.Cursor); err != nil {
			return nil, err
		}
	}
	var severities []int16
	for _, severity := range l.Severities {
		severities = append(severities, int16(severity))
	}
	var box [4]*float64
	if l.Box != nil {
		box = [4]*float64{&l.Box.Min[0], &l.Box.Min[1], &l.Box.Max[0], &l.Box.Max[1]}
	}
	var attributes []byte
	if len(l.Attributes) > 0 {
		var err error
		if attributes, err = json.Marshal(l.Attributes); err != nil {
			return nil, fmt.Errorf("list events: %w", err)
		}
	}
	return []any{
		instantOrNull(l.From), instantOrNull(l.To), nullIfEmpty(l.Categories), below(l.Categories), severities,
		nullIfEmpty(l.Sources), nullIfEmpty(l.Areas), below(l.Areas), l.Scope, below(l.Scope),
		box[0], box[1], box[2], box[3], attributes, l.Hours.list(),
		instantOrNull(cursor.start), cursor.source, cursor.ref, l.Open, below(l.Open),
	}, nil
}

// cellArgs are three parameters: the zone cells, first and last cells of ranges.
func cellArgs(cells []CellRange) []any {
	parents, firsts, lasts := make([]int64, len(cells)), make([]int64, len(cells)), make([]int64, len(cells))
	for i, r := range cells {
		parents[i], firsts[i], lasts[i] = int64(zoneCell(r.First)), int64(r.First), int64(r.Last)
	}
	return []any{parents, firsts, lasts}
}

// zoneCell is the parent at ZoneResolution of an H3 cell: its resolution field set, its finer digits all ones.
func zoneCell(cell uint64) uint64 {
	const resolutionBits, digitBits, resolutions = 52, 3, 15
	cell = cell&^(0xf<<resolutionBits) | ZoneResolution<<resolutionBits
	return cell | (1<<(digitBits*(resolutions-ZoneResolution)) - 1)
}

// list returns the hours in the set, nil for no restriction.
func (h Hours) list() []int32 {
	if h.All() {
		return nil
	}
	hours := []int32{}
	for hour := range 168 {
		if h.Has(hour) {
			hours = append(hours, int32(hour))
		}
	}
	return hours
}

// below are LIKE patterns of the descendants of dotted paths.
func below(paths []string) []string {
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	patterns := make([]string, len(paths))
	for i, path := range paths {
		patterns[i] = escape.Replace(path) + ".%"
	}
	return patterns
}

func nullIfEmpty(values []string) []string {
	if len(values) == 0 {
		return nil
	}
	return values
}

func instantOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func scanEvent(row pgx.CollectableRow) (e LocatedEvent, source int32, err error) {
	var (
		severity   int16
		offset     int
		lon, lat   *float64
		attributes []byte
	)
	err = row.Scan(&e.Source, &source, &e.Ref, &e.Category, &severity, &e.Weight, &e.Start, &e.End, &e.Reported, &offset,
		&lon, &lat, &e.PrecisionM, &attributes, &e.AreaPath, &e.AreaName)
	if err != nil {
		return e, 0, err
	}
	e.Severity = Severity(severity)
	zone := time.FixedZone("", offset)
	e.Start, e.End, e.Reported = e.Start.In(zone), e.End.In(zone), e.Reported.In(zone)
	if lon != nil && lat != nil {
		e.Position, e.HasPosition = orb.Point{*lon, *lat}, true
	}
	e.Attributes, err = scanAttributes(attributes)
	return e, source, err
}

// scanAttributes reads the stored object: each key with a value or an array of values.
func scanAttributes(stored []byte) (Attributes, error) {
	var object map[string]any
	if err := json.Unmarshal(stored, &object); err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	var found Attributes
	for key, value := range object {
		values, several := value.([]any)
		if !several {
			values = []any{value}
		}
		for _, v := range values {
			found = append(found, Attribute{key, fmt.Sprint(v)})
		}
	}
	return found.Normalise(), nil
}

// eventCursor is the last event of a page.
type eventCursor struct {
	start  time.Time
	source int32
	ref    string
}

// String is the cursor in base64: microseconds, source, ref.
func (c eventCursor) String() string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(c.start.UnixMicro()))
	raw = binary.BigEndian.AppendUint32(raw, uint32(c.source))
	return base64.RawURLEncoding.EncodeToString(append(raw, c.ref...))
}

func parseEventCursor(text string) (eventCursor, error) {
	const head, longest = 12, 12 + 200
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) <= head || len(raw) > longest {
		return eventCursor{}, fmt.Errorf("cursor: not one that this server gave: %w", ErrInvalid)
	}
	c := eventCursor{
		start:  time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC(),
		source: int32(binary.BigEndian.Uint32(raw[8:])),
		ref:    string(raw[head:]),
	}
	if c.start.Before(Earliest) || c.start.After(Latest) || !utf8.ValidString(c.ref) || strings.ContainsRune(c.ref, 0) {
		return eventCursor{}, fmt.Errorf("cursor: not one that this server gave: %w", ErrInvalid)
	}
	return c, nil
}
