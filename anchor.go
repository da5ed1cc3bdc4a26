package lantern

import (
	"fmt"
	"time"
)

// hashSize is the size in bytes of a hash of a log's tree.
const hashSize = 32

// The bounds of an anchor.
const (
	maxLogSize = 1 << 60
	maxProof   = 61 // hashes in a proof between two trees of up to maxLogSize leaves
)

// Anchor is the head of an agent's own log, entered in the exchange's log: what the agent's log
// held by then can no longer be changed, moved or left out unseen. Log, Size, Root, Proof and
// Broken are given; the rest is told. The hashes are of salted commitments, so nothing of what
// the log says leaves the agent.
type Anchor struct {
	Log    []byte   `json:"log"`              // names the log: the hash of its first leaf that was not lost, 32 bytes
	Size   int64    `json:"size"`             // leaves it has, 1 or more
	Root   []byte   `json:"root"`             // of the tree of that size, 32 bytes
	Proof  [][]byte `json:"proof,omitempty"`  // that the tree of the anchor before is its beginning (RFC 6962, section 2.1.2); given only
	Broken bool     `json:"broken,omitempty"` // it does not continue the anchor before: a backup was brought in, entries were lost with a damaged database, or somebody changed the log

	Member ID        `json:"member,omitempty"`
	Breaks int       `json:"breaks,omitempty"` // how often the log did not continue its anchor before
	Entry  int64     `json:"entry,omitempty"`  // the entry of the exchange's log that records it
	At     time.Time `json:"at,omitzero"`      // of that entry
}

// Validate checks the form of what is given.
func (n *Anchor) Validate() error {
	var errs []*Error
	wrong := func(field, reason, fix string) {
		errs = append(errs, &Error{Kind: Invalid, Field: field, Reason: reason, Fix: fix})
	}
	const hash = "the 32 bytes of a hash in base64"
	if len(n.Log) != hashSize {
		wrong("/log", "not a hash", hash)
	}
	if len(n.Root) != hashSize {
		wrong("/root", "not a hash", hash)
	}
	if n.Size < 1 || n.Size > maxLogSize {
		wrong("/size", "not a number of leaves", "1 or more")
	}
	if len(n.Proof) > maxProof {
		wrong("/proof", "too long", fmt.Sprintf("at most %d hashes", maxProof))
	}
	for i, h := range n.Proof {
		if len(h) != hashSize {
			wrong(fmt.Sprintf("/proof/%d", i), "not a hash", hash)
			break
		}
	}
	return join(errs)
}
