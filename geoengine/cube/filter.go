package cube

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"

	"vigie/geoengine"
)

// filter is a query in the codes of a view: for each restricted column, which codes are accepted (1) or not (0).
type filter struct {
	none       bool  // nothing can match
	from, to   int64 // starts in [from, to), microseconds since 1970
	hours      []hourProduct
	allHours   bool
	categories []uint8
	open       []uint8 // as categories, of the caller's rights
	severities []uint8
	sources    []uint8
	areas      []uint8
	attrs      []attrFilter
	box        *orb.Bound
}

type attrFilter struct {
	key      int
	accepted []uint8
}

// compile checks a query and turns it into a filter. ErrInvalid names what is wrong.
func (v *view) compile(q *geoengine.Query) (*filter, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	f := &filter{from: math.MinInt64, to: math.MaxInt64, allHours: q.Hours.All(), box: q.Box}
	if !q.From.IsZero() {
		f.from = ceilMicro(q.From)
	}
	if !q.To.IsZero() {
		f.to = ceilMicro(q.To)
	}
	if !f.allHours {
		f.hours = hourProducts(q.Hours)
	}
	if len(q.Categories) > 0 {
		f.categories = make([]uint8, len(v.categories))
		for code, slug := range v.categories {
			f.categories[code] = bit(geoengine.Within(slug, q.Categories))
		}
	}
	if q.Open != nil {
		f.none = len(q.Open) == 0
		f.open = make([]uint8, len(v.categories))
		for code, slug := range v.categories {
			f.open[code] = bit(geoengine.Within(slug, q.Open))
		}
	}
	if len(q.Severities) > 0 {
		f.severities = make([]uint8, 256)
		for _, s := range q.Severities {
			f.severities[s] = 1
		}
	}
	if len(q.Sources) > 0 {
		f.sources = make([]uint8, len(v.sources))
		for code, s := range v.sources {
			for _, name := range q.Sources {
				f.sources[code] |= bit(s.name == name)
			}
		}
	}
	v.compileAreas(f, q)
	return f, v.compileAttributes(f, q)
}

func (v *view) compileAreas(f *filter, q *geoengine.Query) {
	if len(q.Areas) > 0 {
		f.areas = v.within(q.Areas)
	}
	if q.Scope == nil {
		return
	}
	f.none = f.none || len(q.Scope) == 0
	scope := v.within(q.Scope)
	if f.areas == nil {
		f.areas = scope
		return
	}
	for i := range f.areas {
		f.areas[i] &= scope[i]
	}
}

func (v *view) compileAttributes(f *filter, q *geoengine.Query) error {
	for name, values := range q.Attributes {
		key, err := v.key(name)
		if errors.Is(err, errNoKey) && (q.Scope != nil || q.Open != nil) {
			f.none = true // as for a key that only events beyond the caller's rights have
			continue
		}
		if err != nil {
			return err
		}
		if len(values) == 0 {
			continue
		}
		accepted := make([]uint8, len(v.keys[key].sets))
		for code, set := range v.keys[key].sets {
			for _, value := range set {
				for _, wanted := range values {
					accepted[code] |= bit(value == wanted)
				}
			}
		}
		f.attrs = append(f.attrs, attrFilter{key, accepted})
	}
	return nil
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// ceilMicro is the first whole microsecond not before t, as the store keeps microseconds.
func ceilMicro(t time.Time) int64 {
	us := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		us++
	}
	return us
}

func checkResolution(res int) error {
	if res < 0 || res > geoengine.CellResolution {
		return fmt.Errorf("resolution %d: must be 0 to %d: %w", res, geoengine.CellResolution, geoengine.ErrInvalid)
	}
	return nil
}
