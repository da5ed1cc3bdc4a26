package lantern

import "time"

// ExchangeStatus is how an exchange stands, for its steward: counts, no ids.
type ExchangeStatus struct {
	// Overdue counts, by kind, what is past its time and was not dealt with. Every kind is
	// there, and every number should be 0. Counts stop at 100,000.
	Overdue map[string]int `json:"overdue"`
	Swept   time.Time      `json:"swept,omitzero"` // when the answering process last looked through everything
	Sealing Sealing        `json:"sealing"`
}

// Sealing is which key-encryption key is in force. While Begun is set and Done is not, the
// keys of records are being wrapped under it.
type Sealing struct {
	Key   string    `json:"key"` // its id, which tells nothing of it
	Begun time.Time `json:"begun,omitzero"`
	Done  time.Time `json:"done,omitzero"`
}
