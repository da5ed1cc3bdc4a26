package match

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"lantern/internal/text"
)

// Bounds of a telephone number in a text.
const (
	maxPhoneDigits = 20
	maxPhoneGap    = 3 // separators between two digits
)

// phoneGaps are the characters that may separate the digits of a number: marks of every width, and what cannot be seen.
const phoneGaps = " \t\u00a0\u3000-.()/[]－．（）／\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2009\u202f" +
	"\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"

// readPhones finds the telephone numbers whose first digit lies in a run.
func (s *scanner) readPhones(r *run) {
	for _, p := range s.within(r, &text.PhoneJoin) {
		if _, ok := s.digitAt(p); !ok {
			continue
		}
		before, size := text.RuneBefore(s.text, p)
		if before == '(' {
			if b, n := text.RuneBefore(s.text, p-1); b == '+' || b == '＋' {
				before, size = b, n+1
			}
		}
		if before == '+' || before == '＋' {
			if text.LeftFree(s.text, p-size, &text.NoJoin) {
				s.readPhone(p-size, p, "")
			}
			continue
		}
		if !text.LeftFree(s.text, p, &text.PhoneJoin) {
			continue
		}
		if p+1 < len(s.text) && s.text[p] == '0' && s.text[p+1] == '0' {
			s.readPhone(p, p, "")
		}
		if s.opts.Region != "" {
			s.readPhone(p, p, s.opts.Region)
			if before == '(' {
				s.readPhone(p-1, p, s.opts.Region)
			}
		}
	}
}

// digitAt returns the size of the digit at i; ok is false if there is none.
func (s *scanner) digitAt(i int) (size int, ok bool) {
	r, size := text.RuneAt(s.text, i)
	return size, r >= '0' && r <= '9' || r >= utf8.RuneSelf && unicode.IsDigit(r)
}

// readPhone looks up the number that begins at start, with its first digit at p, at every place where it
// can end.
func (s *scanner) readPhone(start, p int, region string) {
	s.lower = s.lower[:0]
	wide, digits, gap := false, 0, 0
	for i := p; i < len(s.text) && digits < maxPhoneDigits && gap <= maxPhoneGap; {
		size, ok := s.digitAt(i)
		if !ok {
			r, n := text.RuneAt(s.text, i)
			if r < 0 || !strings.ContainsRune(phoneGaps, r) {
				return
			}
			i += n
			gap++
			continue
		}
		wide = wide || size > 1
		s.lower = append(s.lower, s.text[i])
		i += size
		digits, gap = digits+1, 0
		if digits < tailDigits || !text.RightFree(s.text, i, &text.PhoneJoin) {
			continue
		}
		if wide || s.v.May(s.e.markBytes(markTail, s.lower[digits-tailDigits:])) {
			s.lookPhone(start, i, region)
		}
	}
}

// lookPhone looks up one number.
func (s *scanner) lookPhone(start, end int, region string) {
	if region == "" {
		s.look(s.e.n.phone, start, end)
		return
	}
	r := reading{typ: s.e.n.phone, way: region, raw: string(s.text[start:end])}
	found, ok := s.known.found[r]
	if !ok {
		found = s.findNational(r.raw, region, s.found[:0])
		s.found = found
		s.known.note(r, found)
	}
	s.note(s.e.n.phone, found, start, end)
}

// findNational appends what a number is in a region.
func (s *scanner) findNational(raw, region string, dst []Found) []Found {
	n, err := phonenumbers.Parse(raw, strings.ToUpper(region))
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsPossibleNumber(n) {
		return dst
	}
	return s.findString(s.e.n.phone, phonenumbers.Format(n, phonenumbers.E164), dst)
}
