package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"lantern"
)

// DecisionDigest is the SHA-256 of a decision list in its canonical form: one object of
// decisionLine a line, each written by RFC 8785 and ended by a line feed, in the bytewise
// order of accounts; docs/protocol/agent.md has an example. An outcome's attestation
// names it, so that the member can show later which decisions it counted.
type DecisionDigest struct {
	hash   hash.Hash
	Singly int
	InBulk int
}

// decisionLine is one line of the list.
type decisionLine struct {
	Account  string              `json:"account"`
	Decision lantern.HitDecision `json:"decision"`
	Bulk     bool                `json:"bulk"`
	Person   lantern.ID          `json:"person"`
	Decided  string              `json:"decided"` // RFC 3339 in UTC, to the second
}

// NewDecisionDigest returns the digest of an empty list.
func NewDecisionDigest() *DecisionDigest { return &DecisionDigest{hash: sha256.New()} }

// Add adds the next decision; the caller keeps the order.
func (d *DecisionDigest) Add(c lantern.CaseAccount) {
	text, err := json.Marshal(decisionLine{c.Account, c.Decision, c.Bulk, c.Person, c.Decided.UTC().Format(time.RFC3339)})
	line := jsontext.Value(text)
	if err = errors.Join(err, line.Canonicalize()); err != nil {
		panic(err) // strings and a boolean always have a canonical form
	}
	d.hash.Write(append(line, '\n'))
	if c.Bulk {
		d.InBulk++
	} else {
		d.Singly++
	}
}

// Sum returns the digest in hex.
func (d *DecisionDigest) Sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }
