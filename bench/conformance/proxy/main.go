// Command proxy stands on the loopback between a test suite that cannot log in and a server that wants a key: it adds
// the key to every request. The host that the suite asks for goes on to the server, so that links lead back here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "loopback address to listen on")
	to := flag.String("to", "http://127.0.0.1:8080", "address of the server")
	flag.Parse()
	if err := run(*listen, *to, os.Getenv("VIGIE_KEY")); err != nil {
		fmt.Fprintln(os.Stderr, "proxy:", err)
		os.Exit(1)
	}
}

// run serves until a signal. Everybody who reaches the proxy has the key's rights, so it listens on the loopback only.
func run(listen, to, key string) error {
	target, err := url.Parse(to)
	if err != nil {
		return err
	}
	if at, err := netip.ParseAddrPort(listen); err != nil || !at.Addr().IsLoopback() {
		return fmt.Errorf("listen %q: must be an address and port of the loopback", listen)
	}
	if key == "" {
		return fmt.Errorf("VIGIE_KEY is empty: it must hold the key of a client")
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.Out.Header.Set("X-API-Key", key)
	}}
	const patience = 10 * time.Second
	server := &http.Server{Addr: listen, Handler: forward, ReadHeaderTimeout: patience}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close() // the suite is done
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
