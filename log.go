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
