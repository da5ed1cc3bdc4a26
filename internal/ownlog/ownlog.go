// Package ownlog is the log an agent keeps of its own: what its people revealed, decided and
// sent. It is built like the exchange's (package audit), so that what it says of a person can be
// forgotten and the rest still verified, and lies in the agent's database. Its head, and nothing
// else of it, is entered in the exchange's log now and then (docs/design/029-anchors.md). It goes
// on after a damage that took entries of it (docs/design/030-mended-log.md).
package ownlog

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

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
