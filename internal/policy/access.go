package policy

import (
	"maps"
	"slices"
	"time"

	"lantern"
)

// Action is something an actor asks the exchange to do.
type Action string

// The actions.
const (
	ReadSelf           Action = "read-self"
	ReadMembers        Action = "read-members"
	ManageMembers      Action = "manage-members"
	ManageStaff        Action = "manage-staff" // persons, services, keys of the own member
	ManageAnyStaff     Action = "manage-any-staff"
	TrainPersons       Action = "train-persons"
	ReadPrograms       Action = "read-programs"
	ManagePrograms     Action = "manage-programs"
	LeaveProgram       Action = "leave-program"
	Share              Action = "share"
	Renew              Action = "renew"
	Withdraw           Action = "withdraw"
	ReadSignals        Action = "read-signals"
	ReadFeed           Action = "read-feed"
	React              Action = "react"
	RecordOutcome      Action = "record-outcome"
	ReadOutcomes       Action = "read-outcomes"
	OpenChallenge      Action = "open-challenge"
	ReadChallenges     Action = "read-challenges"
	AnswerChallenge    Action = "answer-challenge" // as the sharer
	DecideChallenge    Action = "decide-challenge" // as the dispute officer of a third member
	Acknowledge        Action = "acknowledge"
	ReadCorrections    Action = "read-corrections"
	ReadAllCorrections Action = "read-all-corrections" // every member's duties, for the steward
	OpenLog            Action = "open-log"
	AcceptRestore      Action = "accept-restore"
	ReadStatus         Action = "read-status"      // of the exchange itself
	AnchorLog          Action = "anchor-log"       // an agent's own
	ReadAllAnchors     Action = "read-all-anchors" // of every member
	ManageWebhooks     Action = "manage-webhooks"  // of the own member; reading them too, for their addresses may hold secrets
)

// rule says who may take an action. Empty lists allow nobody.
type rule struct {
	scope   lantern.Scope
	kinds   []lantern.MemberKind
	states  []lantern.MemberState
	roles   []lantern.PersonRole // persons with one of these
	service bool                 // services too
	trained bool                 // training must be valid
}

var (
	companies = []lantern.MemberKind{lantern.Company}
	operators = []lantern.MemberKind{lantern.Operator}
	anyKind   = []lantern.MemberKind{lantern.Company, lantern.Operator}

	sharing   = []lantern.MemberState{lantern.ActiveMember}
	reading   = []lantern.MemberState{lantern.ActiveMember, lantern.ReadOnly}
	anyState  = []lantern.MemberState{lantern.Applied, lantern.Reviewing, lantern.Agreed, lantern.ActiveMember, lantern.ReadOnly, lantern.SuspendedMember, lantern.Left}
	everSent  = anyState // corrections reach whoever was ever sent something, also a member that applies anew
	enrolling = []lantern.MemberState{lantern.Agreed, lantern.ActiveMember, lantern.ReadOnly}

	everyRole = []lantern.PersonRole{lantern.Steward, lantern.Admin, lantern.Submitter, lantern.Investigator, lantern.DisputeOfficer, lantern.Auditor}
	stewards  = []lantern.PersonRole{lantern.Steward}
	admins    = []lantern.PersonRole{lantern.Admin}
	workers   = []lantern.PersonRole{lantern.Submitter, lantern.Investigator, lantern.DisputeOfficer}
)

// rules is the whole access policy. What is not here is denied.
var rules = map[Action]rule{
	ReadSelf:       {scope: "", kinds: anyKind, states: anyState, roles: everyRole, service: true},
	ReadMembers:    {scope: lantern.ScopeRead, kinds: anyKind, states: reading, roles: everyRole, service: true},
	ManageMembers:  {scope: lantern.ScopeManage, kinds: operators, states: sharing, roles: stewards},
	ManageStaff:    {scope: lantern.ScopeManage, kinds: anyKind, states: enrolling, roles: admins},
	ManageAnyStaff: {scope: lantern.ScopeManage, kinds: operators, states: sharing, roles: stewards},
	TrainPersons:   {scope: lantern.ScopeManage, kinds: operators, states: sharing, roles: stewards},
	ReadPrograms:   {scope: lantern.ScopeRead, kinds: anyKind, states: reading, roles: everyRole, service: true},
	ManagePrograms: {scope: lantern.ScopeManage, kinds: operators, states: sharing, roles: stewards},
	LeaveProgram:   {scope: lantern.ScopeManage, kinds: companies, states: everSent, roles: admins},

	Share:       {scope: lantern.ScopeShare, kinds: companies, states: sharing, roles: []lantern.PersonRole{lantern.Submitter}, service: true},
	Renew:       {scope: lantern.ScopeShare, kinds: companies, states: sharing, roles: []lantern.PersonRole{lantern.Submitter}, trained: true},
	Withdraw:    {scope: lantern.ScopeShare, kinds: companies, states: everSent, roles: []lantern.PersonRole{lantern.Submitter, lantern.Investigator}, service: true},
	ReadSignals: {scope: lantern.ScopeRead, kinds: companies, states: reading, roles: workers, service: true},
	ReadFeed:    {scope: lantern.ScopeRead, kinds: companies, states: everSent, roles: workers, service: true},

	React:         {scope: lantern.ScopeRespond, kinds: companies, states: reading, roles: workers, service: true},
	RecordOutcome: {scope: lantern.ScopeRespond, kinds: companies, states: reading, roles: []lantern.PersonRole{lantern.Investigator}, trained: true},
	ReadOutcomes:  {scope: lantern.ScopeRead, kinds: companies, states: everSent, roles: workers, service: true},

	OpenChallenge:   {scope: lantern.ScopeRespond, kinds: companies, states: reading, roles: []lantern.PersonRole{lantern.Investigator, lantern.DisputeOfficer}, trained: true},
	ReadChallenges:  {scope: lantern.ScopeRead, kinds: companies, states: everSent, roles: workers, service: true},
	AnswerChallenge: {scope: lantern.ScopeRespond, kinds: companies, states: everSent, roles: []lantern.PersonRole{lantern.Submitter, lantern.DisputeOfficer}},
	DecideChallenge: {scope: lantern.ScopeRespond, kinds: companies, states: reading, roles: []lantern.PersonRole{lantern.DisputeOfficer}, trained: true},

	Acknowledge:        {scope: lantern.ScopeRead, kinds: companies, states: everSent, roles: workers, service: true},
	ReadCorrections:    {scope: lantern.ScopeRead, kinds: companies, states: everSent, roles: workers, service: true},
	ReadAllCorrections: {scope: lantern.ScopeRead, kinds: operators, states: sharing, roles: stewards},
	ReadStatus:         {scope: lantern.ScopeRead, kinds: operators, states: sharing, roles: stewards},
	AnchorLog:          {scope: lantern.ScopeRead, kinds: companies, states: everSent, roles: workers, service: true},
	ReadAllAnchors:     {scope: "", kinds: operators, states: sharing, roles: []lantern.PersonRole{lantern.Steward, lantern.Auditor}},
	AcceptRestore:      {scope: lantern.ScopeManage, kinds: operators, states: sharing, roles: stewards},
	ManageWebhooks:     {scope: lantern.ScopeManage, kinds: anyKind, states: everSent, roles: admins},
	OpenLog:            {scope: lantern.ScopeAudit, kinds: anyKind, states: reading, roles: []lantern.PersonRole{lantern.Auditor}},
}

// Can reports whether the actor may take the action at that time, as far as the actor
// alone decides; what the object adds (whose it is, which program) is checked by the
// other functions of this package. A refusal is an [*lantern.Error] of kind
// [lantern.Forbidden] that names what is missing.
func Can(a Actor, act Action, now time.Time) error {
	r, ok := rules[act]
	switch {
	case !ok:
		return deny("no such action", "")
	case !slices.Contains(r.kinds, a.MemberKind):
		return deny("not open to this kind of member", "")
	case !slices.Contains(r.states, a.MemberState):
		return deny("the member's state does not allow this", "ask the exchange's steward where the membership stands")
	case r.scope != "" && !slices.Contains(a.Scopes, r.scope):
		return deny("the key lacks the scope "+string(r.scope), "use a key with that scope")
	case a.Service != 0 && !r.service:
		return deny("only a person may do this", "use a person's key")
	case a.Person != 0 && !a.has(r.roles):
		return deny("the person lacks the role for this", "ask the member's admin")
	case a.Person == 0 && a.Service == 0:
		return deny("no actor", "")
	case r.trained && !a.Trained.After(now):
		return deny("the person's training is missing or has expired", "renew the training")
	}
	return nil
}

func deny(reason, fix string) error {
	return &lantern.Error{Kind: lantern.Forbidden, Reason: reason, Fix: fix}
}

// KeyScopes checks that a key for a person with these roles, or for a service (no
// roles), may have these scopes: a service never manages and never audits.
func KeyScopes(service bool, scopes []lantern.Scope) error {
	for _, s := range scopes {
		if service && (s == lantern.ScopeManage || s == lantern.ScopeAudit) {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/scopes", Reason: "a service's key cannot hold this scope", Fix: "give a service read, share or respond"}
		}
	}
	return nil
}

// Roles checks that a member of that kind may have persons with these roles.
func Roles(kind lantern.MemberKind, roles []lantern.PersonRole) error {
	for _, r := range roles {
		staff := r == lantern.Steward
		if staff && kind != lantern.Operator || !staff && r != lantern.Auditor && r != lantern.Admin && kind == lantern.Operator {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/roles", Reason: "not a role in this kind of member", Fix: "stewards belong to the operator, workers to companies"}
		}
	}
	return nil
}

// Actions lists every action of the table in the order of their names.
func Actions() []Action { return slices.Sorted(maps.Keys(rules)) }
