package data

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"vigie/geoengine"
)

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, content []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(content, nil)
}

type member struct {
	name    string
	content []byte
}

func zipped(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bzipped is "hello\n" as bzip2 wrote it.
func bzipped(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("QlpoOTFBWSZTWcHAgOIAAAFBAAAQAkSgADDNAMNGKZcXckU4UJDBwIDi")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// contents opens the input and renders each file as name=content.
func contents(t testing.TB, limits Limits, args ...string) ([]string, error) {
	t.Helper()
	files, cleanup, err := OpenInput(t.Context(), args, limits)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	var got []string
	for _, f := range files {
		r, err := f.Open()
		if err != nil {
			return got, err
		}
		content, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return got, err
		}
		got = append(got, f.Name+"="+string(content))
	}
	return got, nil
}

func TestOpenInput(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "in")
	hello := []byte("hello\n")
	write(t, filepath.Join(folder, "b/plain.csv"), hello)
	write(t, filepath.Join(folder, "b/.hidden"), hello)
	write(t, filepath.Join(folder, "a.txt"), gzipped(t, hello)) // told by its bytes, not its name
	write(t, filepath.Join(folder, "c.zst"), zstandard(t, gzipped(t, hello)))
	write(t, filepath.Join(folder, "d.bz2"), bzipped(t))
	write(t, filepath.Join(folder, "e.zip"), zipped(t, member{"z.csv", hello}, member{"../../etc/x.gz", gzipped(t, hello)},
		member{"__MACOSX/z.csv", hello}, member{"folder/", nil}))
	write(t, filepath.Join(folder, "f.csv"), nil)
	want := []string{
		"in/a.txt=hello\n", "in/b/plain.csv=hello\n", "in/c.zst=hello\n", "in/d.bz2=hello\n",
		"in/e.zip!../../etc/x.gz=hello\n", "in/e.zip!z.csv=hello\n", "in/f.csv=",
	}
	got, err := contents(t, Limits{}, folder)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got, err = contents(t, Limits{}, filepath.Join(folder, "f.csv"), filepath.Join(folder, "a.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"f.csv=", "a.txt=hello\n"}, got); d != "" {
		t.Error(d)
	}
}

func TestOpenInputRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	whole := gzipped(t, noise)
	zeros := make([]byte, 40<<20)
	tar := make([]byte, 512)
	copy(tar[257:], "ustar")
	cases := []struct {
		name    string
		content []byte
		limits  Limits
		want    []string
	}{
		{"truncated.csv.gz", whole[:len(whole)/2], Limits{}, []string{"truncated.csv.gz", "cut off", fmt.Sprintf("at byte %d", len(whole)/2)}},
		{"head.gz", whole[:12], Limits{}, []string{"head.gz", "cut off"}},
		{"truncated.zst", zstandard(t, noise)[:50], Limits{}, []string{"truncated.zst", "cut off"}},
		{"truncated.bz2", bzipped(t)[:30], Limits{}, []string{"truncated.bz2", "cut off"}},
		{"damaged.gz", append(bytes.Clone(whole[:len(whole)-8]), 1, 2, 3, 4, 5, 6, 7, 8), Limits{}, []string{"damaged"}},
		{"bomb.gz", gzipped(t, zeros), Limits{}, []string{"bomb.gz", "decompression bomb"}},
		{"bomb.zip", zipped(t, member{"a", zeros}), Limits{}, []string{"bomb.zip", "zip bomb"}},
		{"nested.gz", gzipped(t, gzipped(t, zeros)), Limits{}, []string{"decompression bomb"}},
		{"deep.gz", gzipped(t, gzipped(t, gzipped(t, gzipped(t, noise)))), Limits{}, []string{"compressed already"}},
		{"large.gz", whole, Limits{MaxBytes: 50_000}, []string{"more than 50000 bytes"}},
		{"large.zip", zipped(t, member{"a", noise}), Limits{MaxBytes: 50_000}, []string{"more than 50000 bytes"}},
		{"zip.in.zip", zipped(t, member{"a.zip", zipped(t, member{"b", noise})}), Limits{}, []string{"a.zip", "unpack it first"}},
		{"broken.zip", zipped(t, member{"a", noise})[:500], Limits{}, []string{"broken.zip", "not a whole zip"}},
		{"book.xlsx", zipped(t, member{"[Content_Types].xml", noise}), Limits{}, []string{"save it as CSV"}},
		{"twice.zip", zipped(t, member{"a", noise}, member{"a", noise}), Limits{}, []string{"twice"}},
		{"empty.zip", zipped(t), Limits{}, []string{"holds no file"}},
		{"data.tar.gz", gzipped(t, tar), Limits{}, []string{"tar archive"}},
		{"data.xz", []byte("\xfd7zXZ\x00..."), Limits{}, []string{"xz"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := contents(t, c.limits, write(t, filepath.Join(dir, c.name), c.content))
			if !errors.Is(err, geoengine.ErrInvalid) {
				t.Fatalf("got %v, want ErrInvalid", err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
		})
	}
	if _, err := contents(t, Limits{}, filepath.Join(dir, "absent.csv")); !errors.Is(err, geoengine.ErrMissing) {
		t.Errorf("absent: got %v", err)
	}
	if _, err := contents(t, Limits{}, t.TempDir()); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("empty folder: got %v", err)
	}
}

// TestBombIsRefusedEarly holds that the ratio is checked while decompressing, not after.
func TestBombIsRefusedEarly(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, io.LimitReader(&endless{left: 1 << 40}, 512<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, cleanup, err := OpenInput(t.Context(), []string{write(t, filepath.Join(t.TempDir(), "b.gz"), b.Bytes())}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	r, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err == nil || n > 40<<20 {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	failures := 2
	mux := http.NewServeMux()
	mux.HandleFunc("/file.csv.gz", func(w http.ResponseWriter, _ *http.Request) {
		if failures--; failures >= 0 {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(gzipped(t, []byte("hello\n")))
	})
	mux.Handle("/moved", http.RedirectHandler("/file.csv.gz", http.StatusFound))
	mux.HandleFunc("/named", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="../x/given.csv"`)
		_, _ = io.WriteString(w, "hi")
	})
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	got, err := contents(t, Limits{}, server.URL+"/moved", server.URL+"/named")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"moved=hello\n", "given.csv=hi"}, got); d != "" {
		t.Error(d)
	}
	for path, want := range map[string]error{"/loop": geoengine.ErrInvalid, "/away": geoengine.ErrInvalid, "/absent": geoengine.ErrMissing} {
		if _, err := contents(t, Limits{}, server.URL+path); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
	}
	if _, err := contents(t, Limits{MaxDownload: 10}, server.URL+"/file.csv.gz"); !errors.Is(err, geoengine.ErrInvalid) {
		t.Errorf("large: got %v", err)
	}
}

// FuzzOpen holds that no content breaks the way in, and that nothing endless comes out of it.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("a,b\n"))
	f.Add(gzipped(f, []byte("a,b\n")))
	f.Add(zstandard(f, []byte("a,b\n")))
	f.Add(zipped(f, member{"a", []byte("b")}))
	f.Add(bzipped(f))
	f.Fuzz(func(t *testing.T, content []byte) {
		limits := Limits{MaxBytes: 1 << 20}
		got, err := contents(t, limits, write(t, filepath.Join(t.TempDir(), "f"), content))
		size := 0
		for _, c := range got {
			size += len(c)
		}
		if err == nil && size > int(limits.MaxBytes)+len(content)+1000 {
			t.Errorf("%d bytes came out of %d", size, len(content))
		}
	})
}
