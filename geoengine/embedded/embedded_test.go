package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// folderOfUser makes this test binary a user of the cluster in that folder: it starts it, says so, and waits.
const folderOfUser = "VIGIE_EMBEDDED_TEST_USER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(folderOfUser); dir != "" {
		if _, err := StartThrowaway(context.Background(), dir, quiet()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("ready")
		select {}
	}
	os.Exit(m.Run())
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// within bounds everything that a test waits for.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// folder returns an empty data folder, whose server is ended with the test.
func folder(t *testing.T, name string) string {
	t.Helper()
	temp := t.TempDir()
	if err := os.Chmod(filepath.Dir(temp), 0o711); err != nil { // the server's user passes through
		t.Fatal(err)
	}
	dir := filepath.Join(temp, name)
	t.Cleanup(func() {
		if err := Halt(within(t), dir, true, quiet()); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func begin(t *testing.T, dir string) *Cluster {
	t.Helper()
	c, err := StartThrowaway(within(t), dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func end(t *testing.T, c *Cluster) {
	t.Helper()
	if err := c.Stop(within(t)); err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, c *Cluster, sql string) {
	t.Helper()
	ctx := within(t)
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, c *Cluster, sql string) (answer string) {
	t.Helper()
	ctx := within(t)
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, sql).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func running(t *testing.T, dir string) bool {
	t.Helper()
	state, err := Inspect(dir)
	if err != nil {
		t.Fatal(err)
	}
	return state.Running
}

func TestDurableClusterIsPrivateAndKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := folder(t, "data")
	for _, first := range []bool{true, false} {
		c, err := Start(within(t), dir, quiet())
		if err != nil {
			t.Fatal(err)
		}
		if first {
			execute(t, c, "create extension postgis; create table kept as select 'é' as word")
		}
		for question, want := range map[string]string{
			"select word from kept":     "é",
			"show listen_addresses":     "",
			"show fsync":                "on",
			"show synchronous_commit":   "on",
			"show full_page_writes":     "on",
			"show server_encoding":      "UTF8",
			"show timezone":             "UTC",
			"select current_database()": "vigie",
		} {
			if got := ask(t, c, question); got != want {
				t.Errorf("%s: got %q, want %q", question, got, want)
			}
		}
		info, err := os.Stat(c.server.place.socket)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("socket folder: %v, %v", info, err)
		}
		end(t, c)
		if running(t, dir) {
			t.Error("the server runs on after its last user has left")
		}
	}
}

func TestUsersShareTheClusterAndTheLastStopsIt(t *testing.T) {
	t.Parallel()
	dir := folder(t, "data")
	clusters := make([]*Cluster, 4)
	var wait sync.WaitGroup
	for i := range clusters {
		wait.Go(func() {
			var err error
			if clusters[i], err = StartThrowaway(within(t), dir, quiet()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	started := 0
	for i, c := range clusters {
		if c == nil {
			t.FailNow()
		}
		if c.Started() {
			started++
		}
		if i == 0 {
			if err := Halt(within(t), dir, false, quiet()); !errors.Is(err, ErrInUse) {
				t.Errorf("halt while in use: %v", err)
			}
			continue
		}
		end(t, c)
		if !running(t, dir) {
			t.Fatal("the server stopped although it is used")
		}
	}
	if started != 1 {
		t.Errorf("%d processes started the server", started)
	}
	end(t, clusters[0])
	if running(t, dir) {
		t.Error("the server runs on")
	}
}

func TestKeptClusterRunsUntilHalted(t *testing.T) {
	t.Parallel()
	dir := folder(t, "data")
	c := begin(t, dir)
	if err := c.Keep(); err != nil {
		t.Fatal(err)
	}
	end(t, c)
	if !running(t, dir) {
		t.Fatal("the kept server stopped")
	}
	if err := Halt(within(t), dir, false, quiet()); err != nil {
		t.Fatal(err)
	}
	if running(t, dir) {
		t.Fatal("the halted server runs")
	}
	end(t, begin(t, dir))
	if running(t, dir) {
		t.Error("a later start is still kept")
	}
}

func TestKilledUserLeavesTheClusterToTheNext(t *testing.T) {
	t.Parallel()
	dir := folder(t, "data")
	user := exec.CommandContext(within(t), os.Args[0])
	user.Env = append(os.Environ(), folderOfUser+"="+dir)
	pipe, err := user.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := user.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil || line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := user.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = user.Wait() // killed
	c := begin(t, dir)
	if c.Started() {
		t.Error("the server did not outlive its user")
	}
	execute(t, c, "create table kept ()")
	end(t, c)
	if running(t, dir) {
		t.Error("the server runs on after its last user has left")
	}
}

func TestKilledServerRecovers(t *testing.T) {
	t.Parallel()
	dir := folder(t, "data")
	c := begin(t, dir)
	execute(t, c, "create table kept as select 'here' as word")
	killed := c.server.place.runningPID()
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	watching, stop := context.WithCancel(within(t))
	defer stop()
	go c.Watch(watching)
	for answers := false; !answers; {
		if err := pause(watching, 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if pid := c.server.place.runningPID(); pid == 0 || pid == killed {
			continue
		}
		conn, err := pgx.Connect(watching, c.URL())
		if answers = err == nil; answers {
			_ = conn.Close(watching) // only tried
		}
	}
	stop()
	if got := ask(t, c, "select word from kept"); got != "here" {
		t.Errorf("got %q", got)
	}
	end(t, c)
}

func TestStartWaitsForAKilledServerToBeReaped(t *testing.T) {
	t.Parallel()
	dir := folder(t, "data")
	c := begin(t, dir)
	place := c.server.place
	end(t, c)
	dead := exec.Command("sleep", "600")
	if err := dead.Start(); err != nil {
		t.Fatal(err)
	}
	if err := dead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(place.socket, ".s.PGSQL.5432.lock")
	stale := strconv.Itoa(dead.Process.Pid) + "\n" + place.data() + "\n1\n5432\n" + place.socket + "\n"
	if err := os.WriteFile(lock, []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(lock, place.uid(), -1); err != nil {
		t.Fatal(err)
	}
	reaped := time.AfterFunc(time.Second, func() { _ = dead.Wait() }) // until then it is a zombie
	defer reaped.Stop()
	end(t, begin(t, dir))
}

func TestStartOvercomesWhatCrashesLeave(t *testing.T) {
	t.Parallel()
	dir := folder(t, "data")
	place, err := makePlace(dir)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(place.cluster, "data.new") // an initdb that was cut off
	if err := os.MkdirAll(filepath.Join(half, "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := begin(t, dir)
	end(t, c)
	if exists(half) {
		t.Error("the interrupted initdb is still there")
	}
	for name, pid := range map[string]int{"of another process": os.Getpid(), "of nobody": 1 << 22} {
		stale := strconv.Itoa(pid) + "\n" + place.data() + "\n1\n5432\n" + place.socket + "\n\n1 1\nready\n"
		if err := os.WriteFile(place.pidFile(), []byte(stale), 0o600); err != nil {
			t.Fatal(err)
		}
		if running(t, dir) {
			t.Errorf("a stale postmaster.pid %s counts as running", name)
		}
		end(t, begin(t, dir))
	}
}

func TestLongPathsGetAShortSocket(t *testing.T) {
	t.Parallel()
	dir := folder(t, strings.Repeat("long", 30))
	c := begin(t, dir)
	if len(c.server.place.socket) > maxSocket {
		t.Errorf("socket in %s", c.server.place.socket)
	}
	end(t, c)
	if err := os.RemoveAll(c.server.place.socket); err != nil {
		t.Error(err)
	}
}

func TestUnreachableFolderGetsAShelter(t *testing.T) {
	t.Parallel()
	dir := folder(t, "closed/data")
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	c := begin(t, dir)
	end(t, c)
	if os.Geteuid() == 0 {
		if !strings.HasPrefix(c.server.place.cluster, shelter) {
			t.Errorf("cluster in %s", c.server.place.cluster)
		}
		if err := os.RemoveAll(c.server.place.cluster); err != nil {
			t.Error(err)
		}
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	dir := folder(t, "data")
	place, err := makePlace(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(place.data(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(place.data(), "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = StartThrowaway(within(t), dir, quiet())
	if err == nil || !strings.Contains(err.Error(), "made by PostgreSQL 9") || !strings.Contains(err.Error(), "apt-get install postgresql-9") {
		t.Errorf("other version: %v", err)
	}
	if err := os.RemoveAll(place.data()); err != nil {
		t.Fatal(err)
	}
	s := &server{place: place, log: quiet()}
	if err := s.checkDisk(1 << 62); err == nil || !strings.Contains(err.Error(), "is full") {
		t.Errorf("full disk before: %v", err)
	}
	err = s.explain(errors.New(`initdb: could not write to file "x": No space left on device`))
	if !strings.Contains(err.Error(), "free some space") {
		t.Errorf("full disk during: %v", err)
	}
	if err := os.WriteFile(filepath.Join(t.TempDir(), "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := StartThrowaway(within(t), "/dev/null/data", quiet()); err == nil {
		t.Error("a folder below a file was accepted")
	}
}
