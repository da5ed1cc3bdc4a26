// Package signal holds the types a signal can have: for each one, how a raw value is
// checked, brought to its one canonical form, compared, kept and named by other people's
// protocols.
//
// Terms. A raw value is what somebody typed, pasted or exported. Its canonical form is
// the spelling under which everybody finds it: two members who share one thing must
// arrive at the same bytes. A weak key is a second spelling under which a value may be
// found when the first one fails (a mail address without its "+tag", a handle without
// its platform, a name with look-alike letters folded together); what is found through
// one is a hint of a hint and every layer above says so.
//
// People who want not to be found spell things oddly, and people who report them make
// links harmless before they paste them. Both are undone here: full-width and
// mathematical letters, zero-width characters, look-alike letters, "hxxp" and "[.]",
// percent tricks, octal and hexadecimal addresses, internationalised names.
//
// Promises. Normalizing is a pure function: no clock, no network, no state, nothing is
// ever fetched. It is idempotent: the canonical form of a canonical form is itself. A
// canonical form is valid UTF-8 without control characters. An error never holds the
// value, nor a part of it. What must not travel is refused: pictures in any dress,
// transcripts, and identifiers so broad (a mail provider, a popular site) that they
// would point at everybody.
//
// Limits. Folding look-alikes joins a few honest words of different scripts; therefore
// phrases are always weak. Digits that stand for letters ("h3llo") are not undone.
// A type is one value in one file and one word in [Types]; docs/add-a-signal-type.md
// shows how to add one.
package signal

import "lantern"

// Compare says how two values of a type are held against each other.
type Compare string

// The ways of comparing.
const (
	Exact      Compare = "exact"       // canonical forms are equal
	Hamming    Compare = "hamming"     // at most Radius of 256 bits differ
	Words      Compare = "words"       // whole words of folded text
	URLPrefix  Compare = "url-prefix"  // equal, or the signal's path is a proper prefix at a "/" boundary
	HostSuffix Compare = "host-suffix" // equal, or a parent domain
	Frames     Compare = "frames"      // enough frames of two videos differ in at most Radius of 256 bits
	None       Compare = "none"        // not at all: people read it
)

// Type is the rule book of one signal type. The package's Types are shared by all
// callers, who must not change them.
type Type struct {
	Name    lantern.SignalType
	Summary string // one line for people
	Example string // a synthetic raw value

	Compare  Compare
	Radius   int  // of Hamming and Frames: the largest distance that counts, in bits
	Personal bool // the value names a person
	Weak     bool // a match is always weak

	Retention    lantern.Days // how long a signal lives unless it says otherwise
	MaxRetention lantern.Days // the longest a program may allow

	ThreatExchange string // indicator type, "" where there is none
	STIX           string // cyber-observable path, "" where there is none
	MISP           string // attribute type, "" where there is none

	normalize func(raw string) (Value, error)
	unfit     func(canonical string) error // what can be read and must not be shared; nil: there is no such
}

// Value is a raw value brought to form.
//
// All keys of a type share one space: two values correspond when their canonical forms
// compare, and correspond weakly when any key of one (canonical or weak) equals any key
// of the other.
type Value struct {
	Canonical string   // normalizes to itself
	Weak      []string // further keys, never equal to Canonical, often none
}

// Normalize checks raw and brings it to form. The error is a [*lantern.Error] of kind
// Invalid on "/value" whose text never holds the value. The caller may pass anything:
// invalid UTF-8, binary data, any length.
func (t *Type) Normalize(raw string) (Value, error) {
	v, err := t.bounded(raw)
	if err == nil && t.unfit != nil {
		err = t.unfit(v.Canonical)
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// bounded checks and brings to form a value of the length values may have.
func (t *Type) bounded(raw string) (Value, error) {
	if len(raw) > lantern.MaxValue {
		return Value{}, bad("too long", "at most 4096 bytes")
	}
	v, err := t.bring(raw)
	if err != nil {
		return Value{}, err
	}
	if len(v.Canonical) > lantern.MaxValue {
		return Value{}, bad("too long", "at most 4096 bytes when written out in full")
	}
	return v, nil
}

// NormalizeQuery is [Type.Normalize] for a value that is looked up and not shared. A hash of
// nothing (of an empty file, of a blank picture) may then be given: that no signal has it is
// an answer. A list of frame hashes may have up to [MaxFrames], as the tools write them for
// whole films; other values are bounded as ever.
func (t *Type) NormalizeQuery(raw string) (Value, error) {
	if t.Compare != Frames {
		return t.bounded(raw)
	}
	if len(raw) > MaxFrameBytes {
		return Value{}, tooManyFrames()
	}
	return t.bring(raw)
}

// bring checks and brings to form a value of any length.
func (t *Type) bring(raw string) (Value, error) {
	s, err := screen(raw)
	if err != nil {
		return Value{}, err
	}
	return t.normalize(s)
}

// bad is the complaint about a value. Its arguments are constants by house rule: nothing
// taken from the value may enter them.
func bad(reason, fix string) error {
	return &lantern.Error{Kind: lantern.Invalid, Field: "/value", Reason: reason, Fix: fix}
}
