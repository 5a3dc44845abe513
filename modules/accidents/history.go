package accidents

import (
	"fmt"
	"math"
	"slices"
	"time"

	"vigie/geoengine"
	"vigie/predict"
	"vigie/predict/roadrisk"
)

// history is when accidents are at hand: whole years that end where the records do, and what is wrong with them.
type history struct {
	years []roadrisk.Period // ascending; one shorter than a year if there is no more
	gaps  []roadrisk.Period // whole years without a single accident, left out
	end   time.Time         // of the records
	late  bool              // they end before the forecast begins
}

// Thresholds of what cannot be chance.
const (
	leastDays  = 28
	impossible = 20.0 // accidents expected where there is none: chance 2e-9
	tolerance  = 31 * 24 * time.Hour
)

// historyOf cuts the records before until into years. ErrInvalid where there is less than four weeks of them.
func historyOf(accidents []roadrisk.Accident, until time.Time, zone *time.Location) (*history, error) {
	if len(accidents) == 0 {
		return nil, fmt.Errorf("accidents: none was reported before %s in the five years before: import some, or choose a later date: %w", until.Format(time.DateOnly), geoengine.ErrInvalid)
	}
	first, last := midnight(accidents[0].Start, zone), midnight(accidents[len(accidents)-1].Start, zone).AddDate(0, 0, 1)
	h := &history{end: until.In(zone)}
	if span := last.Sub(first).Hours(); span > 0 && float64(len(accidents))/span*until.Sub(last).Hours() > impossible {
		h.end, h.late = last, true
	}
	if h.end.Sub(first) < leastDays*24*time.Hour {
		return nil, fmt.Errorf("accidents: the records from %s to %s are shorter than four weeks: that is no history: %w",
			first.Format(time.DateOnly), h.end.Format(time.DateOnly), geoengine.ErrInvalid)
	}
	for n := range yearsBack {
		p := roadrisk.Period{From: h.end.AddDate(-n-1, 0, 0), To: h.end.AddDate(-n, 0, 0)}
		if p.From.Add(tolerance).Before(first) && n > 0 || !p.To.After(first) {
			break
		}
		if n == 0 && p.From.Before(first.Add(-tolerance)) {
			p.From = first
		}
		h.years = append(h.years, p)
	}
	slices.Reverse(h.years)
	h.dropGaps(accidents)
	return h, nil
}

func midnight(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// counts are the accidents with somebody hurt of each year.
func (h *history) counts(accidents []roadrisk.Accident) []float64 {
	counts := make([]float64, len(h.years))
	for i := range accidents {
		for y, p := range h.years {
			if at := accidents[i].Start; accidents[i].Severity != geoengine.SeverityDamage && !at.Before(p.From) && at.Before(p.To) {
				counts[y]++
			}
		}
	}
	return counts
}

// dropGaps leaves out whole years without an accident where the others have many: they are missing, not quiet.
func (h *history) dropGaps(accidents []roadrisk.Accident) {
	counts := h.counts(accidents)
	total := 0.0
	for _, n := range counts {
		total += n
	}
	var kept []roadrisk.Period
	for y, p := range h.years {
		if counts[y] == 0 && total/float64(len(counts)) > impossible {
			h.gaps = append(h.gaps, p)
		} else {
			kept = append(kept, p)
		}
	}
	h.years = kept
}

// level is how the year to come stands to the mean of those learnt from, and the relative variance of years around it:
// the last year counts as far as years differ by more than chance.
func level(counts []float64) (factor, variance float64) {
	n := float64(len(counts))
	if n < 2 {
		return 1, 0
	}
	mean, squares := 0.0, 0.0
	for _, c := range counts {
		mean += c / n
	}
	if mean == 0 {
		return 1, 0
	}
	for _, c := range counts {
		squares += (c - mean) * (c - mean) / (n - 1)
	}
	variance = math.Max(0, (squares-mean)/(mean*mean))
	weight := variance / (variance + 1/mean)
	return 1 + weight*(counts[len(counts)-1]/mean-1), variance
}

// season is the share of a year's accidents in each month, shrunk towards that of its days as far as chance explains the
// difference.
func season(accidents []roadrisk.Accident, years []roadrisk.Period, zone *time.Location) ([]float64, error) {
	counts, days := make([]float64, 12), make([]float64, 12)
	for m := range days {
		days[m] = float64(daysOf(2001, time.Month(m+1))) / 365
	}
	for i := range accidents {
		at := accidents[i].Start
		for _, p := range years {
			if p.To.Sub(p.From) > 360*24*time.Hour && accidents[i].Severity != geoengine.SeverityDamage && !at.Before(p.From) && at.Before(p.To) {
				counts[at.In(zone).Month()-1]++
			}
		}
	}
	c, err := predict.Concentration([][]float64{counts}, days)
	if err != nil {
		return nil, fmt.Errorf("accidents by month: %w: %w", err, geoengine.ErrInvalid)
	}
	return predict.Shrink([][]float64{counts}, days, c)[0], nil
}

func daysOf(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// shareOf is the share of a year's accidents in a period, by the months that its days lie in.
func shareOf(months []float64, from, to time.Time, zone *time.Location) float64 {
	share := 0.0
	for day := from.In(zone); day.Before(to); day = day.AddDate(0, 0, 1) {
		share += months[day.Month()-1] / float64(daysOf(day.Year(), day.Month()))
	}
	return share
}
