package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"vigie/frontend"
	"vigie/geoengine"
	"vigie/geoengine/embedded"
	"vigie/progress"
)

// doctorCommand checks the ground that Vigie stands on.
type doctorCommand struct{}

// Help says what the exit code means.
func (c *doctorCommand) Help() string {
	return "Exit code 1 if a check failed. Nothing is changed and no database is started or made."
}

// The results of a check.
const (
	checkGood = "ok"
	checkWarn = "warning"
	checkBad  = "failed"
)

// check is one thing looked at.
type check struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, warning or failed
	Found string `json:"found"`
	Mend  string `json:"mend,omitempty"` // what to do
}

func good(name, format string, args ...any) check {
	return check{Name: name, State: checkGood, Found: fmt.Sprintf(format, args...)}
}

func warn(name, mend, format string, args ...any) check {
	return check{Name: name, State: checkWarn, Mend: mend, Found: fmt.Sprintf(format, args...)}
}

func bad(name, mend, format string, args ...any) check {
	return check{Name: name, State: checkBad, Mend: mend, Found: fmt.Sprintf(format, args...)}
}

// Run checks everything.
func (c *doctorCommand) Run(ctx context.Context, a *app) error {
	checks := []check{good("vigie", "%s, %s, %d processors", build(), runtime.Version(), runtime.NumCPU()), checkFrontend()}
	if a.config.DatabaseURL == "" {
		checks = append(checks, checkBinaries())
		dir, err := a.config.dataFolder()
		if err != nil {
			return err
		}
		checks = append(checks, a.checkEmbedded(ctx, dir)...)
	} else {
		checks = append(checks, a.checkDatabase(ctx, a.config.DatabaseURL)...)
	}
	checks = append(checks, a.checkPort(ctx), a.checkTime())
	failed := 0
	rows := [][]string{}
	for _, one := range checks {
		if one.State == checkBad {
			failed++
		}
		rows = append(rows, []string{one.State, one.Name, one.Found})
		if one.Mend != "" {
			rows = append(rows, []string{"", "", "→ " + one.Mend})
		}
	}
	a.print(map[string]any{"checks": checks, "failed": failed}, func(w io.Writer) { table(w, rows) })
	if failed > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

func checkFrontend() check {
	file, err := frontend.Files().Open("index.html")
	if err != nil {
		return bad("map", "make build (needs Node), then use bin/vigie", "this binary was built without the front end")
	}
	_ = file.Close() // only looked at
	return good("map", "the front end is in this binary")
}

func checkBinaries() check {
	all := embedded.FindBinaries()
	for _, b := range all {
		if b.PostGIS {
			return good("PostgreSQL", "version %d with PostGIS in %s", b.Version, b.Dir)
		}
	}
	if len(all) > 0 {
		return bad("PostgreSQL", embedded.Install, "version %d in %s has no PostGIS", all[0].Version, all[0].Dir)
	}
	return bad("PostgreSQL", embedded.Install, "not installed")
}

// leastDisk is the free space, in bytes, under which imports soon fail.
const leastDisk = 2 << 30

func (a *app) checkEmbedded(ctx context.Context, dir string) []check {
	state, err := embedded.Inspect(dir)
	if err != nil {
		return []check{bad("data folder", "run as its owner, or set VIGIE_DATA to another folder", "%v", err)}
	}
	checks := []check{checkDisk(dir)}
	switch {
	case !state.Initialised:
		return append(checks, checkWritable(dir), good("cluster", "not made yet; vigie up makes it in %s", state.Folder))
	case !state.Running:
		return append(checks, good("cluster", "PostgreSQL %s in %s, not running; commands start it", state.Version, state.Folder))
	}
	checks = append(checks, good("cluster", "PostgreSQL %s in %s, running as process %d", state.Version, state.Folder, state.PID))
	return append(checks, a.checkDatabase(ctx, state.URL)...)
}

// existing is the nearest folder above path that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func checkDisk(dir string) check {
	free, err := embedded.FreeDisk(existing(dir))
	switch {
	case err != nil:
		return bad("disk", "set VIGIE_DATA to a folder that you can read", "%v", err)
	case free < leastDisk:
		return warn("disk", "free some space, or set VIGIE_DATA to a larger disk", "%s free for %s", progress.Size(int64(free)), dir) // #nosec G115 -- under 2 GB
	}
	return good("disk", "%d GB free for %s", free>>30, dir)
}

func checkWritable(dir string) check {
	place := existing(dir)
	file, err := os.CreateTemp(place, ".vigie-doctor-*")
	if err != nil {
		return bad("data folder", "set VIGIE_DATA to a folder of yours", "%v", err)
	}
	_ = file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return bad("data folder", "set VIGIE_DATA to a folder of yours", "%v", err)
	}
	return good("data folder", "%s can be written", place)
}

const selectGround = `
	select current_setting('server_version'), current_setting('server_version_num')::int,
		pg_encoding_to_char(encoding), datcollate,
		coalesce((select extversion from pg_extension where extname = 'postgis'), ''), clock_timestamp(),
		current_setting('synchronous_commit'), current_setting('fsync')
	from pg_database where datname = current_database()`

// oldestServer is the first version of PostgreSQL that Vigie is tested with.
const oldestServer = 140000

func (a *app) checkDatabase(ctx context.Context, url string) []check {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	store, err := geoengine.Open(ctx, url)
	if err != nil {
		return []check{bad("database", "check DATABASE_URL and that the server runs and lets this user in", "%v", err)}
	}
	defer store.Close()
	var version, encoding, collate, postgis, commit, fsync string
	var number int
	var clock time.Time
	err = store.Pool.QueryRow(ctx, selectGround).Scan(&version, &number, &encoding, &collate, &postgis, &clock, &commit, &fsync)
	if err != nil {
		return []check{bad("database", "check the rights of the database user", "%v", err)}
	}
	checks := []check{good("database", "PostgreSQL %s answers", version)}
	if number < oldestServer {
		checks = append(checks, bad("version", "use PostgreSQL 14 or newer", "PostgreSQL %s", version))
	}
	if encoding == "UTF8" {
		checks = append(checks, good("locale", "UTF8, %s", collate))
	} else {
		checks = append(checks, bad("locale", "make the database with encoding UTF8", "encoding %s", encoding))
	}
	if fsync != "on" || commit == "off" {
		checks = append(checks, warn("durability", "set fsync and synchronous_commit to on", "fsync %s, synchronous_commit %s: a crash loses data", fsync, commit))
	}
	if apart := a.clock().Sub(clock).Abs(); apart > 5*time.Second {
		checks = append(checks, warn("clocks", "synchronise both machines with NTP", "the database's clock differs by %s", apart.Round(time.Second)))
	}
	return append(checks, checkPostGIS(postgis), checkVersions(ctx, store, postgis), checkReader(ctx, store))
}

// checkReader looks at the role under which callers read.
func checkReader(ctx context.Context, store *geoengine.Store) check {
	const name = "row security"
	state, err := store.ReaderState(ctx)
	switch {
	case err != nil:
		return bad(name, "check the rights of the database user", "%v", err)
	case !state.Exists && !state.Protected:
		return warn(name, "vigie db migrate (or vigie up) sets it up", "not set up yet")
	case state.Check() != nil:
		return bad(name, "the territory of callers is not enforced by the database until this is mended", "%v", state.Check())
	}
	return good(name, "on, and %s may not pass it", geoengine.Reader)
}

func checkPostGIS(version string) check {
	if version == "" {
		return warn("PostGIS", "vigie db migrate (or vigie up) makes it; it must be installed on the database server", "the extension is not in this database yet")
	}
	return good("PostGIS", "version %s", version)
}

func checkVersions(ctx context.Context, store *geoengine.Store, postgis string) check {
	if postgis == "" {
		return warn("schema", "vigie db migrate", "none yet")
	}
	if err := checkSchema(ctx, store); err != nil {
		return bad("schema", "vigie db migrate", "%v", err)
	}
	return good("schema", "up to date")
}

func (a *app) checkPort(ctx context.Context) check {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return warn("port", "stop the other program, or choose another address with VIGIE_LISTEN (a running vigie up is the usual one)", "%v", err)
	}
	_ = listener.Close() // only tried
	return good("port", "%s is free", a.config.Listen)
}

// built is a time that no honest clock shows any more.
var built = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (a *app) checkTime() check {
	now := a.clock()
	if now.Before(built) {
		return bad("time", "set the clock: timedatectl set-ntp true", "the clock says %s", now.Format(time.RFC3339))
	}
	if _, err := time.LoadLocation("Europe/Paris"); err != nil {
		return bad("time", "reinstall vigie", "%v", err)
	}
	return good("time", "%s", now.Format(time.RFC3339))
}
