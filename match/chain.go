package match

import (
	"unicode"
	"unicode/utf8"
)

// dotForms are the ways people write a dot so that a name cannot be clicked, and what
// else stands for a dot in a host name.
var dotForms = []string{
	"[.]", "(.)", "{.}", "<.>", `\.`, "[dot]", "(dot)", "{dot}", "[punkt]", "(punkt)", "[d0t]", "(d0t)", "[.", ".]",
	"。", "．", "｡", "․",
}

// atForms are the ways people write an at sign so that an address cannot be harvested.
var atForms = []string{"[at]", "(at)", "{at}", "<at>", "[@]", "(@)", "＠", "﹫"}

// formAt returns the length of the longest of forms that text has at i, in any case, with
// one blank around it if blanks says so.
func formAt(text []byte, i int, forms []string) int {
	blank := 0
	if i < len(text) && text[i] == ' ' {
		blank = 1
	}
	if i+blank >= len(text) || !formHead[text[i+blank]] {
		return 0
	}
	best := 0
	for _, f := range forms {
		end := i + blank + len(f)
		if end <= len(text) && lowerEqual(text[i+blank:end], f) {
			best = max(best, blank+len(f))
		}
	}
	if best > 0 && i+best < len(text) && text[i+best] == ' ' {
		best++
	}
	return best
}

// formBefore returns the length of the longest of forms that ends at i.
func formBefore(text []byte, i int, forms []string) int {
	blank := 0
	if i > 0 && text[i-1] == ' ' {
		blank = 1
	}
	if i-blank <= 0 || !formTail[text[i-blank-1]] {
		return 0
	}
	best := 0
	for _, f := range forms {
		start := i - blank - len(f)
		if start >= 0 && lowerEqual(text[start:i-blank], f) {
			best = max(best, blank+len(f))
		}
	}
	if best > 0 && i-best > 0 && text[i-best-1] == ' ' {
		best++
	}
	return best
}

// formHead and formTail are the bytes with which forms begin and end.
var formHead, formTail = func() (head, tail [256]bool) {
	for _, forms := range [][]string{dotForms, atForms} {
		for _, f := range forms {
			head[f[0]], tail[f[len(f)-1]] = true, true
		}
	}
	return head, tail
}()

// dotGoesOn reports whether a form of a dot at e joins what ends there to a name behind
// it, and where that begins.
func dotGoesOn(text []byte, e int) (next int, ok bool) {
	n := formAt(text, e, dotForms)
	if n == 0 {
		return e, false
	}
	before, _ := runeBefore(text, e)
	after, _ := runeAt(text, e+n)
	return e + n, scriptOf(after) != noScript && scriptOf(after) == scriptOf(before)
}

// dotLeadsHere reports whether a form of a dot joins a name to what begins at p.
func dotLeadsHere(text []byte, p int) bool {
	n := formBefore(text, p, dotForms)
	if n == 0 {
		return false
	}
	before, _ := runeBefore(text, p-n)
	after, _ := runeAt(text, p)
	return scriptOf(before) != noScript && scriptOf(after) == scriptOf(before)
}

// hosts are the ends of the host names that begin at one place.
type hostEnds struct {
	ends   [8]int
	n      int
	dotted bool // the longest has a dot, however written
	plain  bool // the longest is letters, digits, hyphens, underscores and plain dots
}

// chain reads labels joined by dots of any form from p on. Usually they can end in one
// place only; between scripts there may be more, of which the first eight count.
func chain(text []byte, p int) (h hostEnds) {
	h.plain = true
	i := p
	for limit := min(len(text), p+maxReading); i < limit; {
		c := text[i]
		switch k := classes[c]; {
		case k&(isLetter|isDigit) != 0:
			i++
			if i == len(text) || classes[text[i]]&(isLetter|isDigit) == 0 {
				h.end(text, i)
			}
			continue
		case c == '.':
			h.dotted = true
			i++
			continue
		case c == '-' || c == '_':
			i++
			continue
		case k&isHigh != 0:
			r, size := utf8.DecodeRune(text[i:])
			if runRune(r) {
				h.plain = false
				i += size
				if !unicode.Is(unicode.Cf, r) {
					h.end(text, i)
				}
				continue
			}
		}
		next, ok := dotGoesOn(text, i)
		if !ok {
			break
		}
		h.dotted, h.plain = true, false
		i = next
	}
	return h
}

// end notes that a name can end at e, if it can.
func (h *hostEnds) end(text []byte, e int) {
	if h.n == len(h.ends) || !rightFree(text, e, &hostJoin) {
		return
	}
	if _, on := dotGoesOn(text, e); on {
		return
	}
	h.ends[h.n] = e
	h.n++
}

// all returns the ends, rising.
func (h *hostEnds) all() []int { return h.ends[:h.n] }
