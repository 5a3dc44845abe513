package evaluate

import (
	"fmt"
	"slices"
	"time"

	"vigie/geoengine"
)

// HaloDays is how many days a post is felt: about a week for alcohol posts (shared reference, placement.md).
const HaloDays = 7

// HaloM is how far a post is felt along the roads, in metres: the lower end of the 2.4 to 8 km of the literature, so that
// the cells of a plan do not all become one.
const HaloM = 2400

// Layout turns the posts of a plan and the accidents around them into cells of lixel and day.
type Layout struct {
	First time.Time // local midnight of the first day of the plan
	Days  int       // days of the plan
	Halo  int       // days that a post is felt, from its own day on; HaloDays if zero
	// Reach are the lixels that a post at a site is felt at: those within HaloM along the roads. Every site of the plan and
	// of the drawn plans must be in it.
	Reach map[string][]int32
	// Expected is the number of accidents (not their weight) to be expected on a lixel in a day without posts.
	Expected func(lixel int32, day time.Time) float64
}

// Post is where and when a post stands.
type Post struct {
	Site string    `json:"site"`
	Slot time.Time `json:"slot"` // when it begins, in the local zone
}

// Accident is one accident on a lixel.
type Accident struct {
	Lixel int32
	At    time.Time // in the local zone
}

// Trial makes the trial of a plan: posts as approved, the posts of the plans drawn anew from the same mixed strategy (with
// the posts that people fixed in every one of them), and the accidents since. Cells that no draw reaches are left out.
func (l Layout) Trial(plan string, approved []Post, drawn [][]Post, held float64, accidents []Accident) (Trial, error) {
	t := Trial{Plan: plan, Held: held, Drawn: make([][]int32, len(drawn))}
	days := l.days()
	cells := make(map[int64]int32)
	reached := func(posts []Post) ([]int32, error) {
		var list []int32
		for _, p := range posts {
			first, err := l.slot(plan, p)
			if err != nil {
				return nil, err
			}
			for _, lixel := range l.Reach[p.Site] {
				for day := first; day < min(first+l.halo(), days); day++ {
					key := int64(lixel)*int64(days) + int64(day)
					cell, ok := cells[key]
					if !ok {
						cell = int32(len(t.Cells))
						cells[key] = cell
						t.Cells = append(t.Cells, Cell{Expected: l.Expected(lixel, l.First.AddDate(0, 0, day))})
					}
					list = append(list, cell)
				}
			}
		}
		slices.Sort(list)
		return slices.Compact(list), nil
	}
	var err error
	if t.Reached, err = reached(approved); err != nil {
		return Trial{}, err
	}
	for d, posts := range drawn {
		if t.Drawn[d], err = reached(posts); err != nil {
			return Trial{}, err
		}
	}
	for _, a := range accidents {
		if day := l.day(a.At); day >= 0 && day < days {
			if cell, ok := cells[int64(a.Lixel)*int64(days)+int64(day)]; ok {
				t.Cells[cell].Count++
			}
		}
	}
	return t, nil
}

// Past is what is known of the time before a plan.
type Past struct {
	Accidents []Accident
	Years     float64
	// Model is the number of accidents that the safety performance function expects on a lixel in all those years, from the
	// kind of road alone; Phi is the shape of its gamma mixture.
	Model func(lixel int32) float64
	Phi   float64
}

// Group makes the comparison of before and after: places are the lixels that the approved posts reach; all others that
// have accidents are the comparison group. Since are the accidents from the first day of the plan on.
func (l Layout) Group(plan string, approved []Post, past Past, since []Accident) (Group, error) {
	g := Group{Plan: plan, BeforeYears: past.Years, AfterYears: float64(l.days()) / 365.25}
	places := make(map[int32]int)
	for _, p := range approved {
		if _, err := l.slot(plan, p); err != nil {
			return Group{}, err
		}
		for _, lixel := range l.Reach[p.Site] {
			if _, ok := places[lixel]; !ok {
				places[lixel] = len(g.Places)
				g.Places = append(g.Places, Place{Model: past.Model(lixel), Phi: past.Phi})
			}
		}
	}
	for _, a := range past.Accidents {
		if i, ok := places[a.Lixel]; ok {
			g.Places[i].Before++
		} else {
			g.Comparison.Before++
		}
	}
	for _, a := range since {
		if day := l.day(a.At); day < 0 || day >= l.days() {
			continue
		}
		if i, ok := places[a.Lixel]; ok {
			g.Places[i].After++
		} else {
			g.Comparison.After++
		}
	}
	return g, nil
}

func (l Layout) halo() int {
	if l.Halo == 0 {
		return HaloDays
	}
	return l.Halo
}

// days is the length of the period after: the plan's own days and those that its last posts are felt.
func (l Layout) days() int { return l.Days + l.halo() - 1 }

// slot is the day of a post, which must be one of the plan's (a night shift may end in the day after).
func (l Layout) slot(plan string, p Post) (int, error) {
	if _, ok := l.Reach[p.Site]; !ok {
		return 0, fmt.Errorf("evaluate: plan %s: site %s is not among those whose reach is given: %w", plan, p.Site, geoengine.ErrInvalid)
	}
	day := l.day(p.Slot)
	if day < 0 || day > l.Days {
		return 0, fmt.Errorf("evaluate: plan %s: the post at %s on %s is outside the %d days from %s: %w", plan, p.Site, p.Slot.Format(time.RFC3339), l.Days, l.First.Format(time.DateOnly), geoengine.ErrInvalid)
	}
	return day, nil
}

// day counts local days from the first.
func (l Layout) day(at time.Time) int {
	number := func(t time.Time) int64 {
		year, month, day := t.Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86_400
	}
	return int(number(at) - number(l.First))
}
