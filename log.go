package lantern

import (
	"encoding/json"
	"time"
)

// Opening shows what a log entry commits to: the record behind the leaf. Person is empty
// once the object it identified was erased; Facts stays provable.
type Opening struct {
	Leaf         int64           `json:"leaf"`
	Kind         string          `json:"kind"`
	Time         time.Time       `json:"time"`
	Facts        json.RawMessage `json:"facts"`
	FactsSalt    []byte          `json:"facts_salt"`
	Person       []byte          `json:"person,omitempty"`
	PersonSalt   []byte          `json:"person_salt,omitempty"`
	PersonCommit []byte          `json:"person_commitment"`
}

// Restore says that an exchange went back to a backup and that a steward accepted the loss
// of what its log had beyond. A person accepts it for an agent with the same words: Entry
// and Reason are given, the rest is told.
type Restore struct {
	Reason   string    `json:"reason"`          // what happened and who decided; names nobody; 1–500 characters
	Entry    int64     `json:"entry,omitempty"` // the log entry that records it; that many entries were kept
	Lost     int64     `json:"lost,omitempty"`  // how many entries are known to be lost
	Accepted time.Time `json:"accepted,omitzero"`
}

// Validate checks the form.
func (r *Restore) Validate() error {
	var errs []*Error
	text(&errs, "/reason", r.Reason, 1, 500)
	if r.Entry < 0 {
		errs = append(errs, &Error{Kind: Invalid, Field: "/entry", Reason: "negative", Fix: "the number of the log entry that records the restore"})
	}
	return join(errs)
}
