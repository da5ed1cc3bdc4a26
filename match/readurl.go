package match

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"lantern"
	"lantern/internal/text"
	"lantern/signal"
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
			s.unescaped(start, start, func() { s.readLink(0, colon-start+len("://")) })
		} else {
			s.readLink(start, host)
		}
		return
	}
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

// unescaped reads what stands from start on as a text of its own, in which each escaped slash from
// escapes on is a slash. A quotation mark there ends it: it ends the string that it stands in.
func (s *scanner) unescaped(start, escapes int, read func()) {
	if start < s.lo || start >= s.hi {
		return
	}
	const beyond = 256 // of what follows a reading decides where it ends
	s.plain, s.stood = s.plain[:0], s.stood[:0]
	for i := start; i < len(s.text) && len(s.plain) < maxReading+beyond; {
		r, size := text.RuneAt(s.text, i)
		if i >= escapes {
			if stops(r, size) || r == '"' {
				break
			}
			if n := escapedSlash(s.text, i); n > 0 {
				i += n
				s.plain, s.stood = append(s.plain, '/'), append(s.stood, i-1)
				continue
			}
		}
		for range size {
			s.plain, s.stood = append(s.plain, s.text[i]), append(s.stood, i)
			i++
		}
	}
	whole, lo, hi, from := s.text, s.lo, s.hi, len(s.spots)
	s.text, s.lo, s.hi = s.plain, 0, len(s.plain)
	read()
	s.text, s.lo, s.hi = whole, lo, hi
	for i := range s.spots[from:] {
		sp := &s.spots[from+i]
		sp.start, sp.end = start, s.stood[sp.end-1]+1
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

// address is the reading of one address in a text.
type address struct {
	start int  // where it begins
	host  int  // where its host begins
	limit int  // no equal signal reads on beyond
	below bool // it may lie below some signal
	ends  int  // tried so far
}

// maxAddressEnds is how many ends of an address are tried, counted from its start.
const maxAddressEnds = 64

// readAddress finds the URL signals that equal an address, wherever it may end, and those
// it lies below. As long as the characters of an address are their own canonical form,
// marks tell which ends are worth normalising and when no signal goes on like this.
func (s *scanner) readAddress(start, host int) {
	if start < s.lo || start >= s.hi {
		return
	}
	a := address{start: start, host: host, limit: min(len(s.text), start+maxReading)}
	i, known := s.readAddressHost(&a, host)
	if i < 0 {
		return
	}
	if known {
		i = s.readAddressPath(&a, i)
	}
	for i < a.limit && a.ends < maxAddressEnds {
		r, size := text.RuneAt(s.text, i)
		if stops(r, size) {
			break
		}
		if i += size; s.endsAt(&a, i) {
			s.lookAddress(&a, i)
		}
	}
	if a.below {
		if e := s.usualEnd(start, host); e > host {
			s.lookPage(&a, string(s.text[start:e]), e, true)
		}
	}
}

// readAddressHost reads the host into s.canon. It returns where to read on, -1 if no signal
// has this host, and whether the host is its own canonical form. If it is not, everything
// is possible, and the address must be read from its host on.
func (s *scanner) readAddressHost(a *address, host int) (next int, known bool) {
	i := host
	for i < a.limit {
		if c := s.text[i]; text.Classes[c]&(text.Letter|text.Digit) == 0 && !text.HostJoin.Has(c) {
			break
		}
		i++
	}
	core := i
	for core > host && text.HostJoin.Has(s.text[core-1]) {
		core--
	}
	s.canon = text.AppendLower(s.canon[:0], s.text[host:core])
	last := s.canon[bytes.LastIndexByte(s.canon, '.')+1:]
	if len(last) == 0 || text.Classes[last[0]]&text.Digit != 0 || s.hostGoesOn(i, a.limit) {
		a.below = true
		return host, false
	}
	if !s.v.May(s.e.markBytes(markURLHost, s.canon)) {
		return -1, false
	}
	if i < a.limit && s.text[i] == ':' {
		a.below = true
		return host, false
	}
	if i > core+1 || i == core+1 && s.text[core] != '.' {
		a.limit = core // a host cannot end like this
		i = core
	}
	return i, true
}

// hostGoesOn reports whether what follows plain letters and digits at i can still decide the host:
// credentials, percent codes, characters outside ASCII, defanged dots.
func (s *scanner) hostGoesOn(i, limit int) bool {
	if i >= limit {
		return false
	}
	c := s.text[i]
	if c == '%' || c >= utf8.RuneSelf || text.FormAt(s.text, i, text.DotForms) > 0 {
		return true
	}
	for ; i < limit; i++ {
		switch c := s.text[i]; {
		case c == '@':
			return true
		case c <= ' ' || c == '/' || c == '?' || c == '#' || c == '\\':
			return false
		}
	}
	return false
}

// readAddressPath reads on from the end of the host as long as the text is its own canonical form,
// and looks up the ends that some signal may have. It returns where it stopped knowing.
func (s *scanner) readAddressPath(a *address, i int) int {
	host := len(s.canon)
	page := func() bool {
		if len(s.canon) == host {
			return s.v.May(s.e.markBytes(markPage, append(s.canon, '/')))
		}
		return s.v.May(s.e.markBytes(markPage, s.canon))
	}
	folder := func(c byte) bool { return s.v.May(s.e.markBytes(markFolder, append(s.canon, c))) }
	try := func(e int) {
		if s.endsAt(a, e) && page() {
			s.lookAddress(a, e)
		}
	}
	if s.text[i-1] == '.' {
		try(i - 1)
	}
	try(i)
	for ; i < a.limit && a.ends < maxAddressEnds; i++ {
		c := s.text[i]
		if stops(text.RuneAt(s.text, i)) {
			return i
		}
		if len(s.canon) == host && c != '/' && c != '\\' && c != '?' && c != '#' {
			a.limit = i // a host cannot hold this
			return i
		}
		switch {
		case c == '/' || c == '\\':
			a.below = a.below || page()
			if !folder('/') {
				return s.deadEnd(a, i)
			}
			s.canon = append(s.canon, '/')
			a.below = a.below || page()
			if i+1 < len(s.text) && (s.text[i+1] == '.' || s.text[i+1] == '%') {
				return s.unknown(a, i)
			}
			try(i + 1)
			continue
		case c == '?':
			if !folder('?') && !(len(s.canon) == host && folder('/')) && !page() {
				a.limit = i
				return i
			}
			return s.unknown(a, i)
		case c == '#':
			if !page() {
				a.limit = i
				return i
			}
			return s.unknown(a, i)
		case c == '"' || c == '<' || c == '>' || c == '`' || c == '{' || c == '}' || c >= utf8.RuneSelf && s.encodes(i):
			if !folder('%') {
				return s.deadEnd(a, i)
			}
			return s.unknown(a, i)
		case c >= utf8.RuneSelf, c == '%', c == '|', c == '^', c == '[',
			c == '&' && i+5 <= len(s.text) && text.LowerEqual(s.text[i:i+5], "&amp;"):
			return s.unknown(a, i)
		}
		s.canon = append(s.canon, c)
		try(i + 1)
	}
	return a.limit
}

// deadEnd notes that no signal goes on with the character at i, unless what follows climbs
// back up from there.
func (s *scanner) deadEnd(a *address, i int) int {
	for j := i; j+2 < a.limit && s.text[j] > ' '; j++ {
		if s.text[j] == '.' && (s.text[j+1] == '.' || s.text[j+1] == '%') || s.text[j] == '%' && s.text[j+1] == '2' {
			return s.unknown(a, i)
		}
	}
	a.limit = i
	return i
}

// unknown notes that from i on nothing is known about the canonical form.
func (s *scanner) unknown(a *address, i int) int {
	a.below = true
	return i
}

// encodes reports whether the character outside ASCII at i surely stands in a canonical
// address as a percent code: it is not one that may be dropped or brought to ASCII.
func (s *scanner) encodes(i int) bool {
	r, _ := utf8.DecodeRune(s.text[i:])
	return !unicode.Is(unicode.Cf, r) && (r < 0xFF00 || r > 0xFFEF) && r != '。' && r != '․'
}

// stops reports whether a character ends every address: white space, a control character,
// or no character.
func stops(r rune, size int) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7F
	}
	return r < 0xA0 || r == utf8.RuneError && size == 1 || unicode.IsSpace(r)
}

// endsAt reports whether an address may end at e, and counts the ends.
func (s *scanner) endsAt(a *address, e int) bool {
	if e < len(s.text) {
		if text.Classes[s.text[e]]&(text.Letter|text.Digit) != 0 && s.text[e-1] < utf8.RuneSelf {
			return false
		}
		if !text.RightFree(s.text, e, &text.URLJoin) && !(s.text[e] == '&' && text.IsEntity(s.text[e:])) {
			return false
		}
	}
	a.ends++
	return a.ends <= maxAddressEnds
}

// lookAddress looks up the signals that equal the address that ends at e.
func (s *scanner) lookAddress(a *address, e int) {
	raw := s.text[a.start:e]
	s.lookPage(a, string(raw), e, false)
	if amp := []byte("&amp;"); bytes.Contains(raw, amp) {
		s.lookPage(a, string(bytes.ReplaceAll(raw, amp, amp[:1])), e, false)
	}
}

// lookPage looks up raw, which stands from a.start to e: the signals it lies below, or
// else those it equals.
func (s *scanner) lookPage(a *address, raw string, e int, below bool) {
	v, err := signal.URL.Normalize(raw)
	if err != nil {
		return
	}
	s.notePage(a, v.Canonical, e, below)
}

// notePage looks up and notes one canonical address.
func (s *scanner) notePage(a *address, canonical string, e int, below bool) {
	l := lookup{e: s.e, v: s.v, dst: s.found[:0]}
	l.url(signal.URL, s.e.n.url, canonical)
	s.found = l.dst
	kept := l.dst[:0]
	for _, f := range l.dst {
		if (f.How == lantern.HowURLPrefix) == below {
			kept = append(kept, f)
		}
	}
	if len(kept) == 0 {
		return
	}
	from := len(s.spots)
	s.note(s.e.n.url, kept, a.start, e)
	for i := range s.spots[from:] {
		s.spots[from+i].second = oddity(e, s.usualEnd(a.start, a.host))
	}
}

// oddity orders the ends of an address that are equal in meaning: the usual one, then
// shorter ones, the longest first, then longer ones, the shortest first.
func oddity(e, usual int) int {
	if e <= usual {
		return usual - e
	}
	return maxReading + e - usual
}

// usualEnd returns where a reader would say that an address ends: before a blank, quote or
// bracket that addresses do not hold, and before the punctuation in front of it.
func (s *scanner) usualEnd(start, host int) int {
	e := host
	for e < len(s.text) && e < start+maxReading && !usualStop.Has(s.text[e]) {
		r, size := text.RuneAt(s.text, e)
		if stops(r, size) || e+size > start+maxReading {
			break
		}
		e += size
	}
	for e > host && usualTrim.Has(s.text[e-1]) {
		e--
	}
	return e
}

var (
	usualStop = text.NewSet("<>\"`{}|\\^[]")
	usualTrim = text.NewSet(".,;:!?'*()_~&$")
)
