package lantern

import "time"

// Bounds of acts.
const (
	UndoWindow  = 15 * time.Minute // how long an act can be undone
	TypedCount  = 100              // an act in bulk on more is confirmed by its count
	PreviewLife = 72 * time.Hour   // how long a preview of an act in bulk may be committed
)

// Act is one or more decisions taken at once in the member's agent, which can be undone
// together for [UndoWindow]. An act that opened a challenge cannot be undone.
type Act struct {
	ID       ID             `json:"id"`
	Person   ID             `json:"person"`
	Case     ID             `json:"case,omitempty"`     // of whose candidates it decided
	Bulk     ID             `json:"bulk,omitempty"`     // the preview it committed
	Decision HitDecision    `json:"decision,omitempty"` // empty if it holds several
	Reason   DecisionReason `json:"reason,omitempty"`
	Count    int            `json:"count"` // hits and candidates decided
	At       time.Time      `json:"at"`
	Until    time.Time      `json:"undo_until"`
	Undone   time.Time      `json:"undone,omitzero"`
	UndoneBy ID             `json:"undone_by,omitempty"`
	Waiting  int            `json:"waiting,omitempty"` // in the answer to a commit: [Bulk].Waiting
}

// BulkDraft asks what a decision on all evidence like that of one hit, or of one candidate
// of a case, would be.
type BulkDraft struct {
	Hit      ID             `json:"hit,omitempty"`     // decide all open hits like this one
	Case     ID             `json:"case,omitempty"`    // or all undecided candidates of this case
	Account  string         `json:"account,omitempty"` // like this one
	Decision HitDecision    `json:"decision"`
	Reason   DecisionReason `json:"reason"`
}

// Validate checks the form.
func (b *BulkDraft) Validate() error {
	var errs []*Error
	oneOf(&errs, "/decision", b.Decision, Confirmed, NotHere, Unsure, Escalate)
	checkReason(&errs, b.Decision, b.Reason, true)
	switch {
	case (b.Hit == 0) == (b.Case == 0):
		errs = append(errs, invalid("/hit", "a hit or a case is needed, and not both", "name one of what is to be decided"))
	case b.Case != 0 && (b.Account == "" || len(b.Account) > 200):
		errs = append(errs, invalid("/account", "missing or too long", "name one candidate of those to be decided"))
	case b.Hit != 0 && b.Account != "":
		errs = append(errs, invalid("/account", "belongs to a case", "leave it out"))
	}
	return join(errs)
}

// Evidence is what hits or candidates have in common that may be decided together. The
// agent knows no more of it: identical means identical in these words.
type Evidence struct {
	// Of hits.
	Signal   ID         `json:"signal,omitempty"`
	Type     SignalType `json:"type,omitempty"`
	How      How        `json:"how,omitempty"`
	Weak     bool       `json:"weak,omitempty"`
	Distance string     `json:"distance,omitempty"` // for HowNear: the class of differing bits, "0", "1-10", "11-20", "21-31" or "32-"

	// Of candidates.
	Case  ID     `json:"case,omitempty"`
	Round int    `json:"round,omitempty"`
	Link  string `json:"link,omitempty"`
	Via   string `json:"via,omitempty"`
}

// Sampled is one of the sample that a person decides singly before an act in bulk.
type Sampled struct {
	Hit      ID          `json:"hit,omitempty"`
	Ref      string      `json:"ref,omitempty"` // of the hit
	Account  string      `json:"account,omitempty"`
	Decision HitDecision `json:"decision,omitempty"` // empty while nobody decided it singly

	Reason DecisionReason `json:"reason,omitempty"` // must be the bulk's too
}

// Bulk is the preview of an act in bulk, and what became of it.
type Bulk struct {
	ID       ID             `json:"id"`
	Person   ID             `json:"person"` // who asked; nobody else commits it
	Decision HitDecision    `json:"decision"`
	Reason   DecisionReason `json:"reason"`
	Evidence Evidence       `json:"evidence"`
	Count    int            `json:"count"`               // what the act would decide; the sample is not part of it
	Sample   []Sampled      `json:"sample"`              // to be decided singly first, all alike
	Seed     string         `json:"seed"`                // by which the sample was drawn; in the agent's log
	Digest   string         `json:"digest"`              // of exactly what would be decided
	Ready    bool           `json:"ready"`               // the whole sample was decided as the act would, for the same reason
	FourEyes bool           `json:"four_eyes,omitempty"` // a second person must approve
	Opened   time.Time      `json:"opened"`
	Expires  time.Time      `json:"expires"`
	Act      ID             `json:"act,omitempty"`     // that committed it
	Waiting  int            `json:"waiting,omitempty"` // hits or candidates with this evidence that wait and that the preview did not show: no part of it
}

// BulkCommit does what a preview showed.
type BulkCommit struct {
	Digest string `json:"digest"`          // the preview's
	Count  int    `json:"count,omitempty"` // the preview's, needed above [TypedCount]: a person types it
}

// Validate checks the form.
func (b *BulkCommit) Validate() error {
	var errs []*Error
	if !isHex(b.Digest, 64) {
		errs = append(errs, invalid("/digest", "not a digest", "the digest of the preview"))
	}
	return join(errs)
}

// CaseEvidence is one kind of evidence of a case: the candidates that a round brought by
// one kind of link to one thing.
type CaseEvidence struct {
	Evidence Evidence  `json:"evidence"`
	Accounts int       `json:"accounts"` // that have it
	Decided  int       `json:"decided"`
	Sample   []Sampled `json:"sample"` // whoever decides the others in bulk decides these singly first
	Seed     string    `json:"seed"`
}

// AccountHits is an account of the member's own with the hits that wait for a decision on it.
type AccountHits struct {
	Account  string `json:"account"`
	Hits     int    `json:"hits"`
	Signals  int    `json:"signals"`
	Sharers  int    `json:"sharers"` // independent ones: signals derived from one another speak with one voice
	Imminent bool   `json:"imminent,omitempty"`
	First    Hit    `json:"first"` // the most urgent one: its place in the queue is the account's
}
