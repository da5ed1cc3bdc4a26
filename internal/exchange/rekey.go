package exchange

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// startSealing holds the key-encryption key to what the database is sealed under.
func (x *Exchange) startSealing(ctx context.Context) error {
	var v store.Sealing
	err := x.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		var ok bool
		if v, ok, err = store.ReadSealing(ctx, tx); err != nil || ok {
			return err
		}
		if v.Secret, err = x.Sealer.WrapIndex(ctx); err != nil {
			return err
		}
		v.KEK = x.Sealer.KEKID()
		return store.InitSealing(ctx, tx, v)
	})
	if err != nil {
		return fmt.Errorf("reading which key is in force: %w", err)
	}
	if err := x.Sealer.Use(v.KEK); err != nil {
		return err
	}
	return x.Sealer.AdoptIndex(ctx, v.Secret)
}

// sealing reads which key-encryption key is in force.
func (x *Exchange) sealing(ctx context.Context) (v store.Sealing, err error) {
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		v, _, err = store.ReadSealing(ctx, tx)
		return err
	})
	return v, err
}

// followSealing puts the key-encryption key in force that the database names: another
// process may have begun to replace it.
func (x *Exchange) followSealing(ctx context.Context) error {
	v, err := x.sealing(ctx)
	if err != nil || v.KEK == x.Sealer.KEKID() {
		return err
	}
	return x.Sealer.Use(v.KEK)
}

// inForce returns a data key that is about to be stored, wrapped under the key-encryption key that
// the database names in this transaction. It was wrapped before the transaction began, and a
// rekey may have begun, or ended, since. Transactions that write come one after the other, and
// the beginning of a rekey is one of them: so after it nothing is stored under an earlier key, and
// one way through all that is stored finds whatever was.
func (t *txn) inForce(wrapped []byte) ([]byte, error) {
	if t.kek == "" {
		v, _, err := store.ReadSealing(t.ctx, t.Tx)
		if err != nil {
			return nil, err
		}
		t.kek = v.KEK
	}
	if seal.WrappedBy(wrapped) == t.kek {
		return wrapped, nil
	}
	if err := t.x.Sealer.Use(t.kek); err != nil {
		return nil, &lantern.Error{Kind: lantern.Unavailable, Reason: "this server does not have the key-encryption key in force", Fix: "retry later; the operator puts the key into the folder of its keys"}
	}
	again, _, err := t.x.Sealer.Rewrap(t.ctx, wrapped)
	return again, err
}

// allInForce is inForce for new signals.
func (t *txn) allInForce(rows []store.SignalRow) (err error) {
	for i := range rows {
		if rows[i].Wrapped, err = t.inForce(rows[i].Wrapped); err != nil {
			return err
		}
	}
	return nil
}

// Rekey wraps the data keys of all records under the key-encryption key of that id, which
// the Sealer must have, while this and other processes go on. It may be broken off at any
// time: the next call goes on. When it returns nil, no record needs any other key, and
// this database refuses one. settle is how long servers are given to take the next key up before
// the end; nothing is lost if one is slower, but it cannot write until it does. progress, called now and then, is told how many keys were
// looked at and how many there are.
func (x *Exchange) Rekey(ctx context.Context, kek string, settle time.Duration, progress func(done, total int64)) error {
	begun, done, err := x.beginRekey(ctx, kek)
	if err != nil || done {
		return err
	}
	for {
		late := x.Clock().Sub(begun) >= settle
		changed, err := x.rewrap(ctx, progress)
		if err != nil {
			return err
		}
		if changed == 0 && late {
			break
		}
		pause, cancel := context.WithTimeout(ctx, min(time.Second, settle))
		<-pause.Done()
		cancel()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return x.write(ctx, func(t *txn) error {
		v, _, err := store.ReadSealing(t.ctx, t.Tx)
		if err != nil {
			return err
		}
		if v.KEK != kek {
			return errRekeying
		}
		v.Done = t.now
		t.erased = true
		if err := store.PutSealing(t.ctx, t.writing(), v); err != nil {
			return fmt.Errorf("ending a rekey: %w", err)
		}
		// Keys wrapped under the earlier one are left in freed space.
		if err := store.AskScrubs(t.ctx, t.writing(), t.now, scrubKeys); err != nil {
			return fmt.Errorf("noting what is to be scrubbed: %w", err)
		}
		_, err = t.record(entry{kind: audit.Rekey, facts: facts{State: "done", Digest: kek}})
		return err
	})
}

var errRekeying = &lantern.Error{Kind: lantern.Conflict, Reason: "another key-encryption key is being put in force", Fix: "let that end first"}

// beginRekey puts a key in force, unless it is.
func (x *Exchange) beginRekey(ctx context.Context, kek string) (begun time.Time, done bool, err error) {
	v, err := x.sealing(ctx)
	if err != nil {
		return begun, false, err
	}
	if v.KEK != kek && !v.Begun.IsZero() && v.Done.IsZero() {
		return begun, false, errRekeying
	}
	if v.KEK == kek {
		return v.Begun, !v.Done.IsZero() || v.Begun.IsZero(), nil
	}
	if err := x.Sealer.Use(kek); err != nil {
		return begun, false, err
	}
	secret, err := x.Sealer.WrapIndex(ctx)
	if err != nil {
		return begun, false, err
	}
	err = x.write(ctx, func(t *txn) error {
		now, _, err := store.ReadSealing(t.ctx, t.Tx)
		if err == nil && now.KEK != v.KEK {
			err = errRekeying
		}
		if err != nil {
			return err
		}
		begun = t.now
		if err := store.PutSealing(t.ctx, t.writing(), store.Sealing{KEK: kek, Secret: secret, Begun: begun}); err != nil {
			return fmt.Errorf("beginning a rekey: %w", err)
		}
		_, err = t.record(entry{kind: audit.Rekey, facts: facts{State: "begun", Digest: kek}})
		return err
	})
	return begun, false, err
}

// rewrap goes once through all wrapped keys and reports how many it wrapped anew. Writers
// wait for each other, so that an erasure is before or after a transaction of this.
func (x *Exchange) rewrap(ctx context.Context, progress func(done, total int64)) (changed int, err error) {
	var seen, total int64
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		for _, w := range store.Wrappings() {
			n, err := w.Count(ctx, tx)
			if err != nil {
				return fmt.Errorf("counting wrapped keys: %w", err)
			}
			total += n
		}
		return nil
	})
	for _, w := range store.Wrappings() {
		var after store.WrappedRow
		for n := 1; n > 0 && err == nil; {
			var fresh int
			var last store.WrappedRow
			err = x.write(ctx, func(t *txn) error {
				fresh, last = 0, after
				rows, err := w.After(t.ctx, t.Tx, after, sweepBatch)
				if err != nil {
					return err
				}
				n, err = inTime(rows, func(r store.WrappedRow) error {
					last = r
					again, other, err := x.Sealer.Rewrap(t.ctx, r.Wrapped)
					if err != nil || !other {
						return err
					}
					fresh++
					r.Wrapped = again
					return w.Put(t.ctx, t.writing(), r)
				})
				return err
			})
			after, changed, seen = last, changed+fresh, seen+int64(n)
			progress(min(seen, total), total)
		}
	}
	return changed, err
}
