package road

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// Lixel is a piece of road of about equal length: the unit of risk on the network. It lies on one section or on several
// that follow one another without a junction of more than two roads, and counts both directions together.
type Lixel struct {
	Metres   float64
	Centre   Spot // half-way along it
	Line     orb.LineString
	Class    Class
	BuiltUp  Known
	Junction bool   // one of its ends is a junction of three roads or more
	Name     string // number of the road, or its name
}

// Lixels are the lixels of a graph, numbered from 0. They do not change, and many may use them at once.
type Lixels struct {
	List []Lixel

	graph *Graph
	// Pieces of section c, in the order of its line, are those from first[c] to before first[c+1].
	first  []int32
	pieces []piece
	ends   [][2]int32 // posts at both ends of each lixel
	start  []int32    // lixels at post p are at[start[p]:start[p+1]]
	at     []int32
	walks  sync.Pool // of *walk, over posts and lixels
}

// piece is the part of a section that belongs to a lixel, from fromM along the section's line.
type piece struct {
	fromM float64
	lixel int32
}

// Near is a lixel and the length of the way to its centre.
type Near struct {
	Lixel  int32
	Metres float32
}

// Len is the number of lixels.
func (l *Lixels) Len() int { return len(l.List) }

// Of is the lixel of a place on the network.
func (l *Lixels) Of(s Spot) int {
	c := l.graph.piece[s.Edge] >> 1
	along := l.graph.flip(s.Edge, s.AlongM)
	pieces := l.pieces[l.first[c]:l.first[c+1]]
	i := len(pieces) - 1
	for i > 0 && pieces[i].fromM > along {
		i--
	}
	return int(pieces[i].lixel)
}

// Neighbours are the lixels that share an end with one, ascending.
func (l *Lixels) Neighbours(i int) []int32 {
	var list []int32
	for _, post := range l.ends[i] {
		for _, j := range l.at[l.start[post]:l.start[post+1]] {
			if int(j) != i {
				list = append(list, j)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Within are the lixels whose centres lie within some metres of the centre of one by the shortest way on the network,
// one-way or not, turns aside: itself first, then by growing distance.
func (l *Lixels) Within(i int, metres float64) []Near {
	w := l.walks.Get().(*walk)
	defer l.walks.Put(w)
	w.reset()
	w.seen[i] = w.round
	list := []Near{{int32(i), 0}}
	half := l.List[i].Metres / 2
	w.reach(Node(l.ends[i][0]), half)
	w.reach(Node(l.ends[i][1]), half)
	for {
		m, ok := w.pop()
		if !ok || m.metres > metres {
			break
		}
		for _, j := range l.at[l.start[m.node]:l.start[m.node+1]] {
			if w.seen[j] != w.round { // its nearer end: the way to its centre is by this one
				w.seen[j] = w.round
				if d := m.metres + l.List[j].Metres/2; d <= metres {
					list = append(list, Near{j, float32(d)})
				}
			}
			far := l.ends[j][0]
			if far == int32(m.node) {
				far = l.ends[j][1]
			}
			w.reach(Node(far), m.metres+l.List[j].Metres)
		}
	}
	slices.SortFunc(list[1:], func(a, b Near) int { return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(a.Lixel, b.Lixel)) })
	return list
}

// Lixels cuts the network into pieces of about equal length. Sections that follow one another without a third road, of one class,
// make a chain; a chain is cut into pieces of equal length between minM and maxM, as near to their middle as can be; one
// shorter than minM stays whole, and so does one that no number of pieces fits (for maxM < 2 minM), in pieces of less
// than minM.
func (g *Graph) Lixels(minM, maxM float64) *Lixels {
	l := &Lixels{graph: g, first: make([]int32, len(g.sections)+1)}
	if !(maxM > 0) {
		maxM = math.Inf(1)
	}
	c := chains{g: g, used: make([]bool, len(g.sections)), post: make([]int32, len(g.position))}
	for i := range c.post {
		c.post[i] = -1
	}
	parts := make([][]piece, len(g.sections))
	for i := range g.sections {
		if !c.used[i] {
			l.cut(&c, c.from(int32(i)), minM, maxM, parts)
		}
	}
	for i, list := range parts {
		slices.SortFunc(list, func(a, b piece) int { return cmp.Compare(a.fromM, b.fromM) })
		l.pieces = append(l.pieces, list...)
		l.first[i+1] = int32(len(l.pieces))
	}
	l.start = make([]int32, c.posts+1)
	for _, ends := range l.ends {
		l.start[ends[0]+1]++
		l.start[ends[1]+1]++
	}
	for p := range c.posts {
		l.start[p+1] += l.start[p]
	}
	l.at = make([]int32, 2*len(l.ends))
	next := slices.Clone(l.start)
	for i, ends := range l.ends {
		for _, p := range ends {
			l.at[next[p]] = int32(i)
			next[p]++
		}
	}
	posts, lixels := int(c.posts), len(l.List)
	l.walks.New = func() any { return newWalk(posts, lixels) }
	return l
}

// chains finds sections that follow one another. A link of a chain is section × 2, + 1 if its line runs against the chain.
type chains struct {
	g     *Graph
	used  []bool
	post  []int32 // number of each node as an end of lixels, −1 if it has none yet
	posts int32
}

// from is the whole chain that a section belongs to.
func (c *chains) from(section int32) []int32 {
	c.used[section] = true
	ahead := c.extend(2 * section)
	back := c.extend(2*section + 1)
	chain := make([]int32, 0, len(ahead)+len(back)+1)
	for _, link := range slices.Backward(back) {
		chain = append(chain, link^1)
	}
	return append(append(chain, 2*section), ahead...)
}

// extend follows the links after one.
func (c *chains) extend(link int32) []int32 {
	var list []int32
	for {
		end := link ^ 1 // the end where the link ends: 0 its From end, 1 its To end
		n := c.g.far(link)
		ends := c.g.ends[c.g.firstEnd[n]:c.g.firstEnd[n+1]]
		if len(ends) != 2 {
			return list
		}
		next := ends[0]
		if next == end {
			next = ends[1]
		}
		a, b := &c.g.sections[link>>1], &c.g.sections[next>>1]
		if c.used[next>>1] || a.Class != b.Class || a.Link != b.Link {
			return list
		}
		c.used[next>>1] = true
		link = next
		list = append(list, link)
	}
}

// number is the number of a node as an end of lixels.
func (c *chains) number(n Node) int32 {
	if c.post[n] < 0 {
		c.post[n] = c.posts
		c.posts++
	}
	return c.post[n]
}

// count is the number of equal pieces of a length.
func count(length, minM, maxM float64) int {
	n := max(math.Ceil(length/maxM), 1)
	if wish := math.Round(length / ((minM + maxM) / 2)); wish > n && length/wish >= minM {
		n = wish
	}
	return int(min(n, 1e6))
}

// cut makes the lixels of a chain.
func (l *Lixels) cut(c *chains, chain []int32, minM, maxM float64, parts [][]piece) {
	g := l.graph
	length, begin, end := 0.0, g.far(chain[0]^1), g.far(chain[len(chain)-1])
	for _, link := range chain {
		length += g.metres[link>>1]
	}
	n := count(length, minM, maxM)
	size := length / float64(n)
	at, gone := 0, 0.0 // link and the length before it
	post := c.number(begin)
	for i := range n {
		lixel := Lixel{Metres: size}
		from, to := float64(i)*size, float64(i+1)*size
		if i == n-1 {
			to = length
		}
		middle, longest := (from+to)/2, -1.0
		for {
			link, metres := chain[at], g.metres[chain[at]>>1]
			low, high := max(from-gone, 0), min(to-gone, metres)
			l.add(&lixel, link, low, high, &longest, parts)
			if m := middle - gone; lixel.Centre.Confidence == 0 && m <= metres {
				e := g.edgeOf(link >> 1)
				lixel.Centre = g.SpotAt(e, g.flip(e, upright(link, max(m, 0), metres)))
			}
			if to-gone < metres || at == len(chain)-1 {
				break
			}
			gone += metres
			at++
			if to-gone <= 0 && i < n-1 {
				break
			}
		}
		next := c.posts
		if i == n-1 {
			next = c.number(end)
		} else {
			c.posts++
		}
		lixel.Junction = i == 0 && g.crossing(begin) || i == n-1 && g.crossing(end)
		l.List = append(l.List, lixel)
		l.ends = append(l.ends, [2]int32{post, next})
		post = next
	}
}

// add adds the piece of a link to a lixel; class and name are those of the longest piece.
func (l *Lixels) add(lixel *Lixel, link int32, low, high float64, longest *float64, parts [][]piece) {
	c := link >> 1
	s := &l.graph.sections[c]
	metres := l.graph.metres[c]
	a, b := upright(link, low, metres), upright(link, high, metres)
	line := cut(s.Line, min(a, b), max(a, b))
	if link&1 == 1 {
		line = reversed(line)
	}
	lixel.Line = join(lixel.Line, line)
	if len(lixel.Line) == 1 {
		lixel.Line = append(lixel.Line, lixel.Line[0])
	}
	parts[c] = append(parts[c], piece{min(a, b), int32(len(l.List))})
	if high-low > *longest {
		*longest = high - low
		lixel.Class, lixel.BuiltUp, lixel.Name = s.Class, s.BuiltUp, cmp.Or(s.Number, s.Name)
	}
}

// upright turns a length along a link into one along its section.
func upright(link int32, alongM, metres float64) float64 {
	if link&1 == 1 {
		return metres - alongM
	}
	return alongM
}

// crossing reports whether three section ends or more meet at a node.
func (g *Graph) crossing(n Node) bool { return g.firstEnd[n+1]-g.firstEnd[n] > 2 }
