package match

import (
	"unicode"
	"unicode/utf8"

	"lantern/signal"
)

// wants says what a view makes worth looking for.
type wants struct {
	email, handle, account, phone, url, domain, ip, hash, phrase bool
	payment, username                                            bool
}

// wants looks at which types v may hold.
func (e *Engine) wants(v *view) wants {
	w := wants{
		email: v.keyTypes[e.n.email], username: v.keyTypes[e.n.username], account: v.keyTypes[e.n.account],
		phone: v.keyTypes[e.n.phone], url: v.keyTypes[e.n.url], domain: v.keyTypes[e.n.domain],
		ip: v.keyTypes[e.n.ip], phrase: v.keyTypes[e.n.phrase], payment: v.keyTypes[e.n.payment],
	}
	w.handle = w.username || w.payment
	for _, n := range e.n.hashes {
		w.hash = w.hash || v.keyTypes[n]
	}
	return w
}

// run is a longest stretch of letters, digits and joiners: where names stand.
type run struct {
	start, end int   // of the run
	core, rim  int   // without the joiners around it
	flags      class // of all its bytes
}

// readRuns finds the runs of the window and everything that begins in one.
func (s *scanner) readRuns() {
	text := s.text
	for i := 0; i < len(text) && i < s.hi+windowHead; {
		if classes[text[i]]&inRun == 0 {
			i++
			continue
		}
		r := run{start: i}
		for i < len(text) {
			c := classes[text[i]]
			if c&inRun == 0 {
				break
			}
			if c&isHigh != 0 {
				ru, size := utf8.DecodeRune(text[i:])
				if !runRune(ru) {
					break
				}
				i += size - 1
			}
			r.flags |= c
			i++
		}
		if r.end = i; r.end == r.start {
			_, size := utf8.DecodeRune(text[i:])
			i += size
			continue
		}
		s.readRun(&r)
	}
}

// runRune reports whether a character outside ASCII can be part of a name: a letter, digit
// or mark, or one that cannot be seen.
func runRune(r rune) bool {
	return r != utf8.RuneError && (signal.IsWord(r) || unicode.Is(unicode.Cf, r))
}

// trim sets the core and rim of r. It reports whether anything is left.
func (s *scanner) trim(r *run) bool {
	r.core, r.rim = r.start, r.end
	for r.core < r.rim {
		ru, size := runeAt(s.text, r.core)
		if scriptOf(ru) != noScript {
			break
		}
		r.core += size
	}
	for r.core < r.rim {
		ru, size := runeBefore(s.text, r.rim)
		if scriptOf(ru) != noScript {
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
	if s.want.payment && r.flags&isDigit != 0 {
		s.readIBANs(r)
	}
	if s.want.hash && r.rim-r.core >= 32 {
		s.readHashes(r)
	}
	if s.want.ip {
		s.readIPs(r)
	}
	if s.want.phone && r.flags&(isDigit|isHigh) != 0 {
		s.readPhones(r)
	}
	if s.want.url || s.want.domain || s.want.account || s.want.handle {
		s.readNames(r)
	}
}

// within lists the places of a run at which a token of some kind can begin: its core, and
// behind every joiner that does not join tokens of that kind, every escape, and every
// change between scripts.
func (s *scanner) within(r *run, join *set) []int {
	s.starts = append(s.starts[:0], r.core)
	simple := r.flags&isHigh == 0 && !(r.start > 0 && s.text[r.start-1] == '\\')
	if simple && r.flags&isJoiner == 0 {
		return s.starts
	}
	for i := r.core; i < r.rim; {
		ru, size := runeAt(s.text, i)
		at := i
		i += size
		if at == r.core || scriptOf(ru) == noScript || simple && classes[s.text[at-1]]&isJoiner == 0 {
			continue
		}
		if leftFree(s.text, at, join) {
			s.starts = append(s.starts, at)
		}
	}
	return s.starts
}
