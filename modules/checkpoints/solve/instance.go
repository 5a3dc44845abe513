// Package solve chooses the posts: a weighted coverage of demand by options under rosters, solved with a proof.
//
// Weights are whole numbers, so that sums, bounds and certificates are exact. Read instance.go (the problem),
// then solve.go.
package solve

import (
	"fmt"
	"slices"

	"vigie/geoengine"
	"vigie/modules/checkpoints/verify"
)

// Instance is one problem. An option is a team's post at a site in a slot; what it covers are elements of demand, each
// of which counts once however many chosen options cover it. (A coverage that fades with distance and time is several
// elements, one for each level: an option covers the levels that it reaches.)
//
// A solution chooses for each duty at most Teams shifts, with repetition, and in each group at most as many options as
// chosen shifts contain that group, without two options in conflict, with every option of Forced.
type Instance struct {
	Weights []int64 // of each element, not negative; Check says how large they may be
	// Start and Covers are the elements of each option in compressed rows: option o covers
	// Covers[Start[o]:Start[o+1]], ascending.
	Start  []int32
	Covers []int32
	Group  []int32 // the group of each option: one duty in one slot
	Duties []Duty
	Groups int // how many there are; each belongs to one duty at most, and none of a group without duty can be chosen
	// Conflicts are pairs of options, lower number first, that exclude one another: too close at the same time.
	Conflicts [][2]int32
	Forced    []int32 // options that must be chosen
}

// Duty is a number of teams that are alike: same home, same day, same shifts to choose from.
type Duty struct {
	Teams  int
	Shifts [][]int32 // the groups that each possible shift works in, in the order of time
}

// MaxSum is the largest sum, over all options, of the weights that each covers. Sums of bounds stay below an int64.
const MaxSum = verify.MaxSum

// Options is the number of options.
func (in *Instance) Options() int { return len(in.Group) }

// Elements are those that an option covers, ascending.
func (in *Instance) Elements(option int32) []int32 {
	return in.Covers[in.Start[option]:in.Start[option+1]]
}

// Check says whether the instance is well formed: numbers in range, rows ascending, weights small enough, no group in
// two duties. It does not say whether the forced options go together; Solve does.
func (in *Instance) Check() error {
	if err := in.checkOptions(); err != nil {
		return fmt.Errorf("instance of posts: %w: %w", err, geoengine.ErrInvalid)
	}
	if err := in.checkDuties(); err != nil {
		return fmt.Errorf("instance of posts: %w: %w", err, geoengine.ErrInvalid)
	}
	for i, c := range in.Conflicts {
		if c[0] < 0 || c[0] >= c[1] || int(c[1]) >= in.Options() {
			return fmt.Errorf("instance of posts: conflict %d joins options %d and %d; two options, the lower number first: %w", i, c[0], c[1], geoengine.ErrInvalid)
		}
	}
	for _, o := range in.Forced {
		if o < 0 || int(o) >= in.Options() {
			return fmt.Errorf("instance of posts: forced option %d of %d: %w", o, in.Options(), geoengine.ErrInvalid)
		}
	}
	return nil
}

func (in *Instance) checkOptions() error {
	n := in.Options()
	if len(in.Start) != n+1 || in.Start[0] != 0 || int(in.Start[n]) != len(in.Covers) {
		return fmt.Errorf("%d row starts for %d options and %d entries", len(in.Start), n, len(in.Covers))
	}
	for e, w := range in.Weights {
		if w < 0 || w > MaxSum {
			return fmt.Errorf("element %d weighs %d; 0 to %d", e, w, int64(MaxSum))
		}
	}
	var sum int64
	for o := range n {
		if in.Start[o] > in.Start[o+1] {
			return fmt.Errorf("the row of option %d ends before it starts", o)
		}
		if g := in.Group[o]; g < 0 || int(g) >= in.Groups {
			return fmt.Errorf("option %d is in group %d of %d", o, g, in.Groups)
		}
		before := int32(-1)
		for _, e := range in.Elements(int32(o)) {
			if e <= before || int(e) >= len(in.Weights) {
				return fmt.Errorf("option %d covers element %d after %d, of %d", o, e, before, len(in.Weights))
			}
			before = e
			if sum += in.Weights[e]; sum > MaxSum {
				return fmt.Errorf("the weights are too large: the options together cover more than %d; divide the weights", int64(MaxSum))
			}
		}
	}
	return nil
}

func (in *Instance) checkDuties() error {
	duty := make([]int32, in.Groups)
	for d, of := range in.Duties {
		if of.Teams < 0 || of.Teams > 10000 {
			return fmt.Errorf("duty %d has %d teams; 0 to 10,000", d, of.Teams)
		}
		for s, shift := range of.Shifts {
			for i, g := range shift {
				if g < 0 || int(g) >= in.Groups {
					return fmt.Errorf("shift %d of duty %d works in group %d of %d", s, d, g, in.Groups)
				}
				if duty[g] != 0 && duty[g] != int32(d)+1 {
					return fmt.Errorf("group %d is of duties %d and %d", g, duty[g]-1, d)
				}
				if slices.Contains(shift[:i], g) {
					return fmt.Errorf("shift %d of duty %d names group %d twice", s, d, g)
				}
				duty[g] = int32(d) + 1
			}
		}
	}
	return nil
}

// Value is what the chosen options cover together, each element once.
func (in *Instance) Value(chosen []int32) int64 {
	covered := make([]bool, len(in.Weights))
	var sum int64
	for _, o := range chosen {
		for _, e := range in.Elements(o) {
			if !covered[e] {
				covered[e] = true
				sum += in.Weights[e]
			}
		}
	}
	return sum
}

// Feasible says whether the chosen options keep every rule; an error names the options or the duty that break one.
func (in *Instance) Feasible(chosen []int32) error {
	if _, err := in.Roster(chosen); err != nil {
		return err
	}
	for _, o := range in.Forced {
		if !slices.Contains(chosen, o) {
			return fmt.Errorf("option %d is forced and not chosen: %w", o, geoengine.ErrInvalid)
		}
	}
	return nil
}

// Roster finds shifts for the chosen options: for each duty the indices of the shifts of those teams that work, at most
// Teams. An error says that two options are in conflict, that one is chosen twice, or that no choice of shifts holds
// them. It does not ask for the forced options.
func (in *Instance) Roster(chosen []int32) ([][]int32, error) {
	in1 := make([]bool, in.Options())
	need := make([]int32, in.Groups)
	for _, o := range chosen {
		if o < 0 || int(o) >= in.Options() || in1[o] {
			return nil, fmt.Errorf("option %d of %d is chosen twice or does not exist: %w", o, in.Options(), geoengine.ErrInvalid)
		}
		in1[o] = true
		need[in.Group[o]]++
	}
	for _, c := range in.Conflicts {
		if in1[c[0]] && in1[c[1]] {
			return nil, fmt.Errorf("options %d and %d exclude one another: %w", c[0], c[1], geoengine.ErrInvalid)
		}
	}
	shifts := make([][]int32, len(in.Duties))
	for d, duty := range in.Duties {
		of, ok := rosterFor(duty, need)
		if !ok {
			return nil, fmt.Errorf("no %d shifts of duty %d hold options %v: %w", duty.Teams, d, in.inDuty(d, chosen), geoengine.ErrInvalid)
		}
		shifts[d] = of
		for _, shift := range duty.Shifts {
			for _, g := range shift {
				need[g] = 0
			}
		}
	}
	for _, o := range chosen {
		if need[in.Group[o]] > 0 {
			return nil, fmt.Errorf("option %d is in group %d, which no shift works in: %w", o, in.Group[o], geoengine.ErrInvalid)
		}
	}
	return shifts, nil
}

// inDuty are those of the chosen options that the teams of one duty would hold.
func (in *Instance) inDuty(d int, chosen []int32) []int32 {
	var of []int32
	for _, o := range chosen {
		for _, shift := range in.Duties[d].Shifts {
			if slices.Contains(shift, in.Group[o]) {
				of = append(of, o)
				break
			}
		}
	}
	return of
}

// Problem is the instance as package verify reads it; the two share their memory.
func (in *Instance) Problem() *verify.Problem {
	p := &verify.Problem{Weights: in.Weights, Start: in.Start, Covers: in.Covers, Group: in.Group, Groups: in.Groups, Conflicts: in.Conflicts, Forced: in.Forced}
	for _, d := range in.Duties {
		p.Duties = append(p.Duties, verify.Duty{Teams: d.Teams, Shifts: d.Shifts})
	}
	return p
}
