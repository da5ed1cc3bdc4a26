package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// epochLeap is how far the epochs of memberships leap at least: farther than any could
// have come in what a restore lost, or a lost cursor could pass for a good one.
const epochLeap = 1 << 32

// leap draws how far. Going back to the same backup twice must not lead to the same epochs:
// cursors of the life between would pass for good ones.
func (x *Exchange) leap() (int64, error) {
	var b [3]byte
	if _, err := io.ReadFull(x.Random, b[:]); err != nil {
		return 0, fmt.Errorf("drawing an epoch: %w", err)
	}
	return epochLeap * (1 + int64(b[0])<<16 + int64(b[1])<<8 + int64(b[2])), nil
}

// AcceptRestore owns up to the loss of what the log had beyond a backup, and lets the
// exchange go on from there. The loss becomes an entry of the log, and every cursor is
// refused from then on, so that everybody reads everything again. Agents that saw the
// lost part stop until a person there accepts it too.
//
// What the lost part held has to be done again by people: withdrawals, challenges,
// erasures, revoked keys, suspended members. Only stewards may accept; if nothing waits
// for it, that is a Conflict.
func (x *Exchange) AcceptRestore(ctx context.Context, a policy.Actor, r lantern.Restore) (lantern.Restore, error) {
	if err := r.Validate(); err != nil {
		return r, err
	}
	if err := policy.Can(a, policy.AcceptRestore, x.Clock()); err != nil {
		return r, err
	}
	if err := checkText("/reason", r.Reason); err != nil {
		return r, err
	}
	if x.fence.err() == nil {
		return r, &lantern.Error{Kind: lantern.Conflict, Reason: "the log continues what was seen of it", Fix: "there is nothing to accept"}
	}
	seen := x.fence.seen()
	var tree audit.Tree
	var count int64
	o := &op{ctx: ctx, done: make(chan error, 1), fn: func(t *txn) (err error) {
		row := store.RestoreRow{Kept: t.base, Reason: r.Reason, Accepted: t.now}
		if seen.size > t.base {
			row.Lost, row.Root = seen.size, seen.root[:]
		}
		r, err = x.acceptRestore(t, a, row)
		if err != nil {
			return err
		}
		tree = t.tree
		count, err = store.CountRestores(t.ctx, t.Tx)
		return err
	}}
	errs, err := x.try([]*op{o}, true)
	if err == nil {
		err = errs[0]
	}
	if err != nil {
		return lantern.Restore{}, err
	}
	x.reopen(tree, count)
	return r, nil
}

// acceptRestore is the transaction of an acceptance.
func (x *Exchange) acceptRestore(t *txn, a policy.Actor, row store.RestoreRow) (lantern.Restore, error) {
	if err := store.PutRestore(t.ctx, t.writing(), row); err != nil {
		return lantern.Restore{}, fmt.Errorf("storing a restore: %w", err)
	}
	far, err := x.leap()
	if err != nil {
		return lantern.Restore{}, err
	}
	if err := store.LeapEpochs(t.ctx, t.writing(), far); err != nil {
		return lantern.Restore{}, fmt.Errorf("ending every cursor: %w", err)
	}
	digest := sha256.Sum256([]byte(row.Reason))
	entry, err := t.record(entry{kind: audit.BackupRestored, by: a, facts: facts{Restore: &restoreFacts{
		Kept: row.Kept, Lost: row.Lost, Root: hex.EncodeToString(row.Root), Reason: hex.EncodeToString(digest[:]),
	}}})
	if err == nil && entry != row.Kept {
		err = fmt.Errorf("the acceptance became entry %d of the log, not %d", entry, row.Kept)
	}
	return restored(row), err
}

// reopen lets the exchange go on after an acceptance.
func (x *Exchange) reopen(tree audit.Tree, restores int64) {
	x.heads.forget()
	x.fence.turn(tree, restores)
	if err := x.fence.save(); err != nil {
		// The database tells of the acceptance, so the next start finds it there.
		x.Log.Error("keeping the newest checkpoint", "error", err)
	}
}

// settleRestore ends the wait of a restore that lost nothing: the longest log seen is the
// one in the database, as after a move to another engine. It runs before the loops do.
func (x *Exchange) settleRestore(ctx context.Context) error {
	waits := false
	err := x.read(ctx, func(tx *sqldb.Tx) error {
		list, err := store.Restores(ctx, tx)
		_, waits = accepted(list)
		return err
	})
	if err != nil || !waits {
		return err
	}
	var count int64
	o := &op{ctx: ctx, done: make(chan error, 1), fn: func(t *txn) error {
		seen := x.fence.seen()
		if t.base != seen.size {
			return lantern.Errorf(lantern.Unavailable, "another process wrote while a restore was settled")
		}
		row := store.RestoreRow{Kept: t.base, Lost: seen.size, Root: seen.root[:], Reason: "nothing was lost", Accepted: t.now}
		if err := store.PutRestore(t.ctx, t.writing(), row); err != nil {
			return fmt.Errorf("storing a restore: %w", err)
		}
		if _, err := t.record(entry{kind: audit.BackupRestored, facts: facts{Restore: &restoreFacts{Kept: row.Kept, Lost: row.Lost}}}); err != nil {
			return err
		}
		count, err = store.CountRestores(t.ctx, t.Tx)
		return err
	}}
	errs, err := x.try([]*op{o}, false)
	if err == nil {
		err = errs[0]
	}
	if err == nil {
		x.fence.count(count)
	}
	return err
}

// Restores lists the accepted returns to a backup, oldest first, so that everybody can
// see what an agent is asked to accept.
func (x *Exchange) Restores(ctx context.Context, a policy.Actor) (list []lantern.Restore, err error) {
	if err := policy.Can(a, policy.ReadSelf, x.Clock()); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		list = []lantern.Restore{}
		rows, err := store.Restores(ctx, tx)
		for _, r := range rows {
			if !r.Accepted.IsZero() {
				list = append(list, restored(r))
			}
		}
		return err
	})
	return list, err
}

func restored(r store.RestoreRow) lantern.Restore {
	return lantern.Restore{Reason: r.Reason, Entry: r.Kept, Lost: max(0, r.Lost-r.Kept), Accepted: r.Accepted}
}

// restoreFacts is what the log keeps of a return to a backup.
type restoreFacts struct {
	Kept   int64  `json:"kept"`             // entries the log had
	Lost   int64  `json:"lost"`             // size of the log before, as far as is known
	Root   string `json:"root,omitempty"`   // of the tree of that size
	Reason string `json:"reason,omitempty"` // SHA-256 of what the steward stated
}
