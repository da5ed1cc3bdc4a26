package signal

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// Tail brings what follows the host of a web address, path and query, to its canonical form as
// it is read, so that one pass tells the forms of all beginnings of an address. It does to them what the
// WHATWG URL standard does, drops the fragment and tracking parameters, and writes percent codes
// in one way. The zero value is not ready: [Tail.Start] it.
type Tail struct {
	Dots    int // segments of the path so far that began with a dot
	Slashes int // of the path so far
	Queries int // "?" and "#" so far

	out    []byte
	kept   int    // leading bytes of out that are as they were at the last At
	seg    int    // where the last segment of the path begins
	query  int    // where the "?" stands or would; -1 within the path
	param  int    // where the separator before the last parameter stands
	name   []byte // of that parameter, as long as no "=" was read
	named  bool   // an "=" was read
	drop   bool   // it is dropped
	ended  bool   // the fragment was reached
	half   [2]byte
	halves int // bytes in half: a percent code that is not whole
}

// Start begins behind a host, or behind path, which is canonical and goes on with a slash, "?" or "#".
func (t *Tail) Start(path string) {
	*t = Tail{out: append(t.out[:0], path...), name: t.name[:0], query: -1}
}

// IsUnseen reports the characters that are no part of any address.
func IsUnseen(r rune) bool {
	switch r {
	case '\u200b', '\u2060', '\ufeff', '\u00ad', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069':
		return true
	}
	return false
}

// seen drops what cannot be seen, for [strings.Map].
func seen(r rune) rune {
	if IsUnseen(r) {
		return -1
	}
	return r
}

// Defanged returns the slash or dot that stands at i in brackets, and how many bytes it takes there: "[/]", "[.]" or "[dot]", with
// whatever cannot be seen in between; 0 if there is none.
func Defanged(text []byte, i int) (c byte, size int) {
	if text[i] != '[' {
		return 0, 0
	}
	for _, form := range [...]struct {
		c    byte
		rest string
	}{{'/', "/]"}, {'.', ".]"}, {'.', "dot]"}} {
		j, n := i+1, 0
		for j < len(text) && n < len(form.rest) {
			if text[j] == form.rest[n] {
				j, n = j+1, n+1
			} else if r, size := utf8.DecodeRune(text[j:]); IsUnseen(r) {
				j += size
			} else {
				break
			}
		}
		if n == len(form.rest) {
			return form.c, j - i
		}
	}
	return 0, 0
}

// Refanged reads what stands at i, one character or a defanged slash or dot, and returns how long
// it is. It must be well-formed UTF-8. Where an address ends within a defanged one, [Tail.At] takes
// the part of it.
func (t *Tail) Refanged(text []byte, i int) int {
	c := text[i]
	switch {
	case c == '[':
		if form, size := Defanged(text, i); size > 0 {
			t.Add(form)
			return size
		}
	case c >= utf8.RuneSelf:
		r, size := utf8.DecodeRune(text[i:])
		if !IsUnseen(r) {
			t.addHigh(text[i : i+size])
		}
		return size
	}
	t.Add(c)
	return 1
}

// plain reads a whole text in which nothing is defanged.
func (t *Tail) plain(s string) {
	for i := range len(s) {
		switch c := s[i]; {
		case c < utf8.RuneSelf:
			t.Add(c)
		case !t.ended:
			t.encode(c)
		}
	}
}

// addHigh adds one character outside ASCII: it becomes percent codes.
func (t *Tail) addHigh(b []byte) {
	if t.ended {
		return
	}
	for _, c := range b {
		t.encode(c)
	}
}

// Add adds one ASCII character.
func (t *Tail) Add(c byte) {
	switch {
	case t.ended:
		if c == '#' || c == '?' {
			t.Queries++
		}
	case t.query >= 0:
		t.addQuery(c)
	case c == '/' || c == '\\':
		t.Slashes++
		t.endSegment()
		t.put('/')
		t.seg = len(t.out)
	case c == '?' || c == '#':
		t.Queries++
		t.endPath()
		if t.ended = c == '#'; !t.ended {
			t.put('?')
		}
	case c == '"' || c == '<' || c == '>' || c == '`' || c == '{' || c == '}' || c <= ' ' || c > '~':
		t.encode(c)
	default:
		empty := len(t.out) == t.seg
		if t.tidy(c); empty && len(t.out) > t.seg && t.out[t.seg] == '.' {
			t.Dots++
		}
	}
}

// addQuery adds one character of the query.
func (t *Tail) addQuery(c byte) {
	switch c {
	case '#':
		t.Queries++
		t.endParam()
		t.cut(t.param)
		t.ended = true
		return
	case '&':
		t.endParam()
		t.put(separator(len(t.out) > t.query))
		return
	case '=':
		if !t.named {
			t.named, t.drop = true, dropsName(t.name)
		}
	case '?':
		t.Queries++
	case '"', '<', '>', '\'':
		t.encode(c)
		return
	}
	if c <= ' ' || c > '~' {
		t.encode(c)
		return
	}
	t.nameByte(c)
	t.tidy(c)
}

// separator is what stands before a parameter.
func separator(further bool) byte {
	if further {
		return '&'
	}
	return '?'
}

// endPath ends the path where a query or fragment begins.
func (t *Tail) endPath() {
	t.flush()
	if end := t.resolved(t.out); end < len(t.out) || end == 0 {
		t.cut(end)
		t.put('/')
	}
	t.seg, t.query, t.param = 0, len(t.out), len(t.out)
}

// endParam drops the last parameter if that must be, and begins another behind it.
func (t *Tail) endParam() {
	t.flush()
	if t.drops("") {
		t.cut(t.param)
	}
	t.param = len(t.out)
	t.name, t.named, t.drop = t.name[:0], false, false
}

// nameByte notes a byte of the name of a parameter, as it is encoded.
func (t *Tail) nameByte(c byte) {
	if !t.named {
		t.name = append(t.name, c)
	}
}

// drops reports whether the last parameter is dropped if it ends with more.
func (t *Tail) drops(more string) bool {
	if t.named {
		return t.drop
	}
	if len(t.name)+len(more) == 0 {
		return true
	}
	n := len(t.name)
	t.name = append(t.name, more...)
	drop := dropsName(t.name)
	t.name = t.name[:n]
	return drop
}

// longName is longer than any way to write the name of a tracking parameter in full, nine bytes a character.
const longName = 9 * 64

// dropsName reports whether a parameter of that name is dropped. Of a long one only its beginning
// counts.
func dropsName(name []byte) bool {
	if len(name) < 2 || name[0] != '%' && name[1] != '%' && !tracking().heads[headOf(name)] {
		return false // none is of one letter
	}
	if len(name) > longName {
		if !wholeCodes(name) {
			name = name[:longName]
			return isTrackingPrefix(strings.ToLower(string(name)))
		}
		name = name[:longName]
		if at := bytes.LastIndexByte(name, '%'); at >= longName-2 {
			name = name[:at]
		}
		return isTrackingPrefix(strings.ToLower(decodePercent(string(name))))
	}
	return isTracking(strings.ToLower(decodePercent(string(name))))
}

// wholeCodes reports whether each "%" of name begins a percent code.
func wholeCodes(name []byte) bool {
	for i := 0; ; i++ {
		n := bytes.IndexByte(name[i:], '%')
		if n < 0 {
			return true
		}
		if i += n; i+2 >= len(name) || !hexDigit(name[i+1]) || !hexDigit(name[i+2]) {
			return false
		}
	}
}

// endSegment ends the last segment of the path, and drops it if it is made of dots.
func (t *Tail) endSegment() {
	t.flush()
	if end := t.resolved(t.out); end < len(t.out) {
		t.cut(end)
	}
}

// resolved returns where path goes on behind its last segment, before a slash: if that is made of dots, without it.
func (t *Tail) resolved(path []byte) int {
	if t.seg > 0 && len(path)-t.seg <= 2 {
		switch string(path[t.seg:]) {
		case ".":
			return t.seg - 1
		case "..":
			return max(0, bytes.LastIndexByte(path[:t.seg-1], '/'))
		}
	}
	return len(path)
}

// cut drops what stands from end on.
func (t *Tail) cut(end int) {
	t.out, t.kept = t.out[:end], min(t.kept, end)
}

// put adds one byte as it is.
func (t *Tail) put(c byte) { t.out = append(t.out, c) }

// encode adds one byte as a percent code.
func (t *Tail) encode(c byte) {
	t.flush()
	const digits = "0123456789ABCDEF"
	if t.query >= 0 && !t.named {
		t.name = append(t.name, '%', digits[c>>4], digits[c&15])
	}
	t.out = append(t.out, '%', digits[c>>4], digits[c&15])
}

// flush adds what seemed to begin a percent code and did not.
func (t *Tail) flush() {
	t.out = append(t.out, t.half[:t.halves]...)
	t.halves = 0
}

// tidy adds one byte, percent codes in their one form (RFC 3986 section 6.2.2): capital
// digits, and none around characters that need none. A "%" that encodes nothing stays,
// and so does a digit that would complete one: decoding it would make another code.
func (t *Tail) tidy(c byte) {
	switch {
	case t.halves == 2 && hexDigit(c):
		code := unhex(t.half[1])<<4 | unhex(c)
		if t.halves = 0; unreserved(code) && !completes(t.out, code) {
			t.put(code)
		} else {
			t.out = append(t.out, '%', upperHex(t.half[1]), upperHex(c))
		}
	case t.halves == 1 && hexDigit(c):
		t.half[1], t.halves = c, 2
	case c == '%':
		t.flush()
		t.half[0], t.halves = c, 1
	default:
		if t.halves > 0 {
			t.flush()
		}
		t.put(c)
	}
}

// InPath reports whether the path may still go on.
func (t *Tail) InPath() bool { return t.query < 0 }

// Ended reports whether the fragment was reached: nothing changes any more.
func (t *Tail) Ended() bool { return t.ended }

// At returns the canonical form of path and query as read so far, if the address ends here with more, which begins a defanged
// slash or dot, or "&amp;". It also returns how many bytes of it are as they were at the last
// call. The form is valid until the next call of any method. What cannot be seen in more is left out.
func (t *Tail) At(more string) (form []byte, same int) {
	t.out = slices.Grow(t.out, 16) // so that what is appended below leaves it where it is
	more = strings.Map(seen, more)
	same = t.kept
	switch {
	case t.ended:
		form = t.out
	case t.query >= 0 && more != "" && more[0] == '&':
		// Whatever the last parameter is, it ends here, so what stood in its place is not needed.
		form, same = t.At("")
		form = append(append(form, separator(len(form) > t.query)), more[1:]...)
	case t.query >= 0 && t.drops(more):
		form = t.out[:t.param]
	default:
		form = append(append(t.out, t.half[:t.halves]...), more...)
		if t.query < 0 && more == "" {
			if end := t.resolved(form); end < len(form) || end == 0 {
				form = append(form[:end], '/')
			}
		}
	}
	same = min(same, len(form))
	t.kept = min(len(form), len(t.out))
	return form, same
}
