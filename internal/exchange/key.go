package exchange

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// Keys live at most a year and 90 days unless asked otherwise. An actor has at most two
// live keys, so that one can be replaced without a gap.
const (
	keyLife    = 90 * 24 * time.Hour
	keyMaxLife = 366 * 24 * time.Hour
	maxKeys    = 2
)

// errKey is the one answer to every key that is not good, so that nobody learns why.
var errKey = &lantern.Error{Kind: lantern.Unauthorized, Reason: "no valid key", Fix: "send Authorization: Bearer lk_<id>_<secret> with a key that is not expired or revoked"}

// mintKey draws a key that ends at expires, or at the default if that is zero. A key has
// 256 random bits, so a plain hash of it is safe to store.
func (x *Exchange) mintKey(scopes []lantern.Scope, expires time.Time) (lantern.Key, store.Credential, error) {
	now := x.Clock().UTC()
	switch {
	case expires.IsZero():
		expires = now.Add(keyLife)
	case !expires.After(now) || expires.After(now.Add(keyMaxLife)):
		return lantern.Key{}, store.Credential{}, &lantern.Error{Kind: lantern.Invalid, Field: "/expires", Reason: "past, or too far off", Fix: "a time to come, at most 366 days from now"}
	}
	id, err := lantern.NewKeyID(x.Random)
	if err != nil {
		return lantern.Key{}, store.Credential{}, err
	}
	var secret [32]byte
	if _, err := io.ReadFull(x.Random, secret[:]); err != nil {
		return lantern.Key{}, store.Credential{}, fmt.Errorf("drawing a key: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString(secret[:])
	key := lantern.Key{ID: id, Scopes: scopes, Expires: expires.Truncate(time.Microsecond)}
	hash := sha256.Sum256([]byte(text))
	cred := store.Credential{Key: key, SecretHash: hash[:]}
	key.Secret = "lk_" + id.String() + "_" + text
	return key, cred, nil
}

// splitKey reads both spellings of a key: lk_<id>_<secret> and <id>|<secret>.
func splitKey(key string) (id lantern.ID, secret string, ok bool) {
	first, sep := strings.CutPrefix(key, "lk_")
	mark := "|"
	if sep {
		mark = "_"
	}
	digits, secret, ok := strings.Cut(first, mark)
	if !ok || secret == "" {
		return 0, "", false
	}
	id, err := lantern.ParseID(digits)
	return id, secret, err == nil
}

// Authenticate tells who bears a key. Anything wrong with it gives the same Unauthorized
// error.
func (x *Exchange) Authenticate(ctx context.Context, key string) (policy.Actor, error) {
	id, secret, ok := splitKey(key)
	if !ok {
		return policy.Actor{}, errKey
	}
	hash := sha256.Sum256([]byte(secret))
	var actor policy.Actor
	err := x.read(ctx, func(tx *sqldb.Tx) error {
		a, c, ok, err := store.Actor(ctx, tx, id)
		if err != nil {
			return err
		}
		now := x.Clock()
		good := subtle.ConstantTimeCompare(hash[:], c.SecretHash) == 1
		if !ok || !good || !c.Revoked.IsZero() || !now.Before(c.Expires) {
			return errKey
		}
		actor = a
		return nil
	})
	return actor, err
}

// Whoami says what the actor is and which programs its member is in. Behind the fence it
// is Unavailable: an agent that is told of fewer programs drops what the others brought.
func (x *Exchange) Whoami(ctx context.Context, a policy.Actor) (w lantern.Whoami, err error) {
	if err := x.fence.err(); err != nil {
		return w, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		w = lantern.Whoami{Scopes: a.Scopes, Expires: a.Expires}
		if w.Member, _, err = store.Member(ctx, tx, a.Member); err != nil {
			return err
		}
		if a.Person != 0 {
			p, _, err := store.Person(ctx, tx, a.Person)
			if err != nil {
				return err
			}
			w.Person = &p
		} else {
			s, _, err := store.Service(ctx, tx, a.Service)
			if err != nil {
				return err
			}
			w.Service = &s
		}
		w.Programs, err = store.Programs(ctx, tx, a.Member)
		return err
	})
	return w, err
}

// IssueKey makes a key for a person or service of the actor's member, or of any member
// for a steward. Each person may also replace its own. The secret is in the answer and
// nowhere else.
func (x *Exchange) IssueKey(ctx context.Context, a policy.Actor, want lantern.Key) (lantern.Key, error) {
	if err := want.Validate(); err != nil {
		return lantern.Key{}, err
	}
	key, cred, err := x.mintKey(want.Scopes, want.Expires)
	if err != nil {
		return lantern.Key{}, err
	}
	err = x.write(ctx, func(t *txn) error {
		var err error
		if cred.Member, err = x.staffOf(t, a, want.Actor, &cred); err != nil {
			return err
		}
		if err := policy.KeyScopes(cred.Service != 0, want.Scopes); err != nil {
			return err
		}
		return t.addKey(a, &cred, want.Actor, 0)
	})
	key.Actor, key.Created = want.Actor, cred.Created
	if err != nil {
		return lantern.Key{}, err
	}
	return key, nil
}

// addKey stores a key of an actor that has room for one, not counting the key it replaces
// at once.
func (t *txn) addKey(a policy.Actor, cred *store.Credential, actor, replaces lantern.ID) error {
	have, err := store.Credentials(t.ctx, t.Tx, cred.Member)
	if err != nil {
		return err
	}
	live := 0
	for _, h := range have {
		if h.Actor == actor && h.ID != replaces && h.Revoked.IsZero() && h.Expires.After(t.now) {
			live++
		}
	}
	if live >= maxKeys {
		return &lantern.Error{Kind: lantern.Conflict, Reason: "the actor has two live keys", Fix: "revoke one first"}
	}
	cred.Created = t.now
	if err := store.InsertCredential(t.ctx, t.writing(), *cred); err != nil {
		return fmt.Errorf("storing a key: %w", err)
	}
	_, err = t.record(entry{kind: audit.KeyAdd, by: a, facts: facts{Object: cred.ID, Owner: cred.Member}})
	return err
}

// RotateKey makes a key that takes the place of another: the same actor, the same scopes,
// the default life. The replaced one stays good for the overlap, never beyond its own end.
// Whoever may revoke a key may rotate it; a service cannot rotate its own, or a stolen key
// would live for ever.
func (x *Exchange) RotateKey(ctx context.Context, a policy.Actor, id lantern.ID, r lantern.Rotation) (lantern.Key, error) {
	if err := r.Validate(); err != nil {
		return lantern.Key{}, err
	}
	key, cred, err := x.mintKey(nil, time.Time{})
	if err != nil {
		return lantern.Key{}, err
	}
	err = x.write(ctx, func(t *txn) error {
		old, ok, err := store.ReadCredential(t.ctx, t.Tx, id)
		if err != nil {
			return err
		}
		if !ok || x.mayManage(a, old.Member, old.Actor) != nil {
			return errMissing("key")
		}
		if !old.Revoked.IsZero() || !old.Expires.After(t.now) {
			return &lantern.Error{Kind: lantern.Conflict, Reason: "the key has ended", Fix: "issue another"}
		}
		cred.Member, cred.Person, cred.Service, cred.Scopes = old.Member, old.Person, old.Service, old.Scopes
		replaces := lantern.ID(0)
		if r.Overlap() == 0 {
			replaces = id
		}
		if err := t.addKey(a, &cred, old.Actor, replaces); err != nil {
			return err
		}
		key.Actor, key.Scopes, key.Created = old.Actor, old.Scopes, cred.Created
		if end := t.now.Add(r.Overlap()); end.Before(old.Expires) {
			old.Expires = end
			if err := store.EndCredential(t.ctx, t.writing(), old); err != nil {
				return fmt.Errorf("ending a key: %w", err)
			}
		}
		_, err = t.record(entry{kind: audit.KeyRotate, by: a, facts: facts{Object: id, Owner: old.Member}})
		return err
	})
	if err != nil {
		return lantern.Key{}, err
	}
	return key, nil
}

// staffOf finds the member of a person or service and checks that a may manage it.
func (x *Exchange) staffOf(t *txn, a policy.Actor, actor lantern.ID, c *store.Credential) (lantern.ID, error) {
	p, isPerson, err := store.Person(t.ctx, t.Tx, actor)
	if err != nil {
		return 0, err
	}
	s, isService, err := store.Service(t.ctx, t.Tx, actor)
	if err != nil {
		return 0, err
	}
	member := p.Member
	if isService {
		member = s.Member
	}
	c.Person, c.Service = p.ID, s.ID
	if err := x.mayManage(a, member, actor); err != nil {
		return 0, err
	}
	if !isPerson && !isService {
		return 0, &lantern.Error{Kind: lantern.NotFound, Field: "/actor", Reason: "no such person or service"}
	}
	return member, nil
}

// mayManage checks that a may manage a member's staff: its own admin, a steward, or for
// its own keys the person itself.
func (x *Exchange) mayManage(a policy.Actor, member, actor lantern.ID) error {
	now := x.Clock()
	if policy.Can(a, policy.ManageAnyStaff, now) == nil {
		return nil
	}
	if actor == a.Person && actor != 0 {
		return nil
	}
	if err := policy.Can(a, policy.ManageStaff, now); err != nil {
		return err
	}
	if member != a.Member {
		return &lantern.Error{Kind: lantern.NotFound, Field: "/actor", Reason: "no such person or service"}
	}
	return nil
}

// Keys lists the keys of the actor's member, without secrets; of all members for a
// steward.
func (x *Exchange) Keys(ctx context.Context, a policy.Actor) (list []lantern.Key, err error) {
	member := a.Member
	if policy.Can(a, policy.ManageAnyStaff, x.Clock()) == nil {
		member = 0
	} else if err := policy.Can(a, policy.ManageStaff, x.Clock()); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		creds, err := store.Credentials(ctx, tx, member)
		list = make([]lantern.Key, len(creds))
		for i, c := range creds {
			list[i] = c.Key
		}
		return err
	})
	return list, err
}

// RevokeKey ends a key at once. Revoking twice changes nothing.
func (x *Exchange) RevokeKey(ctx context.Context, a policy.Actor, id lantern.ID) (key lantern.Key, err error) {
	err = x.write(ctx, func(t *txn) error {
		c, ok, err := store.ReadCredential(ctx, t.Tx, id)
		if err != nil {
			return err
		}
		if !ok {
			return errMissing("key")
		}
		if err := x.mayManage(a, c.Member, c.Actor); err != nil {
			return errMissing("key")
		}
		key = c.Key
		if !c.Revoked.IsZero() {
			return nil
		}
		c.Revoked = t.now
		key.Revoked = t.now
		if err := store.RevokeCredential(ctx, t.writing(), c); err != nil {
			return fmt.Errorf("revoking a key: %w", err)
		}
		_, err = t.record(entry{kind: audit.KeyRevoke, by: a, facts: facts{Object: id, Owner: c.Member}})
		return err
	})
	return key, err
}
