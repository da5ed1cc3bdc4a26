package matchtest

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"lantern"
	"lantern/match"
	"lantern/signal"
)

// reader goes through one text.
type reader struct {
	*Reference
	t      *text
	region string
	index  map[string][]match.Entry // "type key" to the entries with that key
	near   []match.Entry            // those that are compared one by one
	spots  []spot
}

// spot is a finding between two characters.
type spot struct {
	match.Found
	typ        lantern.SignalType
	start, end int
	second     int
}

// Scan returns what [match.Engine.Scan] finds in a text, in the same order.
func (r *Reference) Scan(b []byte, region string) []match.Spot {
	rd := &reader{Reference: r, t: newText(b), region: region, index: map[string][]match.Entry{}}
	for _, en := range r.Entries {
		for _, k := range append([]string{en.Canonical}, en.Weak...) {
			rd.index[string(en.Type)+" "+k] = append(rd.index[string(en.Type)+" "+k], en)
		}
		if en.Type == signal.PDQ.Name || en.Type == signal.URL.Name || en.Type == signal.Domain.Name {
			rd.near = append(rd.near, en)
		}
	}
	for i := range rd.t.chars {
		rd.readAt(i)
	}
	rd.veiled()
	rd.phrases()
	rd.codedPhrases()
	return rd.settle()
}

// look finds what raw, which stands from character i to j, matches as one type.
func (r *reader) look(t *signal.Type, raw string, i, j int, keep func(match.Found) bool) {
	v, err := t.Normalize(raw)
	if err != nil {
		return
	}
	seen := map[lantern.ID]bool{}
	try := func(en match.Entry) {
		f, ok := compare(match.Query{Type: t.Name, Canonical: v.Canonical, Weak: v.Weak}, en)
		if ok && en.Type == t.Name && !seen[en.Signal] && (keep == nil || keep(f)) {
			seen[en.Signal] = true
			r.spots = append(r.spots, spot{f, t.Name, i, j, j - i})
		}
	}
	if t.Compare != signal.Exact {
		for _, en := range r.near {
			try(en)
		}
		return
	}
	for _, k := range append([]string{v.Canonical}, v.Weak...) {
		for _, en := range r.index[string(t.Name)+" "+k] {
			try(en)
		}
	}
}

// readAt tries every kind of identifier that can begin at character i.
func (r *reader) readAt(i int) {
	c := r.t.at(i)
	if c < 0 || c <= ' ' {
		return
	}
	r.address(i)
	r.host(i)
	r.mail(i)
	r.handle(i)
	r.hash(i)
	r.ip(i)
	r.phone(i)
	r.payment(i)
}

// each calls f for the borders behind i, up to limit bytes on, at which a token of allowed characters can end.
func (r *reader) each(i, limit int, join string, allowed func(rune) bool, f func(j int)) {
	start := r.t.chars[i].off
	for j := i; j < len(r.t.chars)-1 && allowed(r.t.at(j)) && r.t.chars[j+1].off-start <= limit; j++ {
		if r.t.free(j+1, 1, join) {
			f(j + 1)
		}
	}
}

var (
	scheme = regexp.MustCompile(`^(?i:https?|hxxps?|htxps?|hxtps?|h\*\*ps?|httxs?|h__ps?|h--ps?|xxxxs?|t?tps?)` +
		`(?:\[?://\]|\[://\]|\(://\)|\[:\]//|\(:\)//|:\[//\]|\[:/\]/|\[:\]\\\\|:\\\\|:` + escapedSlash + escapedSlash + `|://)`)
	entity = regexp.MustCompile(`^&(?i:quot|lt|gt|apos|nbsp|#34|#39|#60|#62|#x22|#x27|#x3c|#x3e);`)
)

// addressChar reports what may stand in an address.
func addressChar(r rune) bool {
	return r > ' ' && !unicode.IsControl(r) && !unicode.IsSpace(r)
}

// address reads addresses with and without a scheme, and links to profiles.
func (r *reader) address(i int) {
	host, bare := i, false
	if m := r.schemeAt(i); len(slashBehind.FindString(m)) > 1 {
		r.unescaped(i, i, func(in *reader) { in.address(0) })
		return
	} else if m != "" {
		host = r.t.number(r.t.chars[i].off + len(m))
		r.profile(i, host)
	} else if bare = r.bareAddress(i); !bare {
		return
	} else if e := r.escapedEnd(i); e > 0 {
		r.unescaped(i, e, func(in *reader) { in.address(0) })
		return
	}
	exact := func(f match.Found) bool { return f.How != lantern.HowURLPrefix }
	first, usual, start := len(r.spots), r.usualEnd(i, host), r.t.chars[i].off
	ends := map[bool]int{} // before the path, and else
	for j := host; j < len(r.t.chars)-1 && addressChar(r.t.at(j)) && r.t.chars[j+1].off-start <= 4096; j++ {
		part, ok := bounded(r.t.cut(host, j+1))
		if !ok {
			break
		}
		if !r.t.free(j+1, 1, ".-_~:/?#@&=+%$") && !entity.MatchString(r.t.from(j+1, 8)) {
			continue
		}
		before := part == beforePath
		if ends[before]++; ends[true] > 8 && before || ends[false] > 64 {
			continue
		}
		raw := r.t.cut(i, j+1)
		r.page(raw, i, j+1, exact)
		if strings.Contains(raw, "&amp;") {
			r.page(strings.ReplaceAll(raw, "&amp;", "&"), i, j+1, exact)
		}
	}
	if path := r.pathAt(i, host); path >= 0 {
		end := r.endOf(i, path, r.ofDefanged)
		r.page(r.below(i, host, end), i, end, func(f match.Found) bool { return !exact(f) })
	}
	for k := first; k < len(r.spots); k++ {
		if s := &r.spots[k]; s.end <= usual {
			s.second = usual - s.end
		} else {
			s.second = 1_000_000 + s.end
		}
	}
}

// below returns what of the address from i on decides below which signals it lies, if it usually ends at usual: all but its query.
func (r *reader) below(i, host, usual int) string {
	for j := host; j < usual; j++ {
		part, ok := bounded(r.t.cut(host, j+1))
		switch c := r.t.at(j); {
		case !ok || part == behindPath && c == '#':
			return r.t.cut(i, j)
		case part == behindPath && c == '?':
			return r.t.cut(i, j) + "?x=1"
		}
	}
	return r.t.cut(i, usual)
}

var dotFolder = regexp.MustCompile(`[/\\](?:\.|\[\.\]|\[dot\]|%2[eE])`)

// unseen drops what is no part of an address and cannot be seen.
var unseen = strings.NewReplacer("\u200b", "", "\u2060", "", "\ufeff", "", "\u00ad", "", "\u200e", "", "\u200f", "", "\u202a", "", "\u202b", "",
	"\u202c", "", "\u202d", "", "\u202e", "", "\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")

// The parts of an address.
const (
	beforePath = iota
	inPath
	behindPath
)

// bounded reports in which part of an address s ends, which begins with its host, and whether it is within what is read
// of one.
func bounded(s string) (part int, ok bool) {
	plain := strings.ReplaceAll(unseen.Replace(s), "[/]", "/")
	if strings.Contains(plain, "／／") || strings.Contains(plain, "：//") {
		return 0, false
	}
	plain = strings.TrimLeft(plain, `/\`)
	site := strings.IndexAny(plain, "/?#")
	if site < 0 {
		return beforePath, len(s) <= 512 && strings.Count(s, "@") <= 8
	}
	folders, rest, part := plain[site:], "", inPath
	if end := strings.IndexAny(folders, "?#"); end >= 0 {
		folders, rest, part = folders[:end], folders[end:], behindPath
	}
	count := func(s, chars string) (n int) {
		for _, c := range chars {
			n += strings.Count(s, string(c))
		}
		return n
	}
	return part, count(folders, `/\`) <= 32 && len(dotFolder.FindAllString(folders, -1)) <= 8 && count(rest, "?#") <= 8
}

// unescaped reads what stands from i on as a text of its own, in which each escaped slash from
// j on is a slash.
func (r *reader) unescaped(i, j int, read func(in *reader)) {
	var plain []byte
	var from []int // where each of its characters ends
	for k := i; k < j || addressChar(r.t.at(k)) && r.t.at(k) != '"'; k++ {
		c := r.t.cut(k, k+1)
		if n := r.t.slash(k); n > 1 && k >= j {
			c, k = "/", k+n-1
		}
		plain, from = append(plain, c...), append(from, k)
	}
	in := *r
	in.t, in.spots = newText(plain), nil
	read(&in)
	for _, s := range in.spots {
		s.start, s.end = i, from[s.end-1]+1
		r.spots = append(r.spots, s)
	}
}

// usualEnd returns where a reader would say that the address from i on ends.
func (r *reader) usualEnd(i, host int) int {
	return r.endOf(i, host, func(int) bool { return false })
}

// pathAt returns where the path of the address from i on begins, or its query or fragment without one; -1 if there is none.
func (r *reader) pathAt(i, host int) int {
	for j := host; j < len(r.t.chars)-1 && addressChar(r.t.at(j)) && r.t.chars[j+1].off-r.t.chars[i].off <= 4096; j++ {
		part, ok := bounded(r.t.cut(host, j+1))
		if !ok {
			return -1
		}
		if part != beforePath {
			if r.t.at(j) == ']' {
				for ; r.t.at(j) != '['; j-- {
				}
			}
			return j
		}
	}
	return -1
}

var defanged = regexp.MustCompile(strings.ReplaceAll(`\[U*(?:/|\.|dU*oU*t)U*\]`, "U", `[\x{200b}\x{2060}\x{feff}\x{ad}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]`))

// ofDefanged reports whether character j is a bracket of a defanged dot or slash.
func (r *reader) ofDefanged(j int) bool {
	off := r.t.chars[j].off
	from := max(0, off-64)
	for _, m := range defanged.FindAllStringIndex(r.t.s[from:min(len(r.t.s), off+64)], -1) {
		if from+m[0] == off || from+m[1]-1 == off {
			return true
		}
	}
	return false
}

// endOf returns where a reader would say that the address from i on ends, who begins to look at j and reads on over what
// passes.
func (r *reader) endOf(i, j int, passes func(int) bool) int {
	from, start := j, r.t.chars[i].off
	for j < len(r.t.chars)-1 && addressChar(r.t.at(j)) && r.t.chars[j+1].off-start <= 4096 && (!strings.ContainsRune("<>\"`{}|\\^[]", r.t.at(j)) || passes(j)) {
		j++
	}
	for j > from && strings.ContainsRune(".,;:!?'*()_~&$", r.t.at(j-1)) {
		j--
	}
	return j
}

// schemeAt returns the scheme that an address begins with at i, with its slashes.
func (r *reader) schemeAt(i int) string {
	if !strings.ContainsRune("hHxXtT", r.t.at(i)) || !r.t.free(i, -1, "") {
		return ""
	}
	return scheme.FindString(r.t.from(i, 32))
}

// page looks an address up.
func (r *reader) page(raw string, i, j int, keep func(match.Found) bool) {
	if _, err := signal.URL.Normalize(raw); err != nil {
		return
	}
	r.look(signal.URL, raw, i, j, keep)
}

// bareAddress reports whether an address without a scheme may begin at i.
func (r *reader) bareAddress(i int) bool {
	if kind(r.t.at(i)) == 0 || !r.t.free(i, -1, ".-_") || r.t.dotsBehind(i) {
		return false
	}
	if _, dotty := r.t.hostEnds(i); !dotty {
		return false
	}
	switch r.t.at(i - 1) {
	case '@', '%', '\\':
		return false
	}
	n := r.t.slashBehind(i)
	if n == 0 {
		return true
	}
	m := r.t.slashBehind(i - n)
	before := r.t.at(i - n - m - 1)
	return m > 0 && kind(before) == 0 && !strings.ContainsRune(`:/\])`, before)
}

// escapedEnd returns where a host name that begins at i ends, if an escaped slash follows, or 0.
func (r *reader) escapedEnd(i int) int {
	ends, _ := r.t.hostEnds(i)
	for _, e := range ends {
		if r.t.slash(e) > 1 {
			return e
		}
	}
	return 0
}

// profile reads links to profiles.
func (r *reader) profile(i, host int) {
	for range 2 {
		from := host
		for ; r.t.at(host) != '/'; host++ {
			if !addressChar(r.t.at(host)) {
				return
			}
		}
		if r.t.chars[host].off-r.t.chars[from].off >= 256 {
			return
		}
		h := host + 1
		if host = h; r.t.at(h) == '@' || r.t.at(h) == '$' {
			h++
		}
		r.handles(i, h, ".-_~", linkChar, signal.Username, signal.Payment)
	}
}

// handleChar reports what may stand in a handle.
func handleChar(r rune) bool { return linkChar(r) || r == '#' }

// linkChar reports what may stand in a handle in a link.
func linkChar(r rune) bool { return r > 0 && (nameChar(r) || strings.ContainsRune(".-_~", r)) }

// handleFrom looks up usernames from i on whose handle begins at h.
func (r *reader) handleFrom(i, h int) { r.handles(i, h, ".-_#~", handleChar, signal.Username) }

// handles looks up what stands from i on, with a handle from h on, as several types.
func (r *reader) handles(i, h int, join string, allowed func(rune) bool, types ...*signal.Type) {
	n := 0
	r.each(h, 256, join, allowed, func(j int) {
		if n++; n > 8 {
			return
		}
		for _, t := range types {
			r.look(t, r.t.cut(i, j), i, j, nil)
		}
	})
}

// handle reads handles that stand alone.
func (r *reader) handle(i int) {
	if c := r.t.at(i); !handleChar(c) || !r.t.free(i, -1, ".-_#~") {
		return
	}
	if r.begins(i) {
		r.handles(i, i, ".-_#~", handleChar, signal.Username, signal.Payment)
		n := 0
		r.each(i, 256, ".-_#~", handleChar, func(j int) {
			if n++; n <= 8 {
				r.barePayment(i, j)
			}
		})
	}
}

// begins reports whether a handle may begin at i: of the joiners before its first letter
// at most three belong to it.
func (r *reader) begins(i int) bool {
	core := i
	for core < i+4 && strings.ContainsRune(".-_#~", r.t.at(core)) {
		core++
	}
	return kind(r.t.at(core)) != 0 && core-i <= 3
}

// host reads domains, and platforms with a handle or an id behind them.
func (r *reader) host(i int) {
	if kind(r.t.at(i)) == 0 || !r.t.free(i, -1, ".-_") || r.t.dotsBehind(i) {
		return
	}
	ends, dotty := r.t.hostEnds(i)
	for _, j := range ends {
		if dotty {
			r.look(signal.Domain, r.t.cut(i, j), i, j, nil)
		}
		c := r.t.at(j)
		if r.t.slash(j) > 1 {
			r.unescaped(i, j, func(in *reader) { in.host(0) })
		}
		if c != '/' && c != ':' {
			continue
		}
		h := j + 1
		if r.t.at(h) == '@' {
			h++
		}
		r.handleFrom(i, h)
		if c == ':' {
			r.paid(i, j+1)
		}
		n := 0
		r.each(j+1, 192, ".-_~=+", func(c rune) bool {
			return c > 0 && c < 0x80 && (kind(c) != 0 || strings.ContainsRune("-_.~=+:/|", c))
		}, func(k int) {
			if n++; n <= 16 {
				r.look(signal.Account, r.t.cut(i, k), i, k, nil)
			}
		})
	}
}

// mail reads what stands around an at sign, seen from the domain that begins at i.
func (r *reader) mail(i int) {
	if kind(r.t.at(i)) == 0 || !strings.ContainsRune("@ ]})>＠﹫", r.t.at(i-1)) {
		return
	}
	off := r.t.chars[i].off
	at := atBehind.FindString(r.t.s[max(0, off-12):off])
	if at == "" {
		return
	}
	ends, dotty := r.t.hostEnds(i)
	local := r.t.number(off - len(at))
	for q := local - 1; q >= 0 && mailChar(r.t.at(q)) && r.t.chars[local].off-r.t.chars[q].off <= 256+3; q-- {
		if !dotty || !r.t.free(q, -1, ".-_+") {
			continue
		}
		for _, j := range ends {
			r.look(signal.Email, r.t.cut(q, j), q, j, nil)
		}
	}
	q := local
	for q > 0 && handleChar(r.t.at(q-1)) && r.t.chars[local].off-r.t.chars[q].off < 256 {
		q--
	}
	if q < local && r.t.at(q-1) == '@' && r.t.free(q-1, -1, ".-_#~") {
		for _, j := range ends {
			r.look(signal.Username, r.t.cut(q-1, j), q-1, j, nil)
		}
	}
}

func mailChar(r rune) bool {
	return r > 0 && (nameChar(r) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r))
}

// hash reads hexadecimal digits.
func (r *reader) hash(i int) {
	if !r.t.free(i, -1, "") {
		return
	}
	j := i
	for strings.ContainsRune("0123456789abcdefABCDEF", r.t.at(j)) {
		j++
	}
	if j-i < 32 || !r.t.free(j, 1, "") {
		return
	}
	for _, t := range []*signal.Type{signal.MD5, signal.SHA1, signal.SHA256, signal.PDQ, signal.VideoMD5, signal.PhotoDNA} {
		r.look(t, r.t.cut(i, j), i, j, nil)
	}
}

var quad = regexp.MustCompile(`^(?:(?:0[xX][0-9a-fA-F]{1,30}|[0-9]{1,32})(?:\.| ?` + dotForm + ` ?)){3}(?:0[xX][0-9a-fA-F]{1,30}|[0-9]{1,32})`)

// ip reads internet addresses.
func (r *reader) ip(i int) {
	if c := r.t.at(i); c >= '0' && c <= '9' && r.t.free(i, -1, ".") && !r.t.dotsBehind(i) {
		if m := quad.FindString(r.t.from(i, 256)); m != "" {
			if j := r.t.number(r.t.chars[i].off + len(m)); r.t.free(j, 1, ".") && !r.t.dotBinds(j) {
				r.look(signal.IP, m, i, j, nil)
			}
		}
	}
	is6 := func(c rune) bool { return strings.ContainsRune("0123456789abcdefABCDEF:.", c) }
	if !is6(r.t.at(i)) || is6(r.t.at(i-1)) {
		return
	}
	j := i
	for is6(r.t.at(j)) {
		j++
	}
	s := r.t.cut(i, j)
	for s != "" && (s[0] == '.' || s[0] == ':' && !strings.HasPrefix(s, "::")) {
		s, i = s[1:], i+1
	}
	for s != "" && (s[len(s)-1] == '.' || s[len(s)-1] == ':' && !strings.HasSuffix(s, "::")) {
		s, j = s[:len(s)-1], j-1
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Is6() && r.t.free(i, -1, "") && r.t.free(j, 1, "") {
		r.look(signal.IP, s, i, j, nil)
	}
}

// phone reads telephone numbers.
func (r *reader) phone(i int) {
	first, region := i, r.region
	plus := r.t.at(i) == '+' || r.t.at(i) == '＋'
	switch {
	case plus:
		if region = ""; !r.t.free(i, -1, "") {
			return
		}
		if first++; r.t.at(first) == '(' {
			first++
		}
	case r.t.at(i) == '(':
		if p := r.t.at(i - 1); p == '+' || p == '＋' || region == "" {
			return
		}
		first++
	default:
		p := r.t.at(i - 1)
		if p == '(' {
			p = max(p, r.t.at(i-2))
			if q := r.t.at(i - 2); q == '+' || q == '＋' {
				return
			}
		}
		if p == '+' || p == '＋' {
			return
		}
	}
	if !isDigit(r.t.at(first)) || !plus && !r.t.free(first, -1, "-./") {
		return
	}
	r.digits(i, first, func(raw string, j int) {
		if plus || strings.HasPrefix(raw, "00") {
			r.look(signal.Phone, raw, i, j, nil)
		}
		if region == "" {
			return
		}
		n, err := phonenumbers.Parse(raw, strings.ToUpper(region))
		if err == nil && n.GetExtension() == "" && phonenumbers.IsPossibleNumber(n) {
			r.look(signal.Phone, phonenumbers.Format(n, phonenumbers.E164), i, j, nil)
		}
	})
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' || r >= 0x80 && unicode.IsDigit(r) }

var phoneGap = regexp.MustCompile(`^[ \t\x{a0}\x{3000}\-.()/\[\]－．（）／\x{2010}-\x{2015}\x{2212}\x{2009}\x{202f}\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}\x{2066}-\x{2069}\x{feff}]$`)

// digits calls f for each place where the digits that begin at first can end.
func (r *reader) digits(i, first int, f func(raw string, j int)) {
	n, gap := 0, 0
	for j := first; n < 20 && gap <= 3; j++ {
		c := r.t.at(j)
		if !isDigit(c) {
			if c < 0 || !phoneGap.MatchString(string(c)) {
				return
			}
			gap++
			continue
		}
		if n, gap = n+1, 0; n >= 6 && r.t.free(j+1, 1, "-./") {
			f(r.t.cut(i, j+1), j+1)
		}
	}
}

// phrases reads phrases: each one is tried at each word.
func (r *reader) phrases() {
	type word struct {
		s          string
		start, end int
	}
	var words []word
	open := false
	for i, c := range r.t.chars {
		folded := " "
		if c.r >= 0 {
			folded = signal.FoldRune(c.r)
		}
		for _, f := range folded {
			switch {
			case kind(f) == 0:
				open = false
			case open && !signal.Unspaced(f):
				w := &words[len(words)-1]
				w.s, w.end = w.s+string(f), i+1
			default:
				words = append(words, word{string(f), i, i + 1})
				open = !signal.Unspaced(f)
			}
		}
	}
	by := map[string][]match.Entry{}
	cuts := map[lantern.ID][]string{}
	for _, en := range r.Entries {
		if en.Type == signal.Phrase.Name {
			cuts[en.Signal] = cutPhrase(en.Canonical)
			by[cuts[en.Signal][0]] = append(by[cuts[en.Signal][0]], en)
		}
	}
	find := func(i int, word func(i int) string) {
		w := words[i]
	entries:
		for _, en := range by[word(i)] {
			p := cuts[en.Signal]
			if i+len(p) > len(words) {
				continue
			}
			for k := range p {
				if word(i+k) != p[k] || k > 0 && r.t.chars[words[i+k].start].off-r.t.chars[words[i+k-1].end].off > 64 {
					continue entries
				}
			}
			end := words[i+len(p)-1].end
			if r.t.chars[end].off-r.t.chars[w.start].off <= 8192 {
				r.spots = append(r.spots, spot{match.Found{Signal: en.Signal, How: lantern.HowPhrase, Weak: true}, en.Type, w.start, end, 0})
			}
		}
	}
	for i := range words {
		find(i, func(i int) string { return words[i].s })
		for way := range 4 {
			find(i, func(i int) string { return straight(words[i].s, way&1+1, "li"[way>>1:way>>1+1]) })
		}
	}
}

var (
	leetInside = regexp.MustCompile(`[a-z].*[013457].*[a-z]`)
	letter     = regexp.MustCompile(`[a-z]`)
	digit      = regexp.MustCompile(`[0-9]`)
)

// straight returns a folded word as it may be meant: what stands three times or more in a row, and is not all of it, so often, 1 as one.
func straight(w string, often int, one string) string {
	if leetInside.MatchString(w) && !strings.ContainsAny(w, "2689") && len(digit.FindAllString(w, -1)) <= len(letter.FindAllString(w, -1)) {
		w = strings.NewReplacer("0", "o", "1", one, "3", "e", "4", "a", "5", "s", "7", "t").Replace(w)
	}
	out, all := "", []rune(w)
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && all[i+n] == all[i] {
			n++
		}
		keep := n
		if n >= 3 && n < len(all) && !strings.ContainsRune("0123456789", all[i]) {
			keep = often
		}
		out += strings.Repeat(string(all[i]), keep)
		i += n
	}
	return out
}

// cutPhrase cuts a canonical phrase into words, unspaced scripts into characters.
func cutPhrase(s string) []string {
	var words []string
	for w := range strings.FieldsSeq(s) {
		last := ""
		for _, c := range w {
			if signal.Unspaced(c) {
				if last != "" {
					words, last = append(words, last), ""
				}
				words = append(words, string(c))
				continue
			}
			last += string(c)
		}
		if last != "" {
			words = append(words, last)
		}
	}
	return words
}

var ranks = []lantern.How{
	lantern.HowExact, lantern.HowNear, lantern.HowPhrase, lantern.HowURLPrefix,
	lantern.HowDomain, lantern.HowAlias, lantern.HowBare,
}

// settle leaves of several findings of one signal those that say the most.
func (r *reader) settle() []match.Spot {
	rank := func(s spot) int { return slices.Index(ranks, s.How) }
	slices.SortFunc(r.spots, func(a, b spot) int {
		return cmp.Or(a.start-b.start, cmp.Compare(a.Signal, b.Signal), rank(a)-rank(b), a.second-b.second, a.end-b.end)
	})
	// Of one signal at one start the first of this order counts ...
	r.spots = slices.CompactFunc(r.spots, func(a, b spot) bool { return a.start == b.start && a.Signal == b.Signal })
	var kept []spot
	by := map[lantern.ID][]spot{}
next:
	for _, s := range r.spots {
		for _, k := range by[s.Signal] { // ... unless it lies within an equally strong one
			if k.end >= s.end && rank(k) <= rank(s) {
				continue next
			}
		}
		kept, by[s.Signal] = append(kept, s), append(by[s.Signal], s)
	}
	var out []match.Spot
	for _, s := range kept {
		c := r.t.chars[s.start]
		out = append(out, match.Spot{Found: s.Found, Type: s.typ, Start: c.original, End: r.t.chars[s.end].original, Line: c.line, Column: c.column})
	}
	return out
}
