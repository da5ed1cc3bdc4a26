package lantern

import "slices"

// DecisionReason says why a hit or candidate was decided as it was. The set is closed, and
// each decision has its own part of it: [HitDecision.Reasons].
type DecisionReason string

// The reasons. A wrong signal takes the reasons of a [Challenge].
const (
	// Confirmed: which part of the own policy was broken.
	AbuseMaterial DecisionReason = "abuse-material"
	ChildContact  DecisionReason = "child-contact"
	Coercion      DecisionReason = "coercion"
	Trading       DecisionReason = "trading"
	LinkedAccount DecisionReason = "linked-account" // belongs to an account that broke the policy
	OtherGround   DecisionReason = "other-ground"

	// Not violating here.
	NothingFound   DecisionReason = "nothing-found"   // looked at, and nothing is there
	AllowedHere    DecisionReason = "allowed-here"    // the own policy does not forbid it
	AlreadyHandled DecisionReason = "already-handled" // acted on before; nothing is left to do
	ContentGone    DecisionReason = "content-gone"    // what matched is not there any more
	ChanceMatch    DecisionReason = "chance-match"    // it matched, and means something else

	// Unsure.
	TooLittle   DecisionReason = "too-little"  // not enough to see
	Language    DecisionReason = "language"    // not a language the person reads
	Conflicting DecisionReason = "conflicting" // what is seen points both ways

	// Escalate: to whom.
	ToLegal       DecisionReason = "legal"
	ToAuthorities DecisionReason = "law-enforcement-liaison"
	ToSecond      DecisionReason = "second-reviewer"
	ToChildAtRisk DecisionReason = "child-at-risk" // to whoever acts on a child in danger now
)

// Reasons lists the reasons a decision may give.
func (d HitDecision) Reasons() []DecisionReason {
	switch d {
	case Confirmed:
		return []DecisionReason{AbuseMaterial, ChildContact, Coercion, Trading, LinkedAccount, OtherGround}
	case NotHere:
		return []DecisionReason{NothingFound, AllowedHere, AlreadyHandled, ContentGone, ChanceMatch}
	case WrongSignal:
		var all []DecisionReason
		for _, r := range []ChallengeReason{WrongValue, IdentifierReused, NotAbusive, BenignShared, VictimIdentified, OutOfScope} {
			all = append(all, DecisionReason(r))
		}
		return all
	case Unsure:
		return []DecisionReason{TooLittle, Language, Conflicting}
	case Escalate:
		return []DecisionReason{ToLegal, ToAuthorities, ToSecond, ToChildAtRisk}
	}
	return nil
}

// checkReason complains of a reason the decision does not take, or of none where one is
// needed.
func checkReason(errs *[]*Error, d HitDecision, r DecisionReason, needed bool) {
	set := d.Reasons()
	switch {
	case r != "" && !slices.Contains(set, r) && set != nil:
		oneOf(errs, "/reason", r, set...)
	case r == "" && d == WrongSignal:
		*errs = append(*errs, invalid("/reason", "missing", "a wrong signal needs the reason of the challenge"))
	case r == "" && d == Escalate:
		*errs = append(*errs, invalid("/reason", "missing", "say to whom: legal, law-enforcement-liaison, second-reviewer or child-at-risk"))
	case r == "" && needed:
		*errs = append(*errs, invalid("/reason", "missing", "a decision in bulk gives its reason"))
	}
}
