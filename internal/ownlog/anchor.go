package ownlog

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Log is the log in an agent's database on its way into the exchange's. It may be used by several
// goroutines.
type Log struct {
	db       *sqldb.DB
	exchange *client.Client
	log      *slog.Logger

	mu   sync.Mutex  // held while an anchor is sent; guards tree
	tree *audit.Tree // as it is anchored; nil if that is not known
}

// New returns the log in db.
func New(db *sqldb.DB, exchange *client.Client, log *slog.Logger) *Log {
	return &Log{db: db, exchange: exchange, log: log}
}

// Anchor has the exchange enter the log's head in its own log, if it grew since it last did. What
// the exchange has is asked for the first time, and again when it refuses the proof: it may have
// gone back to a backup, as this database may. A log that does not continue its anchor says so.
func (l *Log) Anchor(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		known := l.tree != nil
		var anchors []lantern.Anchor
		if !known {
			var err error
			if anchors, err = l.exchange.Anchors(ctx); err != nil {
				return fmt.Errorf("asking for the own log's anchor: %w", err)
			}
		}
		n, tree, err := l.next(ctx, anchors)
		if err != nil {
			return fmt.Errorf("reading the own log: %w", err)
		}
		if n.Size == 0 {
			return nil
		}
		if n.Broken {
			l.log.Error("the own log does not continue its anchor", "entries", n.Size)
		}
		_, err = l.exchange.Anchor(ctx, n)
		switch {
		case err == nil:
			l.tree = tree
			return nil
		case !known || lantern.KindOf(err) != lantern.Conflict:
			return fmt.Errorf("anchoring the own log: %w", err)
		}
		l.tree = nil
	}
}

// next returns the anchor that is due, and the tree it is the head of; one of size 0 if none is.
func (l *Log) next(ctx context.Context, anchors []lantern.Anchor) (n lantern.Anchor, tree *audit.Tree, err error) {
	err = l.db.Read(ctx, func(tx *sqldb.Tx) error {
		n, tree = lantern.Anchor{}, new(audit.Tree)
		var fresh []audit.Hash
		var before lantern.Anchor
		if l.tree != nil {
			*tree = *l.tree
			before.Size = tree.Size()
		}
		name, found, err := nameOf(ctx, tx)
		if err != nil || !found {
			return err
		}
		if l.tree == nil {
			before = anchorOf(anchors, name)
		}
		err = agentstore.EachLogLeafFrom(ctx, tx, tree.Size(), func(stored []byte) error {
			h, err := hashOf(stored)
			if tree.Size() < before.Size {
				tree.Append(h)
			} else {
				fresh = append(fresh, h)
			}
			return err
		})
		if err != nil {
			return err
		}
		broken := tree.Size() < before.Size || before.Root != nil && tree.Root() != audit.Hash(before.Root)
		if len(fresh) == 0 && !broken {
			return nil
		}
		n = lantern.Anchor{Log: name[:], Broken: broken}
		proof := tree.Extend(fresh)
		if !broken {
			n.Proof = wire(proof)
		}
		root := tree.Root()
		n.Size, n.Root = tree.Size(), root[:]
		return nil
	})
	return n, tree, err
}

// anchorOf returns the anchor of the log of that name, one of size 0 if there is none.
func anchorOf(anchors []lantern.Anchor, name audit.Hash) lantern.Anchor {
	i := slices.IndexFunc(anchors, func(n lantern.Anchor) bool { return bytes.Equal(n.Log, name[:]) })
	if i < 0 {
		return lantern.Anchor{}
	}
	return anchors[i]
}

// nameOf returns the name of the log, the hash of its first leaf that was not lost: a stand-in is
// the same in every log.
func nameOf(ctx context.Context, tx *sqldb.Tx) (name audit.Hash, found bool, err error) {
	first, err := agentstore.FirstLogLeaf(ctx, tx, standIn[:])
	if err != nil || first == nil {
		return name, false, err
	}
	name, err = hashOf(first)
	return name, err == nil, err
}

func hashOf(stored []byte) (audit.Hash, error) {
	if stands(stored) {
		return audit.LeafHash(standIn), nil
	}
	leaf, err := audit.ParseLeaf(stored)
	if err != nil {
		return audit.Hash{}, err
	}
	return audit.LeafHash(leaf), nil
}

func wire(proof []audit.Hash) [][]byte {
	list := make([][]byte, len(proof))
	for i := range proof {
		list[i] = proof[i][:]
	}
	return list
}
