// Package misp reads and writes the JSON of MISP: events, and the attributes in them, as
// drafts of signals.
//
// # Their nouns and ours
//
// An attribute is a value that somebody noted, with a type of MISP's own; an event is a bundle
// of attributes, and an object a smaller one in it. Labels hang on both. A label may be a machine
// tag, namespace:predicate="value". What a signal says and an attribute has no place for is
// written as machine tags in the namespace lantern, one for each member of a draft, spelled as in a table
// (package column): lantern:severity="high". The Traffic Light Protocol has its own,
// tlp:amber+strict. docs/formats/misp.md has the whole table.
//
// # What is not taken
//
// MISP's target-* types say whom an attack was aimed at, and email-dst to whom a message went. What
// identifies somebody who was harmed is never a signal, so they are passed over. So are
// comments, files and all else that is no value to look for, and [Reader.Lost] counts it. An
// attribute that carries content is refused.
//
// # Two passes
//
// MISP writes the labels of an event behind its attributes, and a label may forbid to pass them on. So
// the file is read twice at once: a second reader runs ahead to the end of the event and
// brings its labels back before its first attribute is handed out. Memory holds one attribute and the
// labels of one event.
package misp
