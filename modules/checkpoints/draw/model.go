package draw

import (
	"cmp"
	"fmt"
	"slices"

	"vigie/geoengine"
	"vigie/modules/checkpoints/solve"
)

// seat is one place to fill: a team in one position of its shift.
type seat struct{ team, position int32 }

// model is an instance, laid out for moves.
type model struct {
	in    *solve.Instance
	floor int64 // least value of a plan
	posts int   // least number of posts: those of the plan that it starts from

	duty     []int32 // of each team
	firstOf  []int32 // first team of each duty
	width    int     // longest shift
	seats    []seat
	groups   [][]int32 // options of each group, the most valuable alone first
	conflict [][]int32 // options that exclude each option
	forced   []bool
	related  [][]int32 // groups that each group is related to
	seatsOf  [][]seat  // seats that may work in each group
	alone    []int64   // what each option covers
	// Element e is covered by the options by[byStart[e]:byStart[e+1]].
	byStart []int32
	by      []int32
}

func newModel(in *solve.Instance) *model {
	n := in.Options()
	m := &model{in: in, groups: make([][]int32, in.Groups),
		conflict: make([][]int32, n), forced: make([]bool, n), firstOf: make([]int32, len(in.Duties))}
	for d, duty := range in.Duties {
		m.firstOf[d] = int32(len(m.duty))
		for range duty.Teams {
			if len(duty.Shifts) == 0 {
				break
			}
			m.duty = append(m.duty, int32(d))
		}
		for _, s := range duty.Shifts {
			m.width = max(m.width, len(s))
		}
	}
	for t := range m.duty {
		for p := range m.width {
			m.seats = append(m.seats, seat{int32(t), int32(p)})
		}
	}
	m.rankOptions()
	m.invert()
	m.relate()
	m.findSeats()
	for _, pair := range in.Conflicts {
		m.conflict[pair[0]] = append(m.conflict[pair[0]], pair[1])
		m.conflict[pair[1]] = append(m.conflict[pair[1]], pair[0])
	}
	for _, o := range in.Forced {
		m.forced[o] = true
	}
	return m
}

func (m *model) rankOptions() {
	m.alone = make([]int64, m.in.Options())
	for o := range m.alone {
		for _, e := range m.covers(int32(o)) {
			m.alone[o] += m.in.Weights[e]
		}
		g := m.in.Group[o]
		m.groups[g] = append(m.groups[g], int32(o))
	}
	for _, options := range m.groups {
		slices.SortStableFunc(options, func(a, b int32) int { return cmp.Compare(m.alone[b], m.alone[a]) })
	}
}

// invert lists the options that cover each element.
func (m *model) invert() {
	m.byStart = make([]int32, len(m.in.Weights)+1)
	for _, e := range m.in.Covers {
		m.byStart[e+1]++
	}
	for e := range m.in.Weights {
		m.byStart[e+1] += m.byStart[e]
	}
	next := slices.Clone(m.byStart)
	m.by = make([]int32, len(m.in.Covers))
	for o := range m.in.Options() {
		for _, e := range m.covers(int32(o)) {
			m.by[next[e]] = int32(o)
			next[e]++
		}
	}
}

func (m *model) covers(o int32) []int32 { return m.in.Covers[m.in.Start[o]:m.in.Start[o+1]] }

// findSeats lists the seats that some shift puts into each group.
func (m *model) findSeats() {
	m.seatsOf = make([][]seat, len(m.groups))
	for t, d := range m.duty {
		for _, shift := range m.in.Duties[d].Shifts {
			for p, g := range shift {
				if s := (seat{int32(t), int32(p)}); !slices.Contains(m.seatsOf[g], s) {
					m.seatsOf[g] = append(m.seatsOf[g], s)
				}
			}
		}
	}
}

// group is where a seat of a state stands, −1 past the end of its shift.
func (m *model) group(s *state, at seat) int32 {
	shift := m.in.Duties[m.duty[at.team]].Shifts[s.shift[at.team]]
	if int(at.position) >= len(shift) {
		return -1
	}
	return shift[at.position]
}

// state is a plan: the shift of each team and the option in each seat, −1 for none.
type state struct {
	shift  []int32
	option []int32 // team × width
}

func (s *state) clone() state { return state{slices.Clone(s.shift), slices.Clone(s.option)} }

func (s *state) posts() (n int) {
	for _, o := range s.option {
		if o >= 0 {
			n++
		}
	}
	return n
}

// place gives the options of a plan to teams whose shifts hold their groups.
func (m *model) place(start Start) (state, error) {
	s := state{make([]int32, len(m.duty)), make([]int32, len(m.duty)*m.width)}
	for i := range s.option {
		s.option[i] = -1
	}
	for t, d := range m.duty {
		own := int(int32(t) - m.firstOf[d])
		if int(d) < len(start.Shifts) && own < len(start.Shifts[d]) {
			s.shift[t] = max(start.Shifts[d][own], 0)
		}
		if int(s.shift[t]) >= len(m.in.Duties[d].Shifts) {
			return state{}, fmt.Errorf("start: duty %d has no shift %d: %w", d, s.shift[t], geoengine.ErrInvalid)
		}
	}
	free := make(map[int32][]int, m.in.Groups)
	for i, at := range m.seats {
		if g := m.group(&s, at); g >= 0 {
			free[g] = append(free[g], i)
		}
	}
	for _, o := range start.Chosen {
		g := m.in.Group[o]
		if len(free[g]) == 0 {
			return state{}, fmt.Errorf("start: no team is left for option %d: %w", o, geoengine.ErrInvalid)
		}
		s.option[free[g][0]] = o
		free[g] = free[g][1:]
	}
	return s, nil
}

// sample lays a state out as a plan.
func (m *model) sample(s *state, value int64) Sample {
	out := Sample{Value: value, Shifts: make([][]int32, len(m.in.Duties)), Teams: make([][][]int32, len(m.in.Duties))}
	for t, d := range m.duty {
		length := len(m.in.Duties[d].Shifts[s.shift[t]])
		row := slices.Clone(s.option[t*m.width : t*m.width+length])
		out.Shifts[d] = append(out.Shifts[d], s.shift[t])
		out.Teams[d] = append(out.Teams[d], row)
		for _, o := range row {
			if o >= 0 {
				out.Chosen = append(out.Chosen, o)
			}
		}
	}
	slices.Sort(out.Chosen)
	return out
}
