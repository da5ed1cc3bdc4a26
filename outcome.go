package lantern

import (
	"time"
)

// OutcomeKind says what a member did because of signals. The set is closed.
type OutcomeKind string

// The outcome kinds.
const (
	AccountsActioned    OutcomeKind = "accounts-actioned"
	ContentRemoved      OutcomeKind = "content-removed"
	URLsBlocked         OutcomeKind = "urls-blocked"
	ReportsFiled        OutcomeKind = "reports-filed"
	ReviewedNoViolation OutcomeKind = "reviewed-no-violation"
	ReviewedUndisclosed OutcomeKind = "reviewed-cannot-disclose"
	Reversed            OutcomeKind = "reversed" // earlier acts taken back
)

// NeedsAttestation reports whether an outcome of this kind must carry an [Attestation].
// All but the undisclosed one do: each states that a person looked.
func (k OutcomeKind) NeedsAttestation() bool { return k != ReviewedUndisclosed }

// Attestation is a Person's statement under an outcome.
type Attestation struct {
	Person ID     `json:"person"`           // must be the person whose key records the outcome
	Ground string `json:"ground"`           // the own policy the decision rests on; 1–200 characters
	Singly int    `json:"reviewed_singly"`  // cases a person reviewed one by one
	InBulk int    `json:"reviewed_in_bulk"` // cases decided together on identical evidence
	Digest string `json:"decisions_digest"` // SHA-256 of the decision list the member keeps, 64 hex digits
}

// Outcome is one ledger entry: +n when acts were done, −n when a count is corrected.
type Outcome struct {
	ID          ID           `json:"id"`
	Member      ID           `json:"member"`
	Program     ID           `json:"program"`
	Kind        OutcomeKind  `json:"kind"`
	Count       int          `json:"count"`   // not zero
	Signals     []ID         `json:"signals"` // those that contributed, 1 to MaxContributing
	Attestation *Attestation `json:"attestation,omitempty"`
	Corrects    ID           `json:"corrects,omitempty"` // the earlier outcome a negative entry takes back
	At          time.Time    `json:"at"`
}

// MaxContributing bounds the signals named by one outcome.
const MaxContributing = 1000

// Validate checks the form, the presence of an attestation among it.
func (o *Outcome) Validate() error {
	var errs []*Error
	oneOf(&errs, "/kind", o.Kind, AccountsActioned, ContentRemoved, URLsBlocked, ReportsFiled,
		ReviewedNoViolation, ReviewedUndisclosed, Reversed)
	if o.Count == 0 || o.Count > 1e9 || o.Count < -1e9 {
		errs = append(errs, invalid("/count", "zero or out of range", "the number of acts, negative to correct"))
	}
	if o.Count < 0 && o.Corrects == 0 {
		errs = append(errs, invalid("/corrects", "missing", "a negative entry names the outcome it corrects"))
	}
	if n := len(o.Signals); n == 0 || n > MaxContributing {
		errs = append(errs, invalid("/signals", "none, or too many", "name the 1 to 1000 signals that contributed"))
	}
	if o.Program == 0 {
		errs = append(errs, invalid("/program", "missing", "give the id of the program"))
	}
	switch a := o.Attestation; {
	case a == nil && o.Kind.NeedsAttestation():
		errs = append(errs, invalid("/attestation", "missing", "a person must attest the review this outcome rests on"))
	case a != nil:
		errs = append(errs, a.check()...)
	}
	return join(errs)
}

func (a *Attestation) check() (errs []*Error) {
	text(&errs, "/attestation/ground", a.Ground, 1, 200)
	if a.Person == 0 {
		errs = append(errs, invalid("/attestation/person", "missing", "give the id of the person who attests"))
	}
	if a.Singly < 0 || a.InBulk < 0 || a.Singly+a.InBulk == 0 {
		errs = append(errs, invalid("/attestation/reviewed_singly", "nothing was reviewed", "count the cases reviewed singly and in bulk"))
	}
	if !isHex(a.Digest, 64) {
		errs = append(errs, invalid("/attestation/decisions_digest", "not a SHA-256", "64 lower-case hex digits of the decision list's digest"))
	}
	return errs
}

func isHex(s string, n int) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return len(s) == n
}

// OutcomeTotals is what the owner of a signal learns about its effect: sums over all
// other members, never who.
type OutcomeTotals struct {
	Signal  ID                  `json:"signal"`
	Members int                 `json:"members"` // how many members recorded an outcome
	Counts  map[OutcomeKind]int `json:"counts"`
}
