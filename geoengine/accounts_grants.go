package geoengine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// AccountGrant is one role held, by a person or a machine, for a set of areas.
type AccountGrant struct {
	Role  string   `json:"role"`
	Areas []string `json:"areas"` // area paths; Everywhere alone is no limit
}

// Scope is the grant's territory in the form of Query.Scope: nil is everything, an empty slice is nothing.
func (g AccountGrant) Scope() []string {
	if slices.Contains(g.Areas, Everywhere) {
		return nil
	}
	return append([]string{}, g.Areas...)
}

func grantsScope(grants []AccountGrant) []string {
	scope := []string{}
	for _, g := range grants {
		scope = Union(scope, g.Scope())
	}
	return scope
}

// MergeGrants returns the grants by role, each role once with the areas of all its grants.
func MergeGrants(grants []AccountGrant) []AccountGrant {
	byRole := map[string][]string{}
	for _, g := range grants {
		byRole[g.Role] = append(byRole[g.Role], g.Areas...)
	}
	merged := make([]AccountGrant, 0, len(byRole))
	for role, areas := range byRole {
		areas = append([]string{}, slices.Compact(slices.Sorted(slices.Values(areas)))...)
		if slices.Contains(areas, Everywhere) {
			areas = []string{Everywhere}
		}
		merged = append(merged, AccountGrant{Role: role, Areas: areas})
	}
	slices.SortFunc(merged, func(a, b AccountGrant) int { return strings.Compare(a.Role, b.Role) })
	return merged
}

// SetAccountGrants replaces an account's grants by what change makes of them, and tells the servers, which obey at
// once; ErrMissing if there is no such account.
func (s *Store) SetAccountGrants(ctx context.Context, name string, change func([]AccountGrant) ([]AccountGrant, error)) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error { return setAccountGrants(ctx, tx, name, change) })
	if err != nil {
		return fmt.Errorf("grants of account %q: %w", name, err)
	}
	return nil
}

func setAccountGrants(ctx context.Context, tx pgx.Tx, name string, change func([]AccountGrant) ([]AccountGrant, error)) error {
	if err := lock(ctx, tx, lockAccount, name); err != nil {
		return err
	}
	found, err := readAccounts(ctx, tx, &name)
	if err != nil {
		return err
	}
	grants, err := change(slices.Clone(found[0].Grants))
	if err != nil {
		return err
	}
	if sameGrants(MergeGrants(grants), found[0].Grants) {
		return nil // a log-in through an OpenID provider as any other
	}
	if err := replaceGrants(ctx, tx, deleteAccountGrants, insertAccountGrant, name, grants); err != nil {
		return err
	}
	return notify(ctx, tx)
}

func sameGrants(a, b []AccountGrant) bool {
	return slices.EqualFunc(a, b, func(a, b AccountGrant) bool { return a.Role == b.Role && slices.Equal(a.Areas, b.Areas) })
}

func replaceGrants(ctx context.Context, tx pgx.Tx, deletion, insertion, name string, grants []AccountGrant) error {
	if _, err := tx.Exec(ctx, deletion, name); err != nil {
		return err
	}
	for _, g := range MergeGrants(grants) {
		if _, err := tx.Exec(ctx, insertion, name, g.Role, g.Areas); err != nil {
			return err
		}
	}
	return nil
}
