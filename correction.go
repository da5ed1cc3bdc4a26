package lantern

import "time"

// CorrectionKind says why a signal fell.
type CorrectionKind string

// The correction kinds.
const (
	CorrectionWithdrawn CorrectionKind = "withdrawn"
	CorrectionUpheld    CorrectionKind = "challenge-upheld"
	CorrectionErased    CorrectionKind = "erased"
)

// Correction follows a signal that fell. Every member ever sent the signal, whatever its
// state today, must acknowledge it twice.
type Correction struct {
	ID         ID             `json:"id"`
	Signal     ID             `json:"signal"`
	Type       SignalType     `json:"type"`
	Kind       CorrectionKind `json:"kind"`
	Opened     time.Time      `json:"opened"`
	Recipients []Receivership `json:"recipients"` // the whole map for the sharer and the steward; the own row for others
}

// Receivership is one recipient's duty under a correction.
type Receivership struct {
	Member  ID        `json:"member"`
	Sent    time.Time `json:"sent"`            // when the signal was first sent to it
	Masked  time.Time `json:"masked,omitzero"` // it matches no longer; due within MaskWithin
	Purged  time.Time `json:"purged,omitzero"` // its bytes are gone; due within PurgeWithin
	Overdue bool      `json:"overdue,omitempty"`
}

// Deadlines of the two acknowledgements, for agents.
const (
	MaskWithin  = 60 * time.Second
	PurgeWithin = 24 * time.Hour
)

// AckStep is one of the two acknowledgements.
type AckStep string

// The steps.
const (
	AckMasked AckStep = "masked"
	AckPurged AckStep = "purged"
)

// Ack acknowledges one step of a correction for the caller's member. A second
// acknowledgement of the same step changes nothing.
type Ack struct {
	Correction ID      `json:"correction"`
	Step       AckStep `json:"step"`
}

// Validate checks the form.
func (a *Ack) Validate() error {
	var errs []*Error
	oneOf(&errs, "/step", a.Step, AckMasked, AckPurged)
	return join(errs)
}
