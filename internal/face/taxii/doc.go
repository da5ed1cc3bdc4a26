// Package taxii is a face of the exchange for clients of TAXII 2.1, the protocol by which
// security tools pull and push objects of STIX. docs/protocol/taxii.md is its manual.
//
// It translates and decides nothing: package format/stix holds the words, package exchange what
// may be seen and done. A program is an API root. It has two collections: signals, which is
// its feed, and references, the few objects that signals refer to (members, labels, extensions).
//
// # Traps of the wire
//
// The usual client asks for page one forever if a page says more without next, so whatever says
// more says next, manifests and versions too. A next is the exchange's own cursor: it holds its
// place, and is of use to its member and with its filters only. Times of adding are the feed's,
// which rise from entry to entry, so that a client may go on by time alone. Clients compare
// media types by their text; ours is written in the one form that they know. A path is served
// with and without the slash at its end, for some clients lose their key in a redirect.
package taxii
