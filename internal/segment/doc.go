// Package segment keeps what a match engine holds in flat pieces: one layout in memory and
// in a file, so that a file is mapped and searched as it lies there and opening it parses
// nothing but a header. docs/formats/segments.md is the format, for other implementations.
//
// A [Segment] is immutable. It says, for some signals, what is needed to compare: exact
// keys as keyed digests, perceptual hashes, phrases, and marks that tell quickly that
// something is surely not here. It also says which signals are gone, so that a later
// segment corrects an earlier one. [Build] makes one of rows, [Merge] one of several,
// [Parse] reads one back.
//
// A [Folder] holds segments as files and a [Manifest] that names those which count. What is
// written is on stable storage when the call returns; what is taken out is overwritten
// before it is unlinked.
//
// The package knows nothing of signal types, keys or normal forms; package match does. It
// never trusts a file: damage in the header is an error of [Parse], damage behind it is
// found by [Segment.Check], and until then no damaged byte makes a search panic.
package segment
