package identity

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vigie/geoengine"
)

// Accounts manages the accounts and the clients for the command line.
type Accounts struct {
	store  *geoengine.Store
	hasher *Hasher
	random io.Reader
	clock  func() time.Time
	roles  RoleSet
}

// NewAccounts returns the manager of the store's accounts; random gives salts and keys (crypto/rand.Reader), extra are
// the roles that modules add.
func NewAccounts(store *geoengine.Store, random io.Reader, clock func() time.Time, extra ...Role) *Accounts {
	return &Accounts{store: store, hasher: NewHasher(random), random: random, clock: clock, roles: NewRoles(extra...)}
}

// CreateAccount adds a person who holds one role. areas are area paths, or "*" alone for everywhere; they need not be
// imported yet. ErrInvalid names what is wrong: name, role, areas, password, or a name that is taken.
func (a *Accounts) CreateAccount(ctx context.Context, name, role string, areas []string, password string) error {
	return a.CreateAccountOf(ctx, name, []geoengine.AccountGrant{{Role: role, Areas: areas}}, password)
}

// CreateAccountOf is CreateAccount for a person who holds several roles.
func (a *Accounts) CreateAccountOf(ctx context.Context, name string, grants []geoengine.AccountGrant, password string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := a.CheckGrants(grants); err != nil {
		return err
	}
	phc, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return a.store.CreateAccount(ctx, geoengine.Account{Name: name, Password: phc, Grants: grants, Created: a.clock()})
}

// CheckGrants returns ErrInvalid for no grants, an unknown role or wrong areas.
func (a *Accounts) CheckGrants(grants []geoengine.AccountGrant) error {
	if len(grants) == 0 {
		return fmt.Errorf("grants: must name at least one role: %w", geoengine.ErrInvalid)
	}
	for _, g := range grants {
		if _, err := a.roles.Parse(g.Role); err != nil {
			return err
		}
		if err := checkAreas(g.Areas); err != nil {
			return err
		}
	}
	return nil
}

// ListAccounts returns every account by name, without the password hashes.
func (a *Accounts) ListAccounts(ctx context.Context) ([]geoengine.Account, error) {
	accounts, err := a.store.Accounts(ctx)
	for i := range accounts {
		accounts[i].Password = ""
	}
	return accounts, err
}

// DisableAccount stops a person from logging in and ends their sessions at once; ErrMissing if there is none.
func (a *Accounts) DisableAccount(ctx context.Context, name string) error {
	return a.store.DisableAccount(ctx, name, true)
}

// EnableAccount lets a disabled person log in again; ErrMissing if there is none.
func (a *Accounts) EnableAccount(ctx context.Context, name string) error {
	return a.store.DisableAccount(ctx, name, false)
}

// SetPassword replaces a password and ends the account's sessions; ErrMissing if there is none, ErrInvalid for an
// account that an OpenID provider vouches for.
func (a *Accounts) SetPassword(ctx context.Context, name, password string) error {
	if err := a.local(ctx, name); err != nil {
		return err
	}
	phc, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return a.store.SetAccountPassword(ctx, name, phc)
}

// local returns ErrInvalid for an account whose password and rights an OpenID provider decides.
func (a *Accounts) local(ctx context.Context, name string) error {
	account, err := a.store.Account(ctx, name)
	if err == nil && account.Issuer != "" {
		err = fmt.Errorf("account %q: its password and rights come from %s: %w", name, account.Issuer, geoengine.ErrInvalid)
	}
	return err
}

// GrantAccount adds to what an account may do; the areas of a role that it holds add up. It counts at once.
func (a *Accounts) GrantAccount(ctx context.Context, name string, grants []geoengine.AccountGrant) error {
	if err := a.CheckGrants(grants); err != nil {
		return err
	}
	if err := a.local(ctx, name); err != nil {
		return err
	}
	return a.store.SetAccountGrants(ctx, name, adding(grants))
}

// RevokeAccount takes roles away, whole where areas are empty and else for these areas; ErrMissing if the account does
// not hold them. It counts at once.
func (a *Accounts) RevokeAccount(ctx context.Context, name string, grants []geoengine.AccountGrant) error {
	if err := a.local(ctx, name); err != nil {
		return err
	}
	return a.store.SetAccountGrants(ctx, name, removing(grants))
}

func adding(grants []geoengine.AccountGrant) func([]geoengine.AccountGrant) ([]geoengine.AccountGrant, error) {
	return func(held []geoengine.AccountGrant) ([]geoengine.AccountGrant, error) {
		return slices.Concat(held, grants), nil
	}
}

func removing(grants []geoengine.AccountGrant) func([]geoengine.AccountGrant) ([]geoengine.AccountGrant, error) {
	return func(held []geoengine.AccountGrant) ([]geoengine.AccountGrant, error) {
		for _, g := range grants {
			i := slices.IndexFunc(held, func(h geoengine.AccountGrant) bool { return h.Role == g.Role })
			if i < 0 {
				return nil, fmt.Errorf("role %.40q is not held: %w", g.Role, geoengine.ErrMissing)
			}
			for _, path := range g.Areas {
				if !slices.Contains(held[i].Areas, path) {
					return nil, fmt.Errorf("role %s is not held for area %.80q itself: %w", g.Role, path, geoengine.ErrMissing)
				}
			}
			rest := slices.DeleteFunc(slices.Clone(held[i].Areas), func(path string) bool { return slices.Contains(g.Areas, path) })
			if len(g.Areas) == 0 || len(rest) == 0 {
				held = slices.Delete(held, i, i+1)
			} else {
				held[i].Areas = rest
			}
		}
		return held, nil
	}
}

// EndSessions logs an account out everywhere; ErrMissing if there is none.
func (a *Accounts) EndSessions(ctx context.Context, name string) error {
	if _, err := a.store.Account(ctx, name); err != nil {
		return err
	}
	return a.store.DeleteAccountSessions(ctx, name)
}

// EndSession ends one log-in of an account by its public id; ErrMissing if the account has none of that id.
func (a *Accounts) EndSession(ctx context.Context, name, id string) error {
	session, err := a.store.SessionByID(ctx, id, a.clock())
	if err == nil && session.Account.Name != name {
		err = fmt.Errorf("session %.40q of %s: %w", id, name, geoengine.ErrMissing)
	}
	if err != nil {
		return err
	}
	return a.store.DeleteSessionByID(ctx, id)
}

// tidyName is a name as people may type it: tablets like to begin with a capital.
func tidyName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// CheckName returns ErrInvalid for a name that no account and no client may have.
func CheckName(name string) error {
	if name == "" || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-@") != "" {
		return fmt.Errorf("name %.70q: must be 1 to 64 of a–z, 0–9 and ._-@: %w", name, geoengine.ErrInvalid)
	}
	return nil
}

func checkAreas(areas []string) error {
	if len(areas) == 0 || len(areas) > 200 {
		return fmt.Errorf("areas: must be 1 to 200 area paths, or * for everywhere: %w", geoengine.ErrInvalid)
	}
	if slices.Contains(areas, geoengine.Everywhere) {
		if len(areas) > 1 {
			return fmt.Errorf("areas: * means everywhere and stands alone: %w", geoengine.ErrInvalid)
		}
		return nil
	}
	for _, path := range areas {
		if !geoengine.ValidAreaPath(path) {
			return fmt.Errorf("area %.80q: must be a dotted path such as fr.76.31: %w", path, geoengine.ErrInvalid)
		}
	}
	return nil
}
