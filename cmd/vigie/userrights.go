package main

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	"vigie/api/identity"
)

type userGrantCommand struct {
	Name  string   `arg:"" help:"Log-in name."`
	Grant []string `arg:"" help:"ROLE=AREA,AREA; the areas of a role that the account holds add up." sep:"none"`
}

// Help explains grants.
func (c *userGrantCommand) Help() string {
	return grantHelp + "\nIt counts at once, also for those who are logged in.\n\nExample:\n  vigie user grant durand commander=fr.76.31,fr.76.81 analyst=*"
}

// Run adds to what the account may do.
func (c *userGrantCommand) Run(ctx context.Context, a *app) error {
	grants, err := parseGrants(c.Grant)
	if err != nil {
		return err
	}
	return a.changeAccount(ctx, "user-grant", c.Name+" "+sayGrants(grants), "granted", func(accounts *identity.Accounts) error {
		return accounts.GrantAccount(ctx, c.Name, grants)
	})
}

type userRevokeCommand struct {
	Name  string   `arg:"" help:"Log-in name."`
	Grant []string `arg:"" help:"ROLE for all of a role, or ROLE=AREA,AREA for some of its areas." sep:"none"`
}

// Help shows examples.
func (c *userRevokeCommand) Help() string {
	return "It counts at once, also for those who are logged in.\n\nExamples:\n  vigie user revoke durand analyst\n  vigie user revoke durand commander=fr.76.81"
}

// Run takes from what the account may do.
func (c *userRevokeCommand) Run(ctx context.Context, a *app) error {
	grants, err := parseGrants(c.Grant)
	if err != nil {
		return err
	}
	return a.changeAccount(ctx, "user-revoke", c.Name+" "+sayGrants(grants), "revoked", func(accounts *identity.Accounts) error {
		return accounts.RevokeAccount(ctx, c.Name, grants)
	})
}

type userSessionsCommand struct {
	Name string `arg:"" optional:"" help:"Log-in name; default: everybody."`
}

type sessionReport struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Created time.Time `json:"created"`
	Used    time.Time `json:"used"`
	Expires time.Time `json:"expires"`
	Address string    `json:"address"`
	Agent   string    `json:"agent"`
}

// Run lists the log-ins.
func (c *userSessionsCommand) Run(ctx context.Context, a *app) error {
	store, err := a.open(ctx, false)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	if c.Name != "" {
		if _, err := store.Account(ctx, c.Name); err != nil {
			return err
		}
	}
	found, err := identity.NewSessions(store.Store, rand.Reader, a.clock).List(ctx, c.Name)
	if err != nil {
		return err
	}
	reports := make([]sessionReport, 0, len(found))
	rows := [][]string{{"ID", "ACCOUNT", "SINCE", "USED", "ADDRESS", "BROWSER"}}
	for _, s := range found {
		reports = append(reports, sessionReport{s.ID, s.Account.Name, s.Created, s.Used, s.Expires, s.Address, s.Agent})
		rows = append(rows, []string{s.ID, s.Account.Name, sayTime(s.Created), sayTime(s.Used), s.Address, s.Agent})
	}
	a.print(map[string]any{"sessions": reports}, func(w io.Writer) { table(w, rows) })
	return nil
}

// sayTime is a moment for people, in UTC; never is a dash.
func sayTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

type userLogoutCommand struct {
	Name    string `arg:"" help:"Log-in name."`
	Session string `help:"End this log-in only: its ID in vigie user sessions." placeholder:"ID"`
}

// Run ends the log-ins.
func (c *userLogoutCommand) Run(ctx context.Context, a *app) error {
	reference := c.Name
	if c.Session != "" {
		reference += " session " + c.Session
	}
	return a.changeAccount(ctx, "user-logout", reference, "logged out", func(accounts *identity.Accounts) error {
		if c.Session == "" {
			return accounts.EndSessions(ctx, c.Name)
		}
		return accounts.EndSession(ctx, c.Name, c.Session)
	})
}
