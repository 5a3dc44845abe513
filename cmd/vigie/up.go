package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/data"
	"vigie/data/sources/demo"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/forecast"
	"vigie/geoengine/journal"
	"vigie/modules/accidents"
)

// upCommand runs everything on one machine.
type upCommand struct {
	Listen string `help:"Address to listen on; default: VIGIE_LISTEN." placeholder:"HOST:PORT"`
	tlsFlags
	NoDemo bool    `help:"Leave an empty store empty."`
	Seed   uint64  `default:"1" help:"Seed of the demonstration territory."`
	Scale  float64 `default:"1" help:"Amount of demonstration data."`
}

// Help says what it does.
func (c *upCommand) Help() string {
	return `Starts the embedded database, brings its schema up to date, loads the fictional demonstration territory into an
empty store, makes the first accounts and prints their passwords once, and serves the map until Ctrl-C.
The next vigie up goes on with the same data.

Examples:
  vigie up
  VIGIE_DATA=/srv/vigie vigie up --listen 0.0.0.0:8080`
}

type upReport struct {
	URL      string          `json:"url"`
	Accounts []accountReport `json:"accounts"` // made now, with their passwords
	Demo     *importReport   `json:"demo,omitempty"`
}

// Run does it all.
func (c *upCommand) Run(ctx context.Context, a *app) error {
	secure, err := c.config(a.config)
	if err != nil {
		return err
	}
	listener, err := a.listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	store, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	if err := store.FinishBulk(ctx, a.progress); err != nil { // a first load that was killed left the events without indexes
		return err
	}
	report := upReport{URL: a.address(listener, secure)}
	if report.Demo, err = c.loadDemo(ctx, a, store.Store); err != nil {
		return err
	}
	cube := cube.New(store.Store, a.log)
	if err := cube.Load(ctx, a.progress); err != nil {
		return err
	}
	a.display.Close()
	if report.Accounts, err = a.firstAccounts(ctx, store.Store); err != nil {
		return err
	}
	a.print(report, report.print)
	return a.serve(ctx, store, listener, secure, cube)
}

// storeIsFresh tells whether nothing was ever imported, or only the demonstration ($1) that was cut off before its last
// part ($2) was done.
const storeIsFresh = `
	select not exists (select from import_run where not source = any ($1))
		and not exists (select from import_run where source = $2 and state = 'done')
		and (exists (select from import_run)
			or not exists (select from event) and not exists (select from area) and not exists (select from unit))`

func (c *upCommand) loadDemo(ctx context.Context, a *app, store *geoengine.Store) (*importReport, error) {
	if c.NoDemo {
		return nil, nil //nolint:nilnil // nothing to load is no error
	}
	parts, err := findSources(generatorName)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, part := range parts {
		names = append(names, part.Name)
	}
	var fresh bool
	if err := store.Pool.QueryRow(ctx, storeIsFresh, names, names[len(names)-1]).Scan(&fresh); err != nil {
		return nil, fmt.Errorf("look into the store: %w", err)
	}
	if !fresh {
		return nil, nil //nolint:nilnil // nothing to load is no error
	}
	var report importReport
	err = a.journalled(ctx, store, collection("import", generatorName), func(ctx context.Context) (err error) {
		report, err = importAll(ctx, store, parts, data.Input{Options: data.Options{Seed: c.Seed, Scale: c.Scale}},
			data.ImportOptions{Progress: a.progress})
		if err == nil { // nothing more of it will come: there is no need to wait, as the server does
			_, err = (&countsPublishCommand{}).publish(ctx, a, store, disclosure.Standard().Protected())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.peopleDemo(ctx, a, store); err != nil {
		return nil, err
	}
	return &report, planDemo(ctx, a, store)
}

// peopleDemo imports how many people live in the communes of the demonstration, as vigie accidents population does.
func (c *upCommand) peopleDemo(ctx context.Context, a *app, store *geoengine.Store) error {
	territory := demo.New(demo.Config{Seed: c.Seed, Scale: c.Scale})
	var table strings.Builder
	table.WriteString("code,population\n")
	for i := range territory.Communes {
		fmt.Fprintf(&table, "%s,%d\n", territory.Communes[i].Code, territory.Communes[i].Population)
	}
	file := data.File{Name: "communes.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(table.String())), nil }}
	_, err := accidents.ImportPopulation(ctx, store, []data.File{file}, territory.Config.LastYear, a.clock())
	return err
}

// planDemo has the server make forecasts of the demonstration, beside the map.
func planDemo(ctx context.Context, a *app, store *geoengine.Store) error {
	for _, one := range []forecast.Scheduled{
		{Name: "firestations", Horizon: "P14D"}, {Name: "cartheft", Horizon: "P1M"}, {Name: "accidents", Horizon: "P1Y"},
	} {
		one.Area, one.Author, one.At = demo.PathDepartement, "cli:up", a.clock()
		if err := forecast.New(store).Plan(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// firstAccounts makes an account of each everyday role in a store without accounts.
func (a *app) firstAccounts(ctx context.Context, store *geoengine.Store) ([]accountReport, error) {
	accounts := identity.NewAccounts(store, rand.Reader, a.clock, moduleRoles()...)
	there, err := accounts.ListAccounts(ctx)
	made := []accountReport{}
	if err != nil || len(there) > 0 {
		return made, err
	}
	for _, role := range []identity.Role{identity.Commander, identity.Operator, identity.Analyst, identity.Auditor, identity.Admin} {
		password, err := identity.GeneratePassword(rand.Reader)
		if err != nil {
			return nil, err
		}
		account := accountReport{
			Name: string(role), Password: password,
			Grants: []geoengine.AccountGrant{{Role: string(role), Areas: []string{geoengine.Everywhere}}},
		}
		entry := journal.Entry{Operation: "user-add", Act: string(door.ActAccess), Reference: "account " + account.Name + " " + sayGrants(account.Grants)}
		err = a.journalled(ctx, store, entry, func(ctx context.Context) error {
			return accounts.CreateAccountOf(ctx, account.Name, account.Grants, password)
		})
		if err != nil {
			return nil, err
		}
		made = append(made, account)
	}
	return made, nil
}

func (r upReport) print(w io.Writer) {
	if r.Demo != nil {
		fmt.Fprintf(w, "The store was empty: a fictional demonstration territory is loaded (synthetic data).\n")
	}
	fmt.Fprintf(w, "\nVigie is at %s\n\n", r.URL)
	if len(r.Accounts) == 0 {
		fmt.Fprint(w, "The accounts exist already: vigie user list shows them, vigie user password NAME sets a new password.\n")
	} else {
		fmt.Fprintln(w, "Log in with one of these accounts; the passwords are shown this once:")
		rows := [][]string{}
		for _, account := range r.Accounts {
			rows = append(rows, []string{"  " + account.Name, account.Password})
		}
		table(w, rows)
	}
	fmt.Fprintln(w, "\nCtrl-C stops it.")
}
