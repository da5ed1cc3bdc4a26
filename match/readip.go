package match

import (
	"bytes"

	"lantern/internal/text"
)

// readIPs finds the IPv4 addresses in four parts that begin in a run.
func (s *scanner) readIPs(r *run) {
	if r.flags&text.Digit != 0 && (r.flags&text.Dot != 0 || s.nameFollows(r.end)) {
		for _, p := range s.within(r, &text.IPJoin) {
			if text.Classes[s.text[p]]&text.Digit == 0 || text.DotLeadsHere(s.text, p) {
				continue
			}
			if e := quad(s.text, p); e > 0 && text.RightFree(s.text, e, &text.IPJoin) {
				if !text.DotBinds(s.text, e) {
					s.look(s.e.n.ip, p, e)
				}
			}
		}
	}
}

// quad returns where four numbers joined by dots that begin at p end, or 0.
func quad(b []byte, p int) int {
	for part := 0; ; part++ {
		i := p
		if i+2 < len(b) && b[i] == '0' && text.Lower(b[i+1]) == 'x' && text.IsHex(b[i+2]) {
			for i += 2; i < len(b) && text.IsHex(b[i]); i++ {
			}
		} else {
			for i < len(b) && text.Classes[b[i]]&text.Digit != 0 {
				i++
			}
		}
		switch {
		case i == p || i-p > 32:
			return 0
		case part == 3:
			return i
		case i < len(b) && b[i] == '.':
			p = i + 1
		default:
			n := text.FormAt(b, i, text.DotForms)
			if n == 0 {
				return 0
			}
			p = i + n
		}
	}
}

// maxIP6 bounds how far an IPv6 address is looked for around a run.
const maxIP6 = 64

// readIP6s finds the IPv6 addresses that begin before a place.
func (s *scanner) readIP6s(end int) {
	for i := 0; i < end; i++ {
		n := bytes.IndexByte(s.text[i:end], ':')
		if n < 0 {
			return
		}
		i += n
		s.readIP6(i)
	}
}

// readIP6 finds the IPv6 address in the longest stretch of hexadecimal digits, colons
// and dots around i.
func (s *scanner) readIP6(i int) {
	if i < s.past6 {
		return
	}
	a, b := i, i
	for a > 0 && i-a < maxIP6 && ip6Char(s.text[a-1]) {
		a--
	}
	for b < len(s.text) && b-i < maxIP6 && ip6Char(s.text[b]) {
		b++
	}
	s.past6 = b
	if i-a == maxIP6 || b-i == maxIP6 {
		return
	}
	for a < b && (s.text[a] == '.' || s.text[a] == ':' && !(a+1 < b && s.text[a+1] == ':')) {
		a++
	}
	for a < b && (s.text[b-1] == '.' || s.text[b-1] == ':' && !(b-2 >= a && s.text[b-2] == ':')) {
		b--
	}
	if bytes.Count(s.text[a:b], []byte{':'}) >= 2 && text.LeftFree(s.text, a, &text.NoJoin) && text.RightFree(s.text, b, &text.NoJoin) {
		s.look(s.e.n.ip, a, b)
	}
}

func ip6Char(c byte) bool { return c == ':' || c == '.' || text.IsHex(c) }
