// Package identity knows who is asking: accounts with argon2id passwords, log-in with backoff, and cookie sessions.
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

// ParseRole returns the role of that name; ErrInvalid lists the roles there are.
func ParseRole(name string) (Role, error) {
	if slices.Contains(Roles(), Role(name)) {
		return Role(name), nil
	}
	names := make([]string, 0, len(Roles()))
	for _, r := range Roles() {
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
	account := geoengine.Account{Areas: g.Areas}
	return account.Scope()
}

// Caller is the person or the machine behind a request. The zero Caller is nobody and may see nothing.
type Caller struct {
	Name    string // of the account, or of the client
	Machine bool   // a client, not a person
	Grants  []Grant
	Scopes  []string // of a machine: the tags of the operations that it may call; nil is every tag
	Expires time.Time
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
