// Package disclosure keeps small counts of sensitive events from telling about persons: which categories are
// protected for which role, and the fixed tables of counts that such a role may see.
package disclosure

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vigie/geoengine"
)

// The lowest and the highest threshold that a rule may have. Of a threshold of 2, "below" would be the number 1.
const (
	MinK = 3
	MaxK = 100
)

// Rule declares the threshold of one family of categories: a cell that counts fewer than k of its events is hidden.
type Rule struct {
	Category string         // slug; its dotted descendants are of the same family
	K        map[string]int // by role; 0 is open data, and every other is the same; a role that is not named has Default
	Default  int
}

// of is the threshold of a role.
func (r *Rule) of(role string) int {
	if k, named := r.K[role]; named {
		return k
	}
	return r.Default
}

// threshold is what the roles have that do not have 0; 0 if all have.
func (r *Rule) threshold() int {
	highest := r.Default
	for _, k := range r.K {
		highest = max(highest, k)
	}
	return highest
}

func (r *Rule) check() error {
	for _, k := range append(slices.Collect(maps.Values(r.K)), r.Default) {
		if err := checkThreshold(r.Category, k); err != nil {
			return err
		}
		if k != 0 && k != r.threshold() {
			return fmt.Errorf("small counts: %s: k %d and %d: the roles of a category that is not open to them have one k, "+
				"since two tables could be compared: %w", r.Category, k, r.threshold(), geoengine.ErrInvalid)
		}
	}
	return nil
}

func checkThreshold(category string, k int) error {
	if k != 0 && (k < MinK || k > MaxK) {
		return fmt.Errorf("small counts: %s: k %d: must be 0 for open data, or %d to %d: %w", category, k, MinK, MaxK, geoengine.ErrInvalid)
	}
	return nil
}

// Rules are the rules of every family. Families do not overlap.
type Rules struct{ rules []Rule }

// NewRules checks the rules: ErrInvalid names a wrong slug, a threshold outside 0, MinK to MaxK, two thresholds of one
// family over 0, since what each lets through could be compared, or two families of which one holds the other.
func NewRules(rules []Rule) (*Rules, error) {
	sorted := slices.SortedFunc(slices.Values(rules), func(a, b Rule) int { return strings.Compare(a.Category, b.Category) })
	for i, r := range sorted {
		if !geoengine.ValidSlug(r.Category) {
			return nil, fmt.Errorf("small counts: category %.40q: must be a dotted slug: %w", r.Category, geoengine.ErrInvalid)
		}
		for _, other := range sorted[:i] {
			if geoengine.Within(r.Category, []string{other.Category}) {
				return nil, fmt.Errorf("small counts: %s lies within %s, which has a rule: %w", r.Category, other.Category, geoengine.ErrInvalid)
			}
		}
		if err := r.check(); err != nil {
			return nil, err
		}
	}
	return &Rules{sorted}, nil
}

// Policy is what one caller may know of each category.
type Policy struct {
	// Open are the families without a threshold, as in geoengine.Rights. A category without a rule is open only to
	// whom every family is.
	Open []string
	// Protected are the families that are answered from protected counts, by slug.
	Protected []Protection
}

// Protection is the threshold that holds for a family.
type Protection struct {
	Category string `json:"category"`
	K        int    `json:"k"` // at least MinK
}

// Protected are the families with a threshold for some role: those that are published.
func (r *Rules) Protected() []Protection {
	var families []Protection
	for i := range r.rules {
		if k := r.rules[i].threshold(); k > 0 {
			families = append(families, Protection{r.rules[i].Category, k})
		}
	}
	return families
}

// All lists the rules by category.
func (r *Rules) All() []Rule { return slices.Clone(r.rules) }

// Policy returns what a role may know.
func (r *Rules) Policy(role string) Policy {
	policy := Policy{Open: []string{}}
	for i := range r.rules {
		if k := r.rules[i].of(role); k > 0 {
			policy.Protected = append(policy.Protected, Protection{r.rules[i].Category, k})
		} else {
			policy.Open = append(policy.Open, r.rules[i].Category)
		}
	}
	if len(policy.Protected) == 0 {
		policy.Open = nil
	}
	return policy
}

// Stricter returns the policy that allows only what both allow.
func (p Policy) Stricter(other Policy) Policy {
	strict := Policy{Open: geoengine.Common(p.Open, other.Open)}
	highest := map[string]int{}
	for _, protected := range slices.Concat(p.Protected, other.Protected) {
		highest[protected.Category] = max(highest[protected.Category], protected.K)
	}
	for category, k := range highest {
		strict.Protected = append(strict.Protected, Protection{category, k})
	}
	slices.SortFunc(strict.Protected, func(a, b Protection) int { return strings.Compare(a.Category, b.Category) })
	return strict
}

// AtMost tells whether the policy allows nothing that the other does not.
func (p Policy) AtMost(other Policy) bool {
	if !geoengine.Covers(other.Open, p.Open) {
		return false
	}
	return !slices.ContainsFunc(other.Protected, func(theirs Protection) bool {
		return !slices.ContainsFunc(p.Protected, func(ours Protection) bool {
			return ours.Category == theirs.Category && ours.K >= theirs.K
		})
	})
}

// Standard are the rules of an installation that sets none: accidents are published as open data; what is drawn from
// victims and callers is exact only for those who command the means.
func Standard() *Rules {
	const k = 5 // below it the statistics of the ministry of the interior (SSMSI) publish no count either
	command := map[string]int{"commander": 0, "admin": 0}
	rules, err := NewRules([]Rule{
		{Category: "road.accident"},
		{Category: "rescue.call", K: command, Default: k},
		{Category: "vehicle.theft", K: command, Default: k},
	})
	if err != nil {
		panic(err) // the rules are constants
	}
	return rules
}
