package policy

import (
	"slices"

	"lantern"
)

// learns says which action lets a member read what an event is about. Who may not read
// the object is not told of it.
var learns = map[lantern.EventType]Action{
	lantern.SignalImminent:   ReadSignals,
	lantern.CorrectionOpened: ReadCorrections,
	lantern.ChallengeOpened:  ReadChallenges,
	lantern.ChallengeWaits:   ReadChallenges,
	lantern.ChallengeOverdue: ReadChallenges,
	lantern.ChallengeDecided: ReadChallenges,
	lantern.FeedbackReceived: ReadSignals,
	lantern.OutcomeReceived:  ReadOutcomes,
	lantern.MemberChanged:    ReadMembers,
	lantern.WebhookTest:      ManageWebhooks,
}

// Told reports whether a member of that kind and state is told of such events, if they
// concern it; self says that the event is about the member. It is asked when an event
// happens, and again each time it is about to be sent.
func Told(e lantern.EventType, kind lantern.MemberKind, state lantern.MemberState, self bool) bool {
	r, ok := rules[learns[e]]
	return ok && slices.Contains(r.kinds, kind) && (slices.Contains(r.states, state) || self)
}

// Decides reports whether a member of that kind and state may send a dispute officer, if
// it is a third party to the challenge.
func Decides(kind lantern.MemberKind, state lantern.MemberState) bool {
	r := rules[DecideChallenge]
	return slices.Contains(r.kinds, kind) && slices.Contains(r.states, state)
}
