package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// config is everything that the environment decides.
type config struct {
	DatabaseURL string `env:"DATABASE_URL" help:"the PostgreSQL + PostGIS database; without it the embedded cluster"`
	ReaderURL   string `env:"DATABASE_READER_URL" help:"the same database as a user that holds nothing but the role vigie_reader, for what callers read; default DATABASE_URL with that role taken in each transaction"`
	Data        string `env:"VIGIE_DATA" help:"folder of the embedded cluster; default ./.vigie if it exists, else /var/lib/vigie for root and ~/.local/share/vigie for others"`
	Listen      string `env:"VIGIE_LISTEN" envDefault:"127.0.0.1:8080" help:"address that the server listens on"`
	PublicURL   string `env:"VIGIE_PUBLIC_URL" help:"address that people use; https makes cookies secure"`
	StyleURL    string `env:"VIGIE_BASE_STYLE_URL" help:"MapLibre style of another base map, for example IGN's"`
	Attribution string `env:"VIGIE_ATTRIBUTION" help:"attribution of that base map"`
	TLSCert     string `env:"VIGIE_TLS_CERT" help:"certificate of the server with its chain (PEM): it speaks TLS itself"`
	TLSKey      string `env:"VIGIE_TLS_KEY" help:"private key of that certificate (PEM)"`
	ClientCA    string `env:"VIGIE_CLIENT_CA" help:"authorities (PEM) whose certificates machines may come with"`
	Proxies     string `env:"VIGIE_PROXIES" help:"networks of reverse proxies to believe, for example 10.0.0.0/8,::1/128"`
	Retention   string `env:"VIGIE_JOURNAL_RETENTION" envDefault:"3y" help:"how long the journal keeps entries, purged daily: 3y, or by class 3y,read=18m,security=never"`
	LogFormat   string `env:"VIGIE_LOG" envDefault:"text" help:"text or json"`

	OIDCIssuer      string `env:"VIGIE_OIDC_ISSUER" help:"address of the OpenID Connect provider at which people log in"`
	OIDCClient      string `env:"VIGIE_OIDC_CLIENT_ID" help:"our client id there"`
	OIDCSecretFile  string `env:"VIGIE_OIDC_SECRET_FILE" help:"file with our client secret"`
	OIDCTitle       string `env:"VIGIE_OIDC_TITLE" envDefault:"OpenID Connect" help:"name of the provider on the log-in page"`
	OIDCScopes      string `env:"VIGIE_OIDC_SCOPES" help:"scopes to ask for beside openid and profile, separated by spaces"`
	OIDCNameClaim   string `env:"VIGIE_OIDC_NAME_CLAIM" envDefault:"preferred_username" help:"claim that names the account"`
	OIDCGroupsClaim string `env:"VIGIE_OIDC_GROUPS_CLAIM" envDefault:"groups" help:"claim that lists a person's groups, for example realm_access.roles"`
	OIDCGroupsFile  string `env:"VIGIE_OIDC_GROUPS_FILE" help:"YAML file: the grants of each group"`
	NoPassword      bool   `env:"VIGIE_NO_PASSWORD" help:"true: people log in through the OpenID provider alone"`
}

// environmentHelp lists the variables for --help.
func environmentHelp() string {
	var b strings.Builder
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config]()) {
		fmt.Fprintf(&b, "  %-24s %s", field.Tag.Get("env"), field.Tag.Get("help"))
		if value := field.Tag.Get("envDefault"); value != "" {
			fmt.Fprintf(&b, " (default %s)", value)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// dataFolder is where the embedded cluster lives.
func (c config) dataFolder() (string, error) {
	const here = ".vigie"
	if c.Data != "" {
		return c.Data, nil
	}
	if info, err := os.Stat(here); err == nil && info.IsDir() {
		return filepath.Abs(here)
	}
	if os.Geteuid() == 0 {
		return "/var/lib/vigie", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "vigie"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usageError{errors.New("there is no home folder: set VIGIE_DATA")}
	}
	return filepath.Join(home, ".local/share/vigie"), nil
}

func (c config) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for text := range strings.SplitSeq(c.Proxies, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, usagef("VIGIE_PROXIES: %w", err)
		}
		all = append(all, prefix)
	}
	return all, nil
}

// logger writes to the display, so that lines and progress bars do not mix.
func (a *app) logger(verbose bool) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if verbose {
		options.Level = slog.LevelDebug
	}
	switch a.config.LogFormat {
	case "text":
		return slog.New(slog.NewTextHandler(a.display, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(a.display, options)), nil
	}
	return nil, usagef("VIGIE_LOG must be text or json, not %q", a.config.LogFormat)
}
