package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"time"

	"vigie/geoengine"
	"vigie/progress"
)

// attempts is how often a download is tried.
const attempts = 4

// stall is how long a download may stand still.
const stall = 60 * time.Second

// download fetches an address to a temporary file and returns its path, and its name as the publisher gives it.
func (o *opener) download(ctx context.Context, address string) (file, name string, err error) {
	if o.temp == "" {
		if o.temp, err = os.MkdirTemp("", "vigie-download-"); err != nil {
			return "", "", fmt.Errorf("download %s: %w", address, err)
		}
	}
	file = filepath.Join(o.temp, strconv.Itoa(len(o.files)))
	for attempt := range attempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return "", "", ctx.Err()
			case <-time.After(time.Second << (attempt - 1)):
			}
		}
		var again bool
		if name, again, err = o.fetch(ctx, address, file); err == nil || !again {
			break
		}
	}
	if err != nil {
		return "", "", fmt.Errorf("download %s: %w", address, err)
	}
	return file, name, nil
}

func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: stall,
			DisableCompression: true, // the bytes as they are published: their digest names them
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > 10 {
				return fmt.Errorf("more than 10 redirections: %w", geoengine.ErrInvalid)
			}
			if next.URL.Scheme != "http" && next.URL.Scheme != "https" {
				return fmt.Errorf("redirected to %s: only http and https are followed: %w", next.URL.Scheme, geoengine.ErrInvalid)
			}
			return nil
		},
	}
}

// fetch tries once; again tells whether another attempt may succeed.
func (o *opener) fetch(ctx context.Context, address, file string) (name string, again bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", false, fmt.Errorf("%w: %w", err, geoengine.ErrInvalid)
	}
	request.Header.Set("User-Agent", "vigie")
	client := newClient()
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return "", !errors.Is(err, geoengine.ErrInvalid), err
	}
	defer response.Body.Close()
	if code := response.StatusCode; code != http.StatusOK {
		return "", code >= 500 || code == http.StatusTooManyRequests, fmt.Errorf("the server answers %s: %w", response.Status, geoengine.ErrMissing)
	}
	if response.ContentLength > o.limits.MaxDownload {
		return "", false, fmt.Errorf("%d bytes are more than the limit of %d: %w", response.ContentLength, o.limits.MaxDownload, geoengine.ErrInvalid)
	}
	name = downloadName(response)
	again, err = o.save(response, file, name, cancel)
	return name, again, err
}

// save writes the body; cancel is called when it stands still.
func (o *opener) save(response *http.Response, file, name string, cancel func()) (again bool, err error) {
	out, err := os.Create(file)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	timer := time.AfterFunc(stall, cancel)
	defer timer.Stop()
	update := progress.Update{Task: "download " + name, Unit: "bytes", Total: max(response.ContentLength, 0)}
	buffer := make([]byte, 256<<10)
	for {
		n, readErr := response.Body.Read(buffer)
		timer.Reset(stall)
		if _, err := out.Write(buffer[:n]); err != nil {
			return false, err
		}
		update.Done += int64(n)
		update.Finished = readErr == io.EOF
		o.limits.Progress.Report(update)
		switch {
		case readErr == io.EOF:
			return false, nil
		case readErr != nil:
			return true, fmt.Errorf("after %d bytes: %w", update.Done, readErr)
		case update.Done > o.limits.MaxDownload:
			return false, fmt.Errorf("more than the limit of %d bytes: %w", o.limits.MaxDownload, geoengine.ErrInvalid)
		}
	}
}

// downloadName is the name that the publisher gives: of the disposition, or of the first address.
func downloadName(response *http.Response) string {
	if _, values, err := mime.ParseMediaType(response.Header.Get("Content-Disposition")); err == nil {
		if name := path.Base(values["filename"]); name != "." && name != "/" {
			return name
		}
	}
	first := response.Request
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	return lastPart(first.URL)
}

func lastPart(u *url.URL) string {
	if name := path.Base(u.Path); name != "." && name != "/" {
		return name
	}
	return u.Host
}
