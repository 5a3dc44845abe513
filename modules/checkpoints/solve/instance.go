// Package solve chooses the posts: a weighted coverage of demand by options under rosters, solved with a proof.
//
// Weights are whole numbers, so that sums, bounds and certificates are exact. Read instance.go (the problem),
// then solve.go.
package solve

// Instance is one problem. An option is a team's post at a site in a slot; what it covers are elements of demand, each
// of which counts once however many chosen options cover it. (A coverage that fades with distance and time is several
// elements, one for each level: an option covers the levels that it reaches.)
//
// A solution chooses for each duty at most Teams shifts, with repetition, and in each group at most as many options as
// chosen shifts contain that group, without two options in conflict, with every option of Forced.
type Instance struct {
	Weights []int64 // of each element, not negative; their sum fits an int64 with room to spare (Check)
	// Start and Covers are the elements of each option in compressed rows: option o covers
	// Covers[Start[o]:Start[o+1]], ascending.
	Start  []int32
	Covers []int32
	Group  []int32 // the group of each option: one duty in one slot
	Duties []Duty
	Groups int // how many there are; each belongs to exactly one duty
	// Conflicts are pairs of options, lower number first, that exclude one another: too close at the same time.
	Conflicts [][2]int32
	Forced    []int32 // options that must be chosen
}

// Duty is a number of teams that are alike: same home, same day, same shifts to choose from.
type Duty struct {
	Teams  int
	Shifts [][]int32 // the groups that each possible shift works in, in the order of time
}

// Options is the number of options.
func (in *Instance) Options() int { return len(in.Group) }
