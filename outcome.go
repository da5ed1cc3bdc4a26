package lantern

import (
	"encoding/base64"
	"fmt"
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

// Meaning defines what a count of this kind counts. It is shipped with every sum.
func (k OutcomeKind) Meaning() string {
	switch k {
	case AccountsActioned:
		return "accounts a member closed, suspended or restricted after review; an account counts once for a member, however many signals or cases led to it"
	case ContentRemoved:
		return "pieces of content taken down after review, copies counted singly"
	case URLsBlocked:
		return "distinct URLs blocked from being posted or opened"
	case ReportsFiled:
		return "reports sent to an authority or hotline, whatever came of them"
	case ReviewedNoViolation:
		return "accounts a person looked at and found nothing against the member's own policy"
	case ReviewedUndisclosed:
		return "reviews whose result the member may not tell; says nothing of what was found"
	case Reversed:
		return "accounts or acts taken back after a correction or appeal; not subtracted from the other kinds"
	}
	return ""
}

// NeedsAttestation reports whether an outcome of this kind must carry an [Attestation].
// All but the undisclosed one do: each states that a person looked.
func (k OutcomeKind) NeedsAttestation() bool { return k != ReviewedUndisclosed }

// Act reports whether an outcome of this kind tells of something done to accounts or
// content, which a program may want two persons for ([Policy] FourEyes).
func (k OutcomeKind) Act() bool {
	return k == AccountsActioned || k == ContentRemoved || k == URLsBlocked || k == ReportsFiled
}

// Attestation is a Person's statement under an outcome.
type Attestation struct {
	Person ID     `json:"person"`                // must be the person whose key records the outcome
	Second ID     `json:"approved_by,omitempty"` // another person of the member who looked at it first; needed where the program asks for four eyes
	Ground string `json:"ground"`                // the own policy the decision rests on; 1–200 characters
	Singly int    `json:"reviewed_singly"`       // cases a person reviewed one by one
	InBulk int    `json:"reviewed_in_bulk"`      // cases decided together on identical evidence
	Digest string `json:"decisions_digest"`      // SHA-256 of the decision list the member keeps, 64 hex digits
}

// Outcome is one ledger entry: +n when acts were done, −n when a count is corrected.
type Outcome struct {
	ID          ID           `json:"id"`
	Member      ID           `json:"member"`
	Program     ID           `json:"program"`
	Kind        OutcomeKind  `json:"kind"`
	Count       int          `json:"count"`   // as stated; not zero
	Counted     int          `json:"counted"` // what it adds to the member's sum: accounts counted before are left out
	Signals     []ID         `json:"signals"` // those that contributed, 1 to MaxContributing
	Attestation *Attestation `json:"attestation,omitempty"`
	Corrects    ID           `json:"corrects,omitempty"` // the earlier outcome a negative or reversed entry takes back
	At          time.Time    `json:"at"`

	// Tokens stand for the accounts counted, one each, so that none counts twice: 16 bytes as
	// 22 digits of base64url that are always the same for an account, and that only the
	// member can make. Without them the count is taken as stated. No answer shows them.
	Tokens []string `json:"tokens,omitempty"`
}

// Bounds of one outcome: the signals it names, and the accounts it gives tokens for.
const (
	MaxContributing = 1000
	MaxTokens       = 20_000
)

// Accounts reports whether an outcome of this kind counts accounts, and so may have tokens.
func (k OutcomeKind) Accounts() bool {
	return k == AccountsActioned || k == ReviewedNoViolation || k == Reversed
}

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
	if o.Count > 0 && o.Corrects != 0 && o.Kind != Reversed {
		errs = append(errs, invalid("/corrects", "a positive entry of this kind corrects nothing", "leave it out, or give a negative count"))
	}
	errs = append(errs, o.checkTokens()...)
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

func (o *Outcome) checkTokens() (errs []*Error) {
	n := len(o.Tokens)
	if n == 0 {
		return nil
	}
	if n > MaxTokens || !o.Kind.Accounts() || n != max(o.Count, -o.Count) {
		return append(errs, invalid("/tokens", "too many, not as many as counted, or not a kind that counts accounts", "one for each account, at most 20000"))
	}
	seen := make(map[string]bool, n)
	for i, t := range o.Tokens {
		b, err := base64.RawURLEncoding.Strict().DecodeString(t)
		if err != nil || len(b) != 16 || seen[t] {
			return append(errs, invalid(fmt.Sprintf("/tokens/%d", i), "not a token, or given twice", "22 digits of base64url: 16 bytes, keyed with a secret of your own"))
		}
		seen[t] = true
	}
	return nil
}

func (a *Attestation) check() (errs []*Error) {
	text(&errs, "/attestation/ground", a.Ground, 1, 200)
	if a.Person == 0 {
		errs = append(errs, invalid("/attestation/person", "missing", "give the id of the person who attests"))
	}
	if a.Second != 0 && a.Second == a.Person {
		errs = append(errs, invalid("/attestation/approved_by", "the same person", "a second person of the member approves"))
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

// Cell is a published figure: the range of five it lies in, so that no single act can be
// told from it. The zero Cell stands for none, {1, 4} for "fewer than five".
type Cell struct {
	AtLeast int `json:"at_least"`
	AtMost  int `json:"at_most"`
}

// String shows a cell as people read it: "0", "<5", "5–9".
func (c Cell) String() string {
	switch c.AtLeast {
	case 0:
		return "0"
	case 1:
		return "<5"
	}
	return fmt.Sprintf("%d–%d", c.AtLeast, c.AtMost)
}

// Sums are what members did, by kind, and how many members: ranges, never who. Kinds of
// which there is nothing are left out.
type Sums struct {
	Through  time.Time              `json:"through"` // entries made before this are in, later ones not yet
	Members  Cell                   `json:"members"`
	Counts   map[OutcomeKind]Cell   `json:"counts"`
	Meanings map[OutcomeKind]string `json:"meanings"` // what each kind counts
}

// OutcomeTotals is what the owner of a signal learns about its effect: sums over all
// other members.
type OutcomeTotals struct {
	Signal ID `json:"signal"`
	Sums
}

// ProgramOutcomes is what came of a program's signals at all members but the reader's own,
// which knows its own ledger.
type ProgramOutcomes struct {
	Program ID `json:"program"`
	Sums
}
