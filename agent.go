package lantern

import (
	"strings"
	"time"
	"unicode/utf8"
)

// MaxRedo bounds the list of signals in [AgentStatus].
const MaxRedo = 1000

// AgentStatus is how a member's agent stands: whether its answers can be relied on, and
// what waits for somebody.
type AgentStatus struct {
	Member      ID                 `json:"member,omitempty"` // the member it works for; none before the first contact
	Answers     AnswerState        `json:"answers"`          // what an answer given at this moment would say
	Reasons     []string           `json:"reasons,omitempty"`
	Programs    []ProgramStatus    `json:"programs"`
	Signals     int                `json:"signals"` // matchable at this moment, over all programs
	LastContact time.Time          `json:"last_contact,omitzero"`
	Log         AgentLogStatus     `json:"log"`
	Hits        map[HitState]int   `json:"hits"`
	Acks        int                `json:"acks"`                  // acknowledgements owed and not yet accepted by the exchange
	Tasks       int                `json:"tasks"`                 // review tasks that wait for a ruling
	HeldBack    int                `json:"held_back,omitempty"`   // signals that were suspended or fell before a restore of the exchange, which shows them as active again
	Held        int                `json:"held,omitempty"`        // matches of suspended signals, which nobody can see until these are restored
	Quarantined int                `json:"quarantined,omitempty"` // signals whose matches wait outside the queue for a person
	Shadow      bool               `json:"shadow,omitempty"`      // matches are counted and nobody is told
	Sampling    map[string]float64 `json:"sampling,omitempty"`    // which part of a source's records takes part, in percent; "*" for sources not named
	Overdue     map[string]int     `json:"overdue"`               // what is past its time and still there, by kind; every number should be 0
	Redo        []ID               `json:"redo,omitempty"`        // of these the member's own: to be withdrawn again, or renewed; at most MaxRedo
}

// Kinds of what an agent's sweeper deals with, in [AgentStatus].
const (
	OverdueDismissed = "dismissed" // hits dismissed more than DismissedKept ago
	OverdueMarks     = "marks"     // marks of values past their time
)

// DismissedKept is how long a hit that a person dismissed is kept. Afterwards only a keyed
// mark says that the same evidence is no new hit.
const DismissedKept = 30 * 24 * time.Hour

// QuarantineCause says why a signal's matches become no hits.
type QuarantineCause string

// The causes.
const (
	CauseFlood      QuarantineCause = "flood"       // it suddenly hits more than can be true
	CauseFellBefore QuarantineCause = "fell-before" // its value fell to a challenge before, and it was not reviewed since; it is not matched
)

// Quarantine is one signal whose matches wait outside the queue for a person.
type Quarantine struct {
	Signal     ID              `json:"signal"`
	Type       SignalType      `json:"type"`
	Sharer     ID              `json:"sharer"`
	Imminent   bool            `json:"imminent,omitempty"`
	Programs   []ID            `json:"programs"`
	Cause      QuarantineCause `json:"cause"`
	Since      time.Time       `json:"since"`
	Matches    int             `json:"matches"`          // found in the hour before and since, kept or not; what is found again after it was missed counts again
	References int             `json:"references"`       // distinct ones among those kept
	Accounts   int             `json:"accounts"`         // distinct ones among those kept
	Missed     int             `json:"missed,omitempty"` // not kept: look those records up again after a release
	Sample     []Hit           `json:"sample"`           // at most QuarantineSample of those kept, drawn by chance
}

// QuarantineSample bounds the sample of a [Quarantine].
const QuarantineSample = 5

// QuarantineRelease is a person's decision that a quarantined signal may hit again.
type QuarantineRelease struct {
	Hits   KeptHits `json:"hits"`
	Reason string   `json:"reason"` // for the agent's own log; 1 to 500 characters
}

// KeptHits says what becomes of the hits that lie in quarantine.
type KeptHits string

// What becomes of them.
const (
	OpenHits KeptHits = "open" // they enter the queue in their right places
	DropHits KeptHits = "drop" // they are deleted
)

// Validate checks the form.
func (r *QuarantineRelease) Validate() error {
	var errs []*Error
	oneOf(&errs, "/hits", r.Hits, OpenHits, DropHits)
	if n := utf8.RuneCountInString(strings.TrimSpace(r.Reason)); n == 0 || n > 500 {
		errs = append(errs, invalid("/reason", "missing or too long", "say in 1 to 500 characters why it may hit again"))
	}
	return join(errs)
}

// Volume is what an agent in shadow mode counted: what would have been hits.
type Volume struct {
	Shadow bool          `json:"shadow"`         // whether the agent is in shadow mode at this moment
	Since  time.Time     `json:"since,omitzero"` // the first day of the counts, in UTC; none while nothing was counted
	Items  []VolumeCount `json:"items"`
}

// VolumeCount counts matches of one kind. A match of a signal that came through two programs
// counts under each. A record looked up twice counts twice.
type VolumeCount struct {
	Program  ID         `json:"program"`
	Name     string     `json:"name,omitempty"`
	Type     SignalType `json:"type"`
	How      How        `json:"how"`
	Distance int        `json:"distance"` // differing bits, for HowNear
	Matches  int        `json:"matches"`
}

// ProgramStatus is how far an agent has followed one program's feed.
type ProgramStatus struct {
	Program ID        `json:"program"`
	Name    string    `json:"name"`
	Loaded  bool      `json:"loaded"`  // the feed was read to its end at least once since the last resync
	Seq     int64     `json:"seq"`     // of the newest change applied
	Signals int       `json:"signals"` // active and held here
	Contact time.Time `json:"contact,omitzero"`
	Behind  Seconds   `json:"behind_seconds"` // since the last contact
	Problem string    `json:"problem,omitempty"`
}

// Seconds is a whole number of seconds.
type Seconds int64

// AgentLogStatus is what the agent has verified of the exchange's log.
type AgentLogStatus struct {
	Size    int64     `json:"size"` // of the newest checkpoint verified
	Checked time.Time `json:"checked,omitzero"`
	Leaf    int64     `json:"leaf"`            // the highest entry the agent was told of: a disclosure to its member
	Fault   string    `json:"fault,omitempty"` // the log contradicted what it showed before: the feed is not followed any more
}

// HitResult is what became of one [HitRuling]. A ruling may be recorded although the
// exchange could not be told: then Recorded is true and Problem says so.
type HitResult struct {
	Hit       ID       `json:"hit"`
	Recorded  bool     `json:"recorded"`
	Act       ID       `json:"act,omitempty"`       // by which it is undone
	Challenge ID       `json:"challenge,omitempty"` // opened by a ruling of WrongSignal
	Problem   *Problem `json:"problem,omitempty"`
}

// CaseAccount is a candidate as a case holds it.
type CaseAccount struct {
	Candidate
	Round    int            `json:"round"`
	Decision HitDecision    `json:"decision,omitempty"`
	Reason   DecisionReason `json:"reason,omitempty"`
	Bulk     bool           `json:"bulk,omitempty"`
	Person   ID             `json:"person,omitempty"` // who decided
	Decided  time.Time      `json:"decided,omitzero"`
}

// Answers is the agent's answer to a batch of records, in their order.
type Answers struct {
	Answers []Answer `json:"answers"`
}

// HitResults is the agent's answer to a batch of rulings, in their order.
type HitResults struct {
	Results []HitResult `json:"results"`
}
