// Package csv reads drafts of signals from the tables people keep: a file with a heading
// line, one draft a row.
//
// The heading names the columns; their order is free, an unknown or repeated name is an
// error, and a column whose name starts with "#" is a remark that is passed over. Comma,
// semicolon and tab all separate, whichever the heading uses. Package column lists the names.
// A list (programs, tags, links) is separated by spaces or semicolons, a time is
// RFC 3339 or a date, and an empty cell takes the documented default.
//
// Spreadsheets take a cell that starts with = + - @ (also full-width), TAB, CR or LF for a
// formula. [Cell] puts an apostrophe in front of such a cell when writing, and the reader
// takes it off again, so a phone number survives the way through a spreadsheet. A text that
// looks like a cell that was made safe gets one apostrophe more, so that every text comes
// back as it was.
//
// Reading a row never fails the file: a bad row is returned with its complaints, each
// naming the column and never the content. Only a broken heading, or text that is no CSV
// at all, ends the reading. [Writer] writes what [Reader] reads, and says of each signal
// what a table cannot hold of it.
package csv

import (
	"strings"
	"unicode/utf8"
)

// formula reports text that a spreadsheet would compute.
func formula(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
}

// Cell returns s as a cell that no spreadsheet takes for a formula.
func Cell(s string) string {
	if formula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// uncell takes off what Cell put on.
func uncell(s string) string {
	if strings.HasPrefix(s, "'") && formula(strings.TrimLeft(s, "'")) {
		return s[1:]
	}
	return s
}
