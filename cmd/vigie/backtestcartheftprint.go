package main

import (
	"fmt"
	"io"

	"vigie/predict/hotspot"
)

// cartheftReport is the report and what could not feed it.
type cartheftReport struct {
	*hotspot.Report
	Refused  int      `json:"refused"` // by the module's rules: other categories, found by a patrol
	Refusals []string `json:"refusals,omitempty"`
	Rejected int      `json:"rejected"` // rows without a day or a position
}

func printCartheft(w io.Writer, r *cartheftReport) {
	fmt.Fprintf(w, "%d thefts of %s to %s on %d H3 cells of resolution %d, %.1f km² (%d outside, %d refused, %d without day or place)\n",
		r.Events, r.First, r.Last, r.Places, r.Resolution, r.WholeKm2, r.Outside, r.Refused, r.Rejected)
	for _, why := range r.Refusals {
		fmt.Fprintf(w, "refused: %s\n", why)
	}
	if r.Open {
		fmt.Fprintf(w, "no boundary was given: the territory is the cells seen before the first origin and %d rings around them\n", hotspot.Rings)
	}
	fmt.Fprintf(w, "%s\n", r.Verdict)
	for _, h := range r.Horizons {
		fmt.Fprintf(w, "\n%d days, %d weekly origins %s to %s, %.0f thefts, %.0f expected\n", h.Days, h.Origins, h.From, h.To, h.Thefts, h.Expected)
		rows := [][]string{{"BUDGET", "MODEL", "n/N", "PAI", "PEI", "AREA", "OVER THE COUNT", "95 %", "P (HOLM)"}}
		for _, b := range h.Budgets {
			for _, s := range b.Rows {
				p := ""
				if s.P >= 0 {
					p = fmt.Sprintf("%.3f", s.P)
				}
				rows = append(rows, []string{b.Budget, s.Model, fmt.Sprintf("%.2f %%", 100*s.Share), fmt.Sprintf("%.2f", s.PAI), fmt.Sprintf("%.3f", s.PEI),
					fmt.Sprintf("%.3f %%", 100*s.Used), fmt.Sprintf("%+.2f", 100*s.Diff), fmt.Sprintf("%+.2f … %+.2f", 100*s.Low, 100*s.High), p})
			}
		}
		table(w, rows)
		printRatios(w, "observed over expected, by classes of as many places, ascending", h.Deciles)
		printRatios(w, "observed over expected, by classes of as many expected thefts, ascending", h.Masses)
		fmt.Fprintf(w, "intervals of 80 and 95 %% held %.1f and %.1f %% of the counts; in the best 5 %% of the places %.1f and %.1f %%\n", 100*h.Cover80, 100*h.Cover95, 100*h.Hot80, 100*h.Hot95)
	}
	if s := r.Squares; s != nil {
		fmt.Fprintf(w, "\nsquares of 250 ft, %d of them each time (0.25 mi² of %.2f mi²), %d weekly origins, median over %d offsets of the grid\n", s.Cells, s.WholeMi2, s.Origins, s.Offsets)
		rows := [][]string{{"DAYS", "MODEL", "n/N", "PAI", "QUARTILES", "IQR/MEDIAN", "PEI", "95 % OVER THE COUNT", "P"}}
		for _, x := range s.Rows {
			rows = append(rows, []string{fmt.Sprint(x.Days), x.Name, fmt.Sprintf("%.2f %%", 100*x.Share), fmt.Sprintf("%.1f", x.PAI), fmt.Sprintf("%.1f–%.1f", x.Low, x.High),
				fmt.Sprintf("%.1f %%", 100*x.IQR), fmt.Sprintf("%.3f", x.PEI), fmt.Sprintf("%+.1f … %+.1f", x.DiffLow, x.DiffTop), fmt.Sprintf("%.3f", max(x.P, 0))})
		}
		table(w, rows)
	}
	fmt.Fprintln(w)
	for _, m := range r.Models {
		fmt.Fprintf(w, "%s: %s\n", m.Name, m.About)
	}
}

func printRatios(w io.Writer, title string, classes []hotspot.Decile) {
	fmt.Fprintf(w, "%s:", title)
	for _, d := range classes {
		fmt.Fprintf(w, " %.2f", d.Ratio)
	}
	fmt.Fprintln(w)
}

func printReplay(w io.Writer, r *hotspot.Replayed) {
	fmt.Fprintf(w, "learnt from %d thefts to %s; A = %.2f mi²\n\n", r.Known, r.Until, r.WholeMi2)
	rows := [][]string{{"CELLS", "BUDGET", "MODEL", "HORIZON", "UNTIL", "FLAGGED", "AREA", "n/N", "PAI", "PEI"}}
	for _, x := range r.Rows {
		row := []string{x.Cells, x.Budget, x.Model, x.Horizon, x.To, fmt.Sprint(x.Flagged), fmt.Sprintf("%.3f mi²", x.Mi2), "not in the file", "", ""}
		if x.Known {
			row[7], row[8], row[9] = fmt.Sprintf("%.0f/%.0f", x.Hits, x.Total), fmt.Sprintf("%.2f", x.PAI), fmt.Sprintf("%.3f", x.PEI)
		}
		rows = append(rows, row)
	}
	table(w, rows)
}
