package solve

import (
	"encoding/binary"
	"slices"

	"vigie/modules/checkpoints/verify"
)

// rosterFor finds at most Teams shifts of a duty that together contain each group as often as need says (need is indexed
// by group). It takes the first group that still lacks a team and tries the shifts with it, leaving out a shift
// whose useful part another one contains: where shifts are stretches of time, one is left and the search is a sweep.
func rosterFor(duty Duty, need []int32) ([]int32, bool) {
	c := cover{duty: duty, need: need, failed: map[string]bool{}}
	for _, shift := range duty.Shifts {
		for _, g := range shift {
			if need[g] > int32(duty.Teams) {
				return nil, false
			}
			if need[g] > 0 && !slices.Contains(c.groups, g) {
				c.groups = append(c.groups, g)
			}
		}
	}
	slices.Sort(c.groups)
	c.left = make([]int32, len(c.groups))
	for i, g := range c.groups {
		c.left[i] = need[g]
	}
	c.useful = make([][]int32, len(duty.Shifts))
	for s, shift := range duty.Shifts {
		for _, g := range shift {
			if i, found := slices.BinarySearch(c.groups, g); found {
				c.useful[s] = append(c.useful[s], int32(i))
			}
		}
	}
	if !c.search(duty.Teams) {
		return nil, false
	}
	slices.Sort(c.taken)
	return c.taken, true
}

type cover struct {
	duty   Duty
	need   []int32
	groups []int32   // that need teams
	left   []int32   // teams that each of groups still lacks
	useful [][]int32 // the positions in groups of each shift
	taken  []int32
	failed map[string]bool
}

func (c *cover) search(teams int) bool {
	first := slices.IndexFunc(c.left, func(n int32) bool { return n > 0 })
	if first < 0 {
		return true
	}
	if teams == 0 || int(slices.Max(c.left)) > teams {
		return false
	}
	key := string(c.key(teams))
	if c.failed[key] {
		return false
	}
	for _, s := range c.candidates(int32(first)) {
		var lowered []int32
		for _, i := range c.useful[s] {
			if c.left[i] > 0 {
				c.left[i]--
				lowered = append(lowered, i)
			}
		}
		c.taken = append(c.taken, s)
		if c.search(teams - 1) {
			return true
		}
		c.taken = c.taken[:len(c.taken)-1]
		for _, i := range lowered {
			c.left[i]++
		}
	}
	c.failed[key] = true
	return false
}

func (c *cover) key(teams int) []byte {
	key := binary.AppendUvarint(nil, uint64(teams))
	for _, n := range c.left {
		key = binary.AppendUvarint(key, uint64(n))
	}
	return key
}

// candidates are the shifts with group i of which no other one does all that they would do.
func (c *cover) candidates(i int32) []int32 {
	var shifts []int32
	var does [][]int32
	for s, useful := range c.useful {
		if !slices.Contains(useful, i) {
			continue
		}
		var mine []int32
		for _, g := range useful {
			if c.left[g] > 0 {
				mine = append(mine, g)
			}
		}
		if slices.ContainsFunc(does, func(other []int32) bool { return contains(other, mine) }) {
			continue
		}
		kept := 0
		for k := range shifts {
			if !contains(mine, does[k]) {
				shifts[kept], does[kept] = shifts[k], does[k]
				kept++
			}
		}
		shifts, does = append(shifts[:kept], int32(s)), append(does[:kept], mine)
	}
	return shifts
}

func contains(all, some []int32) bool {
	for _, g := range some {
		if !slices.Contains(all, g) {
			return false
		}
	}
	return true
}

// rosters are all ways to choose the shifts of a duty, each as the number of teams in each of groups; those that another
// one contains are left out. It reports false where there are more than verify.MaxRosters ways to look at.
func rosters(duty Duty, groups []int32) ([][]int32, bool) {
	if verify.Multisets(len(duty.Shifts), duty.Teams) > verify.MaxRosters {
		return nil, false
	}
	position := map[int32]int{}
	for i, g := range groups {
		position[g] = i
	}
	counts := make([]int32, len(groups))
	var all [][]int32
	var choose func(from, teams int)
	choose = func(from, teams int) {
		if teams == 0 || len(duty.Shifts) == 0 {
			all = append(all, slices.Clone(counts))
			return
		}
		for s := from; s < len(duty.Shifts); s++ {
			for _, g := range duty.Shifts[s] {
				if i, ok := position[g]; ok {
					counts[i]++
				}
			}
			choose(s, teams-1)
			for _, g := range duty.Shifts[s] {
				if i, ok := position[g]; ok {
					counts[i]--
				}
			}
		}
	}
	choose(0, duty.Teams)
	return maximal(all), true
}

// maximal leaves out the rosters that another one contains. Among very many it only leaves out equal ones.
func maximal(all [][]int32) [][]int32 {
	slices.SortFunc(all, func(a, b []int32) int { return slices.Compare(b, a) })
	all = slices.CompactFunc(all, slices.Equal)
	if len(all) > 1000 {
		return all
	}
	var kept [][]int32
	for _, r := range all { // in descending order, so that one that contains r comes before it
		if !slices.ContainsFunc(kept, func(k []int32) bool { return atMost(r, k) }) {
			kept = append(kept, r)
		}
	}
	return kept
}

func atMost(a, b []int32) bool {
	for i := range a {
		if a[i] > b[i] {
			return false
		}
	}
	return true
}
