package bench

import (
	"bufio"
	"fmt"
	"os"
	"slices"

	"vigie/modules/checkpoints/solve"
)

// writePlacementLP writes an instance as a model in CPLEX LP format, which CBC and GLPK read: x of options and y of
// elements, z the teams on each shift where there is a choice.
func writePlacementLP(path string, in *solve.Instance) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprint(w, "Maximize\n value:")
	for e, weight := range in.Weights {
		fmt.Fprintf(w, " + %d y%d\n", weight, e)
	}
	fmt.Fprint(w, "\nSubject To\n")
	by := make([][]int32, len(in.Weights))
	group := make([][]int32, in.Groups)
	for o, g := range in.Group {
		group[g] = append(group[g], int32(o))
		for _, e := range in.Elements(int32(o)) {
			by[e] = append(by[e], int32(o))
		}
	}
	terms := func(sign, name string, all []int32) {
		for _, o := range all {
			fmt.Fprintf(w, " %s %s%d\n", sign, name, o)
		}
	}
	for e, of := range by {
		fmt.Fprintf(w, " e%d: y%d", e, e)
		terms("-", "x", of)
		fmt.Fprintln(w, " <= 0")
	}
	integers := writePlacementDuties(w, in, group, terms)
	for i, c := range in.Conflicts {
		fmt.Fprintf(w, " c%d: x%d + x%d <= 1\n", i, c[0], c[1])
	}
	fmt.Fprintln(w, "Bounds")
	for e := range in.Weights {
		fmt.Fprintf(w, " y%d <= 1\n", e)
	}
	if len(integers) > 0 {
		fmt.Fprintln(w, "Generals")
		for _, z := range integers {
			fmt.Fprintf(w, " z%d\n", z)
		}
	}
	fmt.Fprintln(w, "Binaries")
	for o := range in.Group {
		fmt.Fprintf(w, " x%d\n", o)
	}
	fmt.Fprintln(w, "End")
	return w.Flush()
}

// writePlacementDuties writes the rosters and returns the shifts that have a variable.
func writePlacementDuties(w *bufio.Writer, in *solve.Instance, group [][]int32, terms func(sign, name string, all []int32)) []int32 {
	var integers []int32
	for d, duty := range in.Duties {
		if len(duty.Shifts) == 1 {
			for _, g := range duty.Shifts[0] {
				if len(group[g]) > 0 {
					fmt.Fprintf(w, " g%d:", g)
					terms("+", "x", group[g])
					fmt.Fprintf(w, " <= %d\n", duty.Teams)
				}
			}
			continue
		}
		first := int32(len(integers))
		var here, groups []int32
		for s, shift := range duty.Shifts {
			here, groups = append(here, first+int32(s)), append(groups, shift...)
		}
		integers = append(integers, here...)
		fmt.Fprintf(w, " d%d:", d)
		terms("+", "z", here)
		fmt.Fprintf(w, " <= %d\n", duty.Teams)
		slices.Sort(groups)
		for _, g := range slices.Compact(groups) {
			if len(group[g]) == 0 {
				continue
			}
			fmt.Fprintf(w, " g%d:", g)
			terms("+", "x", group[g])
			for s, shift := range duty.Shifts {
				if slices.Contains(shift, g) {
					fmt.Fprintf(w, " - z%d", here[s])
				}
			}
			fmt.Fprintln(w, " <= 0")
		}
	}
	return integers
}
