package text

import "unicode/utf8"

// Whether a token can begin or end at a border is asked twice: of the text as it stands, and of the text as a person sees
// it, in which characters that cannot be seen are none, a code stands for its character and a full-width mark that
// joins names for the mark. Only if both say yes it can: "name@example.com" does not end before "%78", nor
// before U+2060 and "x".

// LeftFree reports whether a token may begin at p: the text before does not go over into it.
// What counts is its first letter or digit, whatever mark it begins with: "+1" and "$tag" may
// follow a script written without spaces.
func LeftFree(text []byte, p int, join *Set) bool {
	i := p
	for i > 0 && p-i < MaxJoin && join.Has(text[i-1]) {
		i--
	}
	if p-i == MaxJoin {
		return true
	}
	r, _ := RuneBefore(text, i)
	before := ScriptOf(r)
	if before == NoScript {
		return !veilEnds(r) || seenLeft(text, p, join)
	}
	if escapeEnds(text, i) {
		return true
	}
	if inside := scriptFrom(text, p); inside == NoScript || inside == before {
		return false
	}
	if _, size := CodeBefore(text, i); size == 0 {
		return true
	}
	return seenLeft(text, p, join)
}

// RightFree reports whether a token may end at e.
func RightFree(text []byte, e int, join *Set) bool {
	i := e
	for i < len(text) && i-e < MaxJoin && join.Has(text[i]) {
		i++
	}
	if i-e == MaxJoin {
		return true
	}
	r, _ := RuneAt(text, i)
	after := ScriptOf(r)
	if after == NoScript {
		return !veilBegins(r) || seenRight(text, e, join)
	}
	inside := scriptBefore(text, e)
	return inside != NoScript && inside != after && (r >= utf8.RuneSelf || !join.Has('%') || seenRight(text, e, join))
}

// scriptFrom returns the script of the first letter or digit from i on, NoScript if it is far.
func scriptFrom(text []byte, i int) (s Script) {
	for n := 0; s == NoScript && i < len(text) && n < MaxJoin; n++ {
		r, size := RuneAt(text, i)
		s, i = ScriptOf(r), i+size
	}
	return s
}

// scriptBefore is scriptFrom for what stands before i.
func scriptBefore(text []byte, i int) (s Script) {
	for n := 0; s == NoScript && i > 0 && n < MaxJoin; n++ {
		r, size := RuneBefore(text, i)
		s, i = ScriptOf(r), i-size
	}
	return s
}

// veilBegins and veilEnds report whether what reads otherwise than it stands may begin with r, which is no letter or digit, or end with it.
func veilBegins(r rune) bool { return r == '%' || r == '&' || isVeil(r) }
func veilEnds(r rune) bool   { return r == ';' || isVeil(r) }

func isVeil(r rune) bool {
	return r >= utf8.RuneSelf && (looksPast(r) || narrowMark(r) != r)
}

// narrowMark returns the mark of ASCII that r is the full-width form of, if it joins names, or r. Other full-width marks
// part words wherever such are written.
func narrowMark(r rune) rune {
	switch r {
	case '．':
		return '.'
	case '－':
		return '-'
	case '＿':
		return '_'
	case '＋':
		return '+'
	}
	return r
}

// seenLeft reports whether a token may begin at p in the text as it is seen.
func seenLeft(text []byte, p int, join *Set) bool {
	i, hidden := p, false
	for range MaxJoin {
		r, size := RuneBefore(text, i)
		switch {
		case r >= utf8.RuneSelf:
			if r == '．' && numbers(text, i-size) {
				return true
			}
			hidden = hidden || looksPast(r)
			r = narrowMark(r)
		case r == ';' || r >= 0 && IsHex(byte(r)):
			if c, n := CodeBefore(text, i); n > 0 {
				r, size = rune(c), n
			}
		}
		if !joins(r, join) {
			s := goesOn(r, hidden)
			if s == NoScript || escapeEnds(text, i) {
				return true
			}
			inside := scriptFrom(text, p)
			return inside != NoScript && inside != s
		}
		i -= size
	}
	return true
}

// seenRight reports whether a token may end at e in the text as it is seen.
func seenRight(text []byte, e int, join *Set) bool {
	i, hidden := e, false
	for range MaxJoin {
		r, size := RuneAt(text, i)
		switch {
		case r >= utf8.RuneSelf:
			hidden = hidden || looksPast(r)
			r = narrowMark(r)
		case r == '%' || r == '&':
			if c, n := CodeAt(text, i); n > 0 {
				r, size = rune(c), n
			}
		}
		if !joins(r, join) {
			s := goesOn(r, hidden)
			if s == NoScript {
				return true
			}
			inside := scriptBefore(text, e)
			return inside != NoScript && inside != s
		}
		i += size
	}
	return true
}

// joins reports whether the search outwards goes on past r.
func joins(r rune, join *Set) bool {
	if r >= utf8.RuneSelf {
		return looksPast(r)
	}
	return r >= 0 && join.Has(byte(r))
}

// looksPast reports what cannot be seen and parts no words.
func looksPast(r rune) bool { return r >= utf8.RuneSelf && kind(r)&(isHidden|mayPart) == isHidden }

// goesOn returns the script in which a token may go on with r, past something hidden or not; NoScript if it does not. What is
// hidden and honest stands between scripts of which one is written from right to left, or between a word and its ending.
func goesOn(r rune, hidden bool) Script {
	if hidden && r >= utf8.RuneSelf && !IsWideWord(r) {
		return NoScript
	}
	return ScriptOf(r)
}

// IsWideWord reports a full-width letter or digit.
func IsWideWord(r rune) bool {
	return r >= '０' && r <= 'ｚ' && Classes[byte(r-'！'+'!')]&(Letter|Digit) != 0
}

// numbers reports whether what ends at i is a number in front of an item of a list: up to three digits with nothing before them.
func numbers(text []byte, i int) bool {
	n := 0
	for ; n <= 3; n++ {
		r, size := RuneBefore(text, i)
		if !(r >= '0' && r <= '9' || r >= '０' && r <= '９') {
			return n > 0 && ScriptOf(r) != Spaced && (r < 0 || r >= utf8.RuneSelf || !HostJoin.Has(byte(r)))
		}
		i -= size
	}
	return false
}
