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
	return w
}

// run is a longest stretch of letters, digits and joiners: where names stand.
type run struct {
	start, end int        // of the run
	core, rim  int        // without the joiners around it
	flags      text.Class // of all its bytes
}

// readRuns finds the runs of the window and everything that begins in one.
func (s *scanner) readRuns() {
	s.blocks = text.Blocks(s.blocks, s.text)
	s.recall.begin(s.v.View)
	end := min(len(s.text), s.hi+windowHead)
	for i := 0; ; {
		if i = s.runFrom(i); i >= end {
			return
		}
		next := s.runEnd(i)
		switch kind := s.kindOf(i, next); kind {
		case plainRun:
			if s.want.handle && next-i >= minBare && i >= s.lo && i < s.hi && s.recalls(askHandle, i, next) {
				s.lookBare(i, next)
			}
		case highRun:
			next = s.readRunes(i)
		default:
			r := run{start: i, end: next}
			for _, c := range s.text[i:next] {
				r.flags |= text.Classes[c]
			}
			s.readRun(&r)
		}
		i = next
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

// runEnd returns where the bytes of a run that begins at i are over.
func (s *scanner) runEnd(i int) int {
	skip := ^uint64(0) << (i & 63)
	for b := i >> 6; b < len(s.blocks); b++ {
		if out := ^s.blocks[b].InRun() & skip; out != 0 {
			return min(b<<6+bits.TrailingZeros64(out), len(s.text))
		}
		skip = ^uint64(0)
	}
	return len(s.text)
}

// The kinds of runs.
const (
	anyRun   = iota
	plainRun // a word and nothing else: nothing in it or beside it can make it part of anything
	highRun  // it holds characters outside ASCII, of which not all need be part of it
)

// kindOf tells the kind of the run from i to end, and what little is to be seen of it. Most
// runs are plain, and can be read in one way only.
func (s *scanner) kindOf(i, end int) int {
	const most = 31 // a digest has 32 digits, all of which may be letters
	n := end - i
	if i < 2 || n > most {
		for b := i >> 6; b <= (end-1)>>6; b++ {
			if s.bitsFrom(b<<6, highBits)&ones(b<<6, i, end) != 0 {
				return highRun
			}
		}
		return anyRun
	}
	at := i - 2 // what is beside a run counts up to there
	inside, around := (uint64(1)<<n-1)<<2, uint64(1)<<(n+4)-1
	switch high := s.bitsFrom(at, highBits); {
	case high&inside != 0:
		return highRun
	case high&around != 0,
		s.bitsFrom(at, joinerBits)&inside != 0,
		s.bitsFrom(at, beforeBits)&3 != 0,
		s.bitsFrom(at, behindBits)>>(n+2)&3 != 0,
		(s.want.payment || s.want.phone) && s.bitsFrom(at, digitBits)&inside != 0:
		return anyRun
	}
	return plainRun
}

// ones has a bit for each byte of the 64 from at on that lies between from and to.
func ones(at, from, to int) uint64 {
	m := ^uint64(0)
	if from > at {
		m <<= from - at
	}
	if to < at+64 {
		m &= 1<<(to-at) - 1
	}
	return m
}

// The sets of a block.
func highBits(b *text.Block) uint64   { return b.High }
func joinerBits(b *text.Block) uint64 { return b.Joiner }
func digitBits(b *text.Block) uint64  { return b.Digit }
func beforeBits(b *text.Block) uint64 { return b.Before }
func behindBits(b *text.Block) uint64 { return b.Behind }

// bitsFrom returns a set of the 64 bytes from i on.
func (s *scanner) bitsFrom(i int, of func(*text.Block) uint64) uint64 {
	b, shift := i>>6, i&63
	set := of(&s.blocks[b]) >> shift
	if b+1 < len(s.blocks) {
		set |= of(&s.blocks[b+1]) << (64 - shift) // nothing, if there is no shift
	}
	return set
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
	s.starts = append(s.starts[:0], r.core)
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
