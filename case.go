package lantern

import "time"

// Case is a member's own review that starts from hits and widens in rounds. It stays in
// the member's agent.
type Case struct {
	ID       ID                  `json:"id"`
	Title    string              `json:"title"`   // 1–120 characters, no personal data
	Program  ID                  `json:"program"` // where its outcomes and findings go
	Signals  []ID                `json:"signals"` // the seeds: signals whose confirmed hits opened it
	Rounds   []Round             `json:"rounds"`
	Accounts int                 `json:"accounts"` // candidates in all
	Decided  map[HitDecision]int `json:"decided"`
	Outcomes []ID                `json:"outcomes,omitempty"` // sent to the exchange
	Shared   []ID                `json:"shared,omitempty"`   // derived signals shared back
	Owner    ID                  `json:"owner"`
	Tasks    int                 `json:"tasks"` // not done yet
	Notes    int                 `json:"notes"`
	FourEyes bool                `json:"four_eyes,omitempty"` // the program asks for a second person; see [Policy]
	Opened   time.Time           `json:"opened"`
	Closed   time.Time           `json:"closed,omitzero"`
	Ended    CloseReason         `json:"ended,omitempty"` // why it is closed
}

// CaseDraft opens a case.
type CaseDraft struct {
	Title   string `json:"title"`
	Program ID     `json:"program"`
	Signals []ID   `json:"signals"` // its accounts with confirmed or open hits become round 0
}

// Validate checks the form.
func (c *CaseDraft) Validate() error {
	var errs []*Error
	text(&errs, "/title", c.Title, 1, 120)
	if c.Program == 0 {
		errs = append(errs, invalid("/program", "missing", "give the id of the program"))
	}
	if n := len(c.Signals); n == 0 || n > MaxContributing {
		errs = append(errs, invalid("/signals", "none, or too many", "name the 1 to 1000 signals the case starts from"))
	}
	return join(errs)
}

// Candidate is an account that entered a case, with the reason: a link found by the
// member's own tools.
type Candidate struct {
	Account string `json:"account"`       // the member's own account id, 1–200 bytes
	Link    string `json:"link"`          // the link kind, e.g. "same-device", "posted-url", "paid-same-handle"; a short word
	Via     string `json:"via,omitempty"` // the account or reference it is linked to
}

// Validate checks the form.
func (c *Candidate) Validate() error {
	var errs []*Error
	if n := len(c.Account); n == 0 || n > 200 {
		errs = append(errs, invalid("/account", "missing or too long", "your own account id, 1 to 200 bytes"))
	}
	text(&errs, "/link", c.Link, 1, 40)
	if len(c.Via) > 200 {
		errs = append(errs, invalid("/via", "too long", "at most 200 bytes"))
	}
	return join(errs)
}

// Round is one widening of a case.
type Round struct {
	Number  int            `json:"number"`            // from 0, the seeds
	Links   map[string]int `json:"links"`             // candidates by link kind
	Added   int            `json:"added"`             // accounts that were not in the case before
	Total   int            `json:"total"`             // accounts in the case after it
	Warning string         `json:"warning,omitempty"` // said when the case grew more than tenfold
	At      time.Time      `json:"at"`
}

// Ruling is a person's decision on one candidate of a case.
type Ruling struct {
	Account  string         `json:"account"`
	Decision HitDecision    `json:"decision"`
	Reason   DecisionReason `json:"reason,omitempty"` // one of the decision's; needed for Escalate and in bulk
	Bulk     bool           `json:"bulk,omitempty"`   // decided together with others on identical evidence, whose sample was decided singly: see [CaseEvidence]
}

// Validate checks the form.
func (r *Ruling) Validate() error {
	var errs []*Error
	oneOf(&errs, "/decision", r.Decision, Confirmed, NotHere, Unsure, Escalate)
	checkReason(&errs, r.Decision, r.Reason, r.Bulk)
	if n := len(r.Account); n == 0 || n > 200 {
		errs = append(errs, invalid("/account", "missing or too long", "your own account id, 1 to 200 bytes"))
	}
	return join(errs)
}

// CaseOutcome asks the agent to record an outcome from a case: the agent counts the
// decisions, digests their list and sends the attested outcome with the person's key.
type CaseOutcome struct {
	Kind   OutcomeKind `json:"kind"`
	Ground string      `json:"ground"`          // the own policy; 1–200 characters
	Count  int         `json:"count,omitempty"` // for kinds that do not count accounts; default: the confirmed accounts
}

// Validate checks the form.
func (o *CaseOutcome) Validate() error {
	var errs []*Error
	oneOf(&errs, "/kind", o.Kind, AccountsActioned, ContentRemoved, URLsBlocked, ReportsFiled,
		ReviewedNoViolation, ReviewedUndisclosed, Reversed)
	text(&errs, "/ground", o.Ground, 1, 200)
	return join(errs)
}

// ReviewTask is what a member owes after a correction: look again at what it did because
// of the signal that fell.
type ReviewTask struct {
	Correction ID             `json:"correction"`
	Signal     ID             `json:"signal"`
	Kind       CorrectionKind `json:"kind"`
	Imminent   bool           `json:"imminent,omitempty"` // the signal was about a child at risk now
	Hits       int            `json:"hits"`
	Accounts   []string       `json:"accounts"` // own accounts whose hits or cases rested on it
	Cases      []ID           `json:"cases"`
	Outcomes   []ID           `json:"outcomes"`
	Masked     time.Time      `json:"masked,omitzero"`
	Purged     time.Time      `json:"purged,omitzero"`
	Result     string         `json:"result,omitempty"` // "reversed" or "stands"
	Reviewed   time.Time      `json:"reviewed,omitzero"`
}

// TaskRuling settles a review task.
type TaskRuling struct {
	Result string `json:"result"` // "reversed" or "stands"
	Ground string `json:"ground"` // the own policy; 1–200 characters
}

// Validate checks the form.
func (r *TaskRuling) Validate() error {
	var errs []*Error
	oneOf(&errs, "/result", r.Result, "reversed", "stands")
	text(&errs, "/ground", r.Ground, 1, 200)
	return join(errs)
}
