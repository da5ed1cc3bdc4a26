// Package ownlog is the log an agent keeps of its own: what its people revealed, decided and
// sent. It is built like the exchange's (package audit), so that what it says of a person can be
// forgotten and the rest still verified, and lies in the agent's database. Its head, and nothing
// else of it, is entered in the exchange's log now and then (docs/design/029-anchors.md).
package ownlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Entry is an entry to be made. Who holds what the member would have to erase: persons,
// accounts, references. What holds ids, kinds and counts.
type Entry struct {
	Kind audit.Kind
	Who  any
	What any
}

// Append appends an entry in the transaction of the act it records.
func Append(ctx context.Context, tx *sqldb.Tx, e Entry, now time.Time, random io.Reader) error {
	who, err := json.Marshal(e.Who)
	if err != nil {
		return fmt.Errorf("writing a log entry: %w", err)
	}
	what, err := json.Marshal(e.What)
	if err != nil {
		return fmt.Errorf("writing a log entry: %w", err)
	}
	leaf, opening, err := audit.Commit(audit.Record{Kind: e.Kind, Time: now, Person: who, Facts: what}, random)
	if err != nil {
		return fmt.Errorf("committing to a log entry: %w", err)
	}
	text, err := json.Marshal(opening)
	if err != nil {
		return fmt.Errorf("writing an opening: %w", err)
	}
	var tree audit.Tree
	edge, err := agentstore.LoadLogHead(ctx, tx)
	if err != nil {
		return fmt.Errorf("reading the log's head: %w", err)
	}
	if edge != nil {
		if err := tree.UnmarshalBinary(edge); err != nil {
			return err
		}
	}
	number := tree.Size()
	tree.Append(audit.LeafHash(leaf))
	if edge, err = tree.MarshalBinary(); err != nil {
		return err
	}
	return agentstore.AppendLog(ctx, tx, number, leaf[:], string(text), edge)
}

// Report says what a log in order holds.
type Report struct {
	Counts map[audit.Kind]int
	Anchor lantern.Anchor // of the log, if it has one among those it was held against
}

// Verify recomputes the log from its leaves and openings, and holds it against its anchor among
// those given, if there is any: what the exchange entered must be the beginning of the log. It
// reads the whole log.
func Verify(ctx context.Context, tx *sqldb.Tx, anchors []lantern.Anchor) (Report, error) {
	r := Report{Counts: make(map[audit.Kind]int)}
	var tree, head audit.Tree
	err := agentstore.EachLogLeaf(ctx, tx, func(stored []byte, text string) error {
		leaf, err := audit.ParseLeaf(stored)
		if err != nil {
			return err
		}
		var opening audit.Opening
		if err := json.Unmarshal([]byte(text), &opening); err != nil {
			return errors.New("an opening is damaged")
		}
		if err := opening.Verify(leaf); err != nil {
			return err
		}
		h := audit.LeafHash(leaf)
		if tree.Size() == 0 {
			r.Anchor = anchorOf(anchors, h)
		}
		tree.Append(h)
		r.Counts[leaf.Kind()]++
		if tree.Size() == r.Anchor.Size && tree.Root() != audit.Hash(r.Anchor.Root) {
			return fmt.Errorf("its first %d entries are not those that entry %d of the exchange's log covers", r.Anchor.Size, r.Anchor.Entry)
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if tree.Size() < r.Anchor.Size {
		return r, fmt.Errorf("it has %d of the %d entries that entry %d of the exchange's log covers", tree.Size(), r.Anchor.Size, r.Anchor.Entry)
	}
	edge, err := agentstore.LoadLogHead(ctx, tx)
	if err != nil {
		return r, err
	}
	if edge != nil {
		if err := head.UnmarshalBinary(edge); err != nil {
			return r, err
		}
	}
	if head.Size() != tree.Size() || head.Root() != tree.Root() {
		return r, errors.New("the leaves are not those of the log's head")
	}
	switch size, acts, err := agentstore.LoadLogSize(ctx, tx); {
	case err != nil:
		return r, err
	case size != tree.Size():
		return r, errors.New("the log's head counts another number of entries")
	case size == 0 && acts > 0:
		return r, errors.New("it is empty, although people decided: it was emptied, or lost with a damaged database")
	}
	return r, nil
}
