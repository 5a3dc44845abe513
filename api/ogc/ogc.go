// Package ogc serves the OGC API standards under Base: what they share (landing page, conformance, collections, API
// document, links, content negotiation, pages for people). Each standard is a Part in a package of its own. Read
// part.go, then request.go and page.go for what a part uses to answer.
package ogc

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vigie/api/door"
	"vigie/api/identity"
	"vigie/geoengine"
)

// Config is what every part of the API shares.
type Config struct {
	Title       Text
	Description Text
	PublicURL   string               // address that people use; "" takes that of the request
	Build       string               // version of the program
	Clock       func() time.Time     // the time stamps of answers
	Document    func() *huma.OpenAPI // the API document of all operations, complete once the server is built
	Version     func() string        // changes whenever anything that is served may have changed
	Limit       door.Limit           // how often one caller may ask
	Roles       []identity.Role      // who may read
}

// API is the core with its parts.
type API struct {
	config      Config
	parts       []Part
	collections []Collection
	document    document
}

// New puts the parts together. It panics for two collections of one id (the programmer's mistake).
func New(config Config, parts ...Part) *API {
	a := &API{config: config, parts: parts}
	a.document.config = config
	for _, part := range parts {
		for _, c := range part.Collections {
			if slices.ContainsFunc(a.collections, func(other Collection) bool { return other.ID == c.ID }) {
				panic("collection " + c.ID + " is added twice")
			}
			a.collections = append(a.collections, c)
		}
		if part.Describe != nil {
			a.document.describe = append(a.document.describe, part.Describe)
		}
	}
	return a
}

// TagCore is the tag of the operations that the standards share.
const TagCore = "Server"

// Operations are all operations of the API, for the door.
func (a *API) Operations() []Operation {
	core := func(id, path, summary string, formats []Format, build func(*Request) (Page, error)) Operation {
		return Operation{door.Operation{
			ID: "ogc-" + id, Method: http.MethodGet, Path: Base + path, Tag: TagCore, Roles: a.config.Roles, Summary: summary,
			Audit: door.AuditAggregate, Limit: a.config.Limit, Standard: true, Quiet: true, Params: []*huma.Param{FormatParam(formats)},
		}, Handler(a.config, formats, build)}
	}
	slash := core("landing-page-slash", "/{$}", "The same with a final slash", Documents(), a.landing)
	slash.Hidden = true
	all := []Operation{
		core("landing-page", "", "What this API is, and where it goes on", Documents(), a.landing), slash,
		core("conformance", "/conformance", "The conformance classes that hold", Documents(), a.conformance),
		core("collections", "/collections", "What there is to read", Documents(), a.list),
		core("api", "/api", "This API as an OpenAPI 3.0 document", apiFormats(), a.describe),
		{door.Operation{
			ID: "ogc-style", Method: http.MethodGet, Path: Base + "/style.css", Summary: "The style of the pages for people",
			Public: true, Hidden: true, Quiet: true, AnyQuery: true, Audit: door.AuditNone, Limit: a.config.Limit,
		}, door.Raw(style, "text/css")},
		{door.Operation{
			ID: "ogc-missing", Method: http.MethodGet, Path: Base + "/{path...}", Summary: "What there is not", Tag: TagCore,
			Roles: a.config.Roles, Hidden: true, Quiet: true, AnyQuery: true, Audit: door.AuditNone, Limit: a.config.Limit, Standard: true,
		}, door.Raw(missing)},
	}
	for _, c := range a.collections {
		all = append(all, core("collection-"+c.ID, "/collections/"+c.ID, "The collection "+c.ID, Documents(),
			func(r *Request) (Page, error) { return a.one(r, c) }))
	}
	for _, part := range a.parts {
		all = append(all, part.Operations...)
	}
	for _, op := range all {
		if op.Path != Base && !strings.HasPrefix(op.Path, Base+"/") {
			panic(fmt.Sprintf("operation %s: path %s is not below %s", op.ID, op.Path, Base))
		}
	}
	return all
}

// missing answers what no operation serves.
func missing(http.ResponseWriter, *http.Request, door.Pass) error {
	return fmt.Errorf("resource: %w", geoengine.ErrMissing)
}
