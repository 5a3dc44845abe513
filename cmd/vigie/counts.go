package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigie/api/door"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/journal"
	"vigie/progress"
)

// countsCommand manages the small counts that are hidden.
type countsCommand struct {
	Rules   countsRulesCommand   `cmd:"" help:"List below which number counts are hidden, by category and role."`
	Set     countsSetCommand     `cmd:"" help:"Set the threshold of a category for a role."`
	Reset   countsResetCommand   `cmd:"" help:"Give a category its standard thresholds again."`
	Publish countsPublishCommand `cmd:"" help:"Fix what is told of years that are over."`
	Utility countsUtilityCommand `cmd:"" help:"Measure how much of the events is told."`
}

// Help says what it is about.
func (c *countsCommand) Help() string {
	return `Of a protected category, a role with a threshold k sees only what is published once for each calendar year: counts by
département and hexagon, month, hour and kind, of which those below k are hidden, and some more so that they cannot be
calculated. The server publishes a year 31 days after its end; what comes in later does not change it.

Examples:
  vigie counts rules
  vigie counts set rescue.call --k 10
  vigie counts publish --year 2024 --category rescue.call --again
  vigie counts utility`
}

type countsRulesCommand struct{}

type ruleReport struct {
	Category string         `json:"category"`
	Default  int            `json:"default"`
	K        map[string]int `json:"k"` // by role
}

// Run lists the rules.
func (c *countsRulesCommand) Run(ctx context.Context, a *app) error {
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	rules, err := disclosure.LoadRules(ctx, store.Store)
	if err != nil {
		return err
	}
	reports := []ruleReport{}
	for _, rule := range rules.All() {
		reports = append(reports, ruleReport{rule.Category, rule.Default, rule.K})
	}
	a.print(reports, func(w io.Writer) {
		rows := [][]string{{"CATEGORY", "OTHERS"}}
		for _, role := range moduleRoles() {
			rows[0] = append(rows[0], strings.ToUpper(string(role)))
		}
		for _, rule := range reports {
			row := []string{rule.Category, threshold(rule.Default)}
			for _, role := range moduleRoles() {
				k, named := rule.K[string(role)]
				if !named {
					k = rule.Default
				}
				row = append(row, threshold(k))
			}
			rows = append(rows, row)
		}
		table(w, rows)
	})
	return nil
}

func threshold(k int) string {
	if k == 0 {
		return "exact"
	}
	return "<" + strconv.Itoa(k)
}

type countsSetCommand struct {
	Category string `arg:"" help:"Category, with everything below it."`
	K        int    `required:"" help:"Counts below it are hidden: 3 to 100; 0 shows exact counts and single events."`
	Role     string `help:"Role; without, every role that has no threshold of its own."`
}

// Run sets a threshold.
func (c *countsSetCommand) Run(ctx context.Context, a *app) error {
	if c.Role != "" {
		if _, err := moduleRoles().Parse(c.Role); err != nil {
			return usageError{err}
		}
	}
	if c.K > 0 {
		a.log.Warn("years published with another threshold stay known to whoever read them: both can be compared")
	}
	reference := fmt.Sprintf("%s %s k=%d", c.Category, cmp.Or(c.Role, "others"), c.K)
	return a.changeCounts(ctx, "counts-set", reference, func(ctx context.Context, store *geoengine.Store) error {
		return disclosure.SetRule(ctx, store, c.Category, c.Role, c.K, "cli:"+runBy(), a.clock())
	})
}

type countsResetCommand struct {
	Category string `arg:"" help:"Category."`
}

// Run gives a category its standard thresholds.
func (c *countsResetCommand) Run(ctx context.Context, a *app) error {
	return a.changeCounts(ctx, "counts-reset", c.Category, func(ctx context.Context, store *geoengine.Store) error {
		return disclosure.ResetRules(ctx, store, c.Category)
	})
}

// changeCounts changes what is told, between two lines of the journal.
func (a *app) changeCounts(ctx context.Context, operation, reference string, change func(context.Context, *geoengine.Store) error) error {
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	entry := journal.Entry{Operation: operation, Act: string(door.ActModification), Reference: reference}
	if err := a.journalled(ctx, store.Store, entry, func(ctx context.Context) error { return change(ctx, store.Store) }); err != nil {
		return err
	}
	a.print(map[string]string{"changed": reference}, func(w io.Writer) { fmt.Fprintf(w, "Changed: %s\n", reference) })
	return nil
}

type countsPublishCommand struct {
	Year     []int    `help:"Year; repeatable. Without, every year that is over and not published." placeholder:"2024"`
	Category []string `help:"Protected category; repeatable. Without, all." placeholder:"SLUG"`
	Again    bool     `help:"Publish anew what is published, with the events of now. Who kept the earlier numbers can compare."`
}

// Run publishes.
func (c *countsPublishCommand) Run(ctx context.Context, a *app) error {
	if c.Again && len(c.Year) == 0 {
		return usagef("counts publish --again: name the years with --year")
	}
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	families, err := protectedFamilies(ctx, store.Store, c.Category)
	if err != nil {
		return err
	}
	published := []disclosure.Published{}
	entry := journal.Entry{Operation: "counts-publish", Act: string(door.ActModification), Reference: c.reference(families)}
	err = a.journalled(ctx, store.Store, entry, func(ctx context.Context) error {
		published, err = c.publish(ctx, a, store.Store, families)
		return err
	})
	if err != nil {
		return err
	}
	a.display.Close()
	a.print(published, func(w io.Writer) {
		if len(published) == 0 {
			fmt.Fprintln(w, "Nothing to publish: the years are published (--again publishes anew), or have no events.")
			return
		}
		rows := [][]string{{"CATEGORY", "K", "YEAR", "TERRITORIES"}}
		for _, y := range published {
			rows = append(rows, []string{y.Category, strconv.Itoa(y.K), strconv.Itoa(y.Year), strconv.Itoa(y.Territories)})
		}
		table(w, rows)
	})
	return nil
}

func (c *countsPublishCommand) reference(families []disclosure.Protection) string {
	var parts []string
	for _, family := range families {
		parts = append(parts, family.Category)
	}
	for _, year := range c.Year {
		parts = append(parts, strconv.Itoa(year))
	}
	if c.Again {
		parts = append(parts, "again")
	}
	return strings.Join(parts, " ")
}

func (c *countsPublishCommand) publish(ctx context.Context, a *app, store *geoengine.Store, families []disclosure.Protection) ([]disclosure.Published, error) {
	publisher, err := a.publisher(store)
	if err != nil {
		return nil, err
	}
	all := []disclosure.Published{}
	for _, family := range families {
		years := slices.Clone(c.Year)
		if len(years) == 0 {
			if years, err = publisher.Due(ctx, family.Category); err != nil {
				return all, err
			}
		}
		slices.Sort(years)
		for i, year := range years {
			a.progress.Report(progress.Update{Task: "publish " + family.Category, Done: int64(i), Total: int64(len(years))})
			done, published, err := publisher.Publish(ctx, family, year, c.Again)
			if err != nil {
				return all, err
			}
			if published {
				all = append(all, done)
			}
		}
	}
	return all, nil
}

func (a *app) publisher(store *geoengine.Store) (*disclosure.Publisher, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, err
	}
	return disclosure.NewPublisher(store, zone, a.clock), nil
}

// protectedFamilies are the families with a threshold, or those of them that are named.
func protectedFamilies(ctx context.Context, store *geoengine.Store, named []string) ([]disclosure.Protection, error) {
	rules, err := disclosure.LoadRules(ctx, store)
	if err != nil {
		return nil, err
	}
	families := rules.Protected()
	for _, category := range named {
		if !slices.ContainsFunc(families, func(f disclosure.Protection) bool { return f.Category == category }) {
			return nil, usagef("%s has no threshold: see vigie counts rules", category)
		}
	}
	return slices.DeleteFunc(families, func(f disclosure.Protection) bool {
		return len(named) > 0 && !slices.Contains(named, f.Category)
	}), nil
}

type countsUtilityCommand struct {
	Year     []int    `help:"Year; repeatable. Without, every year that is over." placeholder:"2024"`
	Category []string `help:"Category; repeatable. Without, the protected ones." placeholder:"SLUG"`
	K        int      `help:"Measure with this threshold instead of the one in force." placeholder:"5"`
}

// Run measures.
func (c *countsUtilityCommand) Run(ctx context.Context, a *app) error {
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	var families []disclosure.Protection
	if c.K > 0 && len(c.Category) > 0 {
		for _, category := range c.Category {
			families = append(families, disclosure.Protection{Category: category, K: c.K})
		}
	} else if families, err = protectedFamilies(ctx, store.Store, c.Category); err != nil {
		return err
	}
	publisher, err := a.publisher(store.Store)
	if err != nil {
		return err
	}
	all := []disclosure.Utility{}
	for _, family := range families {
		family.K = cmp.Or(c.K, family.K)
		years := slices.Sorted(slices.Values(c.Year))
		if len(years) == 0 {
			if years, err = publisher.Due(ctx, family.Category); err != nil {
				return err
			}
		}
		rows, err := publisher.Measure(ctx, family, years)
		if err != nil {
			return err
		}
		all = append(all, rows...)
	}
	a.print(all, func(w io.Writer) { printUtility(w, all) })
	return nil
}

func printUtility(w io.Writer, all []disclosure.Utility) {
	if len(all) == 0 {
		fmt.Fprintln(w, "No protected category has events in a year that is over.")
		return
	}
	share := func(part, whole int64) string {
		if whole == 0 {
			return "-"
		}
		return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + " %"
	}
	rows := [][]string{{"CATEGORY", "K", "BY", "EVENTS", "TOLD", "", "NUMBERS", "SHOWN", ""}}
	for _, u := range all {
		rows = append(rows, []string{
			u.Category, strconv.Itoa(u.K), u.By, progress.Group(u.Events), progress.Group(u.Told), share(u.Told, u.Events),
			progress.Group(int64(u.Parts)), progress.Group(int64(u.Shown)), share(int64(u.Shown), int64(u.Parts)),
		})
	}
	table(w, rows)
}
