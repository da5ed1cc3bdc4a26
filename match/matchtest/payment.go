package matchtest

import (
	"strings"

	"lantern"
	"lantern/match"
	"lantern/signal"
)

// paid looks up payment values from i on, whose handle begins at h.
func (r *reader) paid(i, h int) {
	for k := 0; k < 3 && (r.t.at(h) == '$' || r.t.at(h) == '@'); k++ {
		h++
	}
	allowed := func(c rune) bool {
		return c > 0 && c < 0x80 && (kind(c) != 0 || strings.ContainsRune("-_.~=+:/|@", c))
	}
	n := 0
	r.each(h, 192, ".-_~=+", allowed, func(j int) {
		if n++; n <= 16 {
			r.look(signal.Payment, r.t.cut(i, j), i, j, nil)
		}
	})
}

// payment reads cashtags and bank account numbers.
func (r *reader) payment(i int) {
	if !r.t.free(i, -1, "") {
		return
	}
	if r.t.at(i) == '$' && r.begins(i+1) {
		r.handles(i, i+1, ".-_#~", handleChar, signal.Payment)
	}
	letter := func(k int) bool { c := r.t.at(k) | 0x20; return c >= 'a' && c <= 'z' }
	digit := func(k int) bool { c := r.t.at(k); return c >= '0' && c <= '9' }
	if !letter(i) || !letter(i+1) || !digit(i+2) || !digit(i+3) {
		return
	}
	n, blank := 0, false
	for j := i; n < 34; j++ {
		c := r.t.at(j)
		if c == ' ' || c == '-' {
			if blank {
				return
			}
			blank = true
			continue
		}
		if !letter(j) && !digit(j) {
			return
		}
		if n, blank = n+1, false; n >= 15 && r.t.free(j+1, 1, "") {
			r.look(signal.Payment, r.t.cut(i, j+1), i, j+1, nil)
		}
	}
}

// barePayment looks up a payment handle without its scheme.
func (r *reader) barePayment(i, j int) {
	v, err := signal.Username.Normalize(r.t.cut(i, j))
	if err != nil || strings.Contains(v.Canonical, "/") {
		return
	}
	for _, en := range r.Entries {
		_, handle, _ := strings.Cut(en.Canonical, ":")
		if en.Type != signal.Payment.Name {
			continue
		}
		if h, err := signal.Username.Normalize(handle); err == nil && h.Canonical == v.Canonical {
			r.spots = append(r.spots, spot{match.Found{Signal: en.Signal, How: lantern.HowBare, Weak: true}, en.Type, i, j, j - i})
		}
	}
}
