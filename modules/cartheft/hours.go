package cartheft

import (
	"fmt"
	"slices"

	"vigie/predict"
)

// Hours of a week.
const week = 168

// What the hours of thefts are learnt from: intervals of up to a day that are not just a whole day. A profile of its own
// needs leastTimed of them, in a commune; below leastOfAll there is none at all, and the hours are said to be unknown.
const (
	leastTimed = 100
	leastOfAll = 100
	secondsDay = 86400
)

// hours are the profiles of a territory: one of all thefts, and one for each area with enough of them, mixed with it
// (predict.WeekProfiles).
type hours struct {
	profiles [][]float64 // 0 is of all; none if the hours are not known
	of       map[string]int
	timed    int // thefts that tell an hour
}

// profileOf is the number of an area's profile; −1 if hours are not known.
func (h *hours) profileOf(area string) int {
	if len(h.profiles) == 0 {
		return -1
	}
	return h.of[area] // 0 is that of all
}

// learnHours spreads each theft evenly over the hours of its interval (aoristic counts: Ratcliffe & McCullagh, Aoristic
// crime analysis, 1998): from when the vehicle was last seen until it was missed.
func learnHours(list []theft) (*hours, error) {
	byArea := map[string][]float64{}
	timed := map[string]int{}
	h := &hours{of: map[string]int{}}
	for i := range list {
		t := &list[i]
		if !tellsHours(t) {
			continue
		}
		counts := byArea[t.Area]
		if counts == nil {
			counts = make([]float64, week)
			byArea[t.Area] = counts
		}
		spread(counts, t.From, t.To)
		timed[t.Area]++
		h.timed++
	}
	if h.timed < leastOfAll {
		return h, nil
	}
	others := make([]float64, week)
	rows := [][]float64{others}
	for _, area := range sortedKeys(byArea) {
		if timed[area] >= leastTimed {
			h.of[area] = len(rows)
			rows = append(rows, byArea[area])
			continue
		}
		for k, n := range byArea[area] {
			others[k] += n
		}
	}
	learnt, err := predict.WeekProfiles(rows)
	if err != nil {
		return nil, fmt.Errorf("hours of thefts: %w", err)
	}
	h.profiles = append([][]float64{learnt.All}, learnt.Groups[1:]...)
	for _, profile := range h.profiles {
		normalise(profile)
	}
	return h, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// tellsHours is false for intervals of over a day and for whole days, of which the hour is not known.
func tellsHours(t *theft) bool {
	length := t.To - t.From
	wholeDay := length >= secondsDay-3600 && t.From%secondsDay == 0 && t.To%secondsDay == 0
	return length <= secondsDay && !wholeDay
}

// spread adds one theft to the hours of the week, in the proportion in which its interval touches them.
func spread(counts []float64, from, to int64) {
	const hour = 3600
	// 1970-01-01 was a Thursday: the fourth day of a week that begins on Monday.
	hourOf := func(local int64) int64 { return (local - ((local%hour)+hour)%hour) / hour }
	ofWeek := func(local int64) int { return int(((hourOf(local)+3*24)%week + week) % week) }
	if to <= from {
		counts[ofWeek(from)]++
		return
	}
	length := float64(to - from)
	for at := from; at < to; {
		next := min((hourOf(at)+1)*hour, to)
		counts[ofWeek(at)] += float64(next-at) / length
		at = next
	}
}

// normalise makes shares sum to 1 to the last bit that floating point allows.
func normalise(shares []float64) {
	sum := 0.0
	for _, s := range shares {
		sum += s
	}
	for i := range shares {
		shares[i] /= sum
	}
}
