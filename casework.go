package lantern

import "time"

// MaxCaseText bounds a note or task of a case, in characters.
const MaxCaseText = 2000

// CloseReason says why a case was closed. The set is closed.
type CloseReason string

// The reasons to close a case.
const (
	CaseDone       CloseReason = "done"         // all that was to be done is done
	CaseEmpty      CloseReason = "nothing-left" // looked at, and nothing came of it
	CaseDuplicate  CloseReason = "duplicate"    // another case has it
	CaseHandedOver CloseReason = "handed-over"  // somebody outside of the agent goes on
)

// ReopenReason says why a closed case is opened again. The set is closed.
type ReopenReason string

// The reasons to reopen a case.
const (
	NewEvidence   ReopenReason = "new-evidence"
	AfterFall     ReopenReason = "correction" // a signal it rested on fell
	ClosedInError ReopenReason = "closed-in-error"
)

// CaseOwner says who owns a case from now on.
type CaseOwner struct {
	Person ID `json:"person,omitempty"` // 0: whoever calls takes it over
}

// CaseState closes a case, or opens it again. One of the reasons is given.
type CaseState struct {
	Close  CloseReason  `json:"close,omitempty"`
	Reopen ReopenReason `json:"reopen,omitempty"`
}

// Validate checks the form.
func (s *CaseState) Validate() error {
	var errs []*Error
	oneOf(&errs, "/close", s.Close, CaseDone, CaseEmpty, CaseDuplicate, CaseHandedOver, "")
	oneOf(&errs, "/reopen", s.Reopen, NewEvidence, AfterFall, ClosedInError, "")
	if (s.Close == "") == (s.Reopen == "") {
		errs = append(errs, invalid("/close", "a reason to close or one to reopen is needed, and not both", "give one of them"))
	}
	return join(errs)
}

// CaseNote is what a person wrote down in a case. It is sealed at rest, and refused if it
// holds what a signal's note may not: personal data, content.
type CaseNote struct {
	ID     ID        `json:"id"`
	Person ID        `json:"person"`
	Text   string    `json:"text"` // 1 to MaxCaseText characters
	At     time.Time `json:"at"`
}

// Validate checks the form of a new note.
func (n *CaseNote) Validate() error {
	var errs []*Error
	text(&errs, "/text", n.Text, 1, MaxCaseText)
	return join(errs)
}

// CaseTask is something to be done in a case. Its text is kept like that of a [CaseNote].
type CaseTask struct {
	ID     ID        `json:"id"`
	Person ID        `json:"person"` // who wrote it down
	Text   string    `json:"text"`
	Due    time.Time `json:"due,omitzero"`
	At     time.Time `json:"at"`
	Done   time.Time `json:"done,omitzero"`
	DoneBy ID        `json:"done_by,omitempty"`
}

// Validate checks the form of a new task.
func (t *CaseTask) Validate() error {
	var errs []*Error
	text(&errs, "/text", t.Text, 1, MaxCaseText)
	return join(errs)
}

// CaseEventKind says what happened in a case. The set is closed.
type CaseEventKind string

// The events of a case's timeline.
const (
	CaseOpened     CaseEventKind = "opened"
	CaseOwned      CaseEventKind = "owner"
	CaseRound      CaseEventKind = "round"
	CaseRuled      CaseEventKind = "ruled"
	CaseBulk       CaseEventKind = "bulk"
	CaseUndone     CaseEventKind = "undone"
	CaseNoted      CaseEventKind = "note"
	CaseTasked     CaseEventKind = "task"
	CaseTaskDone   CaseEventKind = "task-done"
	CaseProposed   CaseEventKind = "proposed"
	CaseApproved   CaseEventKind = "approved"
	CaseDeclined   CaseEventKind = "declined"
	CaseLapsed     CaseEventKind = "lapsed"
	CaseOutcomeOut CaseEventKind = "outcome"
	CaseShared     CaseEventKind = "shared"
	CaseCorrected  CaseEventKind = "corrected" // a signal it rests on fell
	CaseClosed     CaseEventKind = "closed"
	CaseReopened   CaseEventKind = "reopened"
)

// CaseEvent is one entry of a case's timeline: ids and counts, never texts or accounts.
type CaseEvent struct {
	Number int           `json:"number"` // from 1, without gaps
	Kind   CaseEventKind `json:"kind"`
	Person ID            `json:"person,omitempty"` // none for what the agent noted itself
	Object ID            `json:"object,omitempty"` // the act, note, task, proposal, outcome or correction
	Count  int           `json:"count,omitempty"`  // accounts, signals or the round's number
	Word   string        `json:"word,omitempty"`   // decision, kind of outcome or reason
	At     time.Time     `json:"at"`
}

// Proposal is what waits for a second person, where a program asks for four eyes: an
// outcome of a case, or an act in bulk.
type Proposal struct {
	ID       ID            `json:"id"`
	Case     ID            `json:"case,omitempty"`
	Outcome  OutcomeKind   `json:"outcome,omitempty"` // of an outcome
	Ground   string        `json:"ground,omitempty"`
	Bulk     ID            `json:"bulk,omitempty"` // of an act in bulk
	Decision HitDecision   `json:"decision,omitempty"`
	Count    int           `json:"count"`
	Singly   int           `json:"reviewed_singly,omitempty"`
	InBulk   int           `json:"reviewed_in_bulk,omitempty"`
	Digest   string        `json:"digest"` // of the decisions, or of what the act would decide
	Person   ID            `json:"person"` // who proposed; cannot approve
	At       time.Time     `json:"at"`
	Expires  time.Time     `json:"expires"`
	State    ProposalState `json:"state"`
	Second   ID            `json:"second,omitempty"` // who approved or declined
	Answered time.Time     `json:"answered,omitzero"`
}

// ProposalLife is how long a proposal waits.
const ProposalLife = 72 * time.Hour

// ProposalState is where a proposal stands.
type ProposalState string

// The states of a proposal.
const (
	ProposalWaits    ProposalState = "waits"
	ProposalApproved ProposalState = "approved" // the proposer may go on
	ProposalDeclined ProposalState = "declined"
	ProposalLapsed   ProposalState = "lapsed" // nobody answered in time, or it changed
	ProposalDone     ProposalState = "done"   // sent or committed
)

// ProposalDraft proposes an outcome of a case, or an act in bulk.
type ProposalDraft struct {
	Case    ID           `json:"case,omitempty"`
	Outcome *CaseOutcome `json:"outcome,omitempty"`
	Bulk    ID           `json:"bulk,omitempty"`
}

// Validate checks the form.
func (p *ProposalDraft) Validate() error {
	if (p.Outcome == nil || p.Case == 0) == (p.Bulk == 0) {
		return join([]*Error{invalid("/outcome", "an outcome of a case or an act in bulk is needed, and not both", "name one of them")})
	}
	if p.Outcome != nil {
		return p.Outcome.Validate()
	}
	return nil
}

// ProposalAnswer is the second person's word.
type ProposalAnswer struct {
	Approve bool   `json:"approve"`
	Digest  string `json:"digest"` // the proposal's: what was looked at
}

// SharePreview says what sharing a case's findings would hand to its program, and what
// must not leave.
type SharePreview struct {
	Program   ID          `json:"program"`
	Name      string      `json:"name"`
	Policy    int         `json:"policy"`  // its version
	Members   int         `json:"members"` // other members of the program that could see it
	Digest    string      `json:"digest"`  // of all this: sharing with it shares exactly this or nothing
	Items     []ShareView `json:"items"`   // in the order of the drafts
	Refused   int         `json:"refused"`
	Receiving int         `json:"receiving"` // drafts the program would receive
}

// ShareView is what a program would receive of one draft, or why not.
type ShareView struct {
	Receives *Draft   `json:"receives,omitempty"` // with the canonical value, links and expiry it would have
	Problem  *Problem `json:"problem,omitempty"`
}

// MaxSharePreview bounds the drafts of one preview.
const MaxSharePreview = 5000
