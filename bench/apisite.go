package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"vigie/api"
	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/cube"
)

// apiAccounts share the requests, because each may ask only so often.
const apiAccounts = 16

// site is the whole server on the loopback, with people logged in who hold a part of the territory.
type site struct {
	address string
	cookies []string
	turn    atomic.Uint64
	stop    func()
}

// serveAPI starts the server as vigie serve does, with commanders of one area.
func serveAPI(ctx context.Context, store *geoengine.Store, c *cube.Cube, log *slog.Logger, area string, extensions ...api.Extension) (*site, error) {
	server, err := api.New(api.Config{
		Store: store, Cube: c, Log: log, Clock: time.Now, Random: rand.Reader, Build: "bench", Extensions: extensions,
	})
	if err != nil {
		return nil, err
	}
	working, cancel := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		_ = server.Work(working) // ends with the context
	}()
	address, closed, err := serveHandler(ctx, server.Handler())
	if err != nil {
		cancel()
		<-worked
		return nil, err
	}
	s := &site{address: address, stop: func() { closed(); cancel(); <-worked }}
	if err := s.logIn(ctx, store, area); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// serveHandler serves on the loopback.
func serveHandler(ctx context.Context, handler http.Handler) (address string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = server.Serve(listener) // ends with ErrServerClosed
	}()
	return "http://" + listener.Addr().String(), func() { _ = server.Close(); <-closed }, nil
}

// logIn makes commanders of the area.
func (s *site) logIn(ctx context.Context, store *geoengine.Store, area string) error {
	accounts := identity.NewAccounts(store, rand.Reader, time.Now)
	for i := range apiAccounts {
		name, password := fmt.Sprint("bench", i), rand.Text()
		if err := accounts.CreateAccount(ctx, name, string(identity.Commander), []string{area}, password); err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"name": name, "password": password})
		if err != nil {
			return err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+"/api/session", bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		cookie, _, _ := strings.Cut(response.Header.Get("Set-Cookie"), ";")
		if response.StatusCode != http.StatusOK || cookie == "" {
			return fmt.Errorf("log-in: %s", response.Status)
		}
		s.cookies = append(s.cookies, cookie)
	}
	return nil
}

// request asks the server, as the next of the accounts.
func (s *site) request(ctx context.Context, target string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+target, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Cookie", s.cookies[s.turn.Add(1)%uint64(len(s.cookies))])
	request.Header.Set("Accept-Encoding", "gzip")
	return request, nil
}
