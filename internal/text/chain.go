package text

import (
	"bytes"
	"unicode/utf8"
)

// DotForms are the ways people write a dot so that a name cannot be clicked, and what
// else stands for a dot in a host name.
var DotForms = []string{
	"[.]", "(.)", "{.}", "<.>", `\.`, "[dot]", "(dot)", "{dot}", "[punkt]", "(punkt)", "[d0t]", "(d0t)", "[.", ".]",
	"。", "．", "｡", "․",
}

// AtForms are the ways people write an at sign so that an address cannot be harvested.
var AtForms = []string{"[at]", "(at)", "{at}", "<at>", "[@]", "(@)", "＠", "﹫"}

// FormAt returns the length of the longest of forms that text has at i, in any case, with
// one blank around it if blanks says so.
func FormAt(text []byte, i int, forms []string) int {
	blank := 0
	if i < len(text) && text[i] == ' ' {
		blank = 1
	}
	if !MayBegin(text, i+blank) {
		return 0
	}
	best := 0
	for _, f := range forms {
		end := i + blank + len(f)
		if end <= len(text) && LowerEqual(text[i+blank:end], f) {
			best = max(best, blank+len(f))
		}
	}
	if best > 0 && i+best < len(text) && text[i+best] == ' ' {
		best++
	}
	return best
}

// FormBefore returns the length of the longest of forms that ends at i.
func FormBefore(text []byte, i int, forms []string) int {
	blank := 0
	if i > 0 && text[i-1] == ' ' {
		blank = 1
	}
	if !MayEnd(text, i-blank) {
		return 0
	}
	best := 0
	for _, f := range forms {
		start := i - blank - len(f)
		if start >= 0 && LowerEqual(text[start:i-blank], f) {
			best = max(best, blank+len(f))
		}
	}
	if best > 0 && i-best > 0 && text[i-best-1] == ' ' {
		best++
	}
	return best
}

// formHeads and formTails hold, for each byte with which a form begins or ends, the bytes that
// may stand behind or before it there. Forms of ASCII have two bytes at least.
var formHeads, formTails = func() (heads, tails [256]Set) {
	for _, forms := range [][]string{DotForms, AtForms} {
		for _, f := range forms {
			if f[0] < utf8.RuneSelf {
				heads[f[0]].add(f[1])
				tails[f[len(f)-1]].add(f[len(f)-2])
			}
		}
	}
	return heads, tails
}()

// highHeads and highTails are the bytes with which forms outside ASCII begin and end.
var highHeads, highTails = func() (heads, tails [256]bool) {
	for _, forms := range [][]string{DotForms, AtForms} {
		for _, f := range forms {
			if f[0] >= utf8.RuneSelf {
				heads[f[0]], tails[f[len(f)-1]] = true, true
			}
		}
	}
	return heads, tails
}()

// MayBegin reports whether a form may begin at i. No is certain.
func MayBegin(text []byte, i int) bool {
	if i >= len(text) {
		return false
	}
	c := text[i]
	return highHeads[c] || i+1 < len(text) && formHeads[c].Has(Lower(text[i+1]))
}

// MayEnd reports whether a form may end at i. No is certain.
func MayEnd(text []byte, i int) bool {
	if i <= 0 {
		return false
	}
	c := text[i-1]
	return highTails[c] || i > 1 && formTails[c].Has(Lower(text[i-2]))
}

// DotGoesOn reports whether a form of a dot at e joins what ends there to a name behind
// it, and where that begins.
func DotGoesOn(text []byte, e int) (next int, ok bool) {
	n := FormAt(text, e, DotForms)
	if n == 0 {
		return e, false
	}
	before, _ := RuneBefore(text, e)
	after, _ := RuneAt(text, e+n)
	return e + n, ScriptOf(after) != NoScript && ScriptOf(after) == ScriptOf(before)
}

// DotBinds reports whether a name that goes on behind a dot at e, however written, cannot end
// in front of it.
func DotBinds(text []byte, e int) bool {
	next, ok := DotGoesOn(text, e)
	return ok && dotBinds(text[e:next])
}

// dotBinds reports whether a form of a dot joins for certain: a full stop of another script
// with a blank beside it may as well end a sentence, so both are tried.
func dotBinds(form []byte) bool {
	bare := bytes.Trim(form, " ")
	return len(bare) == len(form) || bare[0] < utf8.RuneSelf
}

// DotLeadsHere reports whether a form of a dot joins, for certain, a name to what begins at p.
func DotLeadsHere(text []byte, p int) bool {
	n := FormBefore(text, p, DotForms)
	if n == 0 {
		return false
	}
	before, _ := RuneBefore(text, p-n)
	after, _ := RuneAt(text, p)
	return dotBinds(text[p-n:p]) && ScriptOf(before) != NoScript && ScriptOf(after) == ScriptOf(before)
}

// maxHost is how many bytes of a host name are looked at.
const maxHost = 4096

// HostEnds are the ends of the host names that begin at one place.
type HostEnds struct {
	ends   [8]int
	n      int
	Dotted bool // the longest has a dot, however written
	Plain  bool // the longest is letters, digits, hyphens, underscores and plain dots
}

// Chain reads labels joined by dots of any form from p on. Usually they can end in one
// place only; between scripts there may be more, of which the first eight count.
func Chain(text []byte, p int) (h HostEnds) {
	h.Plain = true
	i := p
	for limit := min(len(text), p+maxHost); i < limit && h.n < len(h.ends); {
		c := text[i]
		switch k := Classes[c]; {
		case k&(Letter|Digit) != 0:
			i++
			if i == len(text) || Classes[text[i]]&(Letter|Digit) == 0 {
				h.end(text, i)
			}
			continue
		case c == '.':
			h.Dotted = true
			i++
			continue
		case c == '-' || c == '_':
			i++
			continue
		case k&High != 0:
			r, size := utf8.DecodeRune(text[i:])
			if RunRune(r) {
				h.Plain = false
				i += size
				if !IsHidden(r) {
					h.end(text, i)
				}
				continue
			}
		}
		next, ok := DotGoesOn(text, i)
		if !ok {
			break
		}
		h.Dotted, h.Plain = true, false
		i = next
	}
	return h
}

// end notes that a name can end at e, if it can.
func (h *HostEnds) end(text []byte, e int) {
	if h.n == len(h.ends) || !RightFree(text, e, &HostJoin) {
		return
	}
	if DotBinds(text, e) {
		return
	}
	h.ends[h.n] = e
	h.n++
}

// All returns the ends, rising.
func (h *HostEnds) All() []int { return h.ends[:h.n] }

// RunRune reports whether a character outside ASCII can be part of a name: a letter, digit
// or mark, or one that cannot be seen.
func RunRune(r rune) bool {
	return kind(r)&isRun != 0
}
