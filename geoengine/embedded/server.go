package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// server starts and stops the PostgreSQL of one place. Its methods are called by whoever has the turn.
type server struct {
	place place
	bin   Binaries
	log   *slog.Logger
	kind  kind
}

// leastDisk is the free space, in bytes, below which no cluster is made or started: a start may need a segment of
// write-ahead log, and an initdb 50 MB.
const (
	leastDiskNew   = 300 << 20
	leastDiskStart = 24 << 20
)

// ensure makes the server run and answer, and tells whether it had to start it.
func (s *server) ensure(ctx context.Context) (started bool, err error) {
	if s.bin, err = binariesFor(s.place); err != nil {
		return false, err
	}
	answers, err := s.awaitRunning(ctx)
	if err != nil || answers {
		return false, err
	}
	if err := s.makeCluster(ctx); err != nil {
		return false, err
	}
	if err := s.checkDisk(leastDiskStart); err != nil {
		return false, err
	}
	if err := removeIfThere(s.place.keepFile()); err != nil {
		return false, err
	}
	if err := removeIfThere(s.place.pidFile()); err != nil { // stale: no server of ours runs
		return false, err
	}
	if err := s.writeSettings(); err != nil {
		return false, err
	}
	if err := s.launch(ctx); err != nil {
		return false, err
	}
	if err := s.createDatabase(ctx); err != nil {
		return false, errors.Join(err, s.stop(context.WithoutCancel(ctx)))
	}
	return true, nil
}

// awaitRunning tells whether a server runs and answers; it waits for one that is starting, recovering or stopping.
func (s *server) awaitRunning(ctx context.Context) (bool, error) {
	told := false
	for s.place.runningPID() != 0 {
		conn, err := pgx.Connect(ctx, s.place.url("postgres"))
		if err == nil {
			err = conn.Close(ctx)
			return err == nil, err
		}
		if !told {
			told = true
			s.log.Info("the embedded cluster runs but does not answer yet; waiting for it")
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return false, fmt.Errorf("wait for a server that runs but does not answer: %w", err)
		}
	}
	return false, nil
}

// makeCluster runs initdb beside the final place and renames, so that an interrupted one leaves no half cluster.
func (s *server) makeCluster(ctx context.Context) error {
	if exists(s.place.data()) {
		return nil
	}
	if err := s.checkDisk(leastDiskNew); err != nil {
		return err
	}
	fresh := filepath.Join(s.place.cluster, "data.new")
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("remove an interrupted initdb: %w", err)
	}
	s.log.Info("making the embedded cluster", "folder", s.place.cluster, "postgresql", s.bin.Version)
	args := []string{"-D", fresh, "-U", database, "--auth=trust", "--encoding=UTF8", "--lc-messages=C"}
	if s.kind == throwaway {
		args = append(args, "--no-sync")
	}
	if out, err := s.run(ctx, "initdb", append(args, "--locale=C.UTF-8")...); err != nil {
		if !strings.Contains(out, "invalid locale name") {
			return s.explain(fmt.Errorf("initdb: %w: %s", err, tail(out)))
		}
		if out, err := s.run(ctx, "initdb", append(args, "--locale=C")...); err != nil {
			return s.explain(fmt.Errorf("initdb: %w: %s", err, tail(out)))
		}
	}
	conf, err := os.OpenFile(filepath.Join(fresh, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0) // #nosec G304 -- our own folder
	if err != nil {
		return fmt.Errorf("configure the cluster: %w", err)
	}
	_, err = conf.WriteString("\ninclude = 'vigie.conf'\n")
	if err := errors.Join(err, conf.Sync(), conf.Close()); err != nil {
		return fmt.Errorf("configure the cluster: %w", err)
	}
	if err := os.Rename(fresh, s.place.data()); err != nil {
		return fmt.Errorf("put the cluster into place: %w", err)
	}
	return nil
}

// burial bounds the wait for a killed server to leave the table of processes.
const burial = 30 * time.Second

// launch starts the server in a session of its own and waits until it answers, however long its recovery takes. A killed
// server that nobody has reaped yet still counts as alive for PostgreSQL, which then finds a lock file: that passes.
func (s *server) launch(ctx context.Context) error {
	buried := time.Now().Add(burial)
	for {
		message, err := s.tryLaunch(ctx)
		if err == nil {
			return nil
		}
		waits := strings.Contains(message, "lock file") && s.place.runningPID() == 0 && time.Now().Before(buried)
		if waits && pause(ctx, 100*time.Millisecond) == nil {
			continue
		}
		return s.explain(fmt.Errorf("start PostgreSQL: %w: %s", err, message))
	}
}

// tryLaunch starts the server once, and leaves none behind that did not come up. The message is what it said.
func (s *server) tryLaunch(ctx context.Context) (message string, err error) {
	before := s.shortenLog()
	out, err := s.run(ctx, "pg_ctl", "start", "-s", "-w", "-t", "86400", "-D", s.place.data(), "-l", s.place.logFile())
	if err == nil {
		return "", nil
	}
	message = tail(out + "\n" + s.logSince(before))
	if s.place.runningPID() != 0 {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		err = errors.Join(err, s.stop(stopping))
	}
	return message, err
}

// stop ends the server: fast, and at once if that takes too long (the next start then recovers).
func (s *server) stop(ctx context.Context) error {
	if s.place.runningPID() == 0 {
		return nil
	}
	limit := fmt.Sprint(int(stopTime.Seconds()))
	if out, err := s.run(ctx, "pg_ctl", "stop", "-s", "-w", "-m", "fast", "-t", limit, "-D", s.place.data()); err != nil {
		if s.place.runningPID() == 0 {
			return nil
		}
		s.log.Warn("the embedded cluster does not stop; ending it at once", "said", tail(out))
		if out, err := s.run(context.WithoutCancel(ctx), "pg_ctl", "stop", "-s", "-w", "-m", "immediate", "-t", "60", "-D", s.place.data()); err != nil {
			return fmt.Errorf("stop PostgreSQL: %w: %s", err, tail(out))
		}
	}
	return nil
}

// run executes one of PostgreSQL's programs as the server's user and returns what it printed.
func (s *server) run(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.bin.program(program), args...) // #nosec G204 -- the programs found, our own arguments
	cmd.Dir = s.place.cluster
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "HOME=" + s.place.cluster}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.place.as, Setsid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	return out.String(), err
}

// explain adds the remedy to the failures that people can mend.
func (s *server) explain(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "No space left on device"):
		return fmt.Errorf("the disk of %s is full, free some space and start again (nothing is lost): %w", s.place.cluster, err)
	case strings.Contains(text, "Permission denied"):
		return fmt.Errorf("user %d may not use %s, set VIGIE_DATA to another folder: %w", s.place.uid(), s.place.cluster, err)
	case strings.Contains(text, "could not map anonymous shared memory"):
		return fmt.Errorf("there is too little memory for the database: %w", err)
	}
	return err
}

func (s *server) checkDisk(least uint64) error {
	free, err := FreeDisk(s.place.cluster)
	if err != nil {
		return err
	}
	if free < least {
		return fmt.Errorf("the disk of %s is full: %d MB free, %d MB needed; free some space or set VIGIE_DATA elsewhere", s.place.cluster, free>>20, least>>20)
	}
	return nil
}

// FreeDisk is the space, in bytes, that an ordinary user may still fill on the disk of a folder.
func FreeDisk(folder string) (uint64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", folder, err)
	}
	return disk.Bavail * uint64(disk.Bsize), nil // #nosec G115 -- a block size is positive
}

// maxLog is the size of the server's log, in bytes, over which a start puts it aside.
const maxLog = 10 << 20

// shortenLog keeps one old log and returns the size of the current one.
func (s *server) shortenLog() int64 {
	info, err := os.Stat(s.place.logFile())
	if err != nil {
		return 0
	}
	if info.Size() > maxLog && os.Rename(s.place.logFile(), s.place.logFile()+".1") == nil {
		return 0
	}
	return info.Size()
}

func (s *server) logSince(offset int64) string {
	file, err := os.Open(s.place.logFile())
	if err != nil {
		return ""
	}
	defer file.Close()
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(file, 1<<20)) // a part is better than nothing
	return string(text)
}

// tail is the end of a program's output, on one line.
func tail(out string) string {
	lines := strings.FieldsFunc(out, func(r rune) bool { return r == '\n' })
	return strings.Join(lines[max(0, len(lines)-6):], "; ")
}
