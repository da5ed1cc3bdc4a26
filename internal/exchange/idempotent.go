package exchange

import (
	"bytes"
	"context"
	"fmt"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// Idempotent looks for the answer to an earlier request of the actor's member with the
// same Idempotency-Key, in the last day. The same key on another request is a Conflict.
// Keys and answers that hold secrets must not be remembered.
func (x *Exchange) Idempotent(ctx context.Context, a policy.Actor, key string, digest [32]byte) (answer []byte, status int, found bool, err error) {
	mark := x.Sealer.Index("idempotency", a.ID().String(), key)
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		r, ok, err := store.RememberedAnswer(ctx, tx, a.Member, mark[:], x.Clock().Add(-answerLife))
		if err != nil || !ok {
			return err
		}
		if !bytes.Equal(r.Digest, digest[:]) {
			return &lantern.Error{Kind: lantern.Conflict, Reason: "the Idempotency-Key was used for another request", Fix: "use a fresh key for each request"}
		}
		answer, status, found = r.Body, r.Status, true
		return nil
	})
	return answer, status, found, err
}

// SaveIdempotent remembers the answer to a request for a day.
func (x *Exchange) SaveIdempotent(ctx context.Context, a policy.Actor, key string, digest [32]byte, status int, answer []byte) error {
	mark := x.Sealer.Index("idempotency", a.ID().String(), key)
	return x.write(ctx, func(t *txn) error {
		r := store.Answer{Digest: digest[:], Status: status, Body: answer}
		if err := store.RememberAnswer(t.ctx, t.writing(), a.Member, mark[:], r, t.now); err != nil {
			return fmt.Errorf("remembering an answer: %w", err)
		}
		return nil
	})
}
