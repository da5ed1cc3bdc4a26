package match

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lantern"
	"lantern/internal/siphash"
	"lantern/internal/text"
	"lantern/signal"
)

// Bounds of an address in a text, far beyond any real one. Addresses can stand in each other thousands of times;
// with these each byte is read for a few of them. docs/design/008-reading-text.md has them.
const (
	maxAddressEnds = 64  // that are tried, counted from its path
	maxBefore      = 512 // bytes before its path: credentials, host, port
	maxBeforeEnds  = 8   // that are tried before its path
	maxAts         = 8   // before its path
	maxSlashes     = 32  // in its path
	maxDotFolders  = 8   // folders of its path that begin with a dot
	maxQueries     = 8   // "?" and "#"
)

// address is the reading of one address in a text.
type address struct {
	start int  // where it begins
	host  int  // where its host begins
	limit int  // it is not read beyond
	ends  int  // tried so far
	named bool // its host has a name, so that its folders are marked
	below bool // it may lie below some signal
	amp   bool // it holds "&amp;"
	site  int  // how much of scanner.page is host and port
	port  int  // how much of that is the port
	usual int  // where a reader would say that it ends; 0 if nobody asked yet
	stop  int  // where its path was not read on
	asked bool // because there is a "?"
	amped bool // "&amp;" is read as "&"
	wide  wide
	noted int // where in scanner.spots those of its last page begin
}

// pageReader is what reading an address needs, kept for the next.
type pageReader struct {
	tail   signal.Tail
	page   []byte // the canonical form of the address as far as it was read, without scheme
	hash   siphash.Stream
	hashed int    // leading bytes of page that are as they were when it was hashed last
	last   []byte // the page that was looked up last
	ahead  aheads
}

// readAddress finds the URL signals that equal an address, wherever it may end, and those
// it lies below. It is brought to its canonical form as it is read; marks tell
// which ends are worth looking up and when no signal goes on like this.
func (s *scanner) readAddress(start, host int) {
	if start < s.lo || start >= s.hi {
		return
	}
	a := address{start: start, host: host, limit: min(len(s.text), start+maxReading)}
	path, i, ok := s.readSite(&a)
	if !ok {
		return
	}
	begun := a.wide
	s.readTail(&a, path, i)
	if a.below || path != "" { // which was not asked about folder by folder
		s.lookBelow(&a, i)
	}
	if a.amp {
		a.wide, a.amped = begun, true
		s.readTail(&a, path, i)
	}
}

// readSite reads what stands before the path into s.page, and looks up the addresses that end there. It
// returns what of it belongs to the path, and where to read on. ok is false if no signal goes on like this.
func (s *scanner) readSite(a *address) (path string, next int, ok bool) {
	i := a.host
	for i < a.limit {
		if c := s.text[i]; text.Classes[c]&(text.Letter|text.Digit) == 0 && !text.HostJoin.Has(c) {
			break
		}
		i++
	}
	core := i
	for core > a.host && text.HostJoin.Has(s.text[core-1]) {
		core--
	}
	s.page = text.AppendLower(s.page[:0], s.text[a.host:core])
	last := s.page[bytes.LastIndexByte(s.page, '.')+1:]
	if len(last) == 0 || text.Classes[last[0]]&text.Digit != 0 || i < a.limit && s.text[i] == ':' || s.hostGoesOn(i, min(a.limit, a.host+maxBefore)) {
		return s.readOddSite(a)
	}
	if !s.v.May(s.e.markBytes(markURLHost, s.page)) {
		return "", 0, false
	}
	if i > core+1 || i == core+1 && s.text[core] != '.' {
		i, a.limit = core, core // a host cannot end like this
	}
	s.tail.Start("")
	s.begin(a, len(s.page), 0)
	if s.text[i-1] == '.' {
		s.tryEnd(a, i-1, "", 0)
	}
	s.tryEnd(a, i, "", 0)
	if i < a.limit && s.text[i] != '/' && s.text[i] != '?' && s.text[i] != '#' {
		a.limit = i // nor can it hold this
	}
	return "", i, true
}

// begin notes that host and port, site bytes in all, stand in s.page. What the address before it was found to be is
// none of its own.
func (s *scanner) begin(a *address, site, port int) {
	a.site, a.port, a.named = site, port, s.page[0] != '['
	a.noted, s.last = len(s.spots), s.last[:0]
	s.hashed = 0
	s.hash.Start(&s.e.marks[markPage])
}

// hostGoesOn reports whether what follows plain letters and digits at i can still decide the host:
// credentials, percent codes, characters outside ASCII, defanged dots and slashes, a backslash.
func (s *scanner) hostGoesOn(i, limit int) bool {
	if i >= limit {
		return false
	}
	c := s.text[i]
	if c == '%' || c == '[' || c == '\\' || c >= utf8.RuneSelf || text.FormAt(s.text, i, text.DotForms) > 0 ||
		c == '(' && i+1 < len(s.text) && (s.text[i+1] == ':' || s.text[i+1] == '@') {
		return true
	}
	at := s.ahead.at.stop(s.text, i, limit, &atStop)
	return at < limit && s.text[at] == '@'
}

// siteMarks are the ASCII characters that a host and port can be written with, beside letters and digits.
var siteMarks = text.NewSet(`.-_%:[](){}<>\`)

// readOddSite is [scanner.readSite] for a host that is not plain, or has something before or behind it:
// what it comes to says the normal form.
func (s *scanner) readOddSite(a *address) (path string, next int, ok bool) {
	i := a.host
	for i < a.limit {
		if c, size := signal.Defanged(s.text, i); c == '/' {
			i += size
		} else if s.text[i] == '/' || s.text[i] == '\\' {
			i++
		} else if r, size := text.RuneAt(s.text, i); signal.IsUnseen(r) {
			i += size
		} else {
			break
		}
	}
	from, ats, odd, folder := i, 0, false, false
	for {
		if i >= a.limit || i-a.host > maxBefore {
			return "", 0, false
		}
		c := s.text[i]
		if c == '/' || c == '?' || c == '#' || c == '[' && s.defangedSlash(i) {
			break
		}
		r, size := text.RuneAt(s.text, i)
		if stops(r, size) || a.wide.stops(r) {
			return "", 0, false
		}
		switch {
		case c == '@':
			odd = false
			if ats++; ats > maxAts {
				return "", 0, false
			}
		case c == '\\' && !(i+1 < len(s.text) && s.text[i+1] == '.'):
			folder = true
		case c < utf8.RuneSelf && text.Classes[c]&(text.Letter|text.Digit) == 0 && !siteMarks.Has(c):
			odd = true
			if at := s.ahead.at.stop(s.text, i, a.limit, &atStop); !folder && (at >= a.limit || s.text[at] != '@') {
				return "", 0, false // no host can hold this, and it belongs to no credentials
			}
		}
		if i += size; i <= a.limit && i-a.host <= maxBefore && s.endsAt(a, i) && (folder || !odd) {
			s.lookAddress(a, i)
		}
		if a.ends >= maxBeforeEnds {
			i = s.ahead.site.stop(s.text, i, min(a.limit, a.host+maxBefore+1), &siteStop)
		}
	}
	if i == from || odd && !folder {
		return "", 0, false
	}
	return s.siteOf(a, i)
}

// defangedSlash reports whether a defanged slash stands at i.
func (s *scanner) defangedSlash(i int) bool {
	c, _ := signal.Defanged(s.text, i)
	return c == '/'
}

// siteOf brings what stands before the slash, "?" or "#" at i to its canonical form.
func (s *scanner) siteOf(a *address, i int) (path string, next int, ok bool) {
	more := "?x=1" // with it no address is too broad
	if c := s.text[i]; c == '/' || c == '[' {
		more = "/x?x=1"
	}
	u := s.known.site(string(s.text[a.start:i]) + more)
	u, ends := strings.CutSuffix(u, more)
	if u == "" || !ends { // "x" is the host of "https://\u200b/x"
		return "", 0, false
	}
	_, u, _ = strings.Cut(u, "://")
	site := len(u)
	if slash := strings.IndexByte(u, '/'); slash >= 0 {
		site = slash
	}
	host := hostOf("https://" + u[:site] + "/")
	if host != "" && !s.v.May(s.e.mark(markURLHost, host)) {
		return "", 0, false
	}
	s.page = append(s.page[:0], u[:site]...)
	if host == "" {
		host = u[:site]
	}
	s.begin(a, site, site-len(host))
	return u[site:], i, true
}

// readTail reads path and query of an address from i on, behind path, and looks up the ends that some signal
// may have.
func (s *scanner) readTail(a *address, path string, i int) {
	t := &s.tail
	t.Start(path)
	s.hashed, s.last = min(s.hashed, a.site), s.last[:0]
	a.ends = 0
	f := folders{}
	for i < a.limit && (a.ends < maxAddressEnds || t.InPath()) {
		if s.isPlain(i) && i+1 < len(s.text) && s.isPlain(i+1) {
			t.Add(s.text[i]) // in the middle of a word
			a.wide = wide{}
			i++
			continue
		}
		r, size := text.RuneAt(s.text, i)
		if stops(r, size) || a.wide.stops(r) {
			break
		}
		inPath, c := t.InPath(), byte(min(r, utf8.RuneSelf))
		form, n := s.tokenOf(a, i)
		if form != 0 {
			for k := i + 1; k < i+n; k++ {
				if utf8.RuneStart(s.text[k]) {
					s.tryEnd(a, k, inPlace(s.text[i:k]), f.dead)
				}
			}
			c, size = form, n
		}
		if inPath && (c == '?' || c == '#') {
			a.stop, a.asked = i, c == '?'
		}
		if !s.goesOn(a, &f, c) {
			break
		}
		if form != 0 {
			t.Add(form)
		} else {
			t.Refanged(s.text, i)
		}
		if t.Slashes > maxSlashes || t.Dots > maxDotFolders || t.Queries > maxQueries {
			break
		}
		if inPath && t.InPath() && s.passFolder(a, &f, c) {
			break
		}
		i += size
		s.tryEnd(a, i, "", f.dead)
	}
	if t.InPath() {
		a.stop = min(i, a.limit)
	}
}

// isPlain reports a letter or digit of ASCII.
func (s *scanner) isPlain(i int) bool { return text.Classes[s.text[i]]&(text.Letter|text.Digit) != 0 }

// folders says how far the folders of an address are those of some signal.
type folders struct {
	dead  int // bytes of the page with which none begins; 0 if there may be one
	since int // slashes read since that was seen
}

// tokenOf returns what is read for another character at i, and how long that is: a defanged slash or dot, or an
// ampersand written as in markup.
func (s *scanner) tokenOf(a *address, i int) (c byte, size int) {
	const entity = "&amp;"
	switch s.text[i] {
	case '[':
		return signal.Defanged(s.text, i)
	case '&':
		if i+len(entity) <= len(s.text) && string(s.text[i:i+len(entity)]) == entity {
			if a.amp = true; a.amped {
				return '&', len(entity)
			}
		}
	}
	return 0, 0
}

// goesOn reports whether some signal may go on with c, and notes whether the address lies below one that ends before
// it.
func (s *scanner) goesOn(a *address, f *folders, c byte) bool {
	switch c {
	case '/', '\\':
		if s.tail.InPath() {
			a.below = a.below || s.mayPage(a, "", f.dead)
		}
	case '#', '?':
		if s.tail.InPath() && len(s.form(a, "")) < f.dead {
			f.dead = 0 // dots at the end climbed out of it
		}
		if c == '?' && s.tail.InPath() {
			a.below = a.below || s.mayPage(a, "", f.dead)
		}
	}
	switch c {
	case '#':
		return s.mayPage(a, "", f.dead) // what is read from here on changes nothing
	case '?':
		return !s.tail.InPath() || !a.named || f.dead == 0 && (s.mayPage(a, "", 0) || s.mayFolder(a, "?"))
	}
	return true
}

// passFolder looks at the path behind c. It reports whether no signal has such folders, whatever follows.
func (s *scanner) passFolder(a *address, f *folders, c byte) bool {
	switch {
	case !a.named:
		if c == '/' || c == '\\' {
			a.below = a.below || s.mayPage(a, "", 0)
		}
	case c == '/' || c == '\\':
		f.since++
		if f.dead > 0 && len(s.form(a, "")) >= f.dead {
			return f.since > 2*maxDotFolders // more than can be climbed
		}
		if f.dead = 0; !s.mayFolder(a, "") {
			f.dead, f.since = len(s.page), 0
		} else {
			a.below = a.below || s.mayPage(a, "", 0)
		}
	case f.dead == 0 && (c == '"' || c == '<' || c == '>' || c == '`' || c == '{' || c == '}'):
		// It stands in the page as one percent code.
		s.form(a, "")
		if end := len(s.page) - 2; !s.mayBegin(a, s.page[:end]) {
			f.dead, f.since = end, 0
		}
	}
	return false
}

// form brings s.page up to what was read of the address, if it ended here with more, and returns it.
func (s *scanner) form(a *address, more string) []byte {
	form, same := s.tail.At(more)
	s.page = append(s.page[:a.site+same], form[same:]...)
	s.hashed = min(s.hashed, a.site+same)
	return s.page
}

// mayPage reports whether some signal may be what was read of the address, if it ended here with more. None is of dead bytes or
// longer, if that is not 0: dots at the end may climb out of them.
func (s *scanner) mayPage(a *address, more string, dead int) bool {
	page := inPlace(s.form(a, more))
	if dead > 0 && len(page) >= dead {
		return false
	}
	mark := s.hash.First(page, s.hashed)
	s.hashed = len(page)
	return s.v.May(mark)
}

// mayFolder reports whether some signal may begin with what was read of the address, and more.
func (s *scanner) mayFolder(a *address, more string) bool {
	s.form(a, "")
	s.lower = append(append(s.lower[:0], s.page...), more...)
	return s.mayBegin(a, s.lower)
}

// mayBegin reports whether some signal may begin with a page; they are marked without their port.
func (s *scanner) mayBegin(a *address, page []byte) bool {
	if a.port > 0 {
		page = append(append([]byte(nil), page[:a.site-a.port]...), page[a.site:]...)
	}
	return s.v.May(s.e.markBytes(markFolder, page))
}

// tryEnd looks up the address if it may end at e, with more of what is read for one character; dead as for
// [scanner.mayPage].
func (s *scanner) tryEnd(a *address, e int, more string, dead int) {
	if e > a.limit || !s.endsAt(a, e) || !s.mayPage(a, more, dead) {
		return
	}
	if noted := s.spots[a.noted:]; len(s.last) > 0 && bytes.Equal(s.page, s.last) {
		second := oddity(e, s.usualEnd(a))
		for i := range noted { // of the ends of one page one counts
			if sp := &noted[i]; second < sp.second {
				sp.end, sp.second = e, second
			}
		}
		return
	}
	a.noted, s.last = len(s.spots), append(s.last[:0], s.page...)
	s.notePages(a, s.pagesOf(a.rawTo(s, e), false), e)
}

// rawTo returns the address as it stands up to e.
func (a *address) rawTo(s *scanner, e int) string {
	raw := string(s.text[a.start:e])
	if a.amped {
		raw = strings.ReplaceAll(raw, "&amp;", "&")
	}
	return raw
}

// lookAddress looks up the signals that equal the address that ends at e.
func (s *scanner) lookAddress(a *address, e int) {
	raw := string(s.text[a.start:e])
	s.notePages(a, s.pagesOf(raw, false), e)
	if strings.Contains(raw, "&amp;") {
		s.notePages(a, s.pagesOf(strings.ReplaceAll(raw, "&amp;", "&"), false), e)
	}
}

// lookBelow looks up the signals that the address lies below, whose path begins at path. Its query does not count.
func (s *scanner) lookBelow(a *address, path int) {
	e := s.belowEnd(a, path)
	raw := string(s.text[a.start:min(e, a.stop)])
	if a.asked && e > a.stop {
		raw += "?x=1"
	}
	s.notePages(a, s.pagesOf(raw, true), e)
}

// pagesOf returns the signals that an address lies below, or else those it equals, until the next call.
func (s *scanner) pagesOf(raw string, below bool) []Found {
	r := reading{typ: s.e.n.url, raw: raw}
	if below {
		r.way = "below"
	}
	found, ok := s.known.found[r]
	if !ok {
		s.found = s.findString(s.e.n.url, raw, s.found[:0])
		found = slices.DeleteFunc(s.found, func(f Found) bool { return (f.How == lantern.HowURLPrefix) != below })
		s.known.note(r, found)
	}
	return found
}

// notePages notes what an address that ends at e was found to be.
func (s *scanner) notePages(a *address, found []Found, e int) {
	if len(found) == 0 {
		return
	}
	from := len(s.spots)
	s.note(s.e.n.url, found, a.start, e)
	for i := range s.spots[from:] {
		s.spots[from+i].second = oddity(e, s.usualEnd(a))
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

// endsAt reports whether an address may end at e, and counts the ends there and before.
func (s *scanner) endsAt(a *address, e int) bool {
	if e < len(s.text) {
		if s.isPlain(e) && s.isPlain(e-1) {
			return false
		}
		if !text.RightFree(s.text, e, &text.URLJoin) && !(s.text[e] == '&' && text.IsEntity(s.text[e:])) {
			return false
		}
	}
	a.ends++
	return a.ends <= maxAddressEnds
}

// stops reports whether a character ends every address: white space, a control character,
// or no character.
func stops(r rune, size int) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7F
	}
	return r < 0xA0 || r == utf8.RuneError && size == 1 || unicode.IsSpace(r)
}

// wide finds what would make the normal form read a whole address as full-width: it ends there. It holds the last two
// characters that can be seen.
type wide struct{ before, last rune }

// stops reports whether an address ends before r.
func (w *wide) stops(r rune) bool {
	if r >= utf8.RuneSelf && signal.IsUnseen(r) {
		return false
	}
	before, last := w.before, w.last
	w.before, w.last = last, r
	return r == '／' && last == '／' || r == '/' && last == '/' && before == '：'
}

// usualEnd returns where a reader would say that an address ends: before a blank, quote or
// bracket that addresses do not hold, and before the punctuation in front of it.
func (s *scanner) usualEnd(a *address) int {
	if a.usual == 0 {
		e := s.ahead.usual.stop(s.text, a.host, min(len(s.text), a.start+maxReading), &usualStop)
		for e > a.host && usualTrim.Has(s.text[e-1]) {
			e--
		}
		a.usual = e
	}
	return a.usual
}

// belowEnd is [scanner.usualEnd] for what lies below a signal. It counts from the path at path, so what makes a host harmless and
// the brackets of an IPv6 address do not end it, nor do defanged dots and slashes.
func (s *scanner) belowEnd(a *address, path int) int {
	e := s.ahead.below.stop(s.text, path, min(len(s.text), a.start+maxReading), &belowStop)
	for e > path && usualTrim.Has(s.text[e-1]) {
		e--
	}
	return e
}

// ofDefanged reports whether a bracket at i is that of a defanged dot or slash.
func ofDefanged(b []byte, i int) bool {
	const longest = 64 // bytes of one; what cannot be seen may stand within
	at := i
	if b[i] == ']' {
		at = max(0, i-longest) + bytes.LastIndexByte(b[max(0, i-longest):i], '[')
	}
	if at < 0 || b[at] != '[' {
		return false
	}
	_, size := signal.Defanged(b, at)
	return size > 0 && size <= longest && (at == i || at+size == i+1)
}

var (
	usualStop = text.NewSet("<>\"`{}|\\^[]")
	belowStop = usualStop
	usualTrim = text.NewSet(".,;:!?'*()_~&$")
	siteStop  = text.NewSet("/?#[")
	atStop    = text.NewSet("@/?#")
)

// ahead remembers how far a text was searched for the first of a set of characters: addresses in addresses
// have the same before them.
type ahead struct {
	from, to int  // searched
	found    bool // at to
}

// aheads are those of one text.
type aheads struct {
	usual ahead // of usualStop
	below ahead // of belowStop
	site  ahead // of siteStop
	at    ahead // of atStop
}

// stop returns where the first character of set stands from i on, or one that ends every address, limit at most.
func (h *ahead) stop(b []byte, i, limit int, set *text.Set) int {
	if i < h.from || i > h.to {
		*h = ahead{from: i, to: i}
	}
	for !h.found && h.to < limit {
		r, size := text.RuneAt(b, h.to)
		if h.found = set.Has(b[h.to]) && !(set == &belowStop && ofDefanged(b, h.to)) || stops(r, size) || set == &siteStop && (r == '／' || r == '：'); !h.found {
			h.to += size
		}
	}
	if h.to <= limit {
		return h.to
	}
	for limit > i && !utf8.RuneStart(b[limit]) {
		limit--
	}
	return limit
}
