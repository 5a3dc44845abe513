package embedded

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxSocket is the longest directory of a unix socket: the kernel allows 107 bytes with PostgreSQL's file name.
const maxSocket = 90

// shelter holds the clusters of data folders that the server's user cannot reach, for example below /root.
const shelter = "/var/lib/vigie/clusters"

// place is where a cluster lives and under whom it runs.
type place struct {
	dir     string              // the data folder
	cluster string              // the cluster's folder, owned by the server's user
	socket  string              // directory of the unix socket, 0700
	as      *syscall.Credential // nil: the user of this process
}

func (p place) data() string      { return filepath.Join(p.cluster, "data") }
func (p place) logFile() string   { return filepath.Join(p.cluster, "server.log") }
func (p place) keepFile() string  { return filepath.Join(p.dir, "cluster.keep") }
func (p place) turnLock() string  { return filepath.Join(p.dir, "cluster.turn.lock") }
func (p place) usersLock() string { return filepath.Join(p.dir, "cluster.users.lock") }
func (p place) pidFile() string   { return filepath.Join(p.data(), "postmaster.pid") }

func (p place) url(name string) string {
	query := url.Values{"host": {p.socket}, "user": {database}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", Host: "", Path: "/" + name, RawQuery: query.Encode()}).String()
}

// version is the major version that made the cluster, "" if there is none.
func (p place) version() string {
	text, err := os.ReadFile(filepath.Join(p.data(), "PG_VERSION"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// runningPID is the process of the cluster's server, 0 if it does not run. A postmaster.pid alone proves nothing:
// after a crash its number may belong to any other process.
func (p place) runningPID() int {
	file, err := os.Open(p.pidFile())
	if err != nil {
		return 0
	}
	defer file.Close()
	line, _ := bufio.NewReader(file).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid <= 0 {
		return 0
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil {
		if cwd == p.data() {
			return pid
		}
		return 0
	}
	if exists("/proc/self/cwd") && os.Geteuid() == 0 { // root may read it for every live process
		return 0
	}
	if syscall.Kill(pid, 0) == nil { // no /proc: believe the number
		return pid
	}
	return 0
}

// findPlace says where the cluster of a data folder is, without making anything.
func findPlace(dir string) (place, error) {
	dir, err := absolute(dir)
	if err != nil {
		return place{}, err
	}
	p := place{dir: dir, cluster: filepath.Join(dir, "cluster")}
	if real, err := filepath.EvalSymlinks(p.cluster); err == nil {
		p.cluster = real
	}
	if p.as, err = serverUser(p.cluster); err != nil {
		return place{}, err
	}
	p.socket = filepath.Join(p.cluster, "socket")
	if len(p.socket) > maxSocket {
		p.socket = filepath.Join("/tmp", fmt.Sprintf("vigie-%d-%s", p.uid(), digest(p.cluster)))
	}
	return p, nil
}

// makePlace is findPlace that also makes the folders.
func makePlace(dir string) (place, error) {
	dir, err := absolute(dir)
	if err != nil {
		return place{}, err
	}
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // the server's user must be able to pass
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return place{}, fmt.Errorf("make the data folder: %w", err)
	}
	if err := openEmpty(dir); err != nil {
		return place{}, err
	}
	p, err := findPlace(dir)
	if err != nil {
		return place{}, err
	}
	if !exists(p.cluster) && !p.reachable() {
		if err := p.takeShelter(); err != nil {
			return place{}, err
		}
		if p, err = findPlace(dir); err != nil {
			return place{}, err
		}
	}
	for _, folder := range []string{p.cluster, p.socket} {
		if err := p.makePrivate(folder); err != nil {
			return place{}, err
		}
	}
	return p, nil
}

// serverUser is the unprivileged user for a server started by root, which PostgreSQL refuses to run as: the owner of
// the cluster if there is one, else postgres, else nobody. It is nil for everyone else.
func serverUser(cluster string) (*syscall.Credential, error) {
	info, err := os.Stat(cluster)
	owner := -1
	if err == nil {
		owner = int(info.Sys().(*syscall.Stat_t).Uid)
	}
	if me := os.Geteuid(); me != 0 {
		if owner >= 0 && owner != me {
			return nil, fmt.Errorf("the cluster in %s belongs to user %d and you are %d: run as that user or as root, or set VIGIE_DATA to a folder of yours", cluster, owner, me)
		}
		return nil, nil //nolint:nilnil // no other user is a valid answer
	}
	if owner > 0 {
		group := info.Sys().(*syscall.Stat_t).Gid
		return &syscall.Credential{Uid: uint32(owner), Gid: group}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(found.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root and there is no user postgres or nobody: create one, or run vigie as an ordinary user")
}

func (p place) uid() int {
	if p.as != nil {
		return int(p.as.Uid)
	}
	return os.Geteuid()
}

// reachable tells whether the server's user may enter the data folder.
func (p place) reachable() bool {
	if p.as == nil {
		return true
	}
	enter := exec.CommandContext(context.Background(), "sh", "-c", `cd "$0"`, p.dir) // #nosec G204 -- the folder is an argument, not code
	enter.Dir = "/"
	enter.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	return enter.Run() == nil
}

// openEmpty lets others pass through an empty data folder of root's, as mkdtemp makes them, to reach the cluster.
func openEmpty(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 || info.Mode().Perm()&0o001 != 0 {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		return err
	}
	return os.Chmod(dir, info.Mode().Perm()|0o011) // #nosec G302 -- a folder, to be passed through
}

// takeShelter puts the cluster where the server's user can reach it, and a link to it into the data folder.
func (p place) takeShelter() error {
	if err := os.MkdirAll(shelter, 0o711); err != nil { // #nosec G301 -- to be passed through
		return fmt.Errorf("the user of the server cannot enter %s, and no other place can be made: %w", p.dir, err)
	}
	target := filepath.Join(shelter, digest(p.dir))
	if err := p.makePrivate(target); err != nil {
		return err
	}
	if err := os.Symlink(target, p.cluster); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("link the cluster into the data folder: %w", err)
	}
	return nil
}

// makePrivate makes a folder that only the server's user may enter; one that is another's is refused.
func (p place) makePrivate(folder string) error {
	err := os.Mkdir(folder, 0o700)
	if err == nil && p.as != nil {
		err = os.Chown(folder, int(p.as.Uid), int(p.as.Gid))
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make a private folder: %w", err)
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return fmt.Errorf("make a private folder: %w", err)
	}
	if owner := int(info.Sys().(*syscall.Stat_t).Uid); !info.IsDir() || owner != p.uid() {
		if owner != 0 || os.Geteuid() != 0 || !info.IsDir() {
			return fmt.Errorf("%s must be a folder of user %d, and is not: remove it or set VIGIE_DATA elsewhere", folder, p.uid())
		}
		if err := os.Chown(folder, int(p.as.Uid), int(p.as.Gid)); err != nil { // a killed first start left it to root
			return fmt.Errorf("make a private folder: %w", err)
		}
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(folder, 0o700); err != nil { // #nosec G302 -- a folder
			return fmt.Errorf("make a private folder: %w", err)
		}
	}
	return nil
}

func digest(s string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(s))
	return hex.EncodeToString(sum.Sum(nil))
}
