package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"vigie/api/identity"
	"vigie/geoengine"
)

// userCommand manages accounts.
type userCommand struct {
	Add      userAddCommand      `cmd:"" help:"Add an account."`
	List     userListCommand     `cmd:"" help:"List the accounts."`
	Grant    userGrantCommand    `cmd:"" help:"Let an account do more: roles, each for areas."`
	Revoke   userRevokeCommand   `cmd:"" help:"Take roles from an account, or areas from its roles."`
	Disable  userDisableCommand  `cmd:"" help:"Disable an account and end its sessions."`
	Enable   userEnableCommand   `cmd:"" help:"Enable a disabled account."`
	Password userPasswordCommand `cmd:"" help:"Set a new password and end the account's sessions."`
	Sessions userSessionsCommand `cmd:"" help:"List the log-ins that live on."`
	Logout   userLogoutCommand   `cmd:"" help:"End the log-ins of an account, or one of them."`
}

// passwordFlags say where a password comes from: never from the command line, which others can read.
type passwordFlags struct {
	PasswordStdin bool `help:"Read the password from the first line of standard input."`
	Generate      bool `help:"Generate a password and print it once, without asking."`
}

// passwordHelp is the same for every command that sets one.
const passwordHelp = "The password is asked for on a terminal (leave it empty to have one generated), read with\n" +
	"--password-stdin, and otherwise generated and printed once."

type userAddCommand struct {
	Name string `arg:"" help:"Log-in name."`
	rightsFlags
	passwordFlags
}

// Help shows examples.
func (c *userAddCommand) Help() string {
	return passwordHelp + "\n\n" + grantHelp + `

Examples:
  vigie user add durand --role commander --area fr.76.31
  vigie user add martin --grant analyst=* --grant commander=fr.11,fr.76 --password-stdin < secret.txt`
}

type accountReport struct {
	Name     string                   `json:"name"`
	Grants   []geoengine.AccountGrant `json:"grants"`
	Disabled bool                     `json:"disabled"`
	Issuer   string                   `json:"issuer,omitempty"` // the OpenID provider that vouches for it
	Created  time.Time                `json:"created,omitzero"`
	Password string                   `json:"password,omitempty"` // only right after it was generated
}

func (a *app) accounts(ctx context.Context) (*identity.Accounts, *opened, error) {
	store, err := a.open(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	return identity.NewAccounts(store.Store, rand.Reader, a.clock, moduleRoles()...), store, nil
}

// Run adds the account.
func (c *userAddCommand) Run(ctx context.Context, a *app) error {
	grants, err := c.grants(identity.Analyst)
	if err != nil {
		return err
	}
	password, generated, err := c.get(a)
	if err != nil {
		return err
	}
	err = a.changeAccess(ctx, "user-add", "account "+c.Name+" "+sayGrants(grants), func(accounts *identity.Accounts) error {
		return accounts.CreateAccountOf(ctx, c.Name, grants, password)
	})
	if err != nil {
		return err
	}
	report := accountReport{Name: c.Name, Grants: grants}
	if generated {
		report.Password = password
	}
	a.print(report, func(w io.Writer) {
		fmt.Fprintf(w, "Added %s (%s).\n", report.Name, sayGrants(grants))
		sayPassword(w, report.Password)
	})
	return nil
}

func sayPassword(w io.Writer, password string) {
	if password != "" {
		fmt.Fprintf(w, "Password, shown this once: %s\n", password)
	}
}

// get asks for, reads or generates a password.
func (f passwordFlags) get(a *app) (password string, generated bool, err error) {
	switch {
	case f.PasswordStdin:
		line, err := bufio.NewReader(io.LimitReader(a.in, 1<<16)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", false, fmt.Errorf("read the password: %w", err)
		}
		password = strings.TrimRight(line, "\r\n")
	case !f.Generate && isTerminal(a.in):
		if password, err = ask(a.in); err != nil {
			return "", false, err
		}
	}
	if password == "" && !f.PasswordStdin {
		password, err = identity.GeneratePassword(rand.Reader)
		return password, true, err
	}
	return password, false, identity.CheckPassword(password)
}

func ask(in *os.File) (string, error) {
	var typed [2]string
	for i, prompt := range []string{"Password (empty: generate one): ", "Again: "} {
		fmt.Fprint(os.Stderr, prompt)
		text, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		if typed[i] = string(text); typed[0] == "" {
			return "", nil
		}
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ")
	}
	return typed[0], nil
}

type userListCommand struct{}

// Run lists the accounts.
func (c *userListCommand) Run(ctx context.Context, a *app) error {
	accounts, store, err := a.accounts(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	found, err := accounts.ListAccounts(ctx)
	if err != nil {
		return err
	}
	reports := make([]accountReport, 0, len(found))
	rows := [][]string{{"NAME", "GRANTS", "STATE", "CREATED"}}
	for _, account := range found {
		state := "active"
		if account.Disabled {
			state = "disabled"
		}
		reports = append(reports, accountReport{
			Name: account.Name, Grants: account.Grants, Disabled: account.Disabled, Issuer: account.Issuer, Created: account.Created,
		})
		rows = append(rows, []string{account.Name, sayGrants(account.Grants), state, account.Created.Format(time.DateOnly)})
	}
	a.print(map[string]any{"accounts": reports}, func(w io.Writer) { table(w, rows) })
	return nil
}

type userDisableCommand struct {
	Name string `arg:"" help:"Log-in name."`
}

// Run disables the account.
func (c *userDisableCommand) Run(ctx context.Context, a *app) error {
	return a.changeAccount(ctx, "user-disable", c.Name, "disabled", func(accounts *identity.Accounts) error {
		return accounts.DisableAccount(ctx, c.Name)
	})
}

type userEnableCommand struct {
	Name string `arg:"" help:"Log-in name."`
}

// Run enables the account.
func (c *userEnableCommand) Run(ctx context.Context, a *app) error {
	return a.changeAccount(ctx, "user-enable", c.Name, "enabled", func(accounts *identity.Accounts) error {
		return accounts.EnableAccount(ctx, c.Name)
	})
}

func (a *app) changeAccount(ctx context.Context, operation, name, done string, change func(*identity.Accounts) error) error {
	if err := a.changeAccess(ctx, operation, "account "+name, change); err != nil {
		return err
	}
	a.print(map[string]string{"name": name, "state": done}, func(w io.Writer) { fmt.Fprintf(w, "%s is %s.\n", name, done) })
	return nil
}

type userPasswordCommand struct {
	Name string `arg:"" help:"Log-in name."`
	passwordFlags
}

// Help says where the password comes from.
func (c *userPasswordCommand) Help() string { return passwordHelp }

// Run sets the password.
func (c *userPasswordCommand) Run(ctx context.Context, a *app) error {
	password, generated, err := c.get(a)
	if err != nil {
		return err
	}
	err = a.changeAccess(ctx, "user-password", "account "+c.Name, func(accounts *identity.Accounts) error {
		return accounts.SetPassword(ctx, c.Name, password)
	})
	if err != nil {
		return err
	}
	report := map[string]string{"name": c.Name}
	if generated {
		report["password"] = password
	}
	a.print(report, func(w io.Writer) {
		fmt.Fprintf(w, "%s has a new password.\n", c.Name)
		sayPassword(w, report["password"])
	})
	return nil
}
