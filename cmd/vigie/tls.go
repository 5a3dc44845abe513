package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// tlsFlags let the server speak TLS itself.
type tlsFlags struct {
	TLSCert  string `name:"tls-cert" help:"Certificate of the server with its chain (PEM); default: VIGIE_TLS_CERT." placeholder:"FILE"`
	TLSKey   string `name:"tls-key" help:"Its private key (PEM); default: VIGIE_TLS_KEY." placeholder:"FILE"`
	ClientCA string `name:"client-ca" help:"Authorities (PEM) whose certificates machines may come with; default: VIGIE_CLIENT_CA." placeholder:"FILE"`
}

// config is the TLS that the flags and the environment ask for; nil is none. Certificates of machines are asked for,
// not demanded, and one that no named authority signed ends the connection.
func (f tlsFlags) config(environment config) (*tls.Config, error) {
	certificate, key := cmp.Or(f.TLSCert, environment.TLSCert), cmp.Or(f.TLSKey, environment.TLSKey)
	authorities := cmp.Or(f.ClientCA, environment.ClientCA)
	switch {
	case certificate == "" && key == "" && authorities == "":
		return nil, nil //nolint:nilnil // no TLS is no mistake
	case certificate == "" || key == "":
		return nil, usagef("TLS needs both --tls-cert and --tls-key")
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, usageError{fmt.Errorf("--tls-cert, --tls-key: %w", err)}
	}
	secure := &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}
	if authorities == "" {
		return secure, nil
	}
	text, err := os.ReadFile(authorities)
	if err != nil {
		return nil, usageError{fmt.Errorf("--client-ca: %w", err)}
	}
	secure.ClientCAs, secure.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
	if !secure.ClientCAs.AppendCertsFromPEM(text) {
		return nil, usagef("--client-ca: %s holds no certificate", authorities)
	}
	return secure, nil
}
