package lantern

import "time"

// Items is a list on the wire. An object around the list leaves room for what a later
// version has to say about it.
type Items[T any] struct {
	Items []T `json:"items"`
}

// BatchAnswer answers a batch of drafts: results in the order of the items.
type BatchAnswer struct {
	Results []ShareResult `json:"results"`
}

// Training records how long a person's mandatory training is valid.
type Training struct {
	Until time.Time `json:"until"`
}

// Validate checks the form.
func (t *Training) Validate() error {
	if t.Until.IsZero() {
		return invalid("/until", "missing", "give the time until which the training is valid")
	}
	return nil
}

// Leaving ends a member's part in a program.
type Leaving struct {
	Member ID `json:"member"`
}

// Validate checks the form.
func (l *Leaving) Validate() error {
	if l.Member == 0 {
		return invalid("/member", "missing", "give the id of the member that leaves")
	}
	return nil
}
