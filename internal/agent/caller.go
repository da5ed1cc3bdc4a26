package agent

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/policy"
)

// TokenFile is the file in the agent's folder that holds the local token: whoever may
// read it may match, and read hits and cases.
const TokenFile = "agent.token"

// callerKept is how long the exchange's word about a person's key is relied on.
const callerKept = 60 * time.Second

// maxCallers bounds the keys remembered.
const maxCallers = 1000

// Caller is who calls the agent: the local token, or a person of the member. A person's
// key lives in the Caller for the call and is stored nowhere.
type Caller struct {
	Person   lantern.ID     // 0 for the local token
	Trained  time.Time      // until when the person's training is valid
	exchange *client.Client // speaks with the person's key
}

// cachedCaller is what the exchange said of a key, found by the key's digest.
type cachedCaller struct {
	person  lantern.ID
	trained time.Time
	until   time.Time
}

// errCredential says nothing about what was sent.
var errCredential = &lantern.Error{Kind: lantern.Unauthorized, Reason: "the credential is not valid here",
	Fix: "send the agent's local token, or the exchange key of a person of this member"}

// Authenticate says who the bearer of a credential is: the local token, or a person of
// the member, which the exchange is asked about at most once a minute. It returns an
// error of kind Unauthorized for anything else, and Unavailable if the exchange could not
// be asked.
func (a *Agent) Authenticate(ctx context.Context, credential string) (Caller, error) {
	digest := sha256.Sum256([]byte(credential))
	if subtle.ConstantTimeCompare(digest[:], a.token) == 1 {
		return Caller{}, nil
	}
	if !strings.HasPrefix(credential, "lk_") {
		return Caller{}, errCredential
	}
	own := a.memberID()
	if own == 0 {
		return Caller{}, &lantern.Error{Kind: lantern.Unavailable, Reason: "the agent has not reached the exchange yet, so it knows no persons", Fix: "see GET /v1/status"}
	}
	exchange := a.exchange.WithKey(credential)
	now := a.clock()
	a.mu.Lock()
	known, ok := a.callers[digest]
	a.mu.Unlock()
	if ok && now.Before(known.until) {
		return Caller{Person: known.person, Trained: known.trained, exchange: exchange}, nil
	}
	who, err := exchange.Whoami(ctx)
	switch {
	case lantern.KindOf(err) == lantern.Unauthorized:
		return Caller{}, errCredential
	case err != nil:
		return Caller{}, fmt.Errorf("asking the exchange about a key: %w", err)
	case who.Person == nil || who.Member.ID != own:
		return Caller{}, errCredential
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.callers) >= maxCallers {
		clear(a.callers)
	}
	a.callers[digest] = cachedCaller{person: who.Person.ID, trained: who.Person.Trained, until: now.Add(callerKept)}
	return Caller{Person: who.Person.ID, Trained: who.Person.Trained, exchange: exchange}, nil
}

// actor is a caller as the rules know it.
func (c Caller) actor() policy.Actor { return policy.Actor{Person: c.Person, Trained: c.Trained} }

// person refuses callers that are no person.
func (c Caller) person() error {
	if c.Person == 0 || c.exchange == nil {
		return &lantern.Error{Kind: lantern.Forbidden, Reason: "only a person may do this", Fix: "send a person's exchange key instead of the local token"}
	}
	return nil
}
