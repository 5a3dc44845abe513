// Package deps holds the dependencies that the code under way will import.
package deps

import (
	_ "github.com/coreos/go-oidc/v3/oidc"
	_ "github.com/parquet-go/parquet-go"
	_ "github.com/riverqueue/river"
	_ "github.com/riverqueue/river/riverdriver/riverpgxv5"
	_ "github.com/riverqueue/river/rivermigrate"
	_ "github.com/zitadel/oidc/v3/example/server/storage"
	_ "github.com/zitadel/oidc/v3/pkg/op"
	_ "golang.org/x/image/vector"
	_ "golang.org/x/oauth2/clientcredentials"
)
