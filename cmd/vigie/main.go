// Command vigie is the whole product in one binary: database, import, server and tools. Everything is wired
// together here and nowhere else. Read main.go, config.go and open.go, then the file of a command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // local times, also on machines without zone files

	"github.com/alecthomas/kong"
	"github.com/caarlos0/env/v11"
	"github.com/jackc/pgx/v5/pgconn"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"vigie/geoengine"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2   // the command line or the configuration is wrong
	exitRejects     = 3   // import --strict: done, but some rows were rejected
	exitInterrupted = 130 // stopped by a signal before it was done
)

// commands is the command line.
type commands struct {
	JSON    bool   `help:"Print the result as JSON on standard output."`
	Verbose bool   `short:"v" help:"Log what is being done, also the details."`
	Why     string `help:"Why it is done, for the journal." placeholder:"TEXT"`

	Up           upCommand           `cmd:"" help:"Run everything on this machine: database, demonstration data, server."`
	Serve        serveCommand        `cmd:"" help:"Serve the map and the API on an existing store."`
	Import       importCommand       `cmd:"" help:"Import files of a source; list and retry rejected rows."`
	Sources      sourcesCommand      `cmd:"" help:"List what can be imported, with publisher and licence."`
	Modules      modulesCommand      `cmd:"" help:"List the modules: purpose, legal basis, what they make and keep."`
	DB           dbCommand           `cmd:"" name:"db" help:"Migrate, inspect, start, stop, back up and restore the database."`
	User         userCommand         `cmd:"" help:"Manage the accounts that may log in."`
	Client       clientCommand       `cmd:"" help:"Manage the machines that may ask, and their keys."`
	CQL2         cql2Command         `cmd:"" name:"cql2" help:"Print CQL2 filters in both encodings, or where they are wrong."`
	Counts       countsCommand       `cmd:"" help:"Say which small counts are hidden; publish protected counts; measure what is told."`
	Audit        auditCommand        `cmd:"" help:"Verify, search, export, anchor and purge the journal of who did what."`
	Jobs         jobsCommand         `cmd:"" help:"List, stop and purge the long runs that callers have asked for."`
	Forecast     forecastCommand     `cmd:"" help:"Make, replay and schedule forecasts."`
	Accidents    accidentsCommand    `cmd:"" help:"Import the inhabitants of areas, for ratios of accidents."`
	Firestations firestationsCommand `cmd:"" name:"firestations" help:"Import calendars, weather and sectors for the forecast of rescue calls."`
	Doctor       doctorCommand       `cmd:"" help:"Check everything that Vigie depends on and say how to mend it."`
	Backtest     backtestCommand     `cmd:"" help:"Judge methods by years that they have not seen."`
	Bench        benchCommand        `cmd:"" help:"Measure Vigie beside its peers on this machine."`
	Completion   completionCommand   `cmd:"" help:"Print the shell code that completes vigie's commands."`
	Version      versionCommand      `cmd:"" help:"Print the version."`
}

const description = `Vigie: a geospatial decision-support server.

A command that needs the store uses DATABASE_URL, or else a private PostgreSQL cluster in the data folder (VIGIE_DATA),
which it starts if need be and stops when nobody else uses it.

Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 done but rows were rejected (import --strict),
130 interrupted.

Environment:
${environment}`

// usageError is a mistake in the command line that the grammar cannot know of.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitStatus ends a command that has said everything with a code.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line in an environment and returns its exit code.
func run(ctx context.Context, args, environ []string, in *os.File, out, errs io.Writer) (code int) {
	defer func() { // kong exits from the middle of parsing for --help
		if status, ok := recover().(exitStatus); ok {
			code = int(status)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	var line commands
	parser, err := kong.New(&line, kong.Name("vigie"), kong.Description(description),
		kong.Vars{"environment": environmentHelp()}, kong.Writers(out, errs), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120, NoExpandSubcommands: true}),
		kong.Exit(func(code int) { panic(exitStatus(code)) }))
	if err != nil {
		fmt.Fprintln(errs, "vigie:", err)
		return exitUsage
	}
	kongcompletion.Register(parser, kongcompletion.WithPredictor("source", complete.PredictSet(sourceNames()...)),
		kongcompletion.WithPredictor("file", complete.PredictFiles("*")))
	command, err := parser.Parse(args)
	if err != nil {
		return fail(errs, wantsJSON(args), usageError{err})
	}
	config, err := env.ParseAsWithOptions[config](env.Options{Environment: env.ToMap(environ)})
	if err != nil {
		return fail(errs, line.JSON, usageError{err})
	}
	app, err := newApp(config, line, in, out, errs)
	if err != nil {
		return fail(errs, line.JSON, err)
	}
	defer app.display.Close()
	command.BindTo(ctx, (*context.Context)(nil))
	err = explain(command.Run(app))
	app.display.Close()
	if err != nil && ctx.Err() != nil {
		fmt.Fprintln(errs, "vigie: interrupted")
		return exitInterrupted
	}
	return fail(errs, line.JSON, err)
}

// wantsJSON tells whether errors of a line that does not parse are to be JSON.
func wantsJSON(args []string) bool {
	for _, arg := range args {
		if arg == "--json" {
			return true
		}
	}
	return false
}

// explain adds the remedy to failures of the database that people can mend.
func explain(err error) error {
	var failure *pgconn.PgError
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Code {
	case "53100":
		return fmt.Errorf("%w: the database's disk is full; free some space and repeat the command, it goes on where it stopped", err)
	case "53300":
		return fmt.Errorf("%w: the database has no connection left; raise max_connections or stop other programs", err)
	case "42501":
		return fmt.Errorf("%w: the database user lacks a right; see docs/operations.md", err)
	}
	return err
}

// fail says what went wrong and returns the exit code.
func fail(errs io.Writer, asJSON bool, err error) int {
	if err == nil {
		return exitDone
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	if asJSON {
		printJSON(errs, map[string]string{"error": err.Error()})
	} else {
		fmt.Fprintln(errs, "vigie:", plain(err))
	}
	if usage := (usageError{}); errors.As(err, &usage) {
		if !asJSON {
			fmt.Fprintln(errs, "vigie: try vigie --help, or vigie COMMAND --help")
		}
		return exitUsage
	}
	return exitFailed
}

// plain is the text of err without the sentinel at its end, which is for programs: what is wrong has been said before it.
func plain(err error) string {
	text := err.Error()
	for _, sentinel := range []error{geoengine.ErrInvalid, geoengine.ErrMissing, geoengine.ErrBusy, geoengine.ErrDenied} {
		for errors.Is(err, sentinel) && strings.HasSuffix(text, ": "+sentinel.Error()) {
			text = strings.TrimSuffix(text, ": "+sentinel.Error())
		}
	}
	return text
}

// patience bounds the leaving of the embedded cluster when a command ends.
const patience = 6 * time.Minute
