// Package match finds shared signals in a member's own records: the match engine.
//
// An [Engine] holds what one agent may match against: for each active signal its id, its
// type and what is needed to compare, and nothing else. Values of types that name a
// person (email, username, account, phone, payment, ip) are held only as keyed digests
// under a key that never leaves the machine; raw values are held only for types that name
// nobody. Answers are ids: what a signal says is looked up elsewhere, after a match.
//
// There are five ways of comparing:
//
//   - exact: equal canonical values, or equal second keys (a mail alias folded away, a
//     handle without its platform), which always count as weak;
//   - Hamming: perceptual hashes that differ in at most so many bits as the type allows;
//     every one of them is found;
//   - frames: of two videos, enough frames are near one another; the rule is that of signal.VPDQ;
//   - words: a phrase whose words stand in the text one after the other, whole words,
//     whatever their case, width or look-alike letters;
//   - URL: the schemes http and https count as one; a signal's URL without a query matches what lies below its path,
//     and itself with any query; a signal's domain matches its own host and every host below it.
//
// Signals of a type that is compared with nothing (a tactic) may be held and are never found.
//
// [Engine.Match] looks up one typed, normalised value. [Engine.Scan] reads text of any
// size and kind and looks up every identifier and phrase that stands in it;
// docs/design/008-reading-text.md says exactly what counts as standing there.
//
// A match is a clue and never a verdict: a person must look before anything is done.
//
// An engine is in memory ([New]) or in a folder ([Open]), which holds it as segments in
// mapped files: docs/formats/segments.md. In a folder, [Engine.Save] makes what was applied
// durable together with a position of the caller's own, from which the caller goes on after
// a crash; [Engine.Purge] makes sure that no file holds what was removed; and damage shows
// in [Engine.Missing], since "no match" must never mean "could not look".
//
// The package keeps no clock and draws nothing at random. Matching takes no lock: it reads
// an immutable view that [Engine.Apply] swaps.
package match

import "lantern"

// Entry is what the engine holds for one active signal.
type Entry struct {
	Signal    lantern.ID
	Type      lantern.SignalType
	Canonical string   // as package signal normalises it
	Weak      []string // the second, weak keys that normalising returned; may be empty
}

// Change puts an entry into the engine or takes it out.
type Change struct {
	Entry
	Remove bool // take the signal out; only Signal is looked at
}

// Query is one value to look up, as package signal normalised it.
type Query struct {
	Type      lantern.SignalType
	Canonical string
	Weak      []string
}

// Found says that one signal matches.
type Found struct {
	Signal   lantern.ID
	How      lantern.How
	Distance int  // differing bits, for lantern.HowNear
	Weak     bool // never enough on its own

	// Of a video: how many percent of the distinct frame hashes that count match the other's.
	// Distance is then the largest from a frame of the query to the nearest of the signal.
	OfQuery, OfSignal float64
}

// Span is a phrase found in a text: bytes Start to End of it.
type Span struct {
	Signal     lantern.ID
	Start, End int
	Weak       bool
}
