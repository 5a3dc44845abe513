package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"vigie/geoengine"
	"vigie/progress"
)

// Limits bound what an input may cost; zero fields are the defaults.
type Limits struct {
	MaxBytes    int64         // decompressed bytes of all compressed files together; 64 GiB
	MaxRatio    float64       // decompressed to compressed, beyond the first 32 MiB; 250
	MaxDownload int64         // bytes of one download; 16 GiB
	Progress    progress.Func // of downloads and of the first look at large files
}

func (l Limits) orDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = 64 << 30
	}
	if l.MaxRatio <= 0 {
		l.MaxRatio = 250
	}
	if l.MaxDownload <= 0 {
		l.MaxDownload = 16 << 30
	}
	return l
}

// maxFiles bounds the files of an input, folders and archives unfolded.
const maxFiles = 100_000

// OpenInput resolves what the user named to files: files, folders (with their subfolders, in the order of names),
// http and https addresses; each plain, gz, bz2, zstd or zip, told by its first bytes, whatever its name.
// Hidden files in folders and archives are passed over. cleanup removes what was downloaded; call it when done.
// ErrInvalid says which input cannot be read and why; ErrMissing which does not exist.
func OpenInput(ctx context.Context, args []string, limits Limits) (files []File, cleanup func(), err error) {
	o := &opener{limits: limits.orDefaults(), meter: &meter{}, names: map[string]bool{}}
	for _, arg := range args {
		if err = o.add(ctx, arg); err != nil {
			o.cleanup()
			return nil, func() {}, err
		}
	}
	return o.files, o.cleanup, nil
}

type opener struct {
	limits Limits
	meter  *meter
	files  []File
	names  map[string]bool
	temp   string // folder of downloads; "" before the first
}

func (o *opener) cleanup() {
	if o.temp != "" {
		_ = os.RemoveAll(o.temp) // nothing more to do about a temporary folder
	}
}

func (o *opener) add(ctx context.Context, arg string) error {
	if strings.HasPrefix(arg, "http://") || strings.HasPrefix(arg, "https://") {
		path, name, err := o.download(ctx, arg)
		if err != nil {
			return err
		}
		return o.addFile(ctx, path, name)
	}
	info, err := os.Stat(arg)
	switch {
	case os.IsNotExist(err):
		return fmt.Errorf("input %s: no such file or folder: %w", arg, geoengine.ErrMissing)
	case err != nil:
		return fmt.Errorf("input: %w", err)
	case info.IsDir():
		return o.addFolder(ctx, arg)
	}
	name := filepath.Base(arg)
	if o.names[name] {
		name = arg
	}
	return o.addFile(ctx, arg, name)
}

func (o *opener) addFolder(ctx context.Context, folder string) error {
	base, before := filepath.Base(filepath.Clean(folder)), len(o.files)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && path != folder
		if entry.IsDir() {
			if hidden {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := os.Stat(path) // follows a link
		if err != nil || hidden || !info.Mode().IsRegular() {
			return err
		}
		within, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return o.addFile(ctx, path, base+"/"+filepath.ToSlash(within))
	})
	if err != nil {
		return fmt.Errorf("input %s: %w", folder, err)
	}
	if len(o.files) == before {
		return fmt.Errorf("input %s: the folder holds no file: %w", folder, geoengine.ErrInvalid)
	}
	return nil
}

// addFile adds one local file, or the members of a zip archive.
func (o *opener) addFile(ctx context.Context, path, name string) error {
	digest, head, size, err := o.digest(ctx, path, name)
	if err != nil {
		return err
	}
	if sniff(head) == kindZip {
		return o.addZip(path, name, digest, size)
	}
	return o.append(File{
		Name: name, Digest: digest, size: size, meter: o.meter,
		Open: o.opening(name, size, func() (io.ReadCloser, error) { return os.Open(path) }),
	})
}

func (o *opener) append(f File) error {
	if len(o.files) == maxFiles {
		return fmt.Errorf("input %s: more than %d files: %w", f.Name, maxFiles, geoengine.ErrInvalid)
	}
	o.names[f.Name] = true
	o.files = append(o.files, f)
	return nil
}

// digest is the SHA-256 of the file as it lies on disk, with its first bytes and its size.
func (o *opener) digest(ctx context.Context, path, name string) (digest string, head []byte, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil, 0, fmt.Errorf("input %s: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", nil, 0, fmt.Errorf("input %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return "", nil, 0, fmt.Errorf("input %s: must be a file, a folder or an address: it is read more than once: %w", name, geoengine.ErrInvalid)
	}
	hash, buffer := sha256.New(), make([]byte, 1<<20)
	for {
		n, err := f.Read(buffer)
		if head == nil {
			head = append([]byte{}, buffer[:min(n, sniffLength)]...)
		}
		hash.Write(buffer[:n])
		size += int64(n)
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(hash.Sum(nil)), head, size, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return "", nil, 0, fmt.Errorf("input %s: %w", name, err)
		}
		if info.Size() > 256<<20 {
			o.limits.Progress.Report(progress.Update{Task: "check " + name, Unit: "bytes", Done: size, Total: info.Size(), Finished: size >= info.Size()})
		}
	}
}

// meter counts what has been read of all files together, each byte once however often a file is opened.
type meter struct {
	stored atomic.Int64 // bytes as they lie on disk
	output atomic.Int64 // bytes decompressed
}
