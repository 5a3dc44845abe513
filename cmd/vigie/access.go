package main

import (
	"context"
	"strings"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/journal"
)

// grantHelp explains --grant.
const grantHelp = `A grant is a role for areas, ROLE=AREA,AREA: area paths such as fr.76.31, each with everything below it, or * for
everywhere. Roles: commander, analyst, operator, authority, auditor, admin.`

// rightsFlags say what a new account or client may do.
type rightsFlags struct {
	Role  string   `help:"Role, for the areas of --area. Default for people without --grant: analyst." placeholder:"ROLE"`
	Area  []string `help:"Area path, with everything below it; repeatable. Default: everywhere." placeholder:"fr.76.31"`
	Grant []string `help:"Another role, with its areas; repeatable." placeholder:"ROLE=AREA,AREA" sep:"none"`
}

// grants reads the flags; otherwise is the role where none is named, "" for none.
func (f rightsFlags) grants(otherwise identity.Role) ([]geoengine.AccountGrant, error) {
	grants, err := parseGrants(f.Grant)
	if err != nil {
		return nil, err
	}
	role := f.Role
	if role == "" && len(grants) == 0 {
		role = string(otherwise)
	}
	if role == "" {
		if len(f.Area) > 0 {
			return nil, usagef("--area belongs to --role: which one?")
		}
		if len(grants) == 0 {
			return nil, usagef("say what it may do: --role ROLE --area AREA, or --grant ROLE=AREA,AREA")
		}
		return geoengine.MergeGrants(grants), nil
	}
	areas := f.Area
	if len(areas) == 0 {
		areas = []string{geoengine.Everywhere}
	}
	if _, err := moduleRoles().Parse(role); err != nil {
		return nil, usageError{err}
	}
	return geoengine.MergeGrants(append(grants, geoengine.AccountGrant{Role: role, Areas: areas})), nil
}

// parseGrants reads ROLE=AREA,AREA or ROLE alone, which leaves the areas empty.
func parseGrants(texts []string) ([]geoengine.AccountGrant, error) {
	grants := make([]geoengine.AccountGrant, 0, len(texts))
	for _, text := range texts {
		role, areas, _ := strings.Cut(text, "=")
		if _, err := moduleRoles().Parse(role); err != nil {
			return nil, usageError{err}
		}
		grant := geoengine.AccountGrant{Role: role}
		for area := range strings.SplitSeq(areas, ",") {
			if area = strings.TrimSpace(area); area != "" {
				grant.Areas = append(grant.Areas, area)
			}
		}
		grants = append(grants, grant)
	}
	return grants, nil
}

// sayGrants is grants for people and for the journal: "analyst=* commander=fr.11,fr.76".
func sayGrants(grants []geoengine.AccountGrant) string {
	texts := make([]string, len(grants))
	for i, g := range grants {
		texts[i] = g.Role
		if len(g.Areas) > 0 {
			texts[i] += "=" + strings.Join(g.Areas, ",")
		}
	}
	return strings.Join(texts, " ")
}

// changeAccess changes who may do what, between two lines of the journal: it is not done if the first cannot be
// written.
func (a *app) changeAccess(ctx context.Context, operation, reference string, change func(*identity.Accounts) error) error {
	accounts, store, err := a.accounts(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	entry := journal.Entry{Operation: operation, Act: string(door.ActAccess), Reference: reference}
	return a.journalled(ctx, store.Store, entry, func(context.Context) error { return change(accounts) })
}
