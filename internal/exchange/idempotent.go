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
// If there is none the caller sets the actor's Request, which makes the act happen once
// even if the process dies before [Exchange.SaveIdempotent].
// Keys and answers that hold secrets must not be remembered.
func (x *Exchange) Idempotent(ctx context.Context, a policy.Actor, key string, digest [32]byte) (answer []byte, status int, found bool, err error) {
	mark, bound := x.rememberedAs(a, key, digest)
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		r, ok, err := store.RememberedAnswer(ctx, tx, a.Member, mark[:], x.Clock().Add(-policy.AnswerLife))
		if err != nil || !ok {
			return err
		}
		if !bytes.Equal(r.Digest, bound[:]) {
			return &lantern.Error{Kind: lantern.Conflict, Reason: "the Idempotency-Key was used for another request", Fix: "use a fresh key for each request"}
		}
		if r.Status == 0 {
			return errDone
		}
		answer, status, found = r.Body, r.Status, true
		return nil
	})
	return answer, status, found, err
}

// errDone answers the repetition of a request whose answer was lost in a crash between
// the act and the remembering of its answer.
var errDone = &lantern.Error{Kind: lantern.Conflict, Reason: "the request was carried out and its answer lost", Fix: "look at what it made; to do it again use a fresh Idempotency-Key"}

// claim enters a request that must happen only once, in the transaction of its act: a
// repetition after a crash, or in another process at the same time, finds the entry.
func (t *txn) claim(by policy.Actor) error {
	if by.Request.Key == "" || t.claims[by.Request] {
		return nil
	}
	mark, bound := t.x.rememberedAs(by, by.Request.Key, by.Request.Digest)
	fresh, err := store.ClaimAnswer(t.ctx, t.writing(), by.Member, mark[:], bound[:], t.now, t.now.Add(-policy.AnswerLife))
	if err != nil {
		return fmt.Errorf("claiming a request: %w", err)
	}
	if !fresh {
		return errDone
	}
	t.claims[by.Request] = true
	return nil
}

// SaveIdempotent remembers the answer to a request for a day.
func (x *Exchange) SaveIdempotent(ctx context.Context, a policy.Actor, key string, digest [32]byte, status int, answer []byte) error {
	mark, bound := x.rememberedAs(a, key, digest)
	return x.write(ctx, func(t *txn) error {
		r := store.Answer{Digest: bound[:], Status: status, Body: answer}
		if err := store.RememberAnswer(t.ctx, t.writing(), a.Member, mark[:], r, t.now); err != nil {
			return fmt.Errorf("remembering an answer: %w", err)
		}
		return nil
	})
}

// rememberedAs returns what an answer is found by and what binds it to its request. Both
// are keyed: with a plain digest of a request anybody could test a guess of the value in it.
func (x *Exchange) rememberedAs(a policy.Actor, key string, digest [32]byte) (mark, bound [32]byte) {
	return x.Sealer.Index("idempotency", a.ID().String(), key), x.Sealer.Index("idempotency request", string(digest[:]))
}
