package geoengine

import "slices"

// Rights are what a caller may read, set by the door and never by the caller. As in Query, a nil list is everything
// and an empty one is nothing; NoRights is nothing at all.
type Rights struct {
	Scope []string // area paths, each with its descendants
	Open  []string // category slugs, each with its dotted descendants, whose single events and exact counts may be read
}

// NoRights returns the rights to nothing.
func NoRights() Rights { return Rights{Scope: []string{}, Open: []string{}} }

// AllRights returns the rights to everything: of imports, benchmarks and administration, never of a request.
func AllRights() Rights { return Rights{} }

// Limit puts the rights into a query, in place of those that it had.
func (r Rights) Limit(q Query) Query {
	q.Scope, q.Open = r.Scope, r.Open
	return q
}

// Covers tells whether whoever holds the scope a may see all that the scope b shows.
func Covers(a, b []string) bool {
	if a == nil {
		return true
	}
	return b != nil && !slices.ContainsFunc(b, func(path string) bool { return !Within(path, a) })
}

// Union returns the scope that holds both; nil is everything.
func Union(a, b []string) []string {
	if a == nil || b == nil {
		return nil
	}
	both := append([]string{}, a...) // not nil, which would be everything
	both = append(both, b...)
	slices.Sort(both)
	return slices.Compact(both)
}

// Common returns the dotted paths or slugs within both lists; nil is everything.
func Common(a, b []string) []string {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	both := []string{}
	for _, path := range a {
		if Within(path, b) {
			both = append(both, path)
		}
	}
	for _, path := range b {
		if Within(path, a) {
			both = append(both, path)
		}
	}
	slices.Sort(both)
	return slices.Compact(both)
}
