package casework

import "lantern"

// CountedBy is, for a kind of outcome that counts accounts, the decision it counts; ok is
// false for others.
func CountedBy(k lantern.OutcomeKind) (d lantern.HitDecision, ok bool) {
	switch k {
	case lantern.AccountsActioned:
		return lantern.Confirmed, true
	case lantern.ReviewedNoViolation:
		return lantern.NotHere, true
	}
	return "", false
}

// CheckOutcome checks what must be known before anything is counted.
func CheckOutcome(o lantern.CaseOutcome) error {
	if err := o.Validate(); err != nil {
		return err
	}
	_, accounts := CountedBy(o.Kind)
	switch {
	case accounts && o.Count != 0:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/count", Reason: "this kind counts the case's decided accounts itself", Fix: "leave it out"}
	case !accounts && o.Kind != lantern.ReviewedUndisclosed && o.Count <= 0:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/count", Reason: "missing", Fix: "say how many acts of this kind were done"}
	case o.Count < 0:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/count", Reason: "negative", Fix: "take acts back by ruling on the review task"}
	}
	return nil
}
