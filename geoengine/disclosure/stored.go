package disclosure

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"vigie/geoengine"
)

const (
	selectRules = `select category, role, k from small_count_rule order by category, role`
	lockRules   = `lock table small_count_rule in share row exclusive mode`
	upsertRule  = `
		insert into small_count_rule (category, role, k, set_by, set_at) values ($1, $2, $3, $4, $5)
		on conflict (category, role) do update set k = excluded.k, set_by = excluded.set_by, set_at = excluded.set_at`
	deleteRules = `delete from small_count_rule where category = $1`
)

// EveryRole stands for the roles that a rule does not name.
const EveryRole = ""

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// LoadRules returns the standard rules with those of the installation in their place.
func LoadRules(ctx context.Context, store *geoengine.Store) (*Rules, error) {
	return loadRules(ctx, store.Pool)
}

func loadRules(ctx context.Context, from querier) (*Rules, error) {
	rows, err := from.Query(ctx, selectRules)
	if err != nil {
		return nil, fmt.Errorf("read small count rules: %w", err)
	}
	byCategory := map[string]Rule{}
	for _, rule := range Standard().All() {
		byCategory[rule.Category] = rule
	}
	var (
		category, role string
		k              int
	)
	_, err = pgx.ForEachRow(rows, []any{&category, &role, &k}, func() error {
		rule := byCategory[category]
		rule.Category = category
		if role == EveryRole {
			rule.Default = k
		} else {
			rule.K = maps.Clone(rule.K)
			if rule.K == nil {
				rule.K = map[string]int{}
			}
			rule.K[role] = k
		}
		byCategory[category] = rule
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read small count rules: %w", err)
	}
	return NewRules(slices.Collect(maps.Values(byCategory)))
}

// SetRule gives a role, or EveryRole, a threshold for a family; by names who does. ErrInvalid says what is wrong with it.
func SetRule(ctx context.Context, store *geoengine.Store, category, role string, k int, by string, now time.Time) error {
	if len(role) > 40 || !geoengine.ValidSlug(category) {
		return fmt.Errorf("set small count rule of %.40q for %.40q: not a category and a role: %w", category, role, geoengine.ErrInvalid)
	}
	if err := checkThreshold(category, k); err != nil {
		return err
	}
	return changeRules(ctx, store, category, upsertRule, category, role, k, by, now)
}

// ResetRules gives a family its standard rules again, or none if it has no standard ones.
func ResetRules(ctx context.Context, store *geoengine.Store, category string) error {
	return changeRules(ctx, store, category, deleteRules, category)
}

func changeRules(ctx context.Context, store *geoengine.Store, category, change string, args ...any) error {
	err := pgx.BeginFunc(ctx, store.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockRules); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, change, args...); err != nil {
			return err
		}
		if _, err := loadRules(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, notify, Channel)
		return err
	})
	if err != nil {
		return fmt.Errorf("set small count rule of %s: %w", category, err)
	}
	return nil
}

// Book holds the rules of a store as they were read last. Until they are read, nothing may be known of any category.
type Book struct {
	store   *geoengine.Store
	current atomic.Pointer[Rules]
}

// NewBook returns the rules of a store, not read yet.
func NewBook(store *geoengine.Store) *Book { return &Book{store: store} }

// Refresh reads the rules, at the start and after Channel was notified. If that fails, those of before hold.
func (b *Book) Refresh(ctx context.Context) error {
	rules, err := LoadRules(ctx, b.store)
	if err != nil {
		return err
	}
	b.current.Store(rules)
	return nil
}

// Policy returns what a role may know.
func (b *Book) Policy(role string) Policy {
	if rules := b.current.Load(); rules != nil {
		return rules.Policy(role)
	}
	return Policy{Open: []string{}}
}

// Protected are the families that are published.
func (b *Book) Protected() []Protection {
	if rules := b.current.Load(); rules != nil {
		return rules.Protected()
	}
	return nil
}
