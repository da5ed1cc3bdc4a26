package policy

import (
	"slices"
	"time"

	"lantern"
)

// Actor is who acts: the bearer of a key. Exactly one of Person and Service is set.
type Actor struct {
	Key         lantern.ID
	Member      lantern.ID
	MemberKind  lantern.MemberKind
	MemberState lantern.MemberState
	Person      lantern.ID
	Service     lantern.ID
	Roles       []lantern.PersonRole // of the person; empty for a service
	Trained     time.Time            // training valid until; a service stands in its responsible person's
	Scopes      []lantern.Scope      // of the key
	Expires     time.Time            // of the key
	Request     Request              // the request it acts by, if that must happen only once
}

// Request identifies a request that must happen only once: the caller's Idempotency-Key
// and a digest of what it asks. The zero Request may happen any number of times.
type Request struct {
	Key    string
	Digest [32]byte
}

// ID names the actor: the person's or the service's.
func (a Actor) ID() lantern.ID {
	if a.Person != 0 {
		return a.Person
	}
	return a.Service
}

// has reports whether the actor is a person with one of the roles.
func (a Actor) has(roles []lantern.PersonRole) bool {
	return a.Person != 0 && slices.ContainsFunc(roles, func(r lantern.PersonRole) bool { return slices.Contains(a.Roles, r) })
}
