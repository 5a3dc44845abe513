package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"

	"vigie/api/identity"
	"vigie/geoengine"
)

// changeClient changes a machine and says so.
func (a *app) changeClient(ctx context.Context, operation, id, detail, done string, change func(*identity.Accounts) error) error {
	reference := strings.TrimSpace("client " + id + " " + detail)
	if err := a.changeAccess(ctx, operation, reference, change); err != nil {
		return err
	}
	a.print(map[string]string{"id": id, "state": done}, func(w io.Writer) { fmt.Fprintf(w, "Client %s: %s.\n", id, done) })
	return nil
}

type clientGrantCommand struct {
	ID    string   `arg:"" help:"Name of the machine."`
	Grant []string `arg:"" help:"ROLE=AREA,AREA; the areas of a role that it holds add up." sep:"none"`
}

// Help explains grants.
func (c *clientGrantCommand) Help() string { return grantHelp + "\nIt counts at once." }

// Run adds to what the machine may do.
func (c *clientGrantCommand) Run(ctx context.Context, a *app) error {
	return a.changeClientGrants(ctx, "client-grant", c.ID, c.Grant, "granted", (*identity.Accounts).GrantClient)
}

type clientRevokeCommand struct {
	ID    string   `arg:"" help:"Name of the machine."`
	Grant []string `arg:"" help:"ROLE for all of a role, or ROLE=AREA,AREA for some of its areas." sep:"none"`
}

// Help says when it counts.
func (c *clientRevokeCommand) Help() string { return grantHelp + "\nIt counts at once." }

// Run takes from what the machine may do.
func (c *clientRevokeCommand) Run(ctx context.Context, a *app) error {
	return a.changeClientGrants(ctx, "client-revoke", c.ID, c.Grant, "revoked", (*identity.Accounts).RevokeClient)
}

func (a *app) changeClientGrants(ctx context.Context, operation, id string, texts []string, done string,
	change func(*identity.Accounts, context.Context, string, []geoengine.AccountGrant) error) error {
	grants, err := parseGrants(texts)
	if err != nil {
		return err
	}
	return a.changeClient(ctx, operation, id, sayGrants(grants), done, func(accounts *identity.Accounts) error {
		return change(accounts, ctx, id, grants)
	})
}

type clientScopeCommand struct {
	ID    string   `arg:"" help:"Name of the machine."`
	Scope []string `arg:"" optional:"" help:"Tags of operations; none is all."`
}

// Help lists the scopes.
func (c *clientScopeCommand) Help() string {
	return scopeHelp() + "\nThe machine's access tokens end.\n\nExample:\n  vigie client scope qgis-toulouse Tiles Features"
}

// Run replaces the scopes.
func (c *clientScopeCommand) Run(ctx context.Context, a *app) error {
	detail := "all"
	if len(c.Scope) > 0 {
		detail = strings.Join(c.Scope, " ")
	} else {
		c.Scope = nil
	}
	return a.changeClient(ctx, "client-scope", c.ID, detail, "scopes "+detail, func(accounts *identity.Accounts) error {
		return accounts.SetScopes(ctx, c.ID, c.Scope)
	})
}

type clientCertificateCommand struct {
	ID     string `arg:"" help:"Name of the machine."`
	File   string `arg:"" optional:"" type:"existingfile" help:"The certificate, PEM or DER."`
	Unbind bool   `help:"Unbind the certificate instead."`
}

// Help explains what binding means.
func (c *clientCertificateCommand) Help() string {
	return `A bound certificate alone stands for the machine, and the machine's keys and access tokens are good over it only.
The server asks for certificates where it is started with --client-ca; it must speak TLS itself (--tls-cert, --tls-key).

Examples:
  vigie client certificate dirif dirif.pem
  vigie client certificate dirif --unbind`
}

// Run binds or unbinds.
func (c *clientCertificateCommand) Run(ctx context.Context, a *app) error {
	if c.Unbind == (c.File != "") {
		return usagef("name the certificate's file, or say --unbind")
	}
	var fingerprint []byte
	done := "no certificate"
	if c.File != "" {
		var err error
		if fingerprint, err = readFingerprint(c.File); err != nil {
			return err
		}
		done = "certificate " + hex.EncodeToString(fingerprint)
	}
	return a.changeClient(ctx, "client-certificate", c.ID, done, done, func(accounts *identity.Accounts) error {
		return accounts.BindCertificate(ctx, c.ID, fingerprint)
	})
}

// readFingerprint is the SHA-256 of the first certificate in a file.
func readFingerprint(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	if block, _ := pem.Decode(text); block != nil {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("%s: holds a %s, not a certificate: %w", name, strings.ToLower(block.Type), geoengine.ErrInvalid)
		}
		text = block.Bytes
	}
	certificate, err := x509.ParseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: is no certificate: %w", name, geoengine.ErrInvalid)
	}
	sum := sha256.Sum256(certificate.Raw)
	return sum[:], nil
}

type clientDisableCommand struct {
	ID string `arg:"" help:"Name of the machine."`
}

// Run stops the machine.
func (c *clientDisableCommand) Run(ctx context.Context, a *app) error {
	return a.changeClient(ctx, "client-disable", c.ID, "", "disabled", func(accounts *identity.Accounts) error {
		return accounts.DisableClient(ctx, c.ID)
	})
}

type clientEnableCommand struct {
	ID string `arg:"" help:"Name of the machine."`
}

// Run lets the machine ask again.
func (c *clientEnableCommand) Run(ctx context.Context, a *app) error {
	return a.changeClient(ctx, "client-enable", c.ID, "", "enabled", func(accounts *identity.Accounts) error {
		return accounts.EnableClient(ctx, c.ID)
	})
}

type clientLogoutCommand struct {
	ID string `arg:"" help:"Name of the machine."`
}

// Run ends the access tokens.
func (c *clientLogoutCommand) Run(ctx context.Context, a *app) error {
	return a.changeClient(ctx, "client-logout", c.ID, "", "access tokens ended", func(accounts *identity.Accounts) error {
		return accounts.EndTokens(ctx, c.ID)
	})
}

// clientKeyCommand manages keys.
type clientKeyCommand struct {
	Add    clientKeyAddCommand    `cmd:"" help:"Make another key of a machine."`
	Revoke clientKeyRevokeCommand `cmd:"" help:"Make a key void at once, with the access tokens that it got."`
}

type clientKeyAddCommand struct {
	ID string `arg:"" help:"Name of the machine."`
	expiryFlags
}

// Help shows how to change keys.
func (c *clientKeyAddCommand) Help() string {
	return `The key is printed once and cannot be shown again. To change keys without a gap, add one, give it to the machine, and
revoke the old one.

Example:
  vigie client key add dirif --expires 90d`
}

// Run makes the key.
func (c *clientKeyAddCommand) Run(ctx context.Context, a *app) error {
	expires, err := c.Expires.from(a.clock())
	if err != nil {
		return err
	}
	var key keyReport
	err = a.changeAccess(ctx, "client-key-add", "client "+c.ID, func(accounts *identity.Accounts) (err error) {
		key, err = addKey(ctx, accounts, c.ID, expires)
		return err
	})
	if err != nil {
		return err
	}
	a.print(key, key.print)
	return nil
}

type clientKeyRevokeCommand struct {
	Key string `arg:"" help:"Id of the key, as in vigie client list."`
}

// Run makes the key void.
func (c *clientKeyRevokeCommand) Run(ctx context.Context, a *app) error {
	err := a.changeAccess(ctx, "client-key-revoke", "key "+c.Key, func(accounts *identity.Accounts) error {
		return accounts.RevokeKey(ctx, c.Key)
	})
	if err != nil {
		return err
	}
	a.print(map[string]string{"id": c.Key, "state": "revoked"}, func(w io.Writer) { fmt.Fprintf(w, "Key %s is revoked.\n", c.Key) })
	return nil
}
