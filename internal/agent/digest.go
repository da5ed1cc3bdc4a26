package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"time"

	"lantern"
)

// decisionDigest is the SHA-256 of a decision list in its canonical form: one JSON object
// a line, ended by a line feed, in the bytewise order of accounts, with exactly the
// members of decisionLine in their order, times in UTC to the second. An outcome's
// attestation names it, so that the member can show later which decisions it counted.
type decisionDigest struct {
	hash   hash.Hash
	singly int
	inBulk int
}

// decisionLine is one line of the list.
type decisionLine struct {
	Account  string              `json:"account"`
	Decision lantern.HitDecision `json:"decision"`
	Bulk     bool                `json:"bulk"`
	Person   lantern.ID          `json:"person"`
	Decided  string              `json:"decided"`
}

func newDigest() *decisionDigest { return &decisionDigest{hash: sha256.New()} }

// add adds the next decision; the caller keeps the order.
func (d *decisionDigest) add(c lantern.CaseAccount) {
	line, err := json.Marshal(decisionLine{c.Account, c.Decision, c.Bulk, c.Person, c.Decided.UTC().Format(time.RFC3339)})
	if err != nil {
		panic(err) // strings, a number and a boolean always have a JSON form
	}
	d.hash.Write(append(line, '\n'))
	if c.Bulk {
		d.inBulk++
	} else {
		d.singly++
	}
}

// sum returns the digest in hex.
func (d *decisionDigest) sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }
