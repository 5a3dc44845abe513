package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"vigie/api/identity"
	"vigie/geoengine"
)

// clientCommand manages machines.
type clientCommand struct {
	Add         clientAddCommand         `cmd:"" help:"Add a machine, with a first key."`
	List        clientListCommand        `cmd:"" help:"List the machines and their keys."`
	Grant       clientGrantCommand       `cmd:"" help:"Let a machine do more: roles, each for areas."`
	Revoke      clientRevokeCommand      `cmd:"" help:"Take roles from a machine, or areas from its roles."`
	Scope       clientScopeCommand       `cmd:"" help:"Say which operations a machine may call, by their tags."`
	Certificate clientCertificateCommand `cmd:"" help:"Bind a TLS certificate to a machine, or unbind it."`
	Disable     clientDisableCommand     `cmd:"" help:"Stop a machine at once."`
	Enable      clientEnableCommand      `cmd:"" help:"Let a disabled machine ask again."`
	Logout      clientLogoutCommand      `cmd:"" help:"End a machine's access tokens; its keys stay good."`
	Key         clientKeyCommand         `cmd:"" help:"Add and revoke keys."`
}

// scopeHelp explains --scope.
func scopeHelp() string {
	return "Scopes are the tags of operations: " + strings.Join(identity.Scopes(), ", ") + ", and those of modules. Default: all."
}

// expiryFlags say how long a key lives.
type expiryFlags struct {
	Expires lifetime `default:"365d" help:"When the key ends: 90d, 12h, or a day such as 2027-01-31 (00:00 UTC); at most three years." placeholder:"365d"`
}

// lifetime is a duration or a day on the command line.
type lifetime string

// from is the moment when what begins now ends.
func (l lifetime) from(now time.Time) (time.Time, error) {
	text := string(l)
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		var n int
		if _, err := fmt.Sscanf(days+" ", "%d ", &n); err == nil && n > 0 && n < 10_000 && fmt.Sprint(n) == days {
			return now.AddDate(0, 0, n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	return time.Time{}, usagef("--expires %q: must be like 90d, 12h or 2027-01-31", text)
}

type clientAddCommand struct {
	ID    string   `arg:"" help:"Name of the machine, unlike any account's."`
	Title string   `help:"What it is, for people." placeholder:"TEXT"`
	Scope []string `help:"Tag of the operations that it may call; repeatable." placeholder:"Tiles"`
	NoKey bool     `help:"Make no key: it will come with a certificate."`
	rightsFlags
	expiryFlags
}

// Help shows examples.
func (c *clientAddCommand) Help() string {
	return "The key is printed once and cannot be shown again.\n\n" + grantHelp + "\n" + scopeHelp() + `

Examples:
  vigie client add qgis-toulouse --title "QGIS of the Toulouse desk" --role analyst --area fr.76.31 --scope Tiles --scope Features
  vigie client add dirif --grant authority=fr.11 --expires 90d`
}

// keyReport is a key for people; Key is set only right after it was made.
type keyReport struct {
	ID      string    `json:"id"`
	Client  string    `json:"client"`
	Key     string    `json:"key,omitempty"`
	State   string    `json:"state"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Used    time.Time `json:"used,omitzero"`
}

func (k keyReport) print(w io.Writer) {
	fmt.Fprintf(w, "Key %s of %s, good until %s, shown this once:\n%s\n", k.ID, k.Client, sayTime(k.Expires), k.Key)
}

type clientReport struct {
	ID          string                   `json:"id"`
	Title       string                   `json:"title"`
	Grants      []geoengine.AccountGrant `json:"grants"`
	Scopes      []string                 `json:"scopes"` // null is all
	Certificate string                   `json:"certificate,omitempty"`
	Disabled    bool                     `json:"disabled"`
	Created     time.Time                `json:"created,omitzero"`
	Keys        []keyReport              `json:"keys"`
}

// Run adds the machine.
func (c *clientAddCommand) Run(ctx context.Context, a *app) error {
	grants, err := c.grants("")
	if err != nil {
		return err
	}
	expires, err := c.Expires.from(a.clock())
	if err != nil {
		return err
	}
	report := clientReport{ID: c.ID, Title: c.Title, Grants: grants, Scopes: c.Scope, Keys: []keyReport{}}
	err = a.changeAccess(ctx, "client-add", "client "+c.ID+" "+sayGrants(grants), func(accounts *identity.Accounts) error {
		if err := accounts.CreateClient(ctx, c.ID, c.Title, grants, c.Scope); err != nil || c.NoKey {
			return err
		}
		key, err := addKey(ctx, accounts, c.ID, expires)
		report.Keys = append(report.Keys, key)
		return err
	})
	if err != nil {
		return err
	}
	a.print(report, func(w io.Writer) {
		fmt.Fprintf(w, "Added client %s (%s).\n", c.ID, sayGrants(grants))
		for _, key := range report.Keys {
			key.print(w)
		}
	})
	return nil
}

func addKey(ctx context.Context, accounts *identity.Accounts, client string, expires time.Time) (keyReport, error) {
	key, stored, err := accounts.AddKey(ctx, client, expires)
	return keyReport{ID: stored.ID, Client: client, Key: key, State: "active", Created: stored.Created, Expires: stored.Expires}, err
}

type clientListCommand struct{}

// Run lists the machines.
func (c *clientListCommand) Run(ctx context.Context, a *app) error {
	accounts, store, err := a.accounts(ctx)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	found, err := accounts.ListClients(ctx)
	if err != nil {
		return err
	}
	reports := make([]clientReport, 0, len(found))
	rows := [][]string{{"CLIENT", "GRANTS", "SCOPES", "STATE", "KEY", "KEY STATE", "EXPIRES", "USED"}}
	for _, client := range found {
		report := a.describeClient(client)
		reports = append(reports, report)
		rows = append(rows, report.rows()...)
	}
	a.print(map[string]any{"clients": reports}, func(w io.Writer) { table(w, rows) })
	return nil
}

func (a *app) describeClient(c geoengine.Client) clientReport {
	report := clientReport{
		ID: c.ID, Title: c.Title, Grants: c.Grants, Scopes: c.Scopes, Certificate: hex.EncodeToString(c.Certificate),
		Disabled: c.Disabled, Created: c.Created, Keys: []keyReport{},
	}
	for _, k := range c.Keys {
		state := "active"
		switch {
		case !k.Revoked.IsZero():
			state = "revoked"
		case !a.clock().Before(k.Expires):
			state = "expired"
		}
		report.Keys = append(report.Keys, keyReport{ID: k.ID, Client: c.ID, State: state, Created: k.Created, Expires: k.Expires, Used: k.Used})
	}
	return report
}

// rows are the lines of one client: its keys, or one without a key.
func (r clientReport) rows() [][]string {
	scopes, state := "all", "active"
	if r.Scopes != nil {
		scopes = strings.Join(r.Scopes, " ")
	}
	if r.Disabled {
		state = "disabled"
	}
	begin := []string{r.ID, sayGrants(r.Grants), scopes, state}
	if len(r.Keys) == 0 {
		return [][]string{append(begin, "-", "-", "-", "-")}
	}
	var rows [][]string
	for _, k := range r.Keys {
		rows = append(rows, append(begin[:len(begin):len(begin)], k.ID, k.State, sayTime(k.Expires), sayTime(k.Used)))
		begin = []string{"", "", "", ""}
	}
	return rows
}
