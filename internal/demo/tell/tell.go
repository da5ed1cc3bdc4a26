// Package tell tells a story on a terminal or into a file: who did what, what came of it,
// what stands on whose screen. It wraps words at 80 columns and breaks what stands on a
// Screen only where it is too wide for 100; nothing it prints depends on anything but
// what it was given.
package tell

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"lantern/internal/display"
)

// Narrator tells a story. Set W before the first word. It is not for concurrent use.
type Narrator struct {
	W        io.Writer
	Terminal bool // progress may be drawn
	Bold     bool // headings and speakers stand out
	Silent   bool // nothing is told; progress still shows
	Step     int  // of the last chapter

	spaced bool // the last line told was empty
	err    error
}

// Err is the first failure to write.
func (n *Narrator) Err() error { return n.err }

const (
	textWidth   = 80
	NameWidth   = 11 // of the longest speaker and a blank
	screenWidth = 92 // of a line on somebody's screen, beside the frame
)

// Printf prints as fmt does, unless the narrator is silent.
func (n *Narrator) Printf(format string, args ...any) {
	if n.Silent {
		return
	}
	line := fmt.Sprintf(format, args...)
	if _, err := io.WriteString(n.W, line); n.err == nil {
		n.err = err
	}
	n.spaced = line == "\n" || strings.HasSuffix(line, "\n\n")
}

// Space leaves a line empty, once.
func (n *Narrator) Space() {
	if !n.spaced {
		n.Printf("\n")
	}
}

// Chapter begins a step: when, what, and the reason it matters.
func (n *Narrator) Chapter(when, title, why string) {
	n.Step++
	n.Space()
	n.Printf("%s\n", n.Strong(fmt.Sprintf("%d  %s  %s", n.Step, when, title)))
	n.Text("   ", "   ", why)
	n.Printf("\n")
}

// Says tells what one company or program did.
func (n *Narrator) Says(who, format string, args ...any) {
	first := "   " + Pad(who, NameWidth)
	if who != "" {
		first = strings.Replace(first, who, n.Strong(who), 1)
	}
	n.Text(first, strings.Repeat(" ", 3+NameWidth), fmt.Sprintf(format, args...))
}

// Adds continues what was told last.
func (n *Narrator) Adds(format string, args ...any) { n.Says("", format, args...) }

// Screen shows what stands on somebody's screen, line by line as it is given. Only a line
// that is too wide for a terminal is broken.
func (n *Narrator) Screen(title string, lines ...string) {
	n.Space()
	n.Printf("   ┌ %s\n", title)
	for _, l := range lines {
		for utf8.RuneCountInString(l) > screenWidth {
			at := strings.LastIndexByte(l[:screenWidth], ' ')
			if at <= 0 {
				break
			}
			n.Printf("   │ %s\n", strings.TrimRight(l[:at], " "))
			l = "    " + l[at+1:]
		}
		n.Printf("   │ %s\n", l)
	}
	n.Printf("\n")
}

// Text prints words wrapped, the first line after first and the others after rest.
func (n *Narrator) Text(first, rest, words string) {
	line, width := first, utf8.RuneCountInString(rest) // first may hold marks that take no room
	empty := true
	for w := range strings.FieldsSeq(words) {
		size := utf8.RuneCountInString(w)
		if !empty && width+1+size > textWidth {
			n.Printf("%s\n", line)
			line, width, empty = rest, utf8.RuneCountInString(rest), true
		}
		if !empty {
			line += " "
			width++
		}
		line, width, empty = line+w, width+size, false
	}
	n.Printf("%s\n", line)
}

// Strong marks words on a terminal that can show it.
func (n *Narrator) Strong(words string) string {
	if !n.Bold {
		return words
	}
	return "\x1b[1m" + words + "\x1b[0m"
}

// Bar shows progress on a terminal.
func (n *Narrator) Bar(what string, steps int) *display.Bar {
	if !n.Terminal {
		return &display.Bar{}
	}
	return display.NewBar(n.W, "   "+what, int64(steps), true, false)
}

// Pad fills a word up to a width, by a blank at least.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(1, width-utf8.RuneCountInString(s)))
}

// Count writes a number with commas between thousands.
func Count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// None is a number, or "none".
func None(n int) string {
	if n == 0 {
		return "none"
	}
	return Count(n)
}

// Some is "1 row" or "1,234 rows".
func Some(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// List is "a, b and c".
func List(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
