package policy

import "lantern"

// OnForeign reports whether a program lets clients of foreign protocols have signals of a
// type: one that names a person only where the program turned that on. Such clients know
// neither suspension nor acknowledgement by software, so what they hold is corrected late.
func OnForeign(p lantern.Policy, personal bool) bool { return !personal || p.ForeignPersons }

// Founded reports whether a basis says enough for a signal to be disclosed: which policy was
// broken and who reviewed. Clients of foreign protocols can leave both out; what they submit
// is then held until it is completed.
func Founded(b lantern.Basis) bool { return b.Policy != "" && b.ReviewedBy != "" }

// Founds returns the basis of a signal after its member shared it again by a foreign client:
// what such a client has no words for stays as it was, and so does a person's review under a
// machine's. was is the basis before.
func Founds(was, b lantern.Basis) lantern.Basis {
	if b.Policy == "" {
		b.Policy = was.Policy
	}
	if b.ReviewedBy == "" || was.ReviewedBy.ByPerson() && b.ReviewedBy == lantern.ByMachine {
		b.ReviewedBy, b.At, b.Action = was.ReviewedBy, was.At, was.Action
	}
	return b
}
