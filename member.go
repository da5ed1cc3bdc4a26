package lantern

import "time"

// MemberState is where an organisation stands with the coalition.
type MemberState string

// The member states, in the usual order.
const (
	Applied         MemberState = "applied"
	Reviewing       MemberState = "reviewing"
	Agreed          MemberState = "agreed"
	ActiveMember    MemberState = "active"
	ReadOnly        MemberState = "read-only" // reads, acknowledges and answers; shares nothing
	SuspendedMember MemberState = "suspended" // corrections only
	Left            MemberState = "left"      // corrections only
)

// MemberKind separates the coalition's own staff from the companies. There is no kind
// for a government.
type MemberKind string

// The member kinds.
const (
	Company  MemberKind = "company"
	Operator MemberKind = "operator" // runs the exchange; sees no signal values
)

// Member is an organisation that takes part.
type Member struct {
	ID      ID          `json:"id"`
	Name    string      `json:"name"` // 1–80 characters
	Kind    MemberKind  `json:"kind"`
	State   MemberState `json:"state"`
	Created time.Time   `json:"created"`
}

// Validate checks the form of a new member.
func (m *Member) Validate() error {
	var errs []*Error
	text(&errs, "/name", m.Name, 1, 80)
	oneOf(&errs, "/kind", m.Kind, Company, Operator)
	return join(errs)
}

// StateChange moves a member to another state.
type StateChange struct {
	State  MemberState `json:"state"`
	Reason string      `json:"reason"` // 1–200 characters, for the log's readers
}

// Validate checks the form.
func (c *StateChange) Validate() error {
	var errs []*Error
	oneOf(&errs, "/state", c.State, Applied, Reviewing, Agreed, ActiveMember, ReadOnly, SuspendedMember, Left)
	text(&errs, "/reason", c.Reason, 1, 200)
	return join(errs)
}

// PersonRole is what a person may do for the member.
type PersonRole string

// The person roles. Steward belongs to the operator's staff.
const (
	Steward        PersonRole = "steward"         // runs members, programs and policies
	Admin          PersonRole = "admin"           // runs the own member's persons, services, keys and webhooks
	Submitter      PersonRole = "submitter"       // shares, renews and withdraws
	Investigator   PersonRole = "investigator"    // reads, reacts, attests outcomes, challenges
	DisputeOfficer PersonRole = "dispute-officer" // decides other members' challenges
	Auditor        PersonRole = "auditor"         // reads openings of the log, never values
)

// Person is a human actor of a member. Its Label is a name the member chose, such as
// "reviewer-7": the exchange need not know who it is.
type Person struct {
	ID      ID           `json:"id"`
	Member  ID           `json:"member"`
	Label   string       `json:"label"` // 1–40 characters, not a real name
	Roles   []PersonRole `json:"roles"`
	Trained time.Time    `json:"trained_until,omitzero"` // mandatory training is valid until then
	Created time.Time    `json:"created"`
}

// Validate checks the form of a new person.
func (p *Person) Validate() error {
	var errs []*Error
	text(&errs, "/label", p.Label, 1, 40)
	if len(p.Roles) == 0 {
		errs = append(errs, invalid("/roles", "missing", "give at least one role"))
	}
	for _, r := range p.Roles {
		oneOf(&errs, "/roles", r, Steward, Admin, Submitter, Investigator, DisputeOfficer, Auditor)
	}
	return join(errs)
}

// Service is an integration of a member: a program that holds a key. It answers through
// a responsible, trained person, and can never attest, reveal, challenge or decide.
type Service struct {
	ID          ID        `json:"id"`
	Member      ID        `json:"member"`
	Name        string    `json:"name"` // 1–40 characters
	Responsible ID        `json:"responsible"`
	Created     time.Time `json:"created"`
}

// Validate checks the form of a new service.
func (s *Service) Validate() error {
	var errs []*Error
	text(&errs, "/name", s.Name, 1, 40)
	if s.Responsible == 0 {
		errs = append(errs, invalid("/responsible", "missing", "give the id of a trained person of the member"))
	}
	return join(errs)
}

// Scope is one thing a key may be used for; a key can do no more than its actor.
type Scope string

// The scopes.
const (
	ScopeRead    Scope = "read"    // feed, signals, programs, acknowledgements
	ScopeShare   Scope = "share"   // share, renew, withdraw
	ScopeRespond Scope = "respond" // feedback, outcomes, challenges, decisions
	ScopeManage  Scope = "manage"  // members, persons, services, keys, programs, webhooks
	ScopeAudit   Scope = "audit"   // openings of log entries
)

// Key is a credential of a person or a service. An actor has at most two live keys, so
// that one can be replaced without a gap.
type Key struct {
	ID      ID        `json:"id"`
	Actor   ID        `json:"actor"` // the person or service it speaks for
	Scopes  []Scope   `json:"scopes"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Revoked time.Time `json:"revoked,omitzero"`
	Secret  string    `json:"secret,omitempty"` // the whole key "lk_<id>_<secret>", shown once, when it is made
}

// Validate checks the form of a requested key.
func (k *Key) Validate() error {
	var errs []*Error
	if k.Actor == 0 {
		errs = append(errs, invalid("/actor", "missing", "give the id of a person or service"))
	}
	if len(k.Scopes) == 0 {
		errs = append(errs, invalid("/scopes", "missing", "give at least one scope"))
	}
	for _, s := range k.Scopes {
		oneOf(&errs, "/scopes", s, ScopeRead, ScopeShare, ScopeRespond, ScopeManage, ScopeAudit)
	}
	return join(errs)
}

// Rotation replaces a key by another of the same actor and scopes.
type Rotation struct {
	// OverlapHours is how long the replaced key stays good, so that it can be exchanged
	// where it is used without a refused request: 0 to 168. Left out, it is 24. With 0 it
	// ends at once.
	OverlapHours *int `json:"overlap_hours,omitempty"`
}

// Overlap is how long the replaced key stays good.
func (r *Rotation) Overlap() time.Duration {
	if r.OverlapHours == nil {
		return 24 * time.Hour
	}
	return time.Duration(*r.OverlapHours) * time.Hour
}

// Validate checks the form.
func (r *Rotation) Validate() error {
	if o := r.Overlap(); o < 0 || o > 168*time.Hour {
		return join([]*Error{invalid("/overlap_hours", "out of range", "0 to 168 hours")})
	}
	return nil
}

// Whoami is what a key's bearer is to the exchange.
type Whoami struct {
	Member   Member    `json:"member"`
	Person   *Person   `json:"person,omitempty"`
	Service  *Service  `json:"service,omitempty"`
	Scopes   []Scope   `json:"scopes"`
	Expires  time.Time `json:"expires"`
	Programs []Program `json:"programs"` // those the member has joined
}
