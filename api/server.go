// Package api serves Vigie over HTTP: the map, its JSON operations, tiles, server-sent events, health and metrics.
// Every route is in routes.go and goes through the one door (package door).
package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
	_ "time/tzdata" // local days, also on machines without zone files

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"vigie/api/door"
	"vigie/api/filter"
	"vigie/api/identity"
	"vigie/api/ogc"
	"vigie/api/problem"
	"vigie/geoengine"
	"vigie/geoengine/cube"
	"vigie/geoengine/disclosure"
	"vigie/geoengine/jobs"
	"vigie/geoengine/journal"
	"vigie/progress"
)

// Config is what a server needs. Store, Cube, Log, Clock and Random must be set.
type Config struct {
	Store    *geoengine.Store
	Cube     *cube.Cube
	Frontend fs.FS // index.html and assets; nil serves no map
	Log      *slog.Logger
	Clock    func() time.Time
	Random   io.Reader // crypto/rand.Reader: salts and session tokens

	Roles      identity.RoleSet     // that there are; nil is those of the house
	NoPassword bool                 // people log in through the OpenID provider alone
	OIDC       *identity.OIDCConfig // the OpenID provider; nil is none. Its Redirect is set here, from PublicURL
	TLS        *tls.Config          // nil serves plain HTTP: a proxy speaks TLS, or nobody does

	PublicURL   string            // address that people use; https makes cookies Secure and sends HSTS
	StyleURL    string            // MapLibre style of an outside base map; "" is our own
	Attribution string            // of the base map; "" names Vigie
	Proxies     []netip.Prefix    // reverse proxies whose X-Forwarded-For is believed
	Build       string            // version of the program
	Heartbeat   time.Duration     // of event streams; 15 s if zero
	Retention   journal.Retention // of the journal, purged daily; the zero one keeps everything
	Progress    progress.Func     // hears of the loading of the events, beside the streams; may be nil
	Extensions  []Extension       // of modules
}

// Limits of the HTTP server.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
	stopTimeout       = 15 * time.Second
	maxInFlight       = 256
	standardHeartbeat = 15 * time.Second
)

// Server is Vigie over HTTP.
type Server struct {
	config   Config
	door     *door.Door
	sessions *identity.Sessions
	clients  *identity.Clients
	callers  *identity.Authenticator
	oidc     *identity.OIDC // nil is none
	external *externalLogIn // how the log-in page shows it
	filters  *filter.Parser
	zone     *time.Location
	tiles    *tileLayers
	hub      *hub
	places   *gazetteer
	rules    *disclosure.Book
	fresh    *freshness
	journal  *journal.Journal
	releases *disclosure.Releases
	jobs     *jobs.Queue
	metrics  *prometheus.Registry
	secure   bool
	started  time.Time
	handler  http.Handler
}

// New returns a server; it panics if an operation is declared without its rights (the programmer's mistake).
func New(config Config) (*Server, error) {
	if config.Store == nil || config.Cube == nil || config.Log == nil || config.Clock == nil || config.Random == nil {
		return nil, fmt.Errorf("api: store, cube, log, clock and random must be set: %w", geoengine.ErrInvalid)
	}
	if config.Heartbeat == 0 {
		config.Heartbeat = standardHeartbeat
	}
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	s := &Server{
		config: config, zone: zone, filters: filter.NewParser(zone),
		sessions: identity.NewSessions(config.Store, config.Random, config.Clock),
		clients:  identity.NewClients(config.Store, config.Random, config.Clock),
		hub:      newHub(), rules: disclosure.NewBook(config.Store), places: newGazetteer(config.Store), fresh: newFreshness(config.Store, config.Clock),
		tiles: newTileLayers(config.Store, config.Cube), metrics: prometheus.NewRegistry(), secure: config.TLS != nil || strings.HasPrefix(config.PublicURL, "https://"),
		started: config.Clock(), journal: journal.New(config.Store, config.Random, config.Clock),
		releases: disclosure.NewReleases(config.Store),
	}
	s.callers = identity.NewAuthenticator(s.sessions, s.clients)
	if err := s.readRules(); err != nil {
		return nil, err
	}
	if err := s.useOIDC(); err != nil {
		return nil, err
	}
	if s.jobs, err = s.newJobs(); err != nil {
		return nil, err
	}
	s.measure()
	s.door = door.New(door.Config{
		Title: "Vigie", Version: config.Build, Callers: s.callers, Roles: config.Roles, Cookie: identity.CookieName(s.secure), Policy: s.policy,
		Journal: s.keep, Log: config.Log, Clock: config.Clock, Proxies: config.Proxies,
		Metrics: s.metrics, InFlight: maxInFlight,
	})
	s.routes()
	headers, err := s.headers()
	if err != nil {
		return nil, err
	}
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem.New(http.StatusForbidden, problem.CodeDenied, "requests that change something must come from this site").Write(w, "")
	}))
	s.handler = headers(sameOrigin.Handler(ogc.LogInPage(s.door.Handler())))
	return s, nil
}

// policy is what a role may know of each category.
func (s *Server) policy(role identity.Role) disclosure.Policy { return s.rules.Policy(string(role)) }

// Operations lists every operation, in the order in which they were added.
func (s *Server) Operations() []door.Operation { return s.door.Operations() }

// OpenAPI is the API document of the operations.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.door.OpenAPI() }

// Handler is the whole server as a handler. Work must run beside it.
func (s *Server) Handler() http.Handler { return s.handler }

// Run serves on the listener, and loads and follows the events, until ctx ends; then it lets requests finish, ends
// streams and returns nil. It closes the listener.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	defer s.journal.Close()
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	if s.config.TLS != nil {
		listener = tls.NewListener(listener, s.config.TLS)
	}
	server.RegisterOnShutdown(s.hub.close)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error { return s.Work(ctx) })
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err := server.Shutdown(stop); err != nil {
			return errors.Join(fmt.Errorf("stop: %w", err), server.Close())
		}
		return nil
	})
	return group.Wait()
}
