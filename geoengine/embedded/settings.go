package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// kind says how much a cluster's data are worth.
type kind int

const (
	durable   kind = iota // survives a crash of the machine
	throwaway             // for tests: fast, lost when the machine crashes
)

// writeSettings writes vigie.conf, which postgresql.conf includes; people's own settings go to postgresql.auto.conf
// through ALTER SYSTEM, which comes later and wins.
func (s *server) writeSettings() error {
	path := filepath.Join(s.place.data(), "vigie.conf")
	fresh := path + ".new"
	err := os.WriteFile(fresh, []byte(s.settings(memory())), 0o600)
	if err == nil && s.place.as != nil {
		err = os.Chown(fresh, int(s.place.as.Uid), int(s.place.as.Gid))
	}
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk of %s is full: %w", s.place.cluster, err)
	}
	if err != nil {
		return fmt.Errorf("configure the cluster: %w", err)
	}
	return nil
}

// settings are sized for a machine with that much memory, in MB, which the server shares with the cube.
func (s *server) settings(memory int) string {
	between := func(low, value, high int) int { return min(max(low, value), high) }
	shared := between(128, memory/8, 2048)
	lines := []string{
		"listen_addresses = ''",
		"port = 5432",
		"unix_socket_directories = " + quote(s.place.socket),
		"unix_socket_permissions = 0700",
		"timezone = 'UTC'",
		"log_timezone = 'UTC'",
		fmt.Sprintf("shared_buffers = %dMB", shared),
		fmt.Sprintf("effective_cache_size = %dMB", max(256, memory/2)),
		fmt.Sprintf("maintenance_work_mem = %dMB", between(64, memory/32, 512)),
		fmt.Sprintf("work_mem = %dMB", between(8, memory/256, 64)),
		"max_wal_size = 4GB",
		"min_wal_size = 128MB",
		"checkpoint_timeout = 15min",
		"wal_compression = on",
		"wal_level = minimal", // backups are pg_dump
		"max_wal_senders = 0",
		"random_page_cost = 1.1",
		"jit = off", // the queries are short
		"log_min_messages = warning",
		"log_min_error_statement = panic", // statements may hold personal data
		"log_line_prefix = '%m [%p] '",
	}
	if s.kind == throwaway {
		lines = append(lines, "fsync = off", "full_page_writes = off", "synchronous_commit = on",
			"autovacuum = off", "max_connections = 300")
	} else {
		lines = append(lines, "fsync = on", "full_page_writes = on", "synchronous_commit = on", "max_connections = 100")
	}
	if smallSharedMemory() {
		lines = append(lines, "dynamic_shared_memory_type = mmap")
	}
	return "# Written by vigie at every start; change settings with ALTER SYSTEM.\n" + strings.Join(lines, "\n") + "\n"
}

// smallSharedMemory tells whether /dev/shm is too small for parallel queries, as it is in most containers.
func smallSharedMemory() bool {
	var disk syscall.Statfs_t
	return syscall.Statfs("/dev/shm", &disk) != nil || disk.Blocks*uint64(disk.Bsize) < 256<<20 // #nosec G115 -- a block size is positive
}

// memory is what this process may use of the machine's memory, in MB; 1024 where nothing tells.
func memory() int {
	total := 1024
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kb int
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kb); err == nil {
			total = kb / 1024
		}
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		var bytes int
		if _, err := fmt.Sscanf(string(text), "%d", &bytes); err == nil {
			total = min(total, bytes>>20)
		}
	}
	return total
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
