package lantern

import "time"

// MaxRedo bounds the list of signals in [AgentStatus].
const MaxRedo = 1000

// AgentStatus is how a member's agent stands: whether its answers can be relied on, and
// what waits for somebody.
type AgentStatus struct {
	Member      ID               `json:"member,omitempty"` // the member it works for; none before the first contact
	Answers     AnswerState      `json:"answers"`          // what an answer given at this moment would say
	Reasons     []string         `json:"reasons,omitempty"`
	Programs    []ProgramStatus  `json:"programs"`
	Signals     int              `json:"signals"` // matchable at this moment, over all programs
	LastContact time.Time        `json:"last_contact,omitzero"`
	Log         AgentLogStatus   `json:"log"`
	Hits        map[HitState]int `json:"hits"`
	Acks        int              `json:"acks"`                // acknowledgements owed and not yet accepted by the exchange
	Tasks       int              `json:"tasks"`               // review tasks that wait for a ruling
	HeldBack    int              `json:"held_back,omitempty"` // signals that were suspended or fell before a restore of the exchange, which shows them as active again
	Redo        []ID             `json:"redo,omitempty"`      // of these the member's own: to be withdrawn again, or renewed; at most MaxRedo
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
