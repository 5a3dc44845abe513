// Package identity knows who is asking: accounts with argon2id passwords, log-in with backoff, and cookie sessions.
// What a caller may do is decided by package door.
package identity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vigie/geoengine"
)

// Role is what a person does; every account has one.
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

// Caller is the person behind a request. The zero Caller is nobody and may see nothing.
type Caller struct {
	Name    string
	Role    Role
	Areas   []string // as in geoengine.Account
	Expires time.Time
}

// Scope is the caller's territory in the form of geoengine.Query.Scope: nil is everything, an empty slice nothing.
func (c Caller) Scope() []string {
	account := geoengine.Account{Areas: c.Areas}
	return account.Scope()
}
