package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vigie/geoengine/embedded"
)

// pgTools run PostgreSQL's own programs against one database.
type pgTools struct {
	folder  string
	address string // without the password, which others could read in the list of processes
	env     []string
}

// tools finds programs that are at least as new as the server.
func (o *opened) tools(ctx context.Context) (pgTools, error) {
	config, err := pgx.ParseConfig(o.url)
	if err != nil {
		return pgTools{}, fmt.Errorf("read the database address: %w", err)
	}
	t := pgTools{address: withoutPassword(o.url), env: os.Environ()}
	if config.Password != "" {
		t.env = append(t.env, "PGPASSWORD="+config.Password)
	}
	if o.cluster != nil {
		t.folder = filepath.Dir(o.cluster.Program("pg_dump"))
		return t, nil
	}
	var server int
	const version = `select current_setting('server_version_num')::int / 10000`
	if err := o.Pool.QueryRow(ctx, version).Scan(&server); err != nil {
		return pgTools{}, fmt.Errorf("ask the server's version: %w", err)
	}
	for _, b := range embedded.FindBinaries() {
		if b.Version >= server {
			t.folder = b.Dir
			return t, nil
		}
	}
	if path, err := exec.LookPath("pg_dump"); err == nil {
		t.folder = filepath.Dir(path)
		return t, nil
	}
	return pgTools{}, fmt.Errorf("no pg_dump of PostgreSQL %d or newer is installed: apt-get install postgresql-client-%d", server, server)
}

var passwordWord = regexp.MustCompile(`(?i)\bpassword\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']\S*)`)

// withoutPassword returns a PostgreSQL URL or keyword string without the password in it.
func withoutPassword(address string) string {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return strings.TrimSpace(passwordWord.ReplaceAllString(address, ""))
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return address
	}
	if parsed.User != nil {
		parsed.User = url.User(parsed.User.Username())
	}
	query := parsed.Query()
	query.Del("password")
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

// run executes a program; what it says on standard error is the error.
func (t pgTools) run(ctx context.Context, out io.Writer, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(t.folder, program), args...) // #nosec G204 -- the programs found, our own arguments
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env, cmd.WaitDelay = out, &said, t.env, 5*time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		text := strings.TrimSpace(said.String())
		if len(text) > 2000 {
			text = text[:2000] + "…"
		}
		return errors.Join(fmt.Errorf("%s: %w", program, err), errors.New(text))
	}
	return nil
}

// isUndefinedTable tells whether a query failed for want of a table.
func isUndefinedTable(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && failure.Code == "42P01"
}

// addressOf is a PostgreSQL address with another database name in it.
func addressOf(address, name string) string {
	if parsed, err := url.Parse(address); err == nil && strings.HasPrefix(parsed.Scheme, "postgres") {
		parsed.Path = "/" + name
		query := parsed.Query()
		query.Del("dbname")
		parsed.RawQuery = query.Encode()
		return parsed.String()
	}
	return address + " dbname='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'"
}
