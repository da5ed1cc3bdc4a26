package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// headCache keeps the checkpoint that was signed last, so that an idle log is signed once.
type headCache struct {
	mu   sync.Mutex
	size int64 // of the tree in note; guarded by mu
	note []byte
}

// LogKey returns the verifier key of the log's checkpoints.
func (x *Exchange) LogKey() string { return x.Signer.VerifierKey() }

// Checkpoint returns the signed head of the log as it is in the database. Behind the
// fence it is Unavailable: a checkpoint of a shorter log than one handed out before would
// say that the exchange forked its log.
func (x *Exchange) Checkpoint(ctx context.Context) ([]byte, error) {
	seen := x.fence.seen()
	var tree audit.Tree
	err := x.read(ctx, func(tx *sqldb.Tx) (err error) {
		tree, err = x.provenTree(ctx, tx, seen)
		return err
	})
	if err != nil {
		return nil, err
	}
	return x.sign(tree)
}

// forget drops the checkpoint: the log is another one.
func (h *headCache) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.size, h.note = 0, nil
}

// sign signs a tree that continues the longest log seen, after that is kept.
func (x *Exchange) sign(tree audit.Tree) ([]byte, error) {
	if err := x.fence.save(); err != nil {
		return nil, err
	}
	x.heads.mu.Lock()
	defer x.heads.mu.Unlock()
	if x.heads.note != nil && x.heads.size == tree.Size() {
		return slices.Clone(x.heads.note), nil
	}
	note, err := x.Signer.Sign(audit.Checkpoint{Size: tree.Size(), Root: tree.Root()})
	if err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	if tree.Size() >= x.heads.size {
		x.heads.size, x.heads.note = tree.Size(), note
	}
	return slices.Clone(note), nil
}

// Tile returns a file of the log by its C2SP path: a tile of hashes or a bundle of
// entries, full or partial. NotFound if the tree does not reach that far.
func (x *Exchange) Tile(ctx context.Context, path string) (data []byte, err error) {
	id, entries, err := audit.ParsePath(path)
	if err != nil {
		return nil, errMissing("tile")
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		var tree audit.Tree
		if err := store.ReadTree(ctx, tx, &tree); err != nil {
			return err
		}
		if id.Level > 7 || id.N < 0 || id.N > tree.Size() || (id.N*audit.TileWidth+int64(id.Width)) > tree.Size()>>(8*id.Level) {
			return errMissing("tile")
		}
		if entries {
			leaves, err := store.LeafReader(tx)(ctx, id.N*audit.TileWidth, id.N*audit.TileWidth+int64(id.Width))
			data = audit.EncodeEntries(leaves)
			return err
		}
		data, err = store.TileReader(tx)(ctx, id.Level, id.N, id.Width)
		return err
	})
	return data, err
}

// Receipt returns the proof, under the newest checkpoint, that an entry is in the log:
// a C2SP tlog-proof that anybody can check offline.
func (x *Exchange) Receipt(ctx context.Context, leaf int64) (text []byte, err error) {
	seen := x.fence.seen()
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		tree, err := x.provenTree(ctx, tx, seen)
		if err != nil {
			return err
		}
		if leaf < 0 || leaf >= tree.Size() {
			return errMissing("log entry")
		}
		r := audit.Receipt{Index: leaf}
		leaves, err := store.LeafReader(tx)(ctx, leaf, leaf+1)
		if err != nil {
			return err
		}
		r.Leaf = leaves[0]
		if r.Hashes, err = audit.Inclusion(ctx, tree.Size(), leaf, store.TileReader(tx)); err != nil {
			return fmt.Errorf("proving an entry: %w", err)
		}
		if r.Checkpoint, err = x.sign(tree); err != nil {
			return err
		}
		text, err = audit.FormatProof(r)
		return err
	})
	return text, err
}

// Consistency returns the proof that the log of size from is the beginning of the log of
// size to.
func (x *Exchange) Consistency(ctx context.Context, from, to int64) (proof []audit.Hash, err error) {
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		var tree audit.Tree
		if err := store.ReadTree(ctx, tx, &tree); err != nil {
			return err
		}
		if from < 0 || from > to || to > tree.Size() {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/from", Reason: "sizes out of order or beyond the log", Fix: "0 ≤ from ≤ to ≤ the checkpoint's size"}
		}
		proof, err = audit.Consistency(ctx, from, to, store.TileReader(tx))
		return err
	})
	return proof, err
}

// Opening returns what a log entry stands for: to an auditor, to the member that acted,
// and to the owner of the signal it touches. The person part is given to the owner only.
func (x *Exchange) Opening(ctx context.Context, a policy.Actor, leaf int64) (o lantern.Opening, err error) {
	auditor := policy.Can(a, policy.OpenLog, x.Clock()) == nil
	if err := policy.Can(a, policy.ReadSelf, x.Clock()); err != nil {
		return o, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		row, ok, err := store.Leaf(ctx, tx, leaf)
		if err != nil {
			return err
		}
		if !ok || !auditor && row.Actor != a.Member && row.Owner != a.Member {
			return errMissing("log entry")
		}
		parsed, err := audit.ParseLeaf(row.Data)
		if err != nil {
			return fmt.Errorf("reading log entry %d: %w", leaf, err)
		}
		o = lantern.Opening{
			Leaf: row.Index, Kind: parsed.Kind().String(), Time: parsed.Time(), Facts: json.RawMessage(row.Facts),
			FactsSalt: row.FactsSalt, PersonCommit: row.Commitment,
		}
		if row.Signal == 0 || row.Person == nil {
			o.PersonSalt = row.PersonSalt
			return nil
		}
		if row.Owner != a.Member || a.Person == 0 {
			return nil
		}
		return x.openPerson(ctx, tx, row, &o)
	})
	return o, err
}

// openPerson unseals the person part of a log record, if its key is still there.
func (x *Exchange) openPerson(ctx context.Context, tx *sqldb.Tx, row store.LeafRow, o *lantern.Opening) error {
	s, ok, err := store.ReadSignal(ctx, tx, row.Signal)
	if err != nil || !ok || s.Wrapped == nil {
		return err
	}
	record, err := x.Sealer.OpenRecord(ctx, s.Wrapped)
	if err != nil {
		return fmt.Errorf("opening the key of signal %s: %w", row.Signal, err)
	}
	person, err := record.Open(personAAD(row.Signal), row.Person)
	if err != nil {
		return fmt.Errorf("opening log entry %d: %w", row.Index, err)
	}
	if row.PersonSalt != nil { // sealed apart, in databases of before 2026-11-25
		o.Person = person
		o.PersonSalt, err = record.Open(saltAAD(row.Signal), row.PersonSalt)
		return err
	}
	o.PersonSalt, o.Person = person[:sha256.Size], person[sha256.Size:]
	return nil
}
