package match

import (
	"math/bits"
	"unicode/utf8"

	"lantern/internal/text"
)

// wants says what a view makes worth looking for.
type wants struct {
	email, handle, account, phone, url, domain, ip, hash, phrase bool
	payment, username                                            bool
	named, numbered                                              bool // some that show by their words, or by digits
}

// wants looks at which types v may hold.
func (e *Engine) wants(v view) wants {
	w := wants{
		email: v.mayType(e.n.email), username: v.mayType(e.n.username), account: v.mayType(e.n.account),
		phone: v.mayType(e.n.phone), url: v.mayType(e.n.url), domain: v.mayType(e.n.domain),
		ip: v.mayType(e.n.ip), phrase: v.mayType(e.n.phrase), payment: v.mayType(e.n.payment),
	}
	w.handle = w.username || w.payment
	for _, n := range e.n.hashes {
		w.hash = w.hash || v.mayType(n)
	}
	w.named = w.handle || w.account || w.url || w.domain
	w.numbered = w.phone || w.ip || w.payment || w.hash
	return w
}

// run is a longest stretch of letters, digits and joiners: where names stand.
type run struct {
	start, end int        // of the run
	core, rim  int        // without the joiners around it
	flags      text.Class // of all its bytes
}

// readRuns finds everything but phrases that begins in the window.
func (s *scanner) readRuns() {
	if s.recall.begin(s.v.View) {
		s.known.forget()
	}
	s.seek()
	end := min(len(s.text), s.hi+windowHead)
	done := 0 // runs that begin before were read
	for _, p := range s.stretches {
		if p.to <= done {
			continue
		}
		i := s.runFrom(s.tokenAt(max(p.at, done), done))
		if i >= end {
			break // what begins here, and behind, is the next window's
		}
		for i < min(p.to, end) {
			i = s.runFrom(s.readRunAt(i))
		}
		done = max(done, i)
	}
	if s.want.ip {
		s.readIP6s(end)
	}
	if s.want.named || s.want.numbered || s.want.email {
		s.readVeiled()
	}
}

// runFrom returns where the first byte of a run stands from i on, at most the end of the text.
func (s *scanner) runFrom(i int) int {
	skip := ^uint64(0) << (i & 63)
	for b := i >> 6; b < len(s.blocks); b++ {
		if in := s.blocks[b].InRun() & skip; in != 0 {
			return b<<6 + bits.TrailingZeros64(in)
		}
		skip = ^uint64(0)
	}
	return len(s.text)
}

// readRunAt reads the run that begins at i, and returns where to go on. Of one that holds
// characters outside ASCII, not all need be part of it.
func (s *scanner) readRunAt(i int) int {
	r := run{start: i, end: i}
	for ; r.end < len(s.text); r.end++ {
		c := text.Classes[s.text[r.end]]
		if c&text.High != 0 {
			return s.readRunes(i)
		}
		if c&text.InRun == 0 {
			break
		}
		r.flags |= c
	}
	s.readRun(&r)
	return r.end
}

// readRunes reads the run that begins at i character by character, and returns where to go on.
func (s *scanner) readRunes(i int) int {
	b := s.text
	r := run{start: i}
	for i < len(b) {
		c := text.Classes[b[i]]
		if c&text.InRun == 0 {
			break
		}
		if c&text.High != 0 {
			ru, size := utf8.DecodeRune(b[i:])
			if !text.RunRune(ru) {
				break
			}
			i += size - 1
		}
		r.flags |= c
		i++
	}
	if r.end = i; r.end == r.start {
		_, size := utf8.DecodeRune(b[i:])
		return i + size
	}
	s.readRun(&r)
	return i
}

// trim sets the core and rim of r. It reports whether anything is left.
func (s *scanner) trim(r *run) bool {
	r.core, r.rim = r.start, r.end
	for r.core < r.rim {
		ru, size := text.RuneAt(s.text, r.core)
		if text.ScriptOf(ru) != text.NoScript {
			break
		}
		r.core += size
	}
	for r.core < r.rim {
		ru, size := text.RuneBefore(s.text, r.rim)
		if text.ScriptOf(ru) != text.NoScript {
			break
		}
		r.rim -= size
	}
	return r.core < r.rim
}

// readRun looks for every kind of identifier that begins in, or hangs on, one run.
func (s *scanner) readRun(r *run) {
	if (s.want.url || s.want.handle) && r.end < len(s.text) {
		if c := s.text[r.end]; c == ':' || c == '[' || c == '(' {
			s.readURL(r.end)
		}
	}
	if !s.trim(r) {
		return
	}
	if s.want.email || s.want.username {
		s.readMail(r.core)
	}
	if s.want.handle {
		s.readHandles(r)
	}
	if s.want.payment && r.flags&text.Digit != 0 {
		s.readIBANs(r)
	}
	if s.want.hash && r.rim-r.core >= 32 {
		s.readHashes(r)
	}
	if s.want.ip {
		s.readIPs(r)
	}
	if s.want.phone && r.flags&(text.Digit|text.High) != 0 {
		s.readPhones(r)
	}
	if s.want.url || s.want.domain || s.want.account || s.want.handle {
		s.readNames(r)
	}
}

// within lists the places of a run at which a token of some kind can begin: its core, and
// behind every joiner that does not join tokens of that kind, every escape, and every
// change between scripts.
func (s *scanner) within(r *run, join *text.Set) []int {
	s.starts = s.starts[:0]
	if r.start == 0 || s.text[r.start-1] != ';' && s.text[r.start-1] < utf8.RuneSelf || text.LeftFree(s.text, r.core, join) {
		s.starts = append(s.starts, r.core) // what was read before it ended there, unless it is veiled
	}
	simple := r.flags&text.High == 0 && !(r.start > 0 && s.text[r.start-1] == '\\')
	if simple && r.flags&text.Joiner == 0 {
		return s.starts
	}
	for i := r.core; i < r.rim; {
		ru, size := text.RuneAt(s.text, i)
		at := i
		i += size
		if at == r.core || text.ScriptOf(ru) == text.NoScript || simple && text.Classes[s.text[at-1]]&text.Joiner == 0 {
			continue
		}
		if text.LeftFree(s.text, at, join) {
			s.starts = append(s.starts, at)
		}
	}
	return s.starts
}
