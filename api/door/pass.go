package door

import (
	"net/netip"
	"net/url"

	"vigie/api/identity"
	"vigie/geoengine"
	"vigie/geoengine/disclosure"
)

// Pass is what the door gives a handler: who asks, and what that caller may read. The zero Pass may see nothing.
type Pass struct {
	caller    identity.Caller
	admitted  bool // through an operation that is not public
	rights    geoengine.Rights
	policy    disclosure.Policy
	proof     identity.Credentials
	requestID string
	address   netip.Addr
	values    url.Values
	note      *note
	standard  bool // see Operation
}

// Caller is who asks; the zero Caller for a public operation.
func (p Pass) Caller() identity.Caller { return p.caller }

// Credentials are what the request said about who asks, to end or to watch the session; none for a public operation.
func (p Pass) Credentials() identity.Credentials { return p.proof }

// RequestID names the request in logs and errors.
func (p Pass) RequestID() string { return p.requestID }

// Address is where the request comes from.
func (p Pass) Address() netip.Addr { return p.address }

// Values are the query parameters: only ones that the operation declares, and none repeated that may not be.
func (p Pass) Values() url.Values { return p.values }

// Rights are what the caller may read through this operation.
func (p Pass) Rights() geoengine.Rights {
	if !p.admitted {
		return geoengine.NoRights()
	}
	return p.rights
}

// Policy is what the caller may know of each category.
func (p Pass) Policy() disclosure.Policy {
	if !p.admitted {
		return disclosure.Policy{Open: []string{}}
	}
	return p.policy
}

// Scope is the caller's territory: nil is everything, an empty slice nothing.
func (p Pass) Scope() []string { return p.Rights().Scope }

// Query limits a query to what the caller may read. Handlers ask nothing of the store or the cube but through it.
func (p Pass) Query(q geoengine.Query) geoengine.Query { return p.Rights().Limit(q) }
