package match

import (
	"lantern/internal/siphash"
	"lantern/internal/text"
	"lantern/signal"
)

// readNames finds what begins with a name of labels joined by dots: domains, addresses
// without a scheme, and "platform/handle" and "platform:id".
func (s *scanner) readNames(r *run) {
	if r.flags&(text.Dot|text.High) == 0 && !s.nameFollows(r.end) {
		return
	}
	for _, p := range s.within(r, &text.HostJoin) {
		if p < s.lo || p >= s.hi || text.DotLeadsHere(s.text, p) {
			continue
		}
		h := text.Chain(s.text, p)
		ends := h.All()
		if len(ends) == 0 {
			continue
		}
		last := ends[len(ends)-1]
		escaped := escapedSlash(s.text, last) > 0 // only what ends the name can be followed by one
		for _, e := range ends {
			if h.Dotted && s.want.domain && (!h.Plain || s.mayDomain(p, e)) {
				s.look(s.e.n.domain, p, e)
			}
			if e < len(s.text) && (s.text[e] == '/' || s.text[e] == ':') {
				s.readMember(p, e)
			}
		}
		if escaped {
			s.unescaped(p, last, func(at int) { s.readMember(at, at+last-p) })
		}
		switch {
		case !h.Dotted || !s.want.url || !s.addressMayStart(p):
		case escaped:
			s.unescaped(p, last, func(at int) { s.readAddress(at, at) })
		default:
			s.readAddress(p, p)
		}
	}
}

// nameFollows reports whether the byte behind a run without dots can make it part of a name
// or of something that begins with one.
func (s *scanner) nameFollows(i int) bool {
	if i+1 >= len(s.text) {
		return false
	}
	c := s.text[i]
	return c == '/' || c == ':' || escapedSlash(s.text, i) > 0 || text.MayBegin(s.text, i) || c == ' ' && text.MayBegin(s.text, i+1)
}

// mayDomain reports whether some domain signal may be this plain host or a parent of it.
func (s *scanner) mayDomain(p, e int) bool {
	s.lower = text.AppendLower(s.lower[:0], s.text[p:e])
	for i := range s.lower {
		if (i == 0 || s.lower[i-1] == '.') && s.v.May(s.e.keyMark(s.e.n.domain, inPlace(s.lower[i:]))) {
			return true
		}
	}
	return false
}

// addressMayStart reports whether an address without a scheme may begin at p: not within
// one that has a scheme, nor in a path, nor behind an at sign.
func (s *scanner) addressMayStart(p int) bool {
	if p == 0 {
		return true
	}
	switch s.text[p-1] {
	case '@', '%', '\\':
		return false
	}
	one := slashBefore(s.text, p)
	if one == 0 {
		return true
	}
	two := slashBefore(s.text, p-one)
	if two == 0 {
		return false
	}
	before, _ := text.RuneBefore(s.text, p-one-two)
	return text.ScriptOf(before) == text.NoScript && before != ':' && before != '/' && before != '\\' && before != ']' && before != ')'
}

// How many bytes of an account id, or of a payment handle behind its scheme, are looked at, and how many of its ends.
const (
	maxID     = 192
	maxIDEnds = 16
)

// readMember finds the username or account that begins with the platform from p to e, on
// which a slash or colon follows.
func (s *scanner) readMember(p, e int) {
	if s.want.payment && s.text[e] == ':' {
		s.readPayment(p, e)
	}
	if s.want.username {
		h := e + 1
		if h < len(s.text) && s.text[h] == '@' {
			h++
		}
		s.readHandleAt(p, h, &text.HandleJoin)
	}
	if !s.want.account {
		return
	}
	var id siphash.Stream
	id.Start(&s.e.marks[markID])
	same, ends := 0, 0
	for i := e + 1; i < len(s.text) && i-e <= maxID && ends < maxIDEnds && idChars.Has(s.text[i]); i++ {
		end := i + 1
		if end < len(s.text) && text.Classes[s.text[end]]&(text.Letter|text.Digit) != 0 || !text.RightFree(s.text, end, &text.IDJoin) {
			continue
		}
		ends++
		mark := id.First(inPlace(s.text[e+1:end]), same)
		if same = end - e - 1; s.v.May(mark) {
			s.look(s.e.n.account, p, end)
		}
	}
}

// idChars are the characters of an account id.
var idChars = text.NewSet("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~=+:/|")

// maxEnds is how many ends of a handle are tried, counted from its start.
const maxEnds = 8

// readHandleAt finds usernames from p on whose handle begins at h. join is what joins
// handles there.
func (s *scanner) readHandleAt(p, h int, join *text.Set) {
	s.readHandle(h)
	s.handleEnds(h, join, func(e int) {
		if !s.mayHandle(e) {
			return
		}
		if s.want.username {
			s.look(s.e.n.username, p, e)
		}
		if s.want.payment && join == &text.LinkJoin {
			s.look(s.e.n.payment, p, e)
		}
	})
}

// handleEnds calls at for the first maxEnds places where a handle that begins at h can end.
func (s *scanner) handleEnds(h int, join *text.Set, at func(e int)) {
	n := 0
	for i := h; i < len(s.text) && i-h < maxLocal && n < maxEnds; {
		r, size := text.RuneAt(s.text, i)
		if !handleRune(r, join) {
			return
		}
		i += size
		if i < len(s.text) && text.Classes[s.text[i]]&(text.Letter|text.Digit) != 0 && text.Classes[s.text[i-1]]&(text.Letter|text.Digit) != 0 {
			continue
		}
		if text.RightFree(s.text, i, join) {
			at(i)
			n++
		}
	}
}

// maxEdge is how many joiners at its edges a handle may begin with.
const maxEdge = 3

// readHandles finds handles that stand alone, without a platform.
func (s *scanner) readHandles(r *run) {
	for _, p := range s.within(r, &text.HandleJoin) {
		from := p
		for from > r.start && p-from < maxEdge && text.HandleJoin.Has(s.text[from-1]) && text.LeftFree(s.text, from-1, &text.HandleJoin) {
			from--
		}
		for ; from <= p; from++ {
			if s.want.payment && from > 0 && s.text[from-1] == '$' {
				s.readCashtag(from - 1)
			}
			if from < s.lo || from >= s.hi {
				continue
			}
			s.readHandle(from)
			s.handleEnds(from, &text.HandleJoin, func(e int) {
				if s.mayHandle(e) {
					s.lookBare(from, e)
				}
			})
		}
	}
}

// lookBare looks up a handle without a platform or payment scheme, and wallets, which
// need no scheme.
func (s *scanner) lookBare(start, end int) {
	if s.want.username {
		s.look(s.e.n.username, start, end)
	}
	if !s.want.payment {
		return
	}
	s.look(s.e.n.payment, start, end)
	if bare := bareHandle(string(s.text[start:end])); bare != "" {
		l := lookup{e: s.e, v: s.v, dst: s.found[:0]}
		l.keys(signal.Payment, s.e.n.payment, Query{Weak: []string{bare}})
		s.found = l.dst
		s.note(s.e.n.payment, l.dst, start, end)
	}
}
