package match

import (
	"lantern"
	"lantern/internal/text"
	"lantern/signal"
)

// readHashes finds hashes in hexadecimal: longest stretches of letters and digits that are
// all hexadecimal and as long as a hash of some type.
func (s *scanner) readHashes(r *run) {
	for _, p := range s.within(r, &text.NoJoin) {
		end := p
		for end < r.rim && text.IsHex(s.text[end]) {
			end++
		}
		if end-p < 32 || !text.RightFree(s.text, end, &text.NoJoin) {
			continue
		}
		for _, n := range s.e.n.hashes {
			if s.v.mayType(n) {
				s.look(n, p, end)
			}
		}
	}
}

// look normalises a stretch of the window as one type, looks it up and notes what is found.
func (s *scanner) look(n uint8, start, end int) {
	if end-start > maxReading || start < s.lo || start >= s.hi {
		return
	}
	s.lookString(n, string(s.text[start:end]), start, end)
}

// lookString is look for a stretch that reads as raw.
func (s *scanner) lookString(n uint8, raw string, start, end int) {
	r := reading{typ: n, raw: raw}
	if found, ok := s.known.found[r]; ok {
		s.note(n, found, start, end)
		return
	}
	s.found = s.findString(n, raw, s.found[:0])
	s.known.note(r, s.found)
	s.note(n, s.found, start, end)
}

// findString appends what raw is, as one type.
func (s *scanner) findString(n uint8, raw string, dst []Found) []Found {
	t := s.e.types.list[n]
	v, err := t.Normalize(raw)
	if err != nil {
		return dst
	}
	l := lookup{e: s.e, v: s.v, dst: dst}
	switch t.Compare {
	case signal.Hamming:
		l.near(t, v.Canonical)
	case signal.URLPrefix:
		l.url(t, n, v.Canonical)
	case signal.HostSuffix:
		l.hosts(n, v.Canonical, lantern.HowExact)
	default:
		l.keys(t, n, Query{t.Name, v.Canonical, v.Weak})
	}
	return l.dst
}
