package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Binaries are one installed PostgreSQL.
type Binaries struct {
	Dir     string `json:"dir"`     // folder of initdb, pg_ctl, postgres, pg_dump …
	Version int    `json:"version"` // major version
	PostGIS bool   `json:"postgis"` // the extension's files are there
}

func (b Binaries) program(name string) string { return filepath.Join(b.Dir, name) }

// Install is what an administrator of Debian or Ubuntu types to get what the embedded cluster needs.
const Install = "apt-get install postgresql postgis postgresql-postgis"

// FindBinaries returns the PostgreSQL versions installed on this machine, newest first: Debian's and Red Hat's
// folders and the PATH.
func FindBinaries() []Binaries {
	var folders []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"} {
		found, _ := filepath.Glob(pattern) // the patterns are well formed
		folders = append(folders, found...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	slices.Sort(folders)
	var all []Binaries
	for _, folder := range slices.Compact(folders) {
		if b, ok := inspectBinaries(folder); ok {
			all = append(all, b)
		}
	}
	slices.SortStableFunc(all, func(a, b Binaries) int { return cmp.Compare(b.Version, a.Version) })
	return all
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func inspectBinaries(folder string) (Binaries, bool) {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if !exists(filepath.Join(folder, name)) {
			return Binaries{}, false
		}
	}
	out, err := exec.CommandContext(context.Background(), filepath.Join(folder, "postgres"), "--version").Output() // #nosec G204 -- a program that was found
	match := versionPattern.FindSubmatch(out)
	if err != nil || match == nil {
		return Binaries{}, false
	}
	version, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return Binaries{}, false
	}
	b := Binaries{Dir: folder, Version: version}
	shares := []string{
		fmt.Sprintf("/usr/share/postgresql/%d", version),
		filepath.Join(folder, "../share"),
		filepath.Join(folder, "../share/postgresql"),
	}
	b.PostGIS = slices.ContainsFunc(shares, func(share string) bool {
		return exists(filepath.Join(share, "extension/postgis.control"))
	})
	return b, true
}

// binariesFor chooses the version that made the cluster, or the newest with PostGIS for a new one.
func binariesFor(p place) (Binaries, error) {
	all := FindBinaries()
	made := p.version()
	var seen []string
	for _, b := range all {
		if made != "" && strconv.Itoa(b.Version) != made {
			seen = append(seen, strconv.Itoa(b.Version))
			continue
		}
		if b.PostGIS {
			return b, nil
		}
		seen = append(seen, fmt.Sprintf("%d without PostGIS", b.Version))
	}
	switch {
	case len(all) == 0:
		return Binaries{}, errors.New("PostgreSQL is not installed: " + Install)
	case made == "":
		return Binaries{}, fmt.Errorf("found PostgreSQL %s: %s", strings.Join(seen, ", "), Install)
	default:
		return Binaries{}, fmt.Errorf("the cluster was made by PostgreSQL %s, installed is %s: "+
			"apt-get install postgresql-%s postgresql-%s-postgis-3; or, where that version still runs, vigie db backup, "+
			"then vigie db restore into a new VIGIE_DATA", made, strings.Join(seen, ", "), made, made)
	}
}
