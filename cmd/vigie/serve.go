package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"vigie/api"
	"vigie/frontend"
	"vigie/geoengine/cube"
	"vigie/geoengine/journal"
)

// serveCommand serves an existing store.
type serveCommand struct {
	Listen string `help:"Address to listen on; default: VIGIE_LISTEN." placeholder:"HOST:PORT"`
	tlsFlags
	Migrate bool `help:"Bring the schema up to date first (the embedded cluster always does)."`
}

// Help shows examples.
func (c *serveCommand) Help() string {
	return `Any number of servers may share one database. /healthz and /readyz are for a load balancer.

Examples:
  DATABASE_URL=postgres://vigie@db/vigie vigie serve --listen 0.0.0.0:8080
  vigie serve --migrate
  vigie serve --listen 0.0.0.0:8443 --tls-cert vigie.pem --tls-key vigie.key --client-ca machines.pem`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, a *app) error {
	secure, err := c.config(a.config)
	if err != nil {
		return err
	}
	listener, err := a.listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	store, err := a.open(ctx, c.Migrate)
	if err != nil {
		return err
	}
	defer store.close(ctx)
	if err := store.FinishBulk(ctx, a.progress); err != nil { // a first load that was killed left the events without indexes
		return err
	}
	address := a.address(listener, secure)
	a.print(map[string]string{"url": address}, func(w io.Writer) { fmt.Fprintf(w, "Vigie listens on %s (Ctrl-C stops it)\n", address) })
	return a.serve(ctx, store, listener, secure, cube.New(store.Store, a.log))
}

// serve runs the server and watches over the cluster until ctx ends.
func (a *app) serve(ctx context.Context, store *opened, listener net.Listener, secure *tls.Config, cube *cube.Cube) error {
	proxies, err := a.config.proxies()
	if err != nil {
		return err
	}
	if err := a.config.checkLogIn(); err != nil {
		return err
	}
	if err := a.prepareReads(ctx, store); err != nil {
		return err
	}
	retention, err := journal.ParseRetention(a.config.Retention)
	if err != nil {
		return usageError{fmt.Errorf("VIGIE_JOURNAL_RETENTION: %w", err)}
	}
	provider, err := a.config.oidc()
	if err != nil {
		return err
	}
	extensions, err := a.startModules(store.Store, cube)
	if err != nil {
		return err
	}
	server, err := api.New(api.Config{
		Roles: moduleRoles(), Extensions: extensions,
		Store: store.Store, Cube: cube, Frontend: frontend.Files(), Log: a.log, Clock: a.clock, Random: rand.Reader,
		PublicURL: a.config.PublicURL, StyleURL: a.config.StyleURL, Attribution: a.config.Attribution,
		Proxies: proxies, Retention: retention, Build: build(), OIDC: provider, NoPassword: a.config.NoPassword,
		TLS: secure,
	})
	if err != nil {
		return err
	}
	if store.cluster != nil {
		watching, stop := context.WithCancel(ctx)
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			store.cluster.Watch(watching)
		}()
		defer func() { stop(); <-watched }()
	}
	return server.Run(ctx, listener)
}

// prepareReads makes sure that what callers read stays under row-level security.
func (a *app) prepareReads(ctx context.Context, store *opened) error {
	if a.config.ReaderURL != "" {
		if err := store.OpenReader(ctx, a.config.ReaderURL); err != nil {
			return fmt.Errorf("DATABASE_READER_URL: %w", err)
		}
	}
	state, err := store.ReaderState(ctx)
	if err != nil {
		return err
	}
	return state.Check()
}

// listen takes the address, before anything slow, so that a taken port is told at once.
func (a *app) listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = a.config.Listen
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program: stop that, or choose another address with --listen or VIGIE_LISTEN", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s may not be used by this user: choose a port over 1023 with --listen or VIGIE_LISTEN", address)
	case err != nil:
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listener, nil
}

// address is where people find the server.
func (a *app) address(listener net.Listener, secure *tls.Config) string {
	if a.config.PublicURL != "" {
		return a.config.PublicURL
	}
	scheme, standard := "http://", ":80"
	if secure != nil {
		scheme, standard = "https://", ":443"
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return scheme + listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + strings.TrimSuffix(net.JoinHostPort(host, port), standard)
}
