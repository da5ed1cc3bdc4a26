package matchtest

import (
	"encoding/binary"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"lantern/signal"
)

// text is a decoded text, character by character.
type text struct {
	s     string
	chars []char
	index []int32 // byte offset in s to number in chars
}

// char is one character; r is -1 where bytes decode to none.
type char struct {
	r        rune
	off      int   // in s
	original int64 // in the text as it was given
	line     int
	column   int
}

// newText decodes a text as docs/design/008-reading-text.md says.
func newText(b []byte) *text {
	t := &text{}
	var s strings.Builder
	line, column := 1, 1
	add := func(r rune, bytes string, original int) {
		t.index = append(t.index, int32(len(t.chars)))
		for len(t.index) < s.Len()+len(bytes) {
			t.index = append(t.index, -1)
		}
		t.chars = append(t.chars, char{r, s.Len(), int64(original), line, column})
		s.WriteString(bytes)
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	order, begin := wide(b)
	switch {
	case order != nil:
		for i := begin; i < len(b); {
			r, size := utf8.RuneError, 2
			if i+1 < len(b) {
				if r = rune(order.Uint16(b[i:])); utf16.IsSurrogate(r) {
					low := rune(0)
					if i+3 < len(b) {
						low = rune(order.Uint16(b[i+2:]))
					}
					if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
						size = 4
					}
				}
			}
			add(r, string(r), i)
			i += size
		}
	default:
		i := 0
		if strings.HasPrefix(string(b), "\ufeff") {
			i = 3
		}
		for i < len(b) {
			r, size := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && size == 1 {
				r = -1
			}
			add(r, string(b[i:i+size]), i)
			i += size
		}
	}
	t.index = append(t.index, int32(len(t.chars)))
	t.chars = append(t.chars, char{-1, s.Len(), int64(len(b)), line, column})
	t.s = s.String()
	return t
}

// number returns the number of the character at a byte offset of s.
func (t *text) number(off int) int { return int(t.index[off]) }

// at returns character i, -1 beside the text.
func (t *text) at(i int) rune {
	if i < 0 || i >= len(t.chars) {
		return -1
	}
	return t.chars[i].r
}

// cut returns the text from character i to character j.
func (t *text) cut(i, j int) string { return t.s[t.chars[i].off:t.chars[j].off] }

// from returns at most n bytes of the text from character i on.
func (t *text) from(i, n int) string {
	off := t.chars[i].off
	return t.s[off:min(len(t.s), off+n)]
}

// hidden reports what cannot be seen.
func hidden(r rune) bool {
	return r >= 0x80 && (unicode.In(r, unicode.Cf, unicode.Variation_Selector) || strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r))
}

// kind is 0 for what is no letter or digit, 2 for scripts written without spaces, else 1.
func kind(r rune) int {
	switch {
	case r < 0 || r == utf8.RuneError || !signal.IsWord(r) || hidden(r):
		return 0
	case signal.Unspaced(r):
		return 2
	}
	return 1
}

var escape = regexp.MustCompile(`\\(?:[abfnrtv]|u[0-9a-fA-F]{4})$`)

// free reports whether a token may begin (step -1) or end (step 1) at the border before
// character i, given what joins its kind of token.
func (t *text) free(i, step int, join string) bool {
	in, out := i, i-1
	if step > 0 {
		in, out = i-1, i
	}
	n := 0
	for t.at(out) > 0 && strings.ContainsRune(join, t.at(out)) {
		if n++; n == 32 {
			return true
		}
		out += step
	}
	if k := kind(t.at(out)); k != 0 && !t.escapeBefore(out+1, step) {
		if inside := t.inside(in, step); inside == 0 || inside == k {
			return false
		}
	}
	return t.freeAsSeen(i, step, join)
}

// escapeBefore reports whether an escape of source code ends before character i, of a token that begins (step -1).
func (t *text) escapeBefore(i, step int) bool {
	return step < 0 && escape.MatchString(t.s[max(0, t.chars[i].off-6):t.chars[i].off])
}

// inside returns the kind of the nearest word character from in on, against step.
func (t *text) inside(in, step int) int {
	for n := 0; n < 32; n++ {
		if k := kind(t.at(in)); k != 0 {
			return k
		}
		in -= step
	}
	return 0
}

// freeAsSeen is free for a text as a person sees it: what cannot be seen is not there, codes are their characters, and
// so are full-width forms of the marks . - _ +.
func (t *text) freeAsSeen(i, step int, join string) bool {
	in, out := i, i-1
	if step > 0 {
		in, out = i-1, i
	}
	passed := false
	for range 32 {
		c, n := t.at(out), 1
		if code, size := t.code(out, step); size > 0 {
			c, n = code, size
		}
		if c == '．' && step < 0 && t.listNumber(out) {
			return true
		}
		if strings.ContainsRune("．－＿＋", c) {
			c += '!' - '！'
		}
		switch {
		case hidden(c) && !strings.ContainsRune("\u200b\u115f\u1160\u2800\u3164\uffa0", c):
			passed = true
		case c > 0 && strings.ContainsRune(join, c):
		case kind(c) == 0, t.escapeBefore(out+1, step), passed && c > 0x7F && !(kind(c) == 1 && c >= '！' && c <= '～'):
			return true
		default:
			inside := t.inside(in, step)
			return inside != 0 && inside != kind(c)
		}
		out += n * step
	}
	return true
}

var digitsBehind = regexp.MustCompile(`[0-9０-９]*$`)

// listNumber reports whether a number of up to three digits stands before i, as before an item of a list.
func (t *text) listNumber(i int) bool {
	digits := utf8.RuneCountInString(digitsBehind.FindString(t.s[max(0, t.chars[i].off-16):t.chars[i].off]))
	before := t.at(i - digits - 1)
	return digits >= 1 && digits <= 3 && kind(before) != 1 && !strings.ContainsRune("-._", before)
}

// code returns the character that a code which begins (step 1) or ends (step -1) with character i stands for, and how many
// characters it has; 0 if there is none.
func (t *text) code(i, step int) (r rune, size int) {
	for size := 3; size <= 8; size++ {
		from := i
		if step < 0 {
			from = i - size + 1
		}
		if from < 0 || i < 0 || i >= len(t.chars)-1 {
			break
		}
		if c, ok := codesIn(t.from(from, 16))[0]; ok && c[1] == size {
			return rune(c[0]), size
		}
	}
	return 0, 0
}

// escapedSlash is how writers of JSON escape a slash.
const escapedSlash = `(?:\\/|\\u002[fF])`

var (
	slashAhead  = regexp.MustCompile(`^(?:/|` + escapedSlash + `)`)
	slashBehind = regexp.MustCompile(`(?:` + escapedSlash + `|/)$`)
)

// slash returns how many characters the slash at i has, escaped or not; 0 if there is none.
func (t *text) slash(i int) int { return len(slashAhead.FindString(t.from(i, 6))) }

// slashBehind returns how many characters the slash before i has.
func (t *text) slashBehind(i int) int {
	if i < 0 {
		return 0
	}
	off := t.chars[i].off
	return len(slashBehind.FindString(t.s[max(0, off-6):off]))
}

// forms of dots and at signs that are more than one character, or not ASCII.
const (
	dotForm = `(?:\[\.\]|\(\.\)|\{\.\}|<\.>|\\\.|(?i:\[dot\]|\(dot\)|\{dot\}|\[punkt\]|\(punkt\)|\[d0t\]|\(d0t\))|\[\.|\.\]|。|．|｡|․)`
	atForm  = `(?:(?i:\[at\]|\(at\)|\{at\}|<at>)|\[@\]|\(@\)|＠|﹫)`
)

var (
	dotAhead  = regexp.MustCompile(`^ ?` + dotForm + ` ?`)
	dotBehind = regexp.MustCompile(` ?` + dotForm + ` ?$`)
	atBehind  = regexp.MustCompile(`(?:@| ?` + atForm + ` ?)$`)
)

// dotted returns the number of the character behind a dot form at i that joins names, or 0.
func (t *text) dotted(i int) int {
	m := dotAhead.FindString(t.from(i, 16))
	if m == "" {
		return 0
	}
	j := t.number(t.chars[i].off + len(m))
	if kind(t.at(i-1)) != 0 && kind(t.at(j)) == kind(t.at(i-1)) {
		return j
	}
	return 0
}

// binds reports whether a dot form is more than what may end a sentence: a full stop of another
// script with a blank beside it.
func binds(form string) bool {
	bare := strings.Trim(form, " ")
	return bare == form || bare[0] < utf8.RuneSelf
}

// dotBinds reports whether a dot form at i joins what ends there to what follows, for certain.
func (t *text) dotBinds(i int) bool { j := t.dotted(i); return j > 0 && binds(t.cut(i, j)) }

// dotsBehind reports whether a dot form before i joins a name to what begins at i.
func (t *text) dotsBehind(i int) bool {
	off := t.chars[i].off
	m := dotBehind.FindString(t.s[max(0, off-16):off])
	if m == "" {
		return false
	}
	j := t.number(off - len(m))
	return binds(m) && kind(t.at(j-1)) != 0 && kind(t.at(j-1)) == kind(t.at(i))
}

// nameChar reports letters, digits, marks and what cannot be seen.
func nameChar(r rune) bool { return kind(r) != 0 || hidden(r) }

// hostEnds returns the borders at which a host name that begins at i can end, and whether
// there is a dot in it.
func (t *text) hostEnds(i int) (ends []int, dotty bool) {
	start := t.chars[i].off
	for j := i; t.chars[j].off-start < 4096 && len(ends) < 8; {
		r := t.at(j)
		if nameChar(r) || r == '.' || r == '-' || r == '_' {
			dotty = dotty || r == '.'
			if j++; kind(r) != 0 && t.free(j, 1, ".-_") && !t.dotBinds(j) {
				ends = append(ends, j)
			}
			continue
		}
		next := t.dotted(j)
		if next == 0 {
			break
		}
		dotty, j = true, next
	}
	return ends, dotty
}

// wide returns the byte order of a text in UTF-16 and where it begins; nil for any other text.
func wide(b []byte) (binary.ByteOrder, int) {
	orders := []binary.ByteOrder{binary.LittleEndian, binary.BigEndian}
	for _, order := range orders {
		if len(b) >= 2 && order.Uint16(b) == 0xFEFF {
			return order, 2
		}
	}
	head := b[:min(len(b), 512)]
	for _, order := range orders {
		units, narrow, impossible := 0, 0, false
		for i := 0; i+1 < len(head); i += 2 {
			u := order.Uint16(head[i:])
			units++
			if u < 0x100 {
				narrow++
			}
			control := u < 0x20 && u != '\t' && u != '\r' && u != '\n' || u >= 0x7F && u < 0xA0
			impossible = impossible || control || u == 0xFFFE || u == 0xFFFF
		}
		if units >= 4 && narrow*10 >= units*9 && !impossible {
			return order, 0
		}
	}
	return nil, 0
}
