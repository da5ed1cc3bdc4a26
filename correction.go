package lantern

import "time"

// CorrectionKind says why a signal fell, or that its audience became smaller.
type CorrectionKind string

// The correction kinds.
const (
	CorrectionWithdrawn CorrectionKind = "withdrawn"
	CorrectionUpheld    CorrectionKind = "challenge-upheld"
	CorrectionErased    CorrectionKind = "erased"
	CorrectionCleared   CorrectionKind = "cleared"  // the sharer looked again and found nothing wrong
	CorrectionNarrowed  CorrectionKind = "narrowed" // the sharer took it out of one program; nothing is said against it
)

// Correction follows a signal that fell. Every member ever sent the signal, whatever its
// state today, must acknowledge it twice. One of kind [CorrectionNarrowed] follows a signal
// that stands: its recipients are those that lost it with the program, what they acknowledge
// is that nothing that came through that place of it is left, and they need not look
// again at what they did.
type Correction struct {
	ID         ID             `json:"id"`
	Signal     ID             `json:"signal"`
	Type       SignalType     `json:"type"`
	Kind       CorrectionKind `json:"kind"`
	Opened     time.Time      `json:"opened"`
	Program    ID             `json:"program,omitempty"` // of a narrowing: out of which the signal was taken
	Seq        int64          `json:"seq,omitempty"`     // of a narrowing: its place in that program's feed. What a replica has from a later place came after it
	Recipients []Receivership `json:"recipients"`        // the whole map for the sharer and the steward; the own row for others

	Progress *Progress `json:"progress,omitempty"` // for the sharer and the steward
	Repeat   int       `json:"repeat,omitempty"`   // for them too: how many challenges of the sharer's signals were upheld in the year before
}

// CorrectionFilter narrows a list of corrections, which is read a page at a time, oldest
// first. Zero fields do not narrow.
type CorrectionFilter struct {
	Waiting bool // only those of which the reader's own member owes an acknowledgement
	Overdue bool // only those of which a recipient that the reader may see is late
	After   ID   // the last correction of the page before
	Limit   int  // at most [MaxPage]; 0: [MaxPage]
}

// Receivership is one recipient's duty under a correction.
type Receivership struct {
	Member    ID        `json:"member"`
	Sent      time.Time `json:"sent"`            // when the signal was first sent to it
	Masked    time.Time `json:"masked,omitzero"` // it matches no longer; due within MaskWithin
	MaskedHow AckHow    `json:"masked_how,omitempty"`
	Purged    time.Time `json:"purged,omitzero"` // its bytes are gone; due within PurgeWithin
	PurgedHow AckHow    `json:"purged_how,omitempty"`
	Overdue   bool      `json:"overdue,omitempty"`
}

// AckHow says what an acknowledgement rests on.
type AckHow string

// What an acknowledgement rests on.
const (
	AckByAgent  AckHow = "agent"    // the member's agent, or another service of it, did it and says so
	AckAttested AckHow = "attested" // a trained person of the member states it: a client that cannot acknowledge
)

// Progress counts how far a correction has come.
type Progress struct {
	Recipients int     `json:"recipients"`
	Masked     int     `json:"masked"`
	Purged     int     `json:"purged"`
	Attested   int     `json:"attested"` // recipients of which a person stated a step
	Overdue    int     `json:"overdue"`
	Median     Seconds `json:"median_purge_seconds,omitempty"` // from the correction to the purge, of those who purged
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

// Ack acknowledges one step of a correction for the caller's member: with a service's key
// it says what the member's software did, with a trained person's key it is that person's
// attestation. A second acknowledgement of the same step changes nothing.
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
