package geoengine

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Gazetteer is the tree of areas in memory: search by name, children, bounds. It does not change; build another when
// the areas do. What it answers is within a scope, which is as in Query.Scope.
type Gazetteer struct {
	byPath   map[string]*entry
	children map[string][]*entry // by parent, sorted by name
	all      []*entry            // larger areas first
}

// entry is an area with its name as it is compared.
type entry struct {
	AreaName
	folded string
	depth  int
}

// NewGazetteer builds the tree. An area without bounds gets those of its descendants.
func NewGazetteer(areas []AreaName) *Gazetteer {
	g := &Gazetteer{byPath: make(map[string]*entry, len(areas)), children: map[string][]*entry{}}
	for _, a := range areas {
		e := &entry{AreaName: a, folded: fold(a.Name), depth: strings.Count(a.Path, ".")}
		g.byPath[a.Path] = e
		g.all = append(g.all, e)
		g.children[parentPath(a.Path)] = append(g.children[parentPath(a.Path)], e)
	}
	slices.SortFunc(g.all, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), strings.Compare(a.Path, b.Path))
	})
	for _, siblings := range g.children {
		slices.SortFunc(siblings, func(a, b *entry) int {
			return cmp.Or(strings.Compare(a.folded, b.folded), strings.Compare(a.Path, b.Path))
		})
	}
	own := map[string]bool{}
	for _, e := range g.all {
		own[e.Path] = e.Bounds != nil
	}
	for _, e := range slices.Backward(g.all) { // the deepest first
		if parent := g.byPath[parentPath(e.Path)]; parent != nil && !own[parent.Path] && e.Bounds != nil {
			union := *e.Bounds
			if parent.Bounds != nil {
				union = parent.Bounds.Union(union)
			}
			parent.Bounds = &union
		}
	}
	return g
}

// parentPath is the path without its last part, "" for a root.
func parentPath(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }

// Name returns an area by its path, whatever the scope: names of places are no secret, what happens there is.
func (g *Gazetteer) Name(path string) (AreaName, bool) {
	if e := g.byPath[path]; e != nil {
		return e.AreaName, true
	}
	return AreaName{}, false
}

// Area returns the area with that path, if there is one within the scope.
func (g *Gazetteer) Area(path string, scope []string) (AreaName, bool) {
	if scope != nil && !Within(path, scope) {
		return AreaName{}, false
	}
	return g.Name(path)
}

// Children lists at most limit direct children of an area by name. The children of "" are the roots, or the areas of
// the scope where there is one.
func (g *Gazetteer) Children(parent string, scope []string, limit int) []AreaName {
	found := []AreaName{}
	if parent == "" && scope != nil {
		for _, path := range slices.Sorted(slices.Values(scope)) {
			if e := g.byPath[path]; e != nil && len(found) < limit {
				found = append(found, e.AreaName)
			}
		}
		return found
	}
	for _, e := range g.children[parent] {
		if (scope == nil || Within(e.Path, scope)) && len(found) < limit {
			found = append(found, e.AreaName)
		}
	}
	return found
}

// Search finds at most limit areas whose name has words that begin with the text, or whose code it is. Exact names
// come first, then codes, beginnings of names and other words; among equals larger areas, then shorter names. Case,
// accents, hyphens and apostrophes do not matter.
func (g *Gazetteer) Search(text string, scope []string, limit int) []AreaName {
	type match struct {
		*entry
		rank int
	}
	wanted := fold(text)
	var matches []match
	for _, e := range g.all {
		rank := e.rank(wanted)
		if rank >= 0 && (scope == nil || Within(e.Path, scope)) {
			matches = append(matches, match{e, rank})
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.depth, b.depth), cmp.Compare(len(a.folded), len(b.folded)))
	})
	found := []AreaName{}
	for _, m := range matches[:min(limit, len(matches))] {
		found = append(found, m.AreaName)
	}
	return found
}

// rank tells how well the entry fits a folded text, 0 best, -1 not at all.
func (e *entry) rank(wanted string) int {
	switch {
	case wanted == "":
		return -1
	case e.folded == wanted:
		return 0
	case strings.EqualFold(e.Code, wanted):
		return 1
	case strings.HasPrefix(e.folded, wanted):
		return 2
	case strings.Contains(e.folded, " "+wanted):
		return 3
	default:
		return -1
	}
}

// fold is a name as it is compared: lower case, no accents, ligatures apart, single spaces for hyphens and apostrophes.
func fold(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case unicode.Is(unicode.Mn, r):
		case r == '-' || r == '\'' || r == '’' || unicode.IsSpace(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
