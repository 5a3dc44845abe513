package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"

	"vigie/api/identity"
)

// groupsFile says what the groups of the OpenID provider may do here.
//
//	groups:
//	  gend-31-commandants:
//	    - role: commander
//	      areas: [fr.76.31]
type groupsFile struct {
	Groups map[string][]struct {
		Role  string   `yaml:"role"`
		Areas []string `yaml:"areas"`
	} `yaml:"groups"`
}

// oidc is the OpenID provider of the environment; nil is none.
func (c config) oidc() (*identity.OIDCConfig, error) {
	if c.OIDCIssuer == "" {
		return nil, nil //nolint:nilnil // no provider is no mistake
	}
	provider := &identity.OIDCConfig{
		Issuer: c.OIDCIssuer, ClientID: c.OIDCClient, Title: c.OIDCTitle, Scopes: strings.Fields(c.OIDCScopes),
		NameClaim: c.OIDCNameClaim, GroupsClaim: c.OIDCGroupsClaim, Grants: map[string][]identity.Grant{},
	}
	if c.OIDCSecretFile != "" {
		secret, err := os.ReadFile(c.OIDCSecretFile)
		if err != nil {
			return nil, usagef("VIGIE_OIDC_SECRET_FILE: %w", err)
		}
		provider.ClientSecret = string(bytes.TrimSpace(secret))
	}
	content, err := os.ReadFile(c.OIDCGroupsFile)
	if err != nil {
		return nil, usagef("VIGIE_OIDC_GROUPS_FILE: %w", err)
	}
	var file groupsFile
	if err := yaml.UnmarshalWithOptions(content, &file, yaml.Strict()); err != nil {
		return nil, usagef("VIGIE_OIDC_GROUPS_FILE: %s: %s", c.OIDCGroupsFile, yaml.FormatError(err, false, true))
	}
	for group, grants := range file.Groups {
		for _, g := range grants {
			provider.Grants[group] = append(provider.Grants[group], identity.Grant{Role: identity.Role(g.Role), Areas: g.Areas})
		}
	}
	return provider, nil
}

// checkLogIn refuses a configuration with which nobody could log in.
func (c config) checkLogIn() error {
	if c.NoPassword && c.OIDCIssuer == "" {
		return usageError{fmt.Errorf("VIGIE_NO_PASSWORD without VIGIE_OIDC_ISSUER: nobody could log in")}
	}
	return nil
}
