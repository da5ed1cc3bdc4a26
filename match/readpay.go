package match

import (
	"lantern/signal"

	"lantern/internal/text"
)

// barePayment returns the handle of a canonical payment value alone, in the form in which
// it is looked up where no scheme stands; "" if it is too short or too common for that.
func barePayment(canonical string) string {
	for i := range len(canonical) {
		if canonical[i] == ':' {
			return bareHandle(canonical[i+1:])
		}
	}
	return ""
}

// bareHandle returns the form of a handle without a platform, "" if it has none.
func bareHandle(raw string) string {
	v, err := signal.Username.Normalize(raw)
	if err != nil || !isBare(signal.Username, v.Canonical) {
		return ""
	}
	return v.Canonical
}

// payChars are the characters of a payment handle behind its scheme.
var payChars = text.NewSet("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~=+:/|@")

// readPayment finds the payment handles whose scheme stands from p to colon.
func (s *scanner) readPayment(p, colon int) {
	h := colon + 1
	for h < len(s.text) && (s.text[h] == '$' || s.text[h] == '@') && h-colon <= maxEdge {
		h++
	}
	s.readHandle(h)
	ends := 0
	for i := h; i < len(s.text) && i-h < maxID && ends < maxIDEnds && payChars.Has(s.text[i]); i++ {
		end := i + 1
		if end < len(s.text) && text.Classes[s.text[end]]&(text.Letter|text.Digit) != 0 || !text.RightFree(s.text, end, &text.IDJoin) {
			continue
		}
		if ends++; s.mayHandle(end) || s.mayIBAN(h, end) {
			s.look(s.e.n.payment, p, end)
		}
	}
}

// mayIBAN reports whether some signal may have for its bank account number what stands there with hyphens.
func (s *scanner) mayIBAN(start, end int) bool {
	if end-start < minIBAN || !isIBANHead(s.text[start:]) {
		return false
	}
	s.lower = s.lower[:0]
	for _, c := range s.text[start:end] {
		if c != '-' {
			s.lower = append(s.lower, text.Lower(c))
		}
	}
	return s.v.May(s.e.markBytes(markHandle, s.lower))
}

// readCashtag finds the handle behind a dollar sign at p.
func (s *scanner) readCashtag(p int) {
	if !text.LeftFree(s.text, p, &text.NoJoin) {
		return
	}
	s.readHandle(p + 1)
	s.handleEnds(p+1, &text.HandleJoin, func(e int) {
		if s.mayHandle(e) {
			s.look(s.e.n.payment, p, e)
		}
	})
}

// Lengths of a bank account number, without blanks (ISO 13616).
const (
	minIBAN = 15
	maxIBAN = 34
)

// readIBANs finds the bank account numbers that begin in a run; people write them in groups.
func (s *scanner) readIBANs(r *run) {
	for _, p := range s.within(r, &text.NoJoin) {
		if p+4 > len(s.text) || !isIBANHead(s.text[p:p+4]) {
			continue
		}
		s.lower = s.lower[:0]
		for i := p; i < len(s.text) && len(s.lower) < maxIBAN; i++ {
			c := s.text[i]
			if text.Classes[c]&(text.Letter|text.Digit) == 0 {
				if c != ' ' && c != '-' || s.text[i-1] == ' ' || s.text[i-1] == '-' {
					break
				}
				continue
			}
			s.lower = append(s.lower, text.Lower(c))
			if len(s.lower) >= minIBAN && text.RightFree(s.text, i+1, &text.NoJoin) && s.v.May(s.e.markBytes(markHandle, s.lower)) {
				s.look(s.e.n.payment, p, i+1)
			}
		}
	}
}

// isIBANHead reports two letters and two digits.
func isIBANHead(b []byte) bool {
	return text.Classes[b[0]]&text.Letter != 0 && text.Classes[b[1]]&text.Letter != 0 && text.Classes[b[2]]&text.Digit != 0 && text.Classes[b[3]]&text.Digit != 0
}
