package match

import (
	"bytes"
	"slices"

	"lantern/internal/text"
)

// veils are the places at which something of the window is veiled, of each [veil], and the stretch that
// is read without it.
type veils struct {
	at    [veilKinds][]int // rising
	plain bared
}

// seekWide notes where the characters outside ASCII between two places, with ASCII on either side, are a veil.
func (s *scanner) seekWide(start, end int) {
	if hidesWithin(s.text, start, end) {
		s.veils.at[wideVeil] = append(s.veils.at[wideVeil], start)
		return
	}
	for i := start; i < end; {
		n := bytes.IndexByte(s.text[i:end], 0xEF) // with which full-width forms begin
		if n < 0 {
			return
		}
		i += n
		r, size := text.RuneAt(s.text, i)
		if isWide(s.text, i, r, size) {
			s.veils.at[wideVeil] = append(s.veils.at[wideVeil], i)
		}
		i += size
	}
}

// seekCode notes a percent code or numeric entity at i.
func (s *scanner) seekCode(i int) {
	if _, size := text.CodeAt(s.text, i); size > 0 {
		s.veils.at[codedVeil] = append(s.veils.at[codedVeil], i)
	}
}

// readVeiled reads each veiled stretch of the window as it reads without its veil. A byte is in one stretch of each
// veil, so it is read once more for each.
func (s *scanner) readVeiled() {
	for kind, places := range s.veils.at {
		past := 0 // no stretch that is to be read begins before it and reaches it
		for _, at := range places {
			if at < past {
				continue
			}
			from, to := s.veiledAround(at, past)
			past = to
			if to-from <= maxVeiled && to > s.lo && from < s.hi && !(from == 0 && s.base > 0) {
				s.readUnveiled(from, to, veil(kind))
			}
		}
	}
}

// veiledAround returns where the stretch around i begins and ends that may be veiled, looking back no further than
// past. Of one that is too long it need not be all.
func (s *scanner) veiledAround(i, past int) (from, to int) {
	for from = i; from > past && i-from <= maxVeiled; {
		r, size := text.RuneBefore(s.text, from)
		if !inVeiled(r) {
			break
		}
		from -= size
	}
	for to = i; to < len(s.text); {
		r, size := text.RuneAt(s.text, to)
		if !inVeiled(r) {
			break
		}
		to += size
	}
	return from, to
}

// readUnveiled reads a stretch of the window as a text of its own, without a veil. Of what is coded counts what
// the codes make.
func (s *scanner) readUnveiled(from, to int, kind veil) {
	u := &s.veils.plain
	u.Read(s.text, from, to, kind)
	whole, lo, hi, past6, ahead, first := s.text, s.lo, s.hi, s.past6, s.ahead, len(s.spots)
	s.text, s.lo, s.hi, s.past6, s.ahead = u.Text, 0, len(u.Text), 0, aheads{}
	s.plain.to = 0 // it is of another text
	for i := 0; i < len(s.text); {
		if text.Classes[s.text[i]]&text.InRun == 0 {
			i++
			continue
		}
		i = s.readRunAt(i)
	}
	if s.want.ip {
		s.readIP6s(len(s.text))
	}
	s.plain.to = 0
	s.text, s.lo, s.hi, s.past6, s.ahead = whole, lo, hi, past6, ahead
	kept := s.spots[:first]
	for _, sp := range s.spots[first:] {
		if kind == codedVeil && !s.isDecoded(&sp) {
			continue
		}
		sp.start, sp.end = u.Starts[sp.start], u.Ends[sp.end-1]
		if sp.start >= s.lo && sp.start < s.hi {
			kept = append(kept, sp)
		}
	}
	s.spots = kept
}

// isDecoded reports whether codes make what was found in the unveiled stretch: one stands directly before it or within it. Of an
// address it is where its path begins, or before: in the path its normal form tells "%2F" from a slash.
func (s *scanner) isDecoded(sp *spot) bool {
	u := &s.veils.plain
	if sp.start > 0 && u.Coded[sp.start-1] {
		return true
	}
	end := sp.end
	if sp.typ == s.e.n.url {
		end = sp.start + siteEnd(u.Text[sp.start:])
	}
	return slices.Contains(u.Coded[sp.start:end], true)
}

// siteEnd returns where what stands before the path of an address ends, behind the mark that begins its path or query, or the blank.
func siteEnd(b []byte) int {
	i := schemeEnd(b)
	for i < len(b) && (b[i] == '/' || b[i] == '\\') {
		i++
	}
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '/', c == '?', c == '#', c <= ' ', c == 0x7F, c == '\\' && (i+1 == len(b) || b[i+1] != '.'):
			return i + 1
		}
	}
	return len(b)
}
