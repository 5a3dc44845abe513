// Package identity knows who is asking: people with argon2id passwords or an OpenID provider and cookie sessions,
// machines with keys, access tokens or certificates; wrong guesses are slowed down.
// What a caller may do is decided by package door.
package identity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vigie/geoengine"
	"vigie/geoengine/disclosure"
)

// Role is what a person or a machine does.
type Role string

// The roles of the house.
const (
	Commander Role = "commander" // reads the map and decides
	Analyst   Role = "analyst"   // reads, exports, builds layers
	Operator  Role = "operator"  // runs the means: plans, signs
	Authority Role = "authority" // a traffic authority's machine
	Auditor   Role = "auditor"   // reads the journal
	Admin     Role = "admin"     // manages accounts and the store
)

// Roles lists every role, in the order in which help texts show them.
func Roles() []Role { return []Role{Commander, Analyst, Operator, Authority, Auditor, Admin} }

// RoleSet is the set of roles that there are: those of the house and those that modules add.
type RoleSet []Role

// NewRoles returns the roles of the house with those that modules add.
func NewRoles(extra ...Role) RoleSet {
	set := RoleSet(Roles())
	for _, role := range extra {
		if !slices.Contains(set, role) {
			set = append(set, role)
		}
	}
	return set
}

// Parse returns the role of that name; ErrInvalid lists the roles there are.
func (s RoleSet) Parse(name string) (Role, error) {
	if slices.Contains(s, Role(name)) {
		return Role(name), nil
	}
	names := make([]string, 0, len(s))
	for _, r := range s {
		names = append(names, string(r))
	}
	return "", fmt.Errorf("role %.40q: must be one of %s: %w", name, strings.Join(names, ", "), geoengine.ErrInvalid)
}

// Grant is one role held for a set of areas.
type Grant struct {
	Role  Role
	Areas []string // as in geoengine.Account
}

// scope is the grant's territory in the form of geoengine.Query.Scope.
func (g Grant) scope() []string {
	return geoengine.AccountGrant{Areas: g.Areas}.Scope()
}

// Caller is the person or the machine behind a request. The zero Caller is nobody and may see nothing.
type Caller struct {
	Name    string // of the account, or of the client
	Machine bool   // a client, not a person
	Grants  []Grant
	Scopes  []string // of a machine: the tags of the operations that it may call; nil is every tag
	Expires time.Time
}

// Reach is the territory for which the caller holds a role: nil is everything, an empty slice nothing.
func (c Caller) Reach(role Role) []string {
	reach := []string{}
	for _, g := range c.Grants {
		if g.Role == role {
			reach = geoengine.Union(reach, g.scope())
		}
	}
	return reach
}

// Holds tells whether the caller holds one of the roles, for whatever areas.
func (c Caller) Holds(roles []Role) bool {
	return slices.ContainsFunc(c.Grants, func(g Grant) bool { return slices.Contains(roles, g.Role) })
}

// Rights are what the caller may read through an operation of these roles, where policy says what each role may know.
// The territories of all grants that admit the caller add up, and what is known of them is what the strictest of these
// grants allows; a grant whose territory lies within that of a grant that allows more does not count.
func (c Caller) Rights(roles []Role, policy func(Role) disclosure.Policy) (geoengine.Rights, disclosure.Policy) {
	rights, known, found := geoengine.NoRights(), disclosure.Policy{Open: []string{}}, false
	admitting := slices.DeleteFunc(slices.Clone(c.Grants), func(g Grant) bool { return !slices.Contains(roles, g.Role) })
	for i, g := range admitting {
		own := policy(g.Role)
		if slices.ContainsFunc(admitting[:i], func(other Grant) bool { return outdone(g, other, policy) }) ||
			slices.ContainsFunc(admitting[i+1:], func(other Grant) bool {
				return outdone(g, other, policy) && !outdone(other, g, policy)
			}) {
			continue
		}
		if !found {
			rights.Scope, known, found = g.scope(), own, true
			continue
		}
		rights.Scope, known = geoengine.Union(rights.Scope, g.scope()), known.Stricter(own)
	}
	rights.Open = known.Open
	return rights, known
}

// outdone tells whether the other grant shows all that g shows.
func outdone(g, other Grant, policy func(Role) disclosure.Policy) bool {
	return geoengine.Covers(other.scope(), g.scope()) && policy(g.Role).AtMost(policy(other.Role))
}
