package api_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"vigie/api"
	"vigie/api/identity"
)

// authority signs certificates for tests.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.certificate, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// sign makes a certificate for a server on loopback or for a client.
func (a *authority) sign(t *testing.T, name string, usage x509.ExtKeyUsage) tls.Certificate {
	t.Helper()
	key := newKey(t)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	s := buildSite(t, func(c *api.Config) {
		c.TLS = &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ours.sign(t, "server", x509.ExtKeyUsageServerAuth)},
			NextProtos: []string{"h2", "http/1.1"}, ClientCAs: ours.pool(), ClientAuth: tls.VerifyClientCertIfGiven,
		}
	})
	key := s.client(t, "radar", "authority", "fr.76")
	mine, unbound := ours.sign(t, "radar", x509.ExtKeyUsageClientAuth), ours.sign(t, "radar", x509.ExtKeyUsageClientAuth)
	foreign := theirs.sign(t, "radar", x509.ExtKeyUsageClientAuth)
	fingerprint := sha256.Sum256(mine.Certificate[0])
	if err := identity.NewAccounts(s.store, rand.Reader, time.Now).BindCertificate(t.Context(), "radar", fingerprint[:]); err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.api.Run(ctx, listener) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	s.URL = "https://" + listener.Addr().String()
	browser := func(most uint16, certificates ...tls.Certificate) *http.Client {
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS10, MaxVersion: most, RootCAs: ours.pool(), Certificates: certificates,
		}}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	bearer := []string{"Authorization", "Bearer " + key}
	for _, c := range []struct {
		name   string
		client *http.Client
		header []string
		status int
	}{
		{"bound certificate", browser(0, mine), nil, 200},
		{"bound certificate over TLS 1.2", browser(tls.VersionTLS12, mine), nil, 200},
		{"bound certificate and key", browser(0, mine), bearer, 200},
		{"key without the certificate", browser(0), bearer, 401},
		{"unbound certificate", browser(0, unbound), nil, 401},
		{"key with an unbound certificate", browser(0, unbound), bearer, 401},
		{"nobody", browser(0), nil, 401},
	} {
		a := s.get(t, c.client, "/api/session", c.header...)
		if a.status != c.status || c.status == 200 && !strings.Contains(string(a.body), `"name":"radar","machine":true`) {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	if cookie := s.logIn(t, browser(0), "alice", password).header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-vigie=") || !strings.Contains(cookie, "Secure") {
		t.Errorf("over our own TLS the cookie is %q", cookie)
	}
	for name, client := range map[string]*http.Client{
		"of another authority": browser(0, foreign), "over TLS 1.1": browser(tls.VersionTLS11, mine),
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := client.Do(r); err == nil {
			response.Body.Close()
			t.Errorf("a connection %s: %d", name, response.StatusCode)
		}
	}
}
