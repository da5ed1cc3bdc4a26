package display

import (
	"bytes"
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// cellLimit is the width at which a table cuts a cell.
func (p *Printer) cellLimit() int {
	if p.narrow {
		return 60
	}
	return math.MaxInt
}

// tableRow writes the cells of one row under each other's columns.
func (p *Printer) tableRow(b *bytes.Buffer, cells []string, widths []int, heading bool) {
	if heading && p.bold {
		b.WriteString("\x1b[1m")
	}
	var line strings.Builder
	for i, cell := range cells {
		if i > 0 {
			line.WriteString("  ")
		}
		line.WriteString(pad(cut(cell, p.cellLimit()), widths[i]))
	}
	b.WriteString(strings.TrimRight(line.String(), " "))
	if heading && p.bold {
		b.WriteString("\x1b[0m")
	}
	b.WriteByte('\n')
}

// runeWidth is the number of terminal columns of a character.
func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func pad(s string, to int) string {
	return s + strings.Repeat(" ", max(0, to-displayWidth(s)))
}

// cut shortens s to at most limit columns and shows that it did.
func cut(s string, limit int) string {
	if displayWidth(s) <= limit {
		return s
	}
	n := 1 // the mark
	for i, r := range s {
		if n += runeWidth(r); n > limit {
			return s[:i] + "…"
		}
	}
	return s
}
