package exchange

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// maxAnchored bounds the logs of one member: each database of an agent is one.
const maxAnchored = 1000

// anchorFacts is what the log keeps of an anchor.
type anchorFacts struct {
	Log    string `json:"log"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Broken bool   `json:"broken,omitempty"`
}

// Anchor enters the head of an agent's own log in the exchange's log. It must continue the
// log's anchor before, which the proof shows, or say that it is broken; else it is refused as a
// Conflict. The anchor that is the newest already is answered as it stands and entered once.
func (x *Exchange) Anchor(ctx context.Context, a policy.Actor, n lantern.Anchor) (lantern.Anchor, error) {
	if err := n.Validate(); err != nil {
		return n, err
	}
	if err := policy.Can(a, policy.AnchorLog, x.Clock()); err != nil {
		return n, err
	}
	var out lantern.Anchor
	err := x.write(ctx, func(t *txn) error {
		before, found, err := store.Anchor(t.ctx, t.Tx, a.Member, n.Log)
		if err != nil {
			return err
		}
		if found && before.Size == n.Size && bytes.Equal(before.Root, n.Root) {
			out = before
			return nil
		}
		out = lantern.Anchor{Log: n.Log, Size: n.Size, Root: n.Root, Broken: n.Broken && found, Member: a.Member, Breaks: before.Breaks, At: t.now}
		switch {
		case !found:
			if err := mayBegin(t, a.Member); err != nil {
				return err
			}
		case n.Broken:
			out.Breaks++
		default:
			if err := continues(before, n); err != nil {
				return err
			}
		}
		out.Entry, err = t.record(entry{kind: audit.Anchor, by: a, facts: facts{Anchor: &anchorFacts{
			Log: hex.EncodeToString(n.Log), Size: n.Size, Root: hex.EncodeToString(n.Root), Broken: out.Broken,
		}}})
		if err != nil {
			return err
		}
		return store.PutAnchor(t.ctx, t.writing(), out)
	})
	if err != nil {
		return lantern.Anchor{}, fmt.Errorf("anchoring a log: %w", err)
	}
	return out, nil
}

// mayBegin refuses one log too many.
func mayBegin(t *txn, member lantern.ID) error {
	count, err := store.CountAnchors(t.ctx, t.Tx, member)
	if err == nil && count >= maxAnchored {
		err = &lantern.Error{Kind: lantern.Conflict, Field: "/log", Reason: fmt.Sprintf("%d logs of this member are anchored", maxAnchored),
			Fix: "let agents keep their folders instead of beginning anew"}
	}
	return err
}

// continues checks that what was anchored before is the beginning of the log.
func continues(before, n lantern.Anchor) error {
	proof := make([]audit.Hash, len(n.Proof))
	for i, h := range n.Proof {
		proof[i] = audit.Hash(h)
	}
	if audit.VerifyConsistency(proof, before.Size, audit.Hash(before.Root), n.Size, audit.Hash(n.Root)) == nil {
		return nil
	}
	return &lantern.Error{Kind: lantern.Conflict, Field: "/proof", Reason: fmt.Sprintf("the log is not shown to continue the anchor of %d leaves", before.Size),
		Fix: "prove it from there; a log that cannot is broken, and says so"}
}

// Anchors lists the newest anchor of each log of the actor's member, and to stewards and auditors
// of the operator those of every member.
func (x *Exchange) Anchors(ctx context.Context, a policy.Actor) (list []lantern.Anchor, err error) {
	member := a.Member
	if policy.Can(a, policy.ReadAllAnchors, x.Clock()) == nil {
		member = 0
	} else if err := policy.Can(a, policy.ReadSelf, x.Clock()); err != nil {
		return nil, err
	}
	err = x.read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = store.Anchors(ctx, tx, member)
		return err
	})
	return list, err
}
