// Package display shows data to people and programs in four formats: a table, JSON, one
// JSON object a line (NDJSON) and CSV.
//
// What is shown has mostly been written by somebody else. Whatever the format, no
// character that a terminal obeys leaves this package (control characters, escape
// sequences, direction changes, invisible characters): in a table and in CSV they become
// visible codes, in JSON the escapes that a reader turns back. A CSV cell never starts a
// formula. Times are RFC 3339 in UTC.
//
// A kind of thing is described once, as a list of columns; JSON shows the whole thing.
package display
