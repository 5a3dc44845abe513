package baac

import (
	"strings"

	"vigie/data"
)

// facts are what the tables lieux, vehicules and usagers say of one accident, reduced to what is kept of it.
type facts struct {
	from [tableCount]uint16 // 1 + number of the file that spoke of the accident; another file on it is not heeded

	classes                                                      bitSet
	traffic, reserved, gradient, curve, surface, structure, spot int8
	speed                                                        uint8
	road                                                         string

	vehicles                        uint16
	kinds, obstacles, hits, actions bitSet

	users, protections bitSet
	gravity            [5]uint16 // number of users by code; 0 is not given
}

// side holds the facts of a group's accidents by their number.
type side struct {
	index map[uint64]int32
	all   []facts
	// gravity are the numbers of users by code of each usagers file, from which its coding is told.
	gravity [][5]int64
}

func newSide() *side { return &side{index: map[uint64]int32{}} }

// of returns the facts of an accident, nil if no table speaks of it.
func (s *side) of(number uint64) *facts {
	if i, ok := s.index[number]; ok {
		return &s.all[i]
	}
	return nil
}

// at returns the facts to be added to by a file, nil if another file of this table has already spoken.
func (s *side) at(number uint64, t table, file int) *facts {
	i, ok := s.index[number]
	if !ok {
		i = int32(len(s.all))
		s.all = append(s.all, facts{})
		s.index[number] = i
	}
	f := &s.all[i]
	if f.from[t] == 0 {
		f.from[t] = uint16(file + 1)
	}
	if f.from[t] != uint16(file+1) {
		return nil
	}
	return f
}

// side reads the joined tables of a group.
func (r *reader) side(g group) (*side, error) {
	s := newSide()
	for t := places; t < tableCount; t++ {
		for n, file := range g.files[t] {
			var add func(*facts, data.Row)
			var cols columns
			if t == persons {
				s.gravity = append(s.gravity, [5]int64{})
			}
			err := r.rows(file, func(row data.Row) error {
				if add == nil {
					cols, add = s.adder(t, n, row.Header)
				}
				number, ok := cols.number(row)
				if !ok {
					return badNumber(row, cols)
				}
				if f := s.at(number, t, n); f != nil {
					add(f, row)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func badNumber(row data.Row, cols columns) error {
	return row.Reject("missing_ref", "the accident's number %.40q is not 8 to 18 digits beginning with a year", cols.text(row, numAcc))
}

// adder returns the columns of a table and the function that adds one of its rows to the facts.
func (s *side) adder(t table, file int, h *data.Header) (columns, func(*facts, data.Row)) {
	switch t {
	case places:
		cols := columnsOf(h, numAcc, "catr", "voie", "v2", "circ", "vosp", "prof", "plan", "surf", "infra", "situ", "vma")
		return cols, cols.addPlace
	case vehicles:
		cols := columnsOf(h, numAcc, "catv", "obs", "obsm", "manv")
		return cols, cols.addVehicle
	default:
		cols := columnsOf(h, numAcc, "catu", "grav", "secu", "secu1", "secu2", "secu3")
		return cols, func(f *facts, row data.Row) { s.gravity[file][cols.addUser(f, row)]++ }
	}
}

// addPlace adds a row of lieux. From 2022 on an accident at a junction has a row for each road: classes are a set, the
// speed limit is the highest, everything else is the first row's.
func (c columns) addPlace(f *facts, row data.Row) {
	class := c.code(row, "catr")
	first := f.classes == 0
	f.classes.add(max(class, 0))
	if speed := c.code(row, "vma"); speed >= 5 && speed <= 130 && speed%5 == 0 {
		f.speed = max(f.speed, uint8(speed))
	}
	if f.road == "" {
		f.road = roadNumber(class, c.text(row, "voie"), c.text(row, "v2"))
	}
	if !first {
		return
	}
	small := func(name string) int8 { return int8(min(c.code(row, name), 99)) }
	f.traffic, f.reserved, f.gradient, f.curve = small("circ"), small("vosp"), small("prof"), small("plan")
	f.surface, f.structure, f.spot = small("surf"), small("infra"), small("situ")
}

// roadNumber names a numbered road: A86, N104, D1B. Streets have none.
func roadNumber(class int, road, letter string) string {
	if class < 1 || class > 3 {
		return ""
	}
	prefix := "AND"[class-1 : class]
	digits := strings.TrimLeft(strings.TrimPrefix(strings.ToUpper(strings.TrimSuffix(road, ".0")), prefix), "0 ")
	if digits == "" || len(digits) > 4 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	if letter = strings.ToUpper(letter); len(letter) != 1 || letter < "A" || letter > "Z" {
		letter = ""
	}
	return prefix + digits + letter
}

func (c columns) addVehicle(f *facts, row data.Row) {
	f.vehicles++
	if kind := c.code(row, "catv"); kind >= 0 && kind < len(vehicleKind) {
		f.kinds.add(int(vehicleKind[kind]))
	}
	f.obstacles.add(c.code(row, "obs"))
	f.hits.add(c.code(row, "obsm"))
	f.actions.add(c.code(row, "manv"))
}

// addUser adds a row of usagers and returns its gravity code, 0 if not given.
func (c columns) addUser(f *facts, row data.Row) int {
	f.users.add(c.code(row, "catu"))
	gravity := c.code(row, "grav")
	if gravity < 1 || gravity > 4 {
		gravity = 0
	}
	f.gravity[gravity]++
	if c["secu1"] >= 0 {
		for _, name := range [...]string{"secu1", "secu2", "secu3"} {
			code := c.code(row, name)
			if code == 7 { // gloves and airbag
				f.protections.add(5)
				code = 6
			}
			if code > 0 || (code == 0 && name == "secu1") {
				f.protections.add(code)
			}
		}
		return gravity
	}
	// Until 2018: the tens are the equipment, the unit says whether it was worn.
	switch code := c.code(row, "secu"); {
	case code > 0 && code%10 == 1:
		f.protections.add(oldProtection(code / 10))
	case code > 0 && code%10 == 2:
		f.protections.add(0)
	}
	return gravity
}

// oldProtection is the same code in the list of 2019, where 1 to 4 have kept their meaning.
func oldProtection(code int) int {
	if code >= 1 && code <= 4 {
		return code
	}
	return 9
}
