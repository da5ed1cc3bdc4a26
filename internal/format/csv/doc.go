// Package csv reads drafts of signals from the tables people keep: a file with a heading
// line, one draft a row.
//
// The heading names the columns; their order is free, an unknown or repeated name is an
// error, and a column whose name starts with "#" is a remark that is passed over. Comma,
// semicolon and tab all separate, whichever the heading uses. [Columns] lists the names.
// A list (programs, tags, derived_from) is separated by spaces or semicolons, a time is
// RFC 3339 or a date, and an empty cell takes the documented default.
//
// Spreadsheets take a cell that starts with = + - @ TAB or CR for a formula. [Cell] puts
// an apostrophe in front of such a cell when writing, and the reader takes it off again,
// so a phone number survives the way through a spreadsheet.
//
// Reading a row never fails the file: a bad row is returned with its complaints, each
// naming the column and never the content. Only a broken heading, or text that is no CSV
// at all, ends the reading.
package csv

import "strings"

const formulaStart = "=+-@\t\r"

// Cell returns s as a cell that no spreadsheet takes for a formula.
func Cell(s string) string {
	if s != "" && strings.ContainsRune(formulaStart, rune(s[0])) {
		return "'" + s
	}
	return s
}

// uncell takes off what Cell put on.
func uncell(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formulaStart, rune(s[1])) {
		return s[1:]
	}
	return s
}
