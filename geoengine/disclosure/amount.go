package disclosure

// Amount is a sum of published numbers, some of which may be hidden.
type Amount struct {
	Count  uint32 // of the numbers that are told
	Hidden Hidden // what is missing: Below if it is one number below K
	K      int    // of what is hidden; 0 if nothing is
	Parts  int    // numbers that are hidden
}

// add adds one published number.
func (a *Amount) add(n Number, k int) {
	if n >= 0 {
		a.Count += uint32(n)
		return
	}
	a.hide(n.hidden(), k)
}

func (a *Amount) hide(hidden Hidden, k int) {
	a.Parts++
	a.K = max(a.K, k)
	if a.Hidden = hidden; a.Parts > 1 {
		a.Hidden = Withheld // of several below k there is no telling
	}
}

// Plus returns the sum with another one.
func (a Amount) Plus(b Amount) Amount {
	a.plus(b)
	return a
}

// plus adds another sum.
func (a *Amount) plus(b Amount) {
	a.Count += b.Count
	switch {
	case b.Parts == 0:
	case a.Parts == 0:
		a.Hidden, a.K, a.Parts = b.Hidden, b.K, b.Parts
	default:
		a.Hidden, a.K, a.Parts = Withheld, max(a.K, b.K), a.Parts+b.Parts
	}
}

// Nothing tells whether the sum is 0 for sure.
func (a Amount) Nothing() bool { return a.Count == 0 && a.Parts == 0 }

// Secret tells whether there is no number to show: some is hidden, and of what is told nothing happened.
func (a Amount) Secret() bool { return a.Count == 0 && a.Parts > 0 }
