// Package embedded runs a private PostgreSQL + PostGIS cluster in a folder, for Vigie on one machine.
//
// The cluster uses the system's binaries and listens on a unix socket only, in a directory that nobody else may
// enter. Several processes share it: each holds a shared lock on the folder while it uses the cluster, and the last
// to leave stops it. The kernel drops the lock of a killed process, so counting survives kill -9; the server itself
// is in a session of its own and survives too, and the next process takes it over.
// Read this file, then place.go, server.go and lock.go.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// database is the name of the cluster's database and of its superuser.
const database = "vigie"

// stopTime bounds a stop: a fast stop is a checkpoint, which may have gigabytes to write.
const stopTime = 5 * time.Minute

// Cluster is a running cluster that this process uses, until Stop.
type Cluster struct {
	server  *server
	users   *os.File
	started bool
}

// Start makes the cluster in dir if there is none, starts it if it is not running, and registers this process as one
// of its users. Two at once wait for one another. Errors say what is wrong and how to mend it.
func Start(ctx context.Context, dir string, log *slog.Logger) (*Cluster, error) {
	return start(ctx, dir, log, durable)
}

// StartThrowaway is Start for tests: the cluster is fast and does not survive a crash of the machine.
func StartThrowaway(ctx context.Context, dir string, log *slog.Logger) (*Cluster, error) {
	return start(ctx, dir, log, throwaway)
}

func start(ctx context.Context, dir string, log *slog.Logger, kind kind) (*Cluster, error) {
	place, err := makePlace(dir)
	if err != nil {
		return nil, fmt.Errorf("embedded cluster: %w", err)
	}
	turn, err := lockExclusive(ctx, place.turnLock(), log)
	if err != nil {
		return nil, fmt.Errorf("embedded cluster: %w", err)
	}
	defer turn.Close()
	users, err := lockShared(place.usersLock())
	if err != nil {
		return nil, fmt.Errorf("embedded cluster: %w", err)
	}
	s := &server{place: place, log: log, kind: kind}
	started, err := s.ensure(ctx)
	if err != nil {
		users.Close()
		return nil, fmt.Errorf("embedded cluster in %s: %w", place.dir, err)
	}
	return &Cluster{server: s, users: users, started: started}, nil
}

// URL is the address of the cluster's database.
func (c *Cluster) URL() string { return c.DatabaseURL(database) }

// DatabaseURL is the address of another database of the cluster, for example postgres.
func (c *Cluster) DatabaseURL(name string) string { return c.server.place.url(name) }

// Started tells whether this process started the server, rather than finding it running.
func (c *Cluster) Started() bool { return c.started }

// Program is the path of one of the cluster's own programs, for example pg_dump.
func (c *Cluster) Program(name string) string { return c.server.bin.program(name) }

// Keep lets the server run on after its last user has left, until Halt.
func (c *Cluster) Keep() error {
	if err := os.WriteFile(c.server.place.keepFile(), nil, 0o600); err != nil {
		return fmt.Errorf("keep the embedded cluster running: %w", err)
	}
	return nil
}

// Stop ends the use of the cluster by this process and, unless others use it or it is kept, stops the server.
func (c *Cluster) Stop(ctx context.Context) error {
	defer c.users.Close()
	turn, err := lockExclusive(ctx, c.server.place.turnLock(), c.server.log)
	if err != nil {
		return fmt.Errorf("stop the embedded cluster: %w", err)
	}
	defer turn.Close()
	alone, err := becomeExclusive(c.users)
	if err != nil || !alone || exists(c.server.place.keepFile()) {
		return err
	}
	if err := c.server.stop(ctx); err != nil {
		return fmt.Errorf("stop the embedded cluster: %w", err)
	}
	return nil
}

// ErrInUse says that other processes use the cluster.
var ErrInUse = errors.New("in use by another vigie process")

// Halt stops the cluster in dir for good, also a kept one. It returns ErrInUse when other processes use it, unless
// force; and does nothing when there is no running server.
func Halt(ctx context.Context, dir string, force bool, log *slog.Logger) error {
	place, err := findPlace(dir)
	if err != nil {
		return fmt.Errorf("stop the embedded cluster: %w", err)
	}
	if !exists(place.data()) {
		return nil
	}
	turn, err := lockExclusive(ctx, place.turnLock(), log)
	if err != nil {
		return fmt.Errorf("stop the embedded cluster: %w", err)
	}
	defer turn.Close()
	users, err := lockShared(place.usersLock())
	if err != nil {
		return fmt.Errorf("stop the embedded cluster: %w", err)
	}
	defer users.Close()
	alone, err := becomeExclusive(users)
	if err != nil {
		return err
	}
	if !alone && !force {
		return fmt.Errorf("stop the embedded cluster: %w", ErrInUse)
	}
	s := &server{place: place, log: log}
	if s.bin, err = binariesFor(place); err != nil {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return fmt.Errorf("stop the embedded cluster: %w", err)
	}
	return removeIfThere(place.keepFile())
}

// State describes the cluster in a folder without touching it.
type State struct {
	Folder      string `json:"folder"`      // where the cluster's files are
	Initialised bool   `json:"initialised"` // there is a cluster
	Version     string `json:"version"`     // major version of PostgreSQL that made it
	Running     bool   `json:"running"`
	PID         int    `json:"pid,omitempty"`
	Kept        bool   `json:"kept"` // runs on without users
	Socket      string `json:"socket"`
	URL         string `json:"url"`
}

// Inspect returns the state of the cluster in dir.
func Inspect(dir string) (State, error) {
	place, err := findPlace(dir)
	if err != nil {
		return State{}, fmt.Errorf("inspect the embedded cluster: %w", err)
	}
	state := State{Folder: place.cluster, Socket: place.socket, URL: place.url(database), Version: place.version()}
	state.Initialised = exists(place.data())
	if state.Initialised {
		state.PID = place.runningPID()
		state.Running = state.PID != 0
		state.Kept = state.Running && exists(place.keepFile())
	}
	return state, nil
}

// createDatabase makes the cluster's database unless it is there.
func (s *server) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.place.url("postgres"))
	if err != nil {
		return fmt.Errorf("connect to the cluster just started: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	const find = `select exists (select from pg_database where datname = $1)`
	if err := conn.QueryRow(ctx, find, database).Scan(&there); err != nil {
		return fmt.Errorf("look for database %s: %w", database, err)
	}
	if there {
		return nil
	}
	if _, err := conn.Exec(ctx, "create database "+database); err != nil {
		return fmt.Errorf("create database %s: %w", database, err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func absolute(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	return path, nil
}
