package store

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// Credential is a stored key: never the secret, only its hash.
type Credential struct {
	lantern.Key
	Member     lantern.ID
	Person     lantern.ID // one of the two is set
	Service    lantern.ID
	SecretHash []byte
}

const credentialColumns = `c.id, c.member_id, c.person_id, c.service_id, c.secret_hash, c.scopes, c.created_at, c.expires_at, c.revoked_at`

func scanCredential(s scanner) (c Credential, err error) {
	var scopes string
	var created, expires, revoked int64
	err = s.Scan(&c.ID, &c.Member, &c.Person, &c.Service, &c.SecretHash, &scopes, &created, &expires, &revoked)
	c.Actor = max(c.Person, c.Service)
	c.Scopes = fromWords[lantern.Scope](scopes)
	c.Created, c.Expires, c.Revoked = fromMicros(created), fromMicros(expires), fromMicros(revoked)
	return c, err
}

// InsertCredential stores a key's hash.
func InsertCredential(ctx context.Context, tx *sqldb.Tx, c Credential) error {
	_, err := tx.Exec(ctx, `INSERT INTO credential (id, member_id, person_id, service_id, secret_hash, scopes, created_at, expires_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
		c.ID, c.Member, c.Person, c.Service, c.SecretHash, words(c.Scopes), micros(c.Created), micros(c.Expires))
	return err
}

// ReadCredential reads one key.
func ReadCredential(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (Credential, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+credentialColumns+` FROM credential c WHERE c.id = $1`, id), "a key", scanCredential)
}

// Credentials reads a member's keys, oldest first; all members' with member 0.
func Credentials(ctx context.Context, tx *sqldb.Tx, member lantern.ID) ([]Credential, error) {
	rows, err := tx.Query(ctx, `SELECT `+credentialColumns+` FROM credential c WHERE c.member_id = $1 OR $1 = 0 ORDER BY c.created_at, c.id`, member)
	return all(rows, err, "keys", scanCredential)
}

// EndCredential lets a key end at its Expires.
func EndCredential(ctx context.Context, tx *sqldb.Tx, c Credential) error {
	_, err := tx.Exec(ctx, `UPDATE credential SET expires_at = $2 WHERE id = $1`, c.ID, micros(c.Expires))
	return err
}

// RevokeCredential ends a key.
func RevokeCredential(ctx context.Context, tx *sqldb.Tx, c Credential) error {
	_, err := tx.Exec(ctx, `UPDATE credential SET revoked_at = $2 WHERE id = $1`, c.ID, micros(c.Revoked))
	return err
}

// Actor joins a key with the member and the person or service it speaks for, in one
// statement: it runs for every request.
func Actor(ctx context.Context, tx *sqldb.Tx, key lantern.ID) (policy.Actor, Credential, bool, error) {
	type both struct {
		a policy.Actor
		c Credential
	}
	b, ok, err := one(tx.QueryRow(ctx, `SELECT `+credentialColumns+`, m.kind, m.state, p.roles, p.trained_until
		FROM credential c
		JOIN member m ON m.id = c.member_id
		LEFT JOIN service s ON s.id = c.service_id
		JOIN person p ON p.id = CASE WHEN c.person_id <> 0 THEN c.person_id ELSE s.responsible_id END
		WHERE c.id = $1`, key), "an actor", func(s scanner) (b both, err error) {
		var roles string
		var trained int64
		b.c, err = scanCredential(extra{s, []any{&b.a.MemberKind, &b.a.MemberState, &roles, &trained}})
		b.a.Trained = fromMicros(trained)
		if b.c.Person != 0 {
			b.a.Roles = fromWords[lantern.PersonRole](roles)
		}
		return b, err
	})
	c, a := b.c, b.a
	a.Key, a.Member, a.Person, a.Service, a.Scopes, a.Expires = c.ID, c.Member, c.Person, c.Service, c.Scopes, c.Expires
	return a, c, ok, err
}

// extra scans further columns after those the inner scan function asks for.
type extra struct {
	scanner
	more []any
}

func (e extra) Scan(dest ...any) error { return e.scanner.Scan(append(dest, e.more...)...) }

// Standing is what may end the use of a key.
type Standing struct {
	Revoked time.Time
	Expires time.Time
	State   lantern.MemberState // of its member
}

// Standings reads how the keys stand; a key that is not there is left out.
func Standings(ctx context.Context, tx *sqldb.Tx, keys []lantern.ID) (map[lantern.ID]Standing, error) {
	found := make(map[lantern.ID]Standing, len(keys))
	for start := 0; start < len(keys); start += insertRows {
		chunk := keys[start:min(start+insertRows, len(keys))]
		list := make([]any, len(chunk))
		for i, k := range chunk {
			list[i] = k
		}
		rows, err := tx.Query(ctx, `SELECT c.id, c.revoked_at, c.expires_at, m.state FROM credential c JOIN member m ON m.id = c.member_id
			WHERE c.id IN (`+places(1, len(chunk))+`)`, list...)
		_, err = all(rows, err, "keys", func(s scanner) (id lantern.ID, err error) {
			var st Standing
			var revoked, expires int64
			err = s.Scan(&id, &revoked, &expires, &st.State)
			st.Revoked, st.Expires = fromMicros(revoked), fromMicros(expires)
			found[id] = st
			return id, err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
