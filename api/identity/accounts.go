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

// Accounts manages the local accounts for the command line.
type Accounts struct {
	store  *geoengine.Store
	hasher *Hasher
	clock  func() time.Time
}

// NewAccounts returns the manager of the store's accounts; random gives the salts (crypto/rand.Reader).
func NewAccounts(store *geoengine.Store, random io.Reader, clock func() time.Time) *Accounts {
	return &Accounts{store: store, hasher: NewHasher(random), clock: clock}
}

// CreateAccount adds a person. areas are area paths, or "*" alone for everywhere; they need not be imported yet.
// ErrInvalid names what is wrong: name, role, areas, password, or a name that is taken.
func (a *Accounts) CreateAccount(ctx context.Context, name, role string, areas []string, password string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if _, err := ParseRole(role); err != nil {
		return err
	}
	if err := checkAreas(areas); err != nil {
		return err
	}
	phc, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return a.store.CreateAccount(ctx, geoengine.Account{
		Name: name, Password: phc, Role: role, Areas: areas, Created: a.clock(),
	})
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

// SetPassword replaces a password and ends the account's sessions; ErrMissing if there is none.
func (a *Accounts) SetPassword(ctx context.Context, name, password string) error {
	phc, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return a.store.SetAccountPassword(ctx, name, phc)
}

func checkName(name string) error {
	if name == "" || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-@") != "" {
		return fmt.Errorf("account name %.70q: must be 1 to 64 of a–z, 0–9 and ._-@: %w", name, geoengine.ErrInvalid)
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
