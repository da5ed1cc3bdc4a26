package signal

import (
	"slices"

	"lantern"
)

// types is the list of all signal types, in the order documents show them.
var types = []*Type{
	Email, Username, Account, Phone, URL, Domain, IP, Payment,
	MD5, SHA1, SHA256, PDQ, VideoMD5, VPDQ, PhotoDNA,
	Phrase, Tactic,
}

// Types returns all signal types in documented order. The slice is the caller's own; the
// Types it points to are not.
func Types() []*Type { return slices.Clone(types) }

// Lookup finds a type by its name.
func Lookup(name lantern.SignalType) (*Type, bool) {
	for _, t := range types {
		if t.Name == name {
			return t, true
		}
	}
	return nil, false
}
