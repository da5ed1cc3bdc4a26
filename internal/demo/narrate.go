package demo

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"lantern/internal/display"
)

// narrator tells a story: who did what, what came of it, why it matters.
type narrator struct {
	w        io.Writer
	terminal bool // progress may be drawn
	bold     bool // headings and speakers stand out
	silent   bool // nothing is told; progress still shows
	spaced   bool // the last line told was empty
	step     int
	err      error // the first failure to write
}

const (
	textWidth   = 80
	nameWidth   = 11 // of the longest speaker and a blank
	screenWidth = 92 // of a line on somebody's screen, beside the frame
)

func (n *narrator) printf(format string, args ...any) {
	if n.silent {
		return
	}
	line := fmt.Sprintf(format, args...)
	if _, err := io.WriteString(n.w, line); n.err == nil {
		n.err = err
	}
	n.spaced = line == "\n" || strings.HasSuffix(line, "\n\n")
}

// space leaves a line empty, once.
func (n *narrator) space() {
	if !n.spaced {
		n.printf("\n")
	}
}

// chapter begins a step: when, what, and the reason it matters.
func (n *narrator) chapter(when, title, why string) {
	n.step++
	n.space()
	n.printf("%s\n", n.strong(fmt.Sprintf("%d  %s  %s", n.step, when, title)))
	n.text("   ", "   ", why)
	n.printf("\n")
}

// says tells what one company or program did.
func (n *narrator) says(who, format string, args ...any) {
	first := "   " + pad(who, nameWidth)
	if who != "" {
		first = strings.Replace(first, who, n.strong(who), 1)
	}
	n.text(first, strings.Repeat(" ", 3+nameWidth), fmt.Sprintf(format, args...))
}

// adds continues what was told last.
func (n *narrator) adds(format string, args ...any) { n.says("", format, args...) }

// screen shows what stands on somebody's screen, line by line as it is given. Only a line
// that is too wide for a terminal is broken.
func (n *narrator) screen(title string, lines ...string) {
	n.space()
	n.printf("   ┌ %s\n", title)
	for _, l := range lines {
		for utf8.RuneCountInString(l) > screenWidth {
			at := strings.LastIndexByte(l[:screenWidth], ' ')
			if at <= 0 {
				break
			}
			n.printf("   │ %s\n", strings.TrimRight(l[:at], " "))
			l = "    " + l[at+1:]
		}
		n.printf("   │ %s\n", l)
	}
	n.printf("\n")
}

// text prints words wrapped, the first line after first and the others after rest.
func (n *narrator) text(first, rest, words string) {
	line, width := first, utf8.RuneCountInString(rest) // first may hold marks that take no room
	empty := true
	for w := range strings.FieldsSeq(words) {
		size := utf8.RuneCountInString(w)
		if !empty && width+1+size > textWidth {
			n.printf("%s\n", line)
			line, width, empty = rest, utf8.RuneCountInString(rest), true
		}
		if !empty {
			line += " "
			width++
		}
		line, width, empty = line+w, width+size, false
	}
	n.printf("%s\n", line)
}

// strong marks words on a terminal that can show it.
func (n *narrator) strong(words string) string {
	if !n.bold {
		return words
	}
	return "\x1b[1m" + words + "\x1b[0m"
}

// bar shows progress on a terminal.
func (n *narrator) bar(what string, steps int) *display.Bar {
	if !n.terminal {
		return &display.Bar{}
	}
	return display.NewBar(n.w, "   "+what, int64(steps), true, false)
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(1, width-utf8.RuneCountInString(s)))
}

// count writes a number with commas between thousands.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// none is a number, or "none".
func none(n int) string {
	if n == 0 {
		return "none"
	}
	return count(n)
}

// some is "1 row" or "1,234 rows".
func some(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
