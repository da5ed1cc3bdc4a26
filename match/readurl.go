package match

import (
	"bytes"
	"slices"

	"lantern/internal/text"
)

// schemes are the ways people write "http" and "https".
var schemes = []string{
	"https", "http", "hxxps", "hxxp", "htxps", "htxp", "hxtps", "hxtp", "h**ps", "h**p", "httxs", "httx",
	"h__ps", "h__p", "h--ps", "h--p", "xxxxs", "xxxx", "ttps", "ttp", "tps", "tp",
}

// colons are the ways people write what follows the scheme.
var colons = []string{"://", "[://]", "(://)", "[:]//", "(:)//", ":[//]", "[:/]/", `[:]\\`, `:\\`}

// colonHeads are the second bytes of colons.
var colonHeads = func() (t [256]bool) {
	for _, c := range colons {
		t[c[1]] = true
	}
	return t
}()

// readURL finds the addresses whose scheme ends at colon.
func (s *scanner) readURL(colon int) {
	if colon+1 >= len(s.text) || !colonHeads[s.text[colon+1]] {
		return
	}
	host, escaped := 0, false
	for _, c := range colons {
		if end := colon + len(c); end <= len(s.text) && string(s.text[colon:end]) == c {
			host = end
			break
		}
	}
	if host == 0 {
		one := escapedSlash(s.text, colon+1)
		if escaped = one > 0 && escapedSlash(s.text, colon+1+one) > 0; !escaped {
			return
		}
	}
	for _, w := range schemes {
		start := colon - len(w)
		if start < 0 || !text.LowerEqual(s.text[start:colon], w) || !text.LeftFree(s.text, start, &text.NoJoin) {
			continue
		}
		if escaped {
			s.unescaped(start, start, func(at int) { s.readLink(at, at+colon-start+len("://")) })
		} else {
			s.readLink(start, host)
		}
		return
	}
}

// schemeEnd returns where the scheme that b begins with ends, with its slashes; 0 if there is none.
func schemeEnd(b []byte) int {
	for _, w := range schemes {
		colon := len(w)
		if colon >= len(b) || !text.LowerEqual(b[:colon], w) {
			continue
		}
		for _, c := range colons {
			if bytes.HasPrefix(b[colon:], []byte(c)) {
				return colon + len(c)
			}
		}
		if one := escapedSlash(b, colon+1); one > 0 && b[colon] == ':' {
			if two := escapedSlash(b, colon+1+one); two > 0 {
				return colon + 1 + one + two
			}
		}
	}
	return 0
}

// readLink finds what an address with a scheme is.
func (s *scanner) readLink(start, host int) {
	if s.want.url {
		s.readAddress(start, host)
	}
	if s.want.handle {
		s.readProfile(start, host)
	}
}

// escapedSlash returns the length of the slash at i that a writer of JSON escaped, \/ or \u002f,
// or 0.
func escapedSlash(b []byte, i int) int {
	switch {
	case i+1 >= len(b) || b[i] != '\\':
		return 0
	case b[i+1] == '/':
		return 2
	case i+6 <= len(b) && string(b[i+1:i+5]) == "u002" && b[i+5]|0x20 == 'f':
		return 6
	}
	return 0
}

// slashBefore returns the length of the slash that ends at i, escaped or not, or 0.
func slashBefore(b []byte, i int) int {
	for _, n := range [...]int{2, 6} {
		if i >= n && escapedSlash(b[:i], i-n) == n {
			return n
		}
	}
	if i > 0 && b[i-1] == '/' {
		return 1
	}
	return 0
}

// unescaped is a stretch of the window in which each escaped slash is a slash.
type unescaped struct {
	text     []byte
	stood    []int // where the last byte of what each byte stands for is in the window
	from, to int   // of the window
	escapes  int   // where escapes begin to count
	done     bool  // it ends there
	ahead    aheads
}

// unescaped reads what stands from start on as a text of its own, in which each escaped slash from
// escapes on is a slash. A quotation mark there ends it: it ends the string that it stands in. What
// begins within a stretch that was read so is read there, or thousands of addresses in one
// another would be read to their end each.
func (s *scanner) unescaped(start, escapes int, read func(at int)) {
	if start < s.lo || start >= s.hi {
		return
	}
	u := &s.plain
	at, known := slices.BinarySearch(u.stood, start)
	switch within := start >= u.from && start < u.to; {
	case !within:
		at = 0
		u.begin(start, escapes)
	case !known || u.done && u.to < escapes: // within an escape, or with a blank in the name
		at, u = 0, &s.odd
		u.begin(start, escapes)
	}
	const beyond = 512 // of what follows a reading decides where it ends
	u.reach(s.text, at+maxReading+beyond)
	whole, lo, hi, ahead, from := s.text, s.lo, s.hi, s.ahead, len(s.spots)
	s.text, s.lo, s.hi, s.ahead = u.text, 0, len(u.text), u.ahead
	read(at)
	u.ahead = s.ahead
	s.text, s.lo, s.hi, s.ahead = whole, lo, hi, ahead
	for i := range s.spots[from:] {
		sp := &s.spots[from+i]
		sp.start, sp.end = start, u.stood[sp.end-1]+1
	}
}

// begin forgets what was read, for another stretch.
func (u *unescaped) begin(start, escapes int) {
	*u = unescaped{text: u.text[:0], stood: u.stood[:0], from: start, to: start, escapes: escapes}
}

// reach reads on in the window b until u has so many bytes, or ends.
func (u *unescaped) reach(b []byte, size int) {
	for !u.done && u.to < len(b) && len(u.text) < size {
		r, n := text.RuneAt(b, u.to)
		if u.to >= u.escapes {
			if u.done = stops(r, n) || r == '"'; u.done {
				return
			}
			if e := escapedSlash(b, u.to); e > 0 {
				u.to += e
				u.text, u.stood = append(u.text, '/'), append(u.stood, u.to-1)
				continue
			}
		}
		for range n {
			u.text, u.stood = append(u.text, b[u.to]), append(u.stood, u.to)
			u.to++
		}
	}
}

// readProfile finds the username in a link to a profile, and the payment handle in a link
// to a payment page: the host is the platform, the first or second folder the handle.
func (s *scanner) readProfile(start, host int) {
	i := host
	for range 2 {
		for from := i; ; {
			r, size := text.RuneAt(s.text, i)
			if size == 0 || stops(r, size) || i-from >= maxLocal {
				return
			}
			if i += size; r == '/' {
				break
			}
		}
		h := i
		if h < len(s.text) && (s.text[h] == '@' || s.text[h] == '$') {
			h++
		}
		s.readHandleAt(start, h, &text.LinkJoin)
	}
}
