package identity

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"vigie/geoengine"
)

// OIDCConfig is an OpenID Connect provider at which people log in.
type OIDCConfig struct {
	Issuer       string // its address, https but on this machine
	ClientID     string
	ClientSecret string             // "" for a public client: PKCE is used in any case
	Redirect     string             // our callback, as the provider knows it
	Title        string             // on the button of the log-in page
	Scopes       []string           // asked for beside openid and profile
	NameClaim    string             // that names the account; preferred_username if ""
	GroupsClaim  string             // that lists the groups, dots descend into objects; groups if ""
	Grants       map[string][]Grant // by group; a group that is not named grants nothing
	Client       *http.Client       // nil is one with time-outs
}

// ErrRefused says that the provider, or the grants of the person's groups, do not let a person in.
var ErrRefused = errors.New("the log-in was refused")

// OIDC logs people in by the authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636,
// RFC 9207). It keeps nothing between the two steps: what the second must know travels in a cookie of the browser.
type OIDC struct {
	config   OIDCConfig
	store    *geoengine.Store
	sessions *Sessions
	random   io.Reader
	clock    func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider // once it was reached
}

// AttemptLife is how long a person has to log in at the provider.
const AttemptLife = 10 * time.Minute

// attempt is what the callback must know of the log-in that was begun.
type attempt struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Next     string `json:"next"` // path to go to afterwards
	Begun    int64  `json:"t"`    // Unix seconds
}

// NewOIDC returns the log-in through a provider, which is asked for its metadata when it is first needed. ErrInvalid
// names what is missing or wrong in the configuration.
func NewOIDC(config OIDCConfig, store *geoengine.Store, sessions *Sessions, roles RoleSet, random io.Reader, clock func() time.Time) (*OIDC, error) {
	issuer, err := url.Parse(config.Issuer)
	local := err == nil && (issuer.Hostname() == "localhost" || isLoopback(issuer.Hostname()))
	switch {
	case err != nil || issuer.Host == "" || issuer.Scheme != "https" && (issuer.Scheme != "http" || !local):
		return nil, fmt.Errorf("OpenID provider: issuer %.100q: must be an https address: %w", config.Issuer, geoengine.ErrInvalid)
	case config.ClientID == "":
		return nil, fmt.Errorf("OpenID provider: the client id is missing: %w", geoengine.ErrInvalid)
	case len(config.Grants) == 0:
		return nil, fmt.Errorf("OpenID provider: no group has a grant, so nobody could log in: %w", geoengine.ErrInvalid)
	}
	for group, grants := range config.Grants {
		for _, g := range grants {
			if _, err := roles.Parse(string(g.Role)); err != nil {
				return nil, fmt.Errorf("OpenID provider: group %.60q: %w", group, err)
			}
			if err := checkAreas(g.Areas); err != nil {
				return nil, fmt.Errorf("OpenID provider: group %.60q: %w", group, err)
			}
		}
	}
	if config.NameClaim == "" {
		config.NameClaim = "preferred_username"
	}
	if config.GroupsClaim == "" {
		config.GroupsClaim = "groups"
	}
	if config.Client == nil {
		config.Client = &http.Client{Timeout: 10 * time.Second}
	}
	return &OIDC{config: config, store: store, sessions: sessions, random: random, clock: clock}, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// reach returns the provider; it asks for its metadata until it was reached once. ErrBusy if it cannot be reached.
func (o *OIDC) reach(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	// The provider keeps its context to fetch keys later: it must outlive this request.
	provider, err := oidc.NewProvider(o.with(context.WithoutCancel(ctx)), o.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("OpenID provider: %w: %w", err, geoengine.ErrBusy)
	}
	o.provider = provider
	return provider, nil
}

func (o *OIDC) with(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, o.config.Client)
}

func (o *OIDC) oauth(provider *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.config.ClientID, ClientSecret: o.config.ClientSecret, Endpoint: provider.Endpoint(),
		RedirectURL: o.config.Redirect, Scopes: append([]string{oidc.ScopeOpenID, "profile"}, o.config.Scopes...),
	}
}

// Begin returns the provider's address to which the browser goes, and what its cookie must bring back. next is the
// path to which the log-in leads.
func (o *OIDC) Begin(ctx context.Context, next string) (address, cookie string, err error) {
	provider, err := o.reach(ctx)
	if err != nil {
		return "", "", err
	}
	a := attempt{Next: next, Begun: o.clock().Unix()}
	for _, secret := range []*string{&a.State, &a.Nonce, &a.Verifier} {
		if *secret, err = randomText(o.random, tokenBytes); err != nil {
			return "", "", err
		}
	}
	encoded, err := json.Marshal(a)
	if err != nil {
		return "", "", fmt.Errorf("log-in: %w", err)
	}
	address = o.oauth(provider).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier))
	return address, base64.RawURLEncoding.EncodeToString(encoded), nil
}

// Finish ends the log-in that Begin began: it checks the provider's answer against the cookie, exchanges the code,
// verifies the ID token, gives the person's account the grants of their groups, and opens a session. ErrRefused if the
// provider says no or no group grants anything, ErrDenied if the account is disabled, ErrInvalid for an answer that does
// not belong to the cookie or does not verify, ErrBusy if the provider is out of reach.
func (o *OIDC) Finish(ctx context.Context, cookie string, answer url.Values, from netip.Addr, agent string) (token string, caller Caller, next string, err error) {
	a, err := o.attempt(cookie, answer)
	if err != nil {
		return "", Caller{}, "", err
	}
	provider, err := o.reach(ctx)
	if err != nil {
		return "", Caller{}, "", err
	}
	tokens, err := o.oauth(provider).Exchange(o.with(ctx), answer.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return "", Caller{}, "", o.exchangeError(err)
	}
	claims, err := o.verify(ctx, provider, tokens, a.Nonce)
	if err != nil {
		return "", Caller{}, "", err
	}
	name, grants, err := o.person(claims)
	if err != nil {
		return "", Caller{}, "", err
	}
	account, err := o.store.ExternalAccount(ctx, o.config.Issuer, claims.subject, name, grants)
	if err != nil {
		return "", Caller{}, "", err
	}
	token, caller, err = o.sessions.OpenFor(ctx, account.Name, from, agent)
	return token, caller, a.Next, err
}

// attempt checks that an answer belongs to the log-in of the cookie.
func (o *OIDC) attempt(cookie string, answer url.Values) (attempt, error) {
	var a attempt
	encoded, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || json.Unmarshal(encoded, &a) != nil || len(a.State) != tokenLetters || len(a.Nonce) != tokenLetters || len(a.Verifier) != tokenLetters {
		return a, fmt.Errorf("log-in: there is none under way in this browser: %w", geoengine.ErrInvalid)
	}
	age := o.clock().Sub(time.Unix(a.Begun, 0))
	switch {
	case age < 0 || age > AttemptLife:
		return a, fmt.Errorf("log-in: it took too long: %w", geoengine.ErrInvalid)
	case subtle.ConstantTimeCompare([]byte(a.State), []byte(answer.Get("state"))) != 1:
		return a, fmt.Errorf("log-in: the answer is to another one: %w", geoengine.ErrInvalid)
	case answer.Has("iss") && answer.Get("iss") != o.config.Issuer:
		return a, fmt.Errorf("log-in: the answer is another provider's: %w", geoengine.ErrInvalid)
	case answer.Get("error") != "":
		return a, fmt.Errorf("provider: %.60q: %w", answer.Get("error"), ErrRefused)
	case answer.Get("code") == "":
		return a, fmt.Errorf("log-in: the answer holds no code: %w", geoengine.ErrInvalid)
	}
	return a, nil
}

// exchangeError tells a provider that refused the code from one that did not answer.
func (o *OIDC) exchangeError(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("OpenID provider: code not accepted (%.60q): %w", refused.ErrorCode, geoengine.ErrInvalid)
	}
	return fmt.Errorf("OpenID provider: %w: %w", err, geoengine.ErrBusy)
}

// claims are what the provider says of a person.
type claims struct {
	subject string
	all     map[string]any
}

// verify checks the ID token (signature, issuer, audience, expiry, nonce), and asks the provider for more of the person
// where the token does not hold it.
func (o *OIDC) verify(ctx context.Context, provider *oidc.Provider, tokens *oauth2.Token, nonce string) (claims, error) {
	raw, has := tokens.Extra("id_token").(string)
	if !has {
		return claims{}, fmt.Errorf("OpenID provider: the answer holds no ID token: %w", geoengine.ErrInvalid)
	}
	verifier := provider.VerifierContext(o.with(ctx), &oidc.Config{ClientID: o.config.ClientID, Now: o.clock})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return claims{}, fmt.Errorf("OpenID provider: ID token: %w: %w", err, geoengine.ErrInvalid)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 {
		return claims{}, fmt.Errorf("OpenID provider: the ID token is of another log-in: %w", geoengine.ErrInvalid)
	}
	found := claims{subject: token.Subject, all: map[string]any{}}
	if err := token.Claims(&found.all); err != nil {
		return claims{}, fmt.Errorf("OpenID provider: ID token: %w: %w", err, geoengine.ErrInvalid)
	}
	if authorized, has := found.all["azp"].(string); has && len(token.Audience) > 1 && authorized != o.config.ClientID {
		return claims{}, fmt.Errorf("OpenID provider: the ID token is for another client: %w", geoengine.ErrInvalid)
	}
	if lookUp(found.all, o.config.GroupsClaim) != nil && lookUp(found.all, o.config.NameClaim) != nil {
		return found, nil
	}
	return found, o.ask(ctx, provider, tokens, &found)
}

// ask adds what the userinfo endpoint says, which must be of the same person; the ID token has precedence.
func (o *OIDC) ask(ctx context.Context, provider *oidc.Provider, tokens *oauth2.Token, found *claims) error {
	if provider.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := provider.UserInfo(o.with(ctx), oauth2.StaticTokenSource(tokens))
	if err != nil {
		return fmt.Errorf("OpenID provider: userinfo: %w: %w", err, geoengine.ErrBusy)
	}
	if info.Subject != found.subject {
		return fmt.Errorf("OpenID provider: userinfo is of another person: %w", geoengine.ErrInvalid)
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("OpenID provider: userinfo: %w: %w", err, geoengine.ErrInvalid)
	}
	for name, value := range found.all {
		more[name] = value
	}
	found.all = more
	return nil
}

// person reads the name of the account and the grants of the groups.
func (o *OIDC) person(found claims) (name string, grants []geoengine.AccountGrant, err error) {
	given, _ := lookUp(found.all, o.config.NameClaim).(string)
	name = tidyName(given)
	if err := CheckName(name); err != nil {
		return "", nil, fmt.Errorf("OpenID provider: claim %s: %w", o.config.NameClaim, err)
	}
	groups, _ := lookUp(found.all, o.config.GroupsClaim).([]any)
	for _, group := range groups {
		written, _ := group.(string)
		for _, g := range o.config.Grants[written] {
			grants = append(grants, geoengine.AccountGrant{Role: string(g.Role), Areas: g.Areas})
		}
	}
	if len(grants) == 0 {
		return "", nil, fmt.Errorf("none of the person's %d groups has a grant: %w", len(groups), ErrRefused)
	}
	return name, grants, nil
}

// lookUp finds a claim; dots descend into objects, unless a claim has them in its name (https://example.org/groups).
func lookUp(all map[string]any, name string) any {
	if value, has := all[name]; has {
		return value
	}
	head, rest, nested := strings.Cut(name, ".")
	if !nested {
		return nil
	}
	inner, _ := all[head].(map[string]any)
	return lookUp(inner, rest)
}
